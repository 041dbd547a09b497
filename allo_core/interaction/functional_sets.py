"""Whether the stretches of receptors that a model points out hold what is known: G protein contacts, sodium pocket, library sites."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError, ResidueError
from allo_core.interaction.coverage import CoverageTest, coverage_of, coverage_test, hypergeometric_p
from allo_core.interaction.cuts import stretches_of
from allo_core.library.gprotein import gprotein_residues
from allo_core.library.receptors import Receptor
from allo_core.library.sites import site_indices

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["BEST", "GPROTEIN_CONTACTS", "SetCoverage", "functional_sets", "set_coverage", "set_sentence"]

GPROTEIN_CONTACTS = "G protein contacts"
BEST = 3  # stretches of a receptor that count as pointed out
_LEVEL = 0.05


@dataclass(frozen=True)
class SetCoverage:
    """How much of the best stretches of receptors belongs to a set of residues, beside chance.

    Parameters
    ----------
    name : str
        Of the set.
    receptors : tuple of str
        Those in which the set is known.
    hits, expected : float
        Of the three best stretches of a receptor, how many hold a residue of the set; how many would if stretches were drawn.
    hypergeometric : float
        The probability of so many hits or more, exact; NaN for several receptors.
    test : CoverageTest or None
        Over receptors; None for one, whose annotation can be turned in as many ways as it has stretches.
    """

    name: str
    receptors: tuple[str, ...]
    hits: float
    expected: float
    hypergeometric: float
    test: CoverageTest | None


def functional_sets(receptor: Receptor) -> dict[str, tuple[int, ...]]:
    """Known sets of a receptor by name, 0-based residues; what is not known of it is left out.

    Class A receptors have the positions that touch Gs in two complexes; others have the sites of the library.
    """
    found = {}
    contacts = gprotein_residues(receptor.numbers)
    if contacts:
        found[GPROTEIN_CONTACTS] = contacts
    for site in receptor.sites:
        try:
            found[site.name] = site_indices(site, receptor.protein, receptor.numbers)
        except ResidueError:
            continue  # a list that this sequence lacks a residue of
    return found


def set_coverage(
    receptors: Sequence[Receptor], tokens: Sequence[str], importance: "Float[np.ndarray, 'receptors tokens']", name: str, seed: int = 0
) -> SetCoverage:
    """Ask whether the three most important stretches hold the residues of a set.

    Parameters
    ----------
    receptors : sequence of Receptor
    tokens : sequence of str
    importance : ndarray, dtype=float, shape=(receptors, tokens)
        Of the receptor's tokens; NaN for those that it lacks.
    name : str
        Of a set, as in `functional_sets`.
    seed : int

    Raises
    ------
    PairError
        No receptor of these has the set, or a token is no stretch.
    """
    rows, best, kept = [], [], []
    for receptor, values in zip(receptors, importance, strict=True):
        members = functional_sets(receptor).get(name)
        stretches = stretches_of(receptor.protein, tokens)
        usable = [place for place, stretch in enumerate(stretches) if len(stretch) and np.isfinite(values[place])]
        if members is None or len(usable) < BEST:
            continue
        mask = np.zeros((1, len(receptor.protein)), dtype=bool)
        mask[0, list(members)] = True
        rows.append(coverage_of(mask, stretches)[0])
        best.append(sorted(usable, key=lambda place: (-values[place], place))[:BEST])
        kept.append(receptor.entry)
    if not rows:
        raise PairError(f"None of the {len(receptors)} receptors has the set {name[:40]!r}, so nothing can be covered; choose another set.")
    covered, token = np.stack(rows), np.array(best)
    holds = covered > 0
    hits = np.take_along_axis(holds, token, axis=1).sum(axis=1)
    expected = BEST * holds.sum(axis=1) / np.isfinite(covered).sum(axis=1)
    alone = len(rows) == 1
    # Stretches without residues cannot be drawn.
    exact = hypergeometric_p(holds[0][there := np.isfinite(covered[0])], np.cumsum(there)[token[0]] - 1) if alone else float("nan")
    test = None if alone else coverage_test(covered, np.repeat(np.arange(len(rows))[:, None], BEST, axis=1), token, seed=seed)
    return SetCoverage(name, tuple(kept), float(hits.mean()), float(expected.mean()), exact, test)


def set_sentence(found: SetCoverage) -> str:
    """What the coverage of a set says, first whether it is above chance."""
    hits = f"{found.hits:.1f} of the {BEST} most important stretches hold a residue of it, {found.expected:.1f} would by chance"
    if found.test is None:
        verdict = "more than chance" if found.hypergeometric < _LEVEL else "not more than chance"
        return f"{found.name}: {verdict} in {found.receptors[0]}. {hits} (p {found.hypergeometric:.2g}, hypergeometric)."
    test = found.test
    above = test.p < _LEVEL and test.observed > test.turned
    placed = test.places_p < _LEVEL and test.observed > test.places
    verdict = "not more than chance" if not above else "more than chance" if placed else "more than chance, by place in the chain alone"
    return (
        f"{found.name}: {verdict} over {len(found.receptors)} receptors. It makes up {test.observed:.1%} of the best stretches, "
        f"{test.turned:.1%} by chance (95 %: {test.low:.1%} to {test.high:.1%}; p {test.p:.2g}), {test.places:.1%} with the residues of "
        f"other receptors (p {test.places_p:.2g}); {hits}."
    )

"""Averages and templates judged by experimental structures of receptors that they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from allo_core.folding.averaging import averaged
from allo_core.folding.shipped import ANY, FEWEST_RECEPTORS, STATES, AverageState
from allo_core.folding.source_table import Placed, SourceTable, average_sources, best_of_each
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.structure.compare import lddt, tm_score

__all__ = ["IDENTITY_BINS", "ITSELF", "Case", "CaseMethod", "held_out_cases"]

CaseMethod = Literal["family", "template", "alphafold", "other state"]

IDENTITY_BINS = ((0.0, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.65), (0.65, 1.0))  # from, to (not included)
ITSELF = (1.0, 1.0)  # the bin of a receptor that is laid on another structure of its own


@dataclass(frozen=True)
class Case:
    """One fold beside one experimental structure, at the generic numbers that the structure shows.

    Parameters
    ----------
    receptor, entry, receptor_class, state : str
        Of the experimental structure; of each receptor and state the one with most numbered residues.
    method : {"family", "template", "alphafold", "other state"}
        "other state": the receptor's own structure in the other state, active for inactive and the other way round.
    asked : {"active", "inactive", "any"}
        State of the fold.
    identity : float
        With the template at generic numbers; NaN for other methods.
    bin : (float, float) or None
        The bin of identities from which the template was the nearest; None where it was the nearest of all other receptors.
    drawn : float
        Share of the residues of the structure that the fold places.
    tm, lddt : float
        TM-score over all residues of the structure, lDDT over those that both have.
    """

    receptor: str
    entry: str
    receptor_class: str
    state: str
    method: CaseMethod
    asked: AverageState
    identity: float
    bin: tuple[float, float] | None
    drawn: float
    tm: float
    lddt: float


def held_out_cases(
    table: SourceTable,
    receptor_class: str,
    above: float = HOMOLOGUE_IDENTITY,
    progress: Callable[[str], None] = lambda receptor: None,
) -> list[Case]:
    """Every method judged by the experiments of one class.

    An average is made again for each receptor, without it and without all receptors that share more of their residues with it than a cut;
    where structures of fewer than five receptors remain there is no case.  A receptor is never threaded on itself, except in the bin
    `ITSELF`: there a second structure of the receptor in the same state is laid on the first.

    Parameters
    ----------
    table : SourceTable
    receptor_class : str
    above : float
        Share of identical residues at generic numbers; 1 leaves out the receptor alone.
    progress : callable(receptor), optional
        After each receptor.
    """
    positions = table.positions(receptor_class)
    structures = [one for one in table.structures if one.receptor_class == receptor_class]
    entries = sorted({one.receptor for one in structures})
    library = receptors()
    identity = identities([library[entry] for entry in entries])
    same = dict(zip(entries, identity, strict=True))
    placed = {(one.receptor, one.entry): one.at(positions) for one in structures}
    best = best_of_each(structures)
    found: list[Case] = []
    for receptor in sorted({one.receptor for one in best}):
        near = [entry for entry, share in zip(entries, same[receptor], strict=True) if share > above or entry == receptor]
        shares = dict(zip(entries, same[receptor].tolist(), strict=True))
        targets = [one for one in best if one.receptor == receptor]
        found += _family_cases(structures, positions, placed, targets, near)
        for target in targets:
            found += _template_cases(structures, best, placed, target, shares)
            found += _other_cases(table.models, best, positions, placed, target)
        progress(receptor)
    return found


def _family_cases(
    structures: Sequence[Placed], positions: Sequence[str], placed: dict, targets: Sequence[Placed], near: Sequence[str]
) -> Iterator[Case]:
    for asked in STATES:
        sources = [one for one in average_sources(structures, targets[0].receptor_class, asked) if one.receptor not in near]
        if len({one.receptor for one in sources}) >= FEWEST_RECEPTORS:
            average = averaged(positions, [(one.receptor, placed[one.receptor, one.entry]) for one in sources])
            for target in targets:
                yield _case(target, "family", asked, average.coordinates.xyz, placed)


def _template_cases(
    structures: Sequence[Placed], best: Sequence[Placed], placed: dict, target: Placed, shares: dict[str, float]
) -> Iterator[Case]:
    for asked in STATES:
        others = [one for one in best if one.receptor != target.receptor and asked in (ANY, one.state)]
        for limits in (None, *IDENTITY_BINS):
            within = [one for one in others if limits is None or limits[0] <= shares[one.receptor] < limits[1]]
            if within:
                template = max(within, key=lambda one: (shares[one.receptor], len(one.index)))
                points = placed[template.receptor, template.entry]
                yield _case(target, "template", asked, points, placed, shares[template.receptor], limits)
    own = [one for one in structures if one.experimental and (one.receptor, one.state) == (target.receptor, target.state)]
    second = max((one for one in own if one.entry != target.entry), key=lambda one: (len(one.index), one.entry), default=None)
    if second is not None:
        for asked in (ANY, target.state) if target.state in STATES else (ANY,):
            yield _case(second, "template", asked, placed[target.receptor, target.entry], placed, 1.0, ITSELF)


def _other_cases(
    models: dict[str, Placed], best: Sequence[Placed], positions: Sequence[str], placed: dict, target: Placed
) -> Iterator[Case]:
    """The whole AlphaFold model, residues of low confidence included, and the structure of the same receptor in the other state."""
    if target.receptor in models:
        yield _case(target, "alphafold", ANY, models[target.receptor].at(positions), placed)
    other = {"active": "inactive", "inactive": "active"}.get(target.state)
    for one in best:
        if (one.receptor, one.state) == (target.receptor, other):
            yield _case(target, "other state", one.state, placed[one.receptor, one.entry], placed)


def _case(target, method, asked, points, placed, identity=float("nan"), limits=None) -> Case:
    reference = placed[target.receptor, target.entry]
    known = np.isfinite(reference[:, 0])
    model = np.where(known[:, None], points, np.nan)
    return Case(
        target.receptor,
        target.entry,
        target.receptor_class,
        target.state,
        method,
        asked,
        identity,
        limits,
        float(np.isfinite(model[known, 0]).mean()),
        tm_score(model, reference),
        lddt(model, reference),
    )

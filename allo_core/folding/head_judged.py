"""Folds of a distance head on receptors that it has not learnt from, beside what knows nothing of a language model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from allo_core.folding.fold import FEWEST_DRAWN, numbers_if_any
from allo_core.folding.references import AVERAGE, Kind, Prediction, Reference, baselines_of, references_of
from allo_core.learning.compare import estimate, group_draws
from allo_core.learning.results import Estimate
from allo_core.library.families import family_of_name
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.structure.compare import gdt_ts, lddt, lddt_per_residue, tm_score

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool

__all__ = ["CONTACT", "MEASURES", "HeadCase", "HeadRow", "cases_of", "family_rows", "judged", "rows_of"]

CONTACT = 8.0  # Å between CB, as contacts are counted elsewhere here
_APART = 3  # residues along the chain, of distances whose error is counted
_TOPS = {"6": 6, "24": 24}  # least separation along the chain of contacts
_SHARES = {"L/5": 5, "L/2": 2}

# Name -> what it is.  Of residues with generic numbers, where nothing else is said.
MEASURES: dict[str, str] = {
    "tm": "TM-score over the residues of the structure",
    "lddt": "lDDT over those that both have",
    "gdt_ts": "GDT-TS over the residues of the structure",
    "placed": "share of the residues of the structure that are drawn",
    "error": "mean difference of distances in Å, of pairs three or more apart along the chain",
    "hand": "share of receptors whose mirror image fits less well",
    "lddt_all": "lDDT over all residues that both have, loops included",
    "placed_all": "share of all residues of the structure that are drawn",
    "lddt_loops": "lDDT of drawn residues without a generic number",
    **{f"contacts {apart} {share}": f"precision of the best {share} CB contacts, {apart} apart" for apart in _TOPS for share in _SHARES},
    **{f"contacts {apart} random": f"that of random pairs, {apart} apart" for apart in _TOPS},
}  # fmt: skip


@dataclass(frozen=True)
class HeadCase:
    """One method beside one structure of a receptor.

    Parameters
    ----------
    receptor, receptor_class, method : str
    reference, kind, state : str
        Of the structure, as in `Reference`.
    measures : mapping of str to float
        By the names in `MEASURES`; NaN where one is not defined.
    """

    receptor: str
    receptor_class: str
    method: str
    reference: str
    kind: Kind
    state: str
    measures: Mapping[str, float] = field(repr=False)


@dataclass(frozen=True)
class HeadRow:
    """What one method reached on several receptors.

    Parameters
    ----------
    method, kind : str
    receptors : int
        Judged by structures of the kind; one with several counts as the mean of them.
    measures : mapping of str to Estimate
        Mean with a 95 % interval over groups of homologues; a measure is missing where no receptor has it.
    gains : mapping of str to Estimate
        Mean difference to the family average on the receptors that both could be judged by; empty for that average.
    """

    method: str
    kind: Kind
    receptors: int
    measures: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]


def cases_of(entry: str, predictions: Sequence[Prediction]) -> list[HeadCase]:
    """Folds of a receptor, and all that they have to beat, beside every structure of it that is at hand.

    Parameters
    ----------
    entry : str
        Of the receptor.
    predictions : sequence of Prediction
    """
    receptor = receptors()[entry]
    numbers = numbers_if_any(receptor.protein)
    judged_at = np.array([numbers is None or bool(numbers.gpcrdb[at]) for at in range(len(receptor.protein))])
    receptor_class = "" if numbers is None else numbers.receptor_class
    found = []
    for reference in references_of(entry):
        if (np.isfinite(reference.ca[:, 0]) & judged_at).sum() < FEWEST_DRAWN:
            continue
        for one in (*predictions, *baselines_of(entry)):
            if one.method != reference.kind:  # an AlphaFold model does not judge itself
                told = judged(one, reference, judged_at)
                found.append(HeadCase(entry, receptor_class, one.method, reference.name, reference.kind, reference.state, told))
    return found


def judged(prediction: Prediction, reference: Reference, at: Bool[np.ndarray, " L"]) -> dict[str, float]:
    """The measures of one fold beside one structure, by the names in `MEASURES`.

    Parameters
    ----------
    prediction : Prediction
    reference : Reference
    at : ndarray, dtype=bool, shape=(L,)
        Residues with a generic number.
    """
    known = np.isfinite(reference.ca[:, 0])
    numbered = known & at
    ca = np.where(numbered[:, None], reference.ca, np.nan)
    model = np.where(numbered[:, None], prediction.xyz, np.nan)
    drawn = np.isfinite(model[:, 0])
    tm = tm_score(model, ca)
    everywhere = np.where(known[:, None], prediction.xyz, np.nan)
    loops = lddt_per_residue(everywhere, reference.ca)[known & ~at]
    rows = np.arange(len(at))
    pairs = np.triu(drawn[:, None] & drawn & (np.abs(rows[:, None] - rows) >= _APART))
    off = np.abs(cdist(model, model) - cdist(ca, ca))[pairs]
    return {
        "tm": tm,
        "lddt": lddt(model, ca),
        "gdt_ts": gdt_ts(model, ca),
        "placed": float(drawn[numbered].mean()),
        "error": _mean(off),
        "hand": float(tm > tm_score(model * [-1.0, 1.0, 1.0], ca)) if np.isfinite(tm) else float("nan"),
        "lddt_all": lddt(everywhere, reference.ca),
        "placed_all": float(np.isfinite(everywhere[known, 0]).mean()),
        "lddt_loops": _mean(loops[np.isfinite(loops)]),
        **_contacts(prediction, reference, at),
    }


def rows_of(cases: Iterable[HeadCase]) -> list[HeadRow]:
    """Means of each method and kind of structure, in the order in which these come.

    Parameters
    ----------
    cases : iterable of HeadCase
    """
    cases = list(cases)
    found = []
    pairs: dict[tuple[str, Kind], None] = dict.fromkeys((case.method, case.kind) for case in cases)
    for method, kind in pairs:
        own = _by_receptor(case for case in cases if (case.method, case.kind) == (method, kind))
        average = {} if method == AVERAGE else _by_receptor(case for case in cases if (case.method, case.kind) == (AVERAGE, kind))
        found.append(HeadRow(method, kind, len(own), _estimates(own), _estimates(_differences(own, average))))
    return found


def family_rows(cases: Iterable[HeadCase]) -> dict[str, list[HeadRow]]:
    """`rows_of` the receptors of each ligand family; receptors whose names say none stand under "orphans and others".

    Parameters
    ----------
    cases : iterable of HeadCase
    """
    families: dict[str, list[HeadCase]] = {}
    for case in cases:
        families.setdefault(family_of_name(receptors()[case.receptor].name) or "orphans and others", []).append(case)
    return {family: rows_of(families[family]) for family in sorted(families)}


def _contacts(prediction: Prediction, reference: Reference, at: np.ndarray) -> dict[str, float]:
    """Precision of the likeliest contacts among numbered residues of which the structure has the CB; L is how many these are."""
    known = np.flatnonzero(np.isfinite(reference.cb[:, 0]) & at)
    found = {name: float("nan") for name in MEASURES if name.startswith("contacts")}
    if prediction.contacts is None or len(known) < FEWEST_DRAWN:
        return found
    touching = cdist(reference.cb[known], reference.cb[known]) < CONTACT
    scores = prediction.contacts[np.ix_(known, known)]
    for name, least in _TOPS.items():
        pairs = np.triu(np.abs(known[:, None] - known) >= least) & np.isfinite(scores)
        if pairs.any():
            order = np.argsort(-scores[pairs], kind="stable")
            for share, divisor in _SHARES.items():
                found[f"contacts {name} {share}"] = float(touching[pairs][order][: len(known) // divisor].mean())
            found[f"contacts {name} random"] = float(touching[pairs].mean())
    return found


def _by_receptor(cases: Iterable[HeadCase]) -> dict[str, dict[str, float]]:
    """Receptor -> measures, each the mean over its structures that have it."""
    told: dict[str, list[Mapping[str, float]]] = {}
    for case in cases:
        told.setdefault(case.receptor, []).append(case.measures)
    return {
        receptor: {name: _mean(np.array([one[name] for one in found if np.isfinite(one[name])])) for name in MEASURES}
        for receptor, found in told.items()
    }


def _differences(own: dict[str, dict[str, float]], average: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        receptor: {name: values[name] - average[receptor][name] for name in MEASURES}
        for receptor, values in own.items()
        if receptor in average
    }


def _estimates(by_receptor: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    """Mean of each measure with its interval over groups of homologues."""
    found: dict[str, Estimate] = {}
    for name in MEASURES:
        entries = sorted(entry for entry, told in by_receptor.items() if np.isfinite(told[name]))
        if entries:
            weights = group_draws(identities([receptors()[entry] for entry in entries]) > HOMOLOGUE_IDENTITY)[1]
            found[name] = estimate(np.array([by_receptor[entry][name] for entry in entries]), weights)
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")

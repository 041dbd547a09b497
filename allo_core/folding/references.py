"""What a fold of a receptor is judged by, and the folds that know nothing of a language model and that it has to beat."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.averaging import PairDistances, averaged, in_chain_order
from allo_core.folding.shipped import FEWEST_RECEPTORS, templates
from allo_core.folding.source_table import SURE
from allo_core.folding.template import thread
from allo_core.library.predicted import predicted_structure, predicted_structures
from allo_core.library.receptors import Receptor, receptors
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities_to
from allo_core.structure.confidence import plddt
from allo_core.structure.geometry import ca_positions, cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["ALPHAFOLD", "AVERAGE", "EXPERIMENT", "TEMPLATE", "Kind", "Prediction", "Reference", "baselines_of", "references_of"]

Kind = Literal["AlphaFold model", "experiment"]
ALPHAFOLD: Kind = "AlphaFold model"
EXPERIMENT: Kind = "experiment"
AVERAGE = "family average without homologues"
TEMPLATE = "nearest template"
_KEPT = 400  # receptors


@dataclass(frozen=True, eq=False)
class Reference:
    """A structure of a receptor.

    Parameters
    ----------
    receptor, name : str
        Entry name; PDB entry, or the AlphaFold database's name of the model.
    kind : {"AlphaFold model", "experiment"}
        Of a model the residues with a pLDDT of 70 or more, of an experiment those with generic numbers.
    state : str
        "" where it is not known, as of all models.
    ca, cb : ndarray, dtype=float64, shape=(L, 3)
        Å, CB of glycine is its CA; NaN where there is none, as of the CB of all experiments, of which the CA alone ship.
    """

    receptor: str
    name: str
    kind: Kind
    state: str
    ca: Float64[np.ndarray, "L 3"] = field(repr=False)
    cb: Float64[np.ndarray, "L 3"] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a method says of a receptor.

    Parameters
    ----------
    method : str
    xyz : ndarray, dtype=float64, shape=(L, 3)
        CA, Å; NaN where it draws none.
    contacts : ndarray, dtype=float64, shape=(L, L), or None
        The larger the likelier that two CB are within 8 Å; NaN where it says nothing of a pair.  None where it says nothing of any.
    """

    method: str
    xyz: Float64[np.ndarray, "L 3"] = field(repr=False)
    contacts: Float64[np.ndarray, "L L"] | None = field(default=None, repr=False)


def references_of(entry: str) -> tuple[Reference, ...]:
    """The AlphaFold model of a receptor, and the experiments of it that ship, by its entry name; empty where there is neither."""
    receptor = receptors()[entry]
    found = [] if (model := _model(entry)) is None else [model]
    for one in templates():
        if one.receptor == entry:
            ca = np.full((len(receptor.protein), 3), np.nan)
            ca[one.index] = one.xyz
            found.append(Reference(entry, one.entry, EXPERIMENT, one.state, ca, np.full_like(ca, np.nan)))
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def baselines_of(entry: str) -> tuple[Prediction, ...]:
    """What knows nothing of a language model: the average of the class without homologues, the nearest template, the AlphaFold model.

    Parameters
    ----------
    entry : str
        Of a receptor.  It is in no average and no template of its own; the AlphaFold model is of it, and all its residues are taken.
        Methods that cannot draw it are left out.
    """
    receptor = receptors()[entry]
    found = [_average(receptor)]
    with suppress(FoldError):
        found.append(Prediction(TEMPLATE, thread(receptor.protein, None, [entry]).xyz))
    model = _model(entry, least=0.0)
    found.append(None if model is None else Prediction(ALPHAFOLD, model.ca))
    return tuple(one for one in found if one is not None)


@lru_cache(maxsize=2 * _KEPT)
def _model(entry: str, least: float = SURE) -> Reference | None:
    """The AlphaFold model of a receptor at residues of a pLDDT; None where none ships."""
    known = predicted_structure(entry)
    if known is None:
        return None
    structure, protein = read_structure(known.path), receptors()[entry].protein
    mapping = map_structure(structure, protein)
    confidence = plddt(structure, mapping, len(protein))
    sure = np.ones(len(protein), dtype=bool) if confidence is None else np.nan_to_num(confidence) >= least
    places = (function(structure, mapping, len(protein)) for function in (ca_positions, cb_positions))
    return Reference(entry, known.name, ALPHAFOLD, "", *(np.where(sure[:, None], points, np.nan) for points in places))


def _average(receptor: Receptor) -> Prediction | None:
    """Mean CA distances of the AlphaFold models of the class, drawn, and the mean CB distances as contacts; no homologue is in them."""
    numbers = receptor.numbers
    if numbers is None or not any(numbers.gpcrdb):
        return None
    others = [receptors()[one.receptor] for one in predicted_structures().values()]
    others = [one for one in others if one.numbers is not None and one.numbers.receptor_class == numbers.receptor_class]
    others = [one for one, same in zip(others, identities_to(receptor, others), strict=True) if same <= HOMOLOGUE_IDENTITY]
    if len(others) < FEWEST_RECEPTORS:
        return None
    positions = in_chain_order(number for one in (*others, receptor) for number in _numbers(one) if number)
    ca, cb = (averaged(positions, [(one.entry, _at(one, atom, positions)) for one in others]) for atom in ("ca", "cb"))
    rows = np.array([ca.place[number] if number else -1 for number in numbers.gpcrdb])
    xyz = np.where((rows >= 0)[:, None], ca.coordinates.xyz[rows], np.nan)
    return Prediction(AVERAGE, xyz, _laid_on(cb, rows))


def _numbers(receptor: Receptor) -> tuple[str, ...]:
    return () if receptor.numbers is None else tuple(receptor.numbers.gpcrdb)


def _at(receptor: Receptor, atom: str, positions: tuple[str, ...]) -> Float64[np.ndarray, "P 3"]:
    """Places of a receptor's model at generic numbers."""
    model, found = _model(receptor.entry), np.full((len(positions), 3), np.nan)
    row = {number: index for index, number in enumerate(_numbers(receptor)) if number}
    if model is not None:
        for k, number in enumerate(positions):
            if number in row:
                found[k] = getattr(model, atom)[row[number]]
    return found


def _laid_on(average: PairDistances, rows: np.ndarray) -> Float64[np.ndarray, "L L"]:
    """Minus the mean distance of each pair of residues; `rows` are their places in the average, -1 where they have none."""
    there = rows >= 0
    return np.where(there[:, None] & there, -average.mean[np.ix_(rows, rows)], np.nan)

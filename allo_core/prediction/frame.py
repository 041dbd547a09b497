"""Where the residues of receptors of all classes lie in one frame, so that a site can be carried over from one receptor to another.

Within a class receptors are superposed by generic number.  Between classes a number names other residues, so one receptor of each class is
laid on that of class A by structure alone (Dali-like alignment of the 3Di alphabet of Foldseek, by biotite).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.places import places_of
from allo_core.analysis.subject import Subject
from allo_core.errors import StructureError
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from biotite.structure import AtomArray
    from jaxtyping import Float64

__all__ = ["REFERENCES", "Placed", "place"]

# The receptor that stands for its class: one with listed sites and a model of high confidence.
REFERENCES = {"A": "AA2AR", "B": "GLP1R", "C": "GRM5", "F": "SMO"}


@dataclass(frozen=True, eq=False)
class Placed:
    """A receptor in the frame of class A.

    Parameters
    ----------
    positions : ndarray, dtype=float64, shape=(L, 3)
        CB (CA of glycine) in Å; NaN where there is none.
    gpcrdb : tuple of str, length L
        Generic numbers, empty where there is none.
    receptor_class : str
    source : str
        The structure that the positions are from, as `Places.source`.
    """

    positions: Float64[np.ndarray, "L 3"] = field(repr=False)
    gpcrdb: tuple[str, ...] = field(repr=False)
    receptor_class: str
    source: str


@lru_cache(maxsize=64)
def place(protein: Protein) -> Placed | None:
    """Lay a receptor, a part or a construct of it into the frame.

    None for a protein without generic numbers, one of a class that has no reference here, or one that shares too few numbers with it.
    """
    subject = Subject.of(protein)
    if subject.numbers is None or subject.numbers.receptor_class not in REFERENCES:
        return None
    places = places_of(subject)
    if places is None:
        return None
    # The terminal's errors need not wait for biotite.
    from allo_core.structure.superpose import superpose

    receptor_class, gpcrdb = subject.numbers.receptor_class, subject.numbers.gpcrdb
    there, numbers = _reference(receptor_class)
    try:
        placement = superpose(places.positions, gpcrdb, there, numbers).placement
    except StructureError:  # too few numbers are shared
        return None
    return Placed((places.positions - placement.center) @ placement.rotation.T, gpcrdb, receptor_class, places.source)


@cache
def _reference(receptor_class: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Positions of the receptor that stands for a class, in the frame of class A, shape (L, 3), and its generic numbers."""
    receptor = find_receptor(REFERENCES[receptor_class])
    subject = Subject.of(receptor.protein)
    places = places_of(subject)
    if places is None or subject.numbers is None:
        raise StructureError(f"{receptor.entry} stands for class {receptor_class}, and no structure of it ships.")
    positions = places.positions
    if receptor_class != "A":
        from biotite.structure import superimpose_structural_homologs

        _, motion, _, _ = superimpose_structural_homologs(_helices(REFERENCES["A"]), _helices(receptor.entry))
        known = np.isfinite(positions).all(axis=1)
        positions = np.full_like(places.positions, np.nan)
        positions[known] = motion.apply(places.positions[known])
    return positions, subject.numbers.gpcrdb


def _helices(entry: str) -> AtomArray:
    """The seven helices of a receptor's AlphaFold model, whose residues are numbered along the sequence from 1."""
    from allo_core.structure.read import read_structure

    model, numbers = predicted_structure(entry), find_receptor(entry).numbers
    if model is None or numbers is None:
        raise StructureError(f"{entry} stands for its class, and no model of it ships.")
    atoms = read_structure(model.path).atoms
    return atoms[np.array([numbers.segment[number - 1].startswith("TM") for number in atoms.res_id.tolist()])]

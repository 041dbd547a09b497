"""Properties of the library's residues and receptors that may be read from the states of a model.

A property has a label or a number for each residue (each receptor, or each pair of residues), or none: what is not known is not tested.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

import numpy as np

from allo_core.errors import LayerError
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import receptors
from allo_core.library.structures import shipped_receptors, shipped_structures
from allo_core.readouts.library_panel import LONGEST, numbered_receptors, panel_receptors

__all__ = ["LIGAND", "PROPERTIES", "LayerProperty", "library_property"]

# Entry name of a receptor -> the labels (str, "" where there is none) or numbers (float, NaN) of its residues, or of itself.
Labels = Mapping[str, np.ndarray]

_LONGEST_CLASS = 510  # residues of a receptor, of AntiBERTy; classes B and C are long


@dataclass(frozen=True, eq=False)
class LayerProperty:
    """What is to be read.

    Parameters
    ----------
    name : str
        As a sentence names it.
    kind : {"class", "number"}
    labels : mapping of str to ndarray
        By the entry name of a receptor, of length L, or 1 where `of_receptors`; str with "" for none, or float with NaN.
    receptors : tuple of str
        On which it is asked, unless others are named.
    of_receptors : bool
        Whether each receptor has one label, which is read from its mean vector.
    of_pairs : bool
        Whether the labels are pairs of residues that touch, [n, 2], at least six residues apart.
    every_residue : bool
        Whether all residues are asked instead of some that are drawn, because few of them have the label.
    note : str
        What to know of it.
    """

    name: str
    kind: Literal["class", "number"]
    labels: Labels = field(repr=False)
    receptors: tuple[str, ...] = field(repr=False)
    of_receptors: bool = False
    of_pairs: bool = False
    every_residue: bool = False
    note: str = ""

    @cached_property
    def sha256(self) -> str:
        """The same for the same labels of the same receptors."""
        kinds = (self.of_receptors, self.every_residue, *(["pairs"] if self.of_pairs else []))
        hasher = hashlib.sha256(repr((self.name, self.kind, *kinds)).encode())
        for entry, values in sorted(self.labels.items()):
            hasher.update(repr((entry, values.tolist())).encode())
        return hasher.hexdigest()


def library_property(name: str) -> LayerProperty:
    """One of `PROPERTIES`; LayerError with the names there are."""
    if name not in PROPERTIES:
        raise LayerError(f"There is no property {name[:40]!r}; the properties are {', '.join(PROPERTIES)}.")
    return _property(name)


@cache
def _property(name: str) -> LayerProperty:
    return PROPERTIES[name]()


def _of_numbers(name: str, kind: Literal["class", "number"], values: Callable, note: str = "") -> LayerProperty:
    """A property that generic numbers tell."""
    labels = {entry: values(one.numbers) for entry, one in receptors().items() if one.numbers is not None}
    return LayerProperty(name, kind, labels, panel_receptors(), note=note)


def _residue_type() -> LayerProperty:
    labels = {entry: np.array(list(one.protein.sequence)) for entry, one in receptors().items()}
    return LayerProperty("residue type", "class", labels, panel_receptors())


def _segment() -> LayerProperty:
    return _of_numbers("segment", "class", lambda numbers: np.array(numbers.segment), "N-terminus, helices, loops, H8 and C-terminus")


def _in_membrane() -> LayerProperty:
    def labels(numbers) -> np.ndarray:
        return np.array([("TM" if name.startswith("TM") else "other") if name else "" for name in numbers.segment])

    return _of_numbers("TM or not", "class", labels, "residues of TM1 to TM7 against all others")


def _generic_number() -> LayerProperty:
    """Of class A alone: the same number names other places in other classes."""

    def labels(numbers) -> np.ndarray:
        return np.array(numbers.gpcrdb if numbers.receptor_class == "A" else [""] * len(numbers))

    return _of_numbers("generic number", "class", labels, "GPCRdb numbers of class A")


def _conservation() -> LayerProperty:
    note = "share of the commonest residue at the generic number over the class"
    return _of_numbers("conservation", "number", lambda numbers: numbers.family_conservation, note)


def _contacts() -> LayerProperty:
    # All receptors of the panel, so that their states serve every property.
    labels = {entry: np.full(len(receptors()[entry].protein), np.nan) for entry in (*panel_receptors(), *known_contacts())}
    for entry, known in known_contacts().items():
        count = labels[entry]
        count[known.resolved] = 0
        np.add.at(count, np.concatenate([known.first, known.second]), 1)
    note = "CB atoms within 8 Å at least six residues away along the chain, in one structure of the receptor: how buried it is"
    return LayerProperty("contacts", "number", labels, panel_receptors(), note=note)


LIGAND = "contact to a ligand"


def _ligand_contacts() -> LayerProperty:
    labels = {entry: _near_ligand(entry) for entry in shipped_receptors()}
    note = "a heavy atom within 4 Å of a ligand (no ions or lipids) in a structure that ships; others that the structure shows: none"
    return LayerProperty(LIGAND, "class", labels, tuple(sorted(labels)), every_residue=True, note=note)


def _near_ligand(entry: str) -> np.ndarray:
    """ "yes" for residues near a ligand in any structure of a receptor that ships, "no" for others that one shows, else ""."""
    from allo_core.structure.mapping import map_structure
    from allo_core.structure.neighbours import residues_near, targets
    from allo_core.structure.read import read_structure

    protein = receptors()[entry].protein
    labels = np.full(len(protein), "", dtype="<U3")
    near: set[int] = set()
    for shipped in shipped_structures(entry):
        structure = shipped.described(read_structure(shipped.path))
        mapping = map_structure(structure, protein)
        labels[[index for index, place in enumerate(mapping.residues) if place is not None]] = "no"
        for target in targets(structure, mapping):
            near |= set(residues_near(structure, mapping, target.key)) if target.kind == "ligand" else set()
    labels[sorted(near)] = "yes"
    return labels


def _receptor_class() -> LayerProperty:
    names = numbered_receptors(_LONGEST_CLASS)
    labels = {entry: np.array([receptors()[entry].receptor_class]) for entry in names}
    labels = {entry: label for entry, label in labels.items() if label[0] in "ABCFT"}
    return LayerProperty("class", "class", labels, tuple(labels), of_receptors=True, note="from the mean vector of each receptor")


def _contact_pairs() -> LayerProperty:
    labels = {
        entry: np.stack([known.first, known.second], axis=1)
        for entry, known in known_contacts().items()
        if len(receptors()[entry].protein) <= LONGEST
    }
    note = (
        "half of the pairs touch (CB atoms within 8 Å, at least six residues apart along the chain), half do not and are as far "
        "apart; of states the product and the size of the difference of both vectors is read, of attention its APC-corrected weight"
    )
    return LayerProperty("contact of two residues", "class", labels, tuple(labels), of_pairs=True, note=note)


# A new property is an entry here.
PROPERTIES: dict[str, Callable[[], LayerProperty]] = {
    "residue type": _residue_type,
    "segment": _segment,
    "TM or not": _in_membrane,
    "generic number": _generic_number,
    "conservation": _conservation,
    "contacts": _contacts,
    "contact of two residues": _contact_pairs,
    LIGAND: _ligand_contacts,
    "class": _receptor_class,
}

"""What residues and pairs of residues may be, so that it can be counted how often heads look at them.

A new property is an entry in `PROPERTIES`.  A residue has one of some labels, or none: what is not known is not counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import HeadsError
from allo_core.heads.labels import CONSERVED, OTHER, marked_labels, upper_third_labels
from allo_core.library.contacts import known_contacts
from allo_core.library.predicted import predicted_structure
from allo_core.library.receptors import SODIUM_POCKET, receptors
from allo_core.readouts.layer_properties import LIGAND, LayerProperty, library_property

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Shaped

__all__ = ["NEAREST", "OFFSETS", "PROPERTIES", "HeadProperty", "Labels", "head_property", "of_layer_property", "of_positions"]

# Entry name -> a label (str) for each residue, "" where it is not known.
Labels = Mapping[str, "Shaped[np.ndarray, ' L']"]
Kind = Literal["target", "offset", "contact"]

NEAREST = 6  # residues apart along the chain
OFFSETS = tuple(range(-4, 5))
_SSE = {"a": "helix", "b": "strand", "c": "coil"}
_SURE = 70.0  # pLDDT
_BIN = 8  # residues apart, of separations that are put together


@dataclass(frozen=True, eq=False)
class HeadProperty:
    """What heads may look at.

    Parameters
    ----------
    name : str
        As a sentence names it.
    kind : {"target", "offset", "contact"}
        Of the residue that is looked at, of how far it is away, or of the pair.
    values : tuple of str
        What is counted: labels, or "contact".
    labels : mapping of str to ndarray of str
        By entry name; empty unless it is of the target.
    note : str
        What to know of it.
    receptors : tuple of str
        The only ones of which it is known, such as those of a table; empty: any sample.
    """

    name: str
    kind: Kind
    values: tuple[str, ...]
    labels: Labels = field(default_factory=dict, repr=False)
    note: str = ""
    receptors: tuple[str, ...] = field(default=(), repr=False)


def head_property(name: str) -> HeadProperty:
    """One of `PROPERTIES`; HeadsError with the names there are."""
    if name not in PROPERTIES:
        raise HeadsError(f"There is no property {name[:40]!r}; the properties are {', '.join(PROPERTIES)}.")
    return _property(name)


@cache
def _property(name: str) -> HeadProperty:
    return PROPERTIES[name]()


def of_layer_property(given: LayerProperty) -> HeadProperty:
    """Classes of residues as what heads may look at; of numbers the upper third.

    Where a table has one class alone, it is a list of marked residues: the others of the same receptors are none of them.

    Raises
    ------
    HeadsError
        A property of whole receptors or of pairs.
    """
    if given.of_receptors or given.of_pairs:
        raise HeadsError(f"{given.name[:40]!r} is no property of residues.")
    only = given.receptors if given.every_residue else ()
    if given.kind == "number":
        return replace(_upper_third(given, given.name), receptors=only)
    values = sorted({str(label) for own in given.labels.values() for label in np.unique(own) if label})
    if len(values) > 1:
        return HeadProperty(given.name, "target", tuple(values), given.labels, given.note, only)
    marked = {entry: np.where(own == "", OTHER, own) for entry, own in given.labels.items()}
    return HeadProperty(given.name, "target", tuple(values), marked, "residues that are not listed count as others", only)


def of_positions(numbers: tuple[str, ...], name: str) -> HeadProperty:
    """Marked generic numbers (GPCRdb's, such as 2x50) as what heads may look at; HeadsError where no receptor has one.

    Receptors of a class without any of them are not counted.
    """
    labels = {}
    for entry, one in receptors().items():
        if one.numbers is not None and (own := marked_labels(one.numbers.gpcrdb, numbers, name)) is not None:
            labels[entry] = own
    if not labels:
        asked = numbers[0] if numbers else "such a position"
        raise HeadsError(f"No receptor of the library has {asked}; write generic numbers such as 2x50.")
    return HeadProperty(name, "target", (name,), labels, f"{len(numbers)} generic numbers")


def _upper_third(given: LayerProperty, name: str) -> HeadProperty:
    """The third of a receptor's residues with the highest numbers; ties at the border count as below."""
    labels = {}
    for entry, numbers in given.labels.items():
        if (own := upper_third_labels(numbers, name)) is not None:
            labels[entry] = own
    return HeadProperty(name, "target", (name,), labels, f"the upper third of each receptor; {given.note}")


def _classes(name: str) -> Callable[[], HeadProperty]:
    return lambda: of_layer_property(library_property(name))


def _conserved() -> HeadProperty:
    return _upper_third(library_property("conservation"), CONSERVED)


def _ligand_pocket() -> HeadProperty:
    """By generic number, because structures of three receptors with a ligand ship, which is too few for an interval."""
    touched: set[str] = set()
    for entry, labels in library_property(LIGAND).labels.items():
        one = receptors()[entry]
        if one.numbers is not None and one.receptor_class == "A":
            touched |= {one.numbers.gpcrdb[at] for at in np.flatnonzero(labels == "yes")} - {""}
    shown = ", ".join(library_property(LIGAND).receptors)
    note = f"{len(touched)} class A positions within 4 Å of a ligand in a structure that ships (of {shown})"
    return _of_class_a(tuple(sorted(touched)), "ligand pocket", note)


def _sodium_pocket() -> HeadProperty:
    return _of_class_a(tuple(SODIUM_POCKET), "sodium pocket", "the 16 class A positions")


def _of_class_a(numbers: tuple[str, ...], name: str, note: str) -> HeadProperty:
    found = of_positions(numbers, name)
    labels = {entry: own for entry, own in found.labels.items() if receptors()[entry].receptor_class == "A"}
    return HeadProperty(name, "target", found.values, labels, note)


class _Structures(Mapping):
    """Secondary structure of each receptor's AlphaFold model, worked out when it is asked for: 323 files take a while."""

    def __getitem__(self, entry: str) -> np.ndarray:
        found = _secondary_structure(entry)
        if found is None:
            raise KeyError(entry)
        return found

    def __iter__(self):
        return (entry for entry in receptors() if predicted_structure(entry) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _secondary_structure(entry: str) -> np.ndarray | None:
    """Helix, strand or coil of each residue by P-SEA (Labesse et al. 1997, from CA alone), as biotite has it; "" below pLDDT 70."""
    import biotite.structure as biotite

    from allo_core.structure.read import read_structure

    model = predicted_structure(entry)
    if model is None:
        return None
    atoms = read_structure(model.path).atoms
    alphas = atoms[atoms.atom_name == "CA"]
    labels = np.full(len(receptors()[entry].protein), "", dtype="<U6")
    kinds = biotite.annotate_sse(alphas)
    sure = alphas.b_factor >= _SURE
    places = alphas.res_id - 1
    if len(kinds) != len(alphas) or places.min() < 0 or places.max() >= len(labels):
        return None
    labels[places[sure]] = [_SSE.get(str(kind), "") for kind in kinds[sure]]
    return labels


def _secondary() -> HeadProperty:
    note = "P-SEA on AlphaFold models (DeepMind and EMBL-EBI, CC BY 4.0), residues of pLDDT 70 and more"
    return HeadProperty("secondary structure", "target", tuple(sorted(_SSE.values())), _Structures(), note)


def _offset() -> HeadProperty:
    return HeadProperty("offset", "offset", tuple(f"{offset:+d}" for offset in OFFSETS), {}, "residue j - i along the chain")


def _contact() -> HeadProperty:
    note = "CB atoms within 8 Å in a structure, at least six residues apart; expected from how far apart the residues of an arc are"
    return HeadProperty("contact", "contact", ("contact",), {}, note)


@cache
def contact_rates() -> "Float64[np.ndarray, ' bins']":
    """Share of pairs that touch by how far apart they are along the chain, in steps of eight residues, over all known receptors."""
    touching, pairs = np.zeros(1), np.zeros(1)
    for known in known_contacts().values():
        apart = np.abs(known.resolved[:, None] - known.resolved[None, :])[np.triu_indices(len(known.resolved), 1)]
        own = np.bincount(apart[apart >= NEAREST] // _BIN)
        hit = np.bincount((known.second - known.first) // _BIN, minlength=len(own))
        size = max(len(own), len(hit), len(pairs))
        touching, pairs = (np.pad(values, (0, size - len(values))) for values in (touching, pairs))
        pairs[: len(own)] += own
        touching[: len(hit)] += hit
    return touching / np.maximum(pairs, 1)


def contact_rate(apart: np.ndarray) -> np.ndarray:
    """The rate for each separation; 0 beyond what was seen."""
    rates = contact_rates()
    places = apart // _BIN
    return np.where(places < len(rates), rates[np.minimum(places, len(rates) - 1)], 0.0)


PROPERTIES: dict[str, Callable[[], HeadProperty]] = {
    "residue type": _classes("residue type"),
    "segment": _classes("segment"),
    "secondary structure": _secondary,
    CONSERVED: _conserved,
    "ligand pocket": _ligand_pocket,
    "contact": _contact,
    "offset": _offset,
    "sodium pocket": _sodium_pocket,
}

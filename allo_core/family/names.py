"""What residues are called in all homologues of a cluster alike, so that the same places can be drawn in each of them."""

from collections.abc import Sequence

from allo_core.family.members import Member
from allo_core.protein.alignment import align

__all__ = ["common_names"]


def common_names(members: Sequence[Member]) -> list[list[str]]:
    """A name for each residue of each member of one cluster, length R of lists of length L; no two residues of a member have the same.

    A residue is called by its generic number, else by how far it is behind or before the nearest one that has a number.  Members without
    generic numbers are aligned with the first one of them (local, BLOSUM62, gaps 12 and 1) and called by its residues in the same way.
    """
    first = next((member.kin for member in members if member.numbers is None), "")
    return [_anchored(_aligned(member.kin, first) if member.numbers is None else member.numbers.gpcrdb) for member in members]


def _aligned(sequence: str, first: str) -> list[str]:
    """Place in `first` of each residue as text; empty where it has none."""
    if sequence == first:
        return [str(index) for index in range(len(first))]
    _, pairs = align(sequence, first)
    place = dict(pairs.tolist())
    return [str(place.get(index, "")) for index in range(len(sequence))]


def _anchored(names: Sequence[str]) -> list[str]:
    """The names, with those that are empty counted from the nearest one that is not: so ends of different length do not shift the rest."""
    anchors = [index for index, name in enumerate(names) if name]
    if not anchors:
        return [f"residue {index}" for index in range(len(names))]
    found = list(names)
    for index in range(anchors[0]):
        found[index] = f"{names[anchors[0]]} -{anchors[0] - index}"
    for before, after in zip(anchors, [*anchors[1:], len(names)], strict=True):
        for index in range(before + 1, after):
            nearer_before = after == len(names) or index - before <= after - index
            found[index] = f"{names[before]} +{index - before}" if nearer_before else f"{names[after]} -{after - index}"
    return found

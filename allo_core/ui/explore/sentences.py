"""What the page says of a run in whole sentences: what the model read, what the structure is."""

from collections import Counter
from contextlib import suppress

from allo_core.errors import LibraryError
from allo_core.folding.trace import trace_words
from allo_core.library.nearest import numbers_for
from allo_core.library.sites import receptor_of
from allo_core.library.structures import ShippedStructure, shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["model_sentence", "structure_sentence"]

_UNSEEN = "The model never saw this structure or its state."
_MOST_NAMED = 8  # substitutions
_NUMBERED_ALONG = 100  # residues; the author's number of a residue of the receptor is off by one constant


def model_sentence(label: str, protein: Protein) -> str:
    """What the model read, in one sentence."""
    length = f"{len(protein)} residues"
    numbers = numbers_for(protein)
    receptor = receptor_of(protein)
    if receptor is None:
        return f"{label} read {protein.name}, {length}."
    whole = receptor.protein.sequence
    if protein.sequence == whole:
        return f"{label} read UniProt {receptor.accession}, {length}, wild type."
    if protein.sequence in whole:
        start = whole.index(protein.sequence) + 1
        return f"{label} read residues {start} to {start + len(protein) - 1} of UniProt {receptor.accession}, wild type."
    if numbers is None:
        return f"{label} read {protein.name}, {length}."
    changes = [
        f"{whole[origin]}{origin + 1}{letter}"
        for letter, origin in zip(protein.sequence, numbers.origin, strict=True)
        if origin is not None and letter != whole[origin]
    ]
    present = {origin for origin in numbers.origin if origin is not None}
    missing, own = len(whole) - len(present), numbers.origin.count(None)
    others = [f"{missing} of its residues missing" if missing else "", f"{own} that it does not have" if own else ""]
    rest = " and ".join(part for part in others if part)
    return f"{label} read {protein.name}, {length}, like UniProt {receptor.accession} {_with(changes)}{f'; {rest}' if rest else ''}."


def structure_sentence(loaded: LoadedStructure, protein: Protein) -> str:
    """What the structure is, its fusion and its mutations, and that the model never saw it."""
    changes = [f"{protein.label(index)}{there}" for index, _, there in loaded.mapping.substitutions]
    known = _shipped(loaded)
    receptor = receptor_of(protein)
    wild_type = receptor is not None and protein.sequence in receptor.protein.sequence
    if not wild_type and changes:
        what = f"differs from the sequence that the model read at {_listed(changes)}"
    elif loaded.species:
        what = f"is of another species ({loaded.species}), which differs from the sequence at {_listed(changes) or 'no residue'}"
    elif known is not None and known.fusion:
        what = f"is a {known.fusion} fusion {_with(changes)}{_at_the_junction(loaded, protein)}"
    elif loaded.fold is not None:
        what = f"is a {trace_words(loaded.fold)}"
    elif loaded.ref.kind in ("alphafold", "fold"):
        what = f"is {'an AlphaFold' if loaded.ref.kind == 'alphafold' else 'a'} prediction, not an experiment, {_with(changes)}"
    elif loaded.scene.fusion_residues:
        what = f"has {loaded.scene.fusion_residues} foreign residues in the receptor's chain and comes {_with(changes)}"
    else:
        what = f"shows the receptor {_with(changes)}"
    return f"Structure {loaded.name} {what}. {_UNSEEN}"


def _at_the_junction(loaded: LoadedStructure, protein: Protein) -> str:
    """What the entry counts as the receptor's although it is numbered with the fusion protein, as 8FYN's L1106 at G218."""
    usual = Counter(residue.number - index for index, residue in enumerate(loaded.mapping.residues) if residue is not None).most_common(1)
    odd = [
        f"{there}{residue.number} as {protein.label(index)}"
        for index, _, there in loaded.mapping.substitutions
        if (residue := loaded.mapping.residues[index]) is not None and abs(residue.number - index - usual[0][0]) > _NUMBERED_ALONG
    ]
    return f" (the entry counts {', '.join(odd)})" if odd else ""


def _shipped(loaded: LoadedStructure) -> ShippedStructure | None:
    with suppress(LibraryError):
        return shipped_structure(loaded.key)
    return None


def _with(changes: list[str]) -> str:
    if not changes:
        return "without mutations"
    return f"with {'this mutation' if len(changes) == 1 else 'these mutations'}: {_listed(changes)}"


def _listed(changes: list[str]) -> str:
    return ", ".join(changes[:_MOST_NAMED]) + (f" and {len(changes) - _MOST_NAMED} more" if len(changes) > _MOST_NAMED else "")

"""What the page says of a run in whole sentences: the verdict, what the model read, what the structure is."""

from collections.abc import Mapping
from contextlib import suppress

from allo_core.errors import LibraryError
from allo_core.library import ShippedStructure, find_receptor, numbers_for, receptors, shipped_structure
from allo_core.sequence import Protein
from allo_core.ui.results import LoadedStructure, Result

__all__ = ["FOOT", "model_sentence", "set_phrases", "structure_sentence", "verdict"]

FOOT = "Attention is not evidence of mechanism."
_UNSEEN = "The model never saw this structure or its state."
_MOST_NAMED = 8  # substitutions
_HUMAN = "human"


def set_phrases(sites: Mapping[str, tuple[int, ...]], offered: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """What to call each set in a sentence: ``"the sodium pocket"`` where it is a library site, else ``"the 17 residues of set A"``."""
    phrases = {}
    for name, indices in sites.items():
        known = next((title for title, residues in offered.items() if residues == indices), None)
        count = f"{len(indices)} residue{'' if len(indices) == 1 else 's'}"
        phrases[name] = f"the {known}" if known else f"the {count} of set {name}"
    return phrases


def verdict(result: Result, phrases: Mapping[str, str]) -> str:
    """How many heads pass, and how many pass for random residues of the same kind."""
    heads = len(result.scores.frame)
    if result.control is None:
        return "The published null gives no p, so no head can pass; it is here to reproduce published numbers."
    if not result.control.n_sites:
        return f"None of the {heads} heads has 10 arcs at this threshold, so none is tested."
    passing = result.scores.passing()
    flagged = int((passing["flags"] != "").sum())
    count = f"{len(passing)} of {heads} heads" + (f" ({flagged} of them flagged)" if flagged else "")
    return f"{count} {_claim(result, phrases)} (q < 0.05); {_control(result)}."


def _claim(result: Result, phrases: Mapping[str, str]) -> str:
    others = (
        "segment- and conservation-matched residues"
        if result.scores.null == "matched"
        else "as many residues drawn from the whole sequence"
    )
    one = len(result.scores.passing()) == 1
    if result.measure in ("A", "B"):
        return f"attend{'s' if one else ''} to {phrases[result.measure]} more than to {others}"
    source, target = result.measure
    return f"look{'s' if one else ''} from {phrases[source]} at {phrases[target]} more than at {others}"


def _control(result: Result) -> str:
    kind = "random matched sites" if result.scores.null == "matched" else "random sites"
    return f"{kind}: median {result.control.median:g}, 95 % at most {result.control.percentile_95:g}"


def model_sentence(label: str, protein: Protein) -> str:
    """What the model read, in one sentence."""
    length = f"{len(protein)} residues"
    numbers = numbers_for(protein)
    own = next((receptor for receptor in receptors().values() if receptor.protein.sequence == protein.sequence), None)
    if own is None and numbers is None:
        return f"{label} read {protein.name}, {length}."
    receptor = own or find_receptor(numbers.receptor)
    whole = receptor.protein.sequence
    if protein.sequence == whole:
        return f"{label} read UniProt {receptor.accession}, {length}, wild type."
    if protein.sequence in whole:
        start = whole.index(protein.sequence) + 1
        return f"{label} read residues {start} to {start + len(protein) - 1} of UniProt {receptor.accession}, wild type."
    changes = [
        f"{whole[origin]}{origin + 1}{letter}"
        for letter, origin in zip(protein.sequence, numbers.origin, strict=True)
        if origin is not None and letter != whole[origin]
    ]
    return f"{label} read {protein.name}, {length}, like UniProt {receptor.accession} {_with(changes)}."


def structure_sentence(loaded: LoadedStructure, protein: Protein) -> str:
    """What the structure is, its fusion and its mutations, and that the model never saw it."""
    changes = [f"{protein.label(index)}{there}" for index, _, there in loaded.mapping.substitutions]
    known = _shipped(loaded)
    if known is not None and known.species != _HUMAN:
        what = f"is of the {known.species} receptor, which differs from the sequence at {_listed(changes)}"
    elif known is not None and known.fusion:
        what = f"is a {known.fusion} fusion {_with(changes)}"
    elif loaded.scene.fusion_residues:
        what = f"has {loaded.scene.fusion_residues} foreign residues in the receptor's chain and comes {_with(changes)}"
    else:
        what = f"shows the receptor {_with(changes)}"
    return f"Structure {loaded.name} {what}. {_UNSEEN}"


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

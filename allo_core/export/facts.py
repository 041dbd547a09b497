"""What a record says of the structure that was shown beside the scores, of one head, and of what the comparison costs."""

import math
from typing import TYPE_CHECKING

from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from allo_core.analysis.answer import Answer
    from allo_core.attention.explained import Explained
    from allo_core.attention.power import Needed
    from allo_core.structure.mapping import StructureMap
    from allo_core.structure.read import Structure

__all__ = ["head_facts", "power_facts", "structure_facts"]


def structure_facts(name: str, structure: "Structure", mapping: "StructureMap", protein: Protein, credit: str = "") -> dict:
    """Facts for `run_record`, plain JSON values: name, entry, chain, residues aligned, identity, substitutions (``"A54L"``).

    ``credit`` is whom the structure's licence asks to be named; "" where it asks for nobody.
    """
    facts = {
        "name": name,
        "entry": structure.entry,
        "chain": mapping.chain,
        "aligned": mapping.aligned,
        "identity": round(mapping.identity, 4),
        "substitutions": [f"{protein.label(index)}{there}" for index, _, there in mapping.substitutions],
    }
    return facts | ({"credit": credit} if credit else {})


def head_facts(head: tuple[int, int], found: "Explained | str") -> dict:
    """What covariates explain of one head, for `run_record`: plain JSON values, or why it is not tested."""
    named = {"layer": head[0], "head": head[1]}
    if isinstance(found, str):
        return named | {"not_tested": found}
    return named | {
        "values": "log2(0.1 + attention received / mean), threshold 0",
        "explained": round(found.r2, 4),
        "explained_when_moved_along_the_chain": round(found.r2_by_chance, 4),
        "each_alone": {
            name: {"explained": round(share, 4), "moved_along_the_chain": round(by_chance, 4)}
            for name, (share, by_chance) in found.groups.items()
        },
        "residues": found.n_residues,
        "marked_residues": found.n_site,
        "site_times_predicted": round(found.factor, 4),
        "z": None if math.isnan(found.z) else round(found.z, 4),
        "p": found.p_value,
        "among": found.kind,
        "places": found.n_places,
    }


def power_facts(answer: "Answer") -> dict:
    """How much of a random site is the marked one, and the enrichment above which a head would pass alone, for `run_record`."""
    return {
        "share_of_a_random_site_that_is_the_marked_one": answer.overlap,
        "share_of_a_place_that_is_the_marked_site": None if isinstance(answer.pockets, str) else answer.pockets.overlap,
        "enrichment_needed": _needed(answer.needed),
        "enrichment_needed_among_places": _needed(answer.needed_among_places),
    }


def _needed(needed: "Needed | None") -> dict | None:
    if needed is None:
        return None
    low, high = needed.quartiles
    numbers = {"median": needed.median, "quartiles": [low, high]} if needed.n_able else {"median": None, "quartiles": None}
    return numbers | {"heads_that_could_pass": needed.n_able, "heads_tested": needed.n_tested}

"""What a record says of the structure that was shown beside the scores."""

from typing import TYPE_CHECKING

from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from allo_core.structure.mapping import StructureMap
    from allo_core.structure.read import Structure

__all__ = ["structure_facts"]


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

"""CA traces: structures that show where residues lie and nothing of their side chains."""

from allo_core.errors import StructureError
from allo_core.structure.read import Structure

__all__ = ["require_side_chains"]


def require_side_chains(structure: Structure, what: str) -> None:
    """Refuse to answer from a CA trace what only atoms of side chains can tell.

    Parameters
    ----------
    structure : Structure
    what : str
        What was asked, as the subject of a sentence: ``"What lies near a ligand"``.

    Raises
    ------
    StructureError
        The structure is a CA trace.
    """
    if structure.trace:
        raise StructureError(
            f"{what} cannot be told from {structure.name}: it is a CA trace, without the side chains by which this is measured; choose a "
            "structure with all atoms, such as an experiment or an AlphaFold model."
        )

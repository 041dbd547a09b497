"""What the page Fold shows, as one frozen view, and the parameters of its URL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Self

from allo_core.library.nearest import numbers_for
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.residues import parse_residues
from allo_core.readouts.removal import heads_text, parse_heads
from allo_core.ui.fold.results import folds_here
from allo_core.ui.protein.address import view_from_query, view_to_query
from allo_core.ui.protein.view import ProteinView, protein_of
from allo_core.ui.shared.link import one_of

__all__ = ["COLOURINGS", "FoldView", "from_query", "to_query"]

COLOURINGS = {"confidence": "confidence", "lddt": "lDDT"}
_AS_THEY_ARE = ("fold", "by", "removed")


@dataclass(frozen=True)
class FoldView(ProteinView):
    """Everything a person can choose on the page Fold; ``structure`` is what folds are judged by.

    Parameters
    ----------
    fold : str
        Name of the chosen fold; "" for the first one.
    by : {"confidence", "lddt"}
        A key of COLOURINGS.
    residue : int, optional
        0-based index of the selected residue.
    removed : str
        Attention heads without which the model folds, as `heads_text` writes them; "" for none.
    """

    fold: str = ""
    by: Literal["confidence", "lddt"] = "confidence"
    residue: int | None = None
    removed: str = ""

    def of_another_protein(self, key: str) -> Self:
        """Fold and residue belong to the protein before."""
        return replace(self, fold="", residue=None)


def to_query(view: FoldView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    query = view_to_query(view, _AS_THEY_ARE)
    if view.residue is not None:
        query["residue"] = protein_of(view).label(view.residue)
    return query


def from_query(query: Mapping[str, str]) -> tuple[FoldView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    return view_from_query(FoldView, query, _READERS)


def _read_fold(text: str, view: FoldView) -> str:
    if text and text not in folds_here(protein_of(view)):
        raise ValueError(f"{text[:40]!r} is no fold of this protein; choose one in the table.")
    return text


def _read_removed(text: str, view: FoldView) -> str:
    return heads_text(parse_heads(text, get_spec(DEFAULT_MODEL)))


def _read_residue(text: str, view: FoldView) -> int:
    protein = protein_of(view)
    found = parse_residues(text, protein, numbers_for(protein))
    if len(found) != 1:
        raise ValueError(f"{text[:20]!r} is not one residue.")
    return found[0]


_READERS = {"fold": _read_fold, "by": one_of(tuple(COLOURINGS)), "residue": _read_residue, "removed": _read_removed}

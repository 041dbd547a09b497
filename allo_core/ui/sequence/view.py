"""What the page Sequence shows, as one frozen view; the URL is its serialisation (`address`)."""

from dataclasses import dataclass, replace
from typing import Self

from allo_core.readouts.state_changes import Change
from allo_core.ui.protein.view import ProteinView

__all__ = ["BELOW", "HOW", "METHODS", "OWN", "SHARES", "TABS", "SequenceView"]

TABS = {"residues": "Residues", "layers": "Layers", "contacts": "Contacts", "variant": "Variant"}
HOW = {"": "masked where it is kept", "masked": "masked", "one pass": "one pass"}
SHARES = {20: "L/5", 50: "L/2", 100: "L", 200: "2 L"}  # how many pairs, in percent of L
OWN = "own"  # as a property: a table of one's own
METHODS = ("PCA", "t-SNE")
BELOW = {"structure": "the structure", "family": "other receptors"}


@dataclass(frozen=True)
class SequenceView(ProteinView):
    """Everything a person can choose on the page Sequence.

    Parameters
    ----------
    tab : str
        A key of TABS.
    residue : int, optional
        0-based index of the residue that is selected.
    how : str
        A key of HOW: which probabilities are shown.
    colouring : str
        By what the receptor is coloured, "" for what the tab shows.
    separation : int
        Pairs nearer than this along the chain are no contacts.
    shown_pairs : int
        How many of the best pairs are shown, a key of SHARES.
    below : str
        A key of BELOW: what stands below the diagonal of the contact map.
    substitutions : str
        As `read_variant` takes them; "" for none.
    ortholog : str
        Key of a kept sequence that is compared instead; "" for none.
    head : (layer, head), optional
        The head whose changed pairs are shown; None for the one that changes most.
    property : str
        What is asked of the layers.
    state : int
        Of which hidden state the residues are drawn; -1 for the last.
    method : {"PCA", "t-SNE"}
        How they are laid on a plane.
    change : {"update", "cosine"}
        Which change of the states is drawn along the sequence.
    span : (first, last), optional
        Over which layers; None for those that can be put together.
    """

    tab: str = "residues"
    residue: int | None = None
    how: str = ""
    colouring: str = ""
    separation: int = 6
    shown_pairs: int = 100
    below: str = "structure"
    substitutions: str = ""
    ortholog: str = ""
    head: tuple[int, int] | None = None
    property: str = "segment"
    state: int = -1
    method: str = "PCA"
    change: Change = "update"
    span: tuple[int, int] | None = None

    def of_another_protein(self, key: str) -> Self:
        """Residue, substitutions and ortholog belong to the protein before."""
        return replace(self, residue=None, substitutions="", ortholog="", head=None)

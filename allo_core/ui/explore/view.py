"""What the page shows, as one frozen View; the URL is its serialisation (`address`)."""

from dataclasses import dataclass, replace
from typing import Self

from allo_core.analysis.measures import Measure, Weighting
from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.attention.nulls import Null
from allo_core.networks.centrality import Measure as Centrality
from allo_core.networks.points import Rule
from allo_core.ui.protein.view import FIRST_RECEPTOR, ProteinView, opened

__all__ = ["COLOURS", "EDGES", "SCALES", "VALUE_WEIGHTED", "View", "starting_view"]

SCALES = {"head": "this head", "model": "all heads"}
VALUE_WEIGHTED: dict[Weighting, str] = {"attention": "no", "value": "yes"}
EDGES = {"alike": "all alike", "head": "attention of this head", "passing": "attention, mean of the passing heads"}
COLOURS = {"values": "at the largest value", "fixed": "always at the same value"}


@dataclass(frozen=True)
class View(ProteinView):
    """Everything a person can choose, and nothing that follows from it; a click on the structure changes the set that is being marked.

    Parameters
    ----------
    measure : {"A", "B", "AB", "BA"}
        Attention on A, on B, or from one to the other.
    threshold : float
    null : {"uniform", "matched", "pocket", "published"}
    draws : int
        Random sets; 0 for the number that the heads need.
    score : str
        A key of SCORES.
    head : (layer, head), optional
        None until a person chooses; the page then shows the best one.
    colouring, scale : str
        A track, and a key of SCALES.
    pairs : int
        How many of the head's strongest pairs are drawn.
    colours : str
        Where the heatmap's colours end, a key of COLOURS.
    beside, beside_structure : str
        What is shown at the side: ``protein`` itself in another structure, or a receptor of the library; "" for nothing.
    weighting : {"attention", "value"}
        What counts: attention above the threshold, or value-weighted attention, for which the threshold rests.
    frozen : str
        Key of the frozen analysis that was opened; "" for none.
    contacts : {"heavy", "ca", "cb"}
        By which rule residues of the network touch.
    centrality : str
        A key of MEASURES of the networks.
    edges : str
        How long the edges of the network are, a key of EDGES.
    against : str
        Key of another structure of the protein, whose contacts the network is compared with; "" for none.
    removed : str
        Heads that are removed together, ``"3.6,4.10"``; "" for all that pass.
    """

    measure: Measure = "A"
    threshold: float = DEFAULT_THRESHOLD
    null: Null = "pocket"
    draws: int = 0
    score: str = "enrichment"
    head: tuple[int, int] | None = None
    colouring: str = "received"
    scale: str = "head"
    pairs: int = 0
    colours: str = "values"
    beside: str = ""
    beside_structure: str = ""
    weighting: Weighting = "attention"
    frozen: str = ""
    contacts: Rule = "heavy"
    centrality: Centrality = "betweenness"
    edges: str = "alike"
    against: str = ""
    removed: str = ""

    def of_another_protein(self, key: str) -> Self:
        """The best head is another one, and what stood beside may be what is opened."""
        gone = self.beside in (self.protein, key)
        beside, structure = ("", "") if gone else (self.beside, self.beside_structure)
        return replace(self, head=None, beside=beside, beside_structure=structure, against="")

    def consistent(self) -> Self:
        """A measure that needs set B stays as long as there is one."""
        return self if self.sites_b or self.measure == "A" else replace(self, measure="A")


def starting_view(protein_key: str = FIRST_RECEPTOR, base: View | None = None) -> View:
    """The view on opening a protein: its first site and structure, other choices kept from ``base``."""
    return opened(View(protein_key) if base is None else base, protein_key).consistent()

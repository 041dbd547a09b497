"""What the page Pairs shows, as one frozen view; the URL is its serialisation (`address`)."""

from dataclasses import dataclass, replace
from typing import Self

from allo_core.interaction.coupling_answer import By
from allo_core.ui.protein.view import ProteinView

__all__ = ["BY", "FIRST_PARTNER", "TABS", "PairsView"]

TABS = {"coupling": "Coupling", "inside": "Inside the model", "worth": "What it is worth", "yours": "Your pairs"}
# By what the segments are weighed: name -> label.
BY: dict[By, str] = {
    "linear": "contributions (linear model)",
    "gradients": "Integrated Gradients (AMPS)",
    "attention": "attention received (AMPS)",
}
FIRST_PARTNER = "Gs"


@dataclass(frozen=True)
class PairsView(ProteinView):
    """Everything a person can choose on the page Pairs.

    Parameters
    ----------
    tab : str
        A key of TABS.
    partner : str
        Name of a G protein family.
    by : str
        A key of BY.
    segment : int, optional
        Which stretch of the receptor is selected, 0-based.
    layer : int
        Of which layer of the pair model attention is shown; -1 for their mean.
    """

    tab: str = "coupling"
    partner: str = FIRST_PARTNER
    by: By = "linear"
    segment: int | None = None
    layer: int = -1

    def of_another_protein(self, key: str) -> Self:
        """The stretch that is selected belongs to the protein before."""
        return replace(self, segment=None)

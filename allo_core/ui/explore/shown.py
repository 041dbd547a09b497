"""Everything that the page shows, in one object, for what is taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from allo_core.analysis.track import Values
from allo_core.analysis.verdict import plain_verdict
from allo_core.export.script_picture import LineKind
from allo_core.library.receptors import receptors
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.explore.network import NETWORK, contacts_of, report_of, route_of
from allo_core.ui.explore.painting import values_to_take_away
from allo_core.ui.explore.results import HeadDetails, Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.frame import FOOT
from allo_core.ui.shared.help import NULL_IN_WORDS
from allo_core.ui.shared.painting import Painting
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem

__all__ = ["Shown"]


@dataclass(frozen=True)
class Shown:
    """Everything that the page shows and that can be taken away."""

    view: View
    protein: Protein
    result: Result
    painting: Painting
    loaded: LoadedStructure | None
    phrases: Mapping[str, str]
    statement: str
    details: HeadDetails | None = None

    @property
    def pairs(self) -> list[tuple[int, int, float]]:
        """The strongest pairs that are drawn: query, key, weight."""
        drawn = () if self.details is None else self.details.pairs[: self.view.pairs]
        return [(pair.query, pair.key, float(pair.weight)) for pair in drawn]

    @cached_property
    def lines(self) -> tuple[LineKind, list[tuple[int, int, float]]]:
        """What scripts draw between residues: of a network one shortest route from A to B, or its contacts, else the strongest pairs."""
        report = None
        if self.view.colouring == NETWORK:
            report = report_of(self.view, self.protein, self.loaded, self.result)
        if report is None:
            return "strongest pairs", self.pairs
        route = route_of(report)
        return ("path" if route else "contacts"), [(one, other, 1.0) for one, other in route or contacts_of(report)]

    @cached_property
    def verdict(self) -> str:
        """The verdict in one sentence, short enough for a slide; the record and the terminal have it in full."""
        return plain_verdict(self.result.answer, self.phrases)

    @cached_property
    def values(self) -> Values:
        """The numbers behind the colouring."""
        return values_to_take_away(self.view, self.protein, self.result, self.loaded)

    @property
    def stem(self) -> str:
        """Beginning of all file names."""
        counted = f"_{file_stem(self.result.weighting_name)}" if self.result.weighting_name else ""
        return f"alloscope_{file_stem(self.protein.name)}_{self.view.model}{counted}"

    @property
    def receptor(self) -> str:
        """Entry and full name of the receptor, or what a person calls the sequence."""
        known = None if self.view.protein_ref.kind == "kept" else receptors().get(self.protein.name)
        return self.protein.name if known is None else f"{self.protein.name}, {known.name}"

    @property
    def title(self) -> str:
        """Receptor, model and head, and what counts where that is not attention."""
        counted = f", {self.result.weighting_name}" if self.result.weighting_name else ""
        return f"{self.protein.name}, {get_spec(self.view.model).label}, {self.result.head_name}{counted}"

    @property
    def caption(self) -> str:
        """What a reader of a single picture must know."""
        scores, row = self.result.scores, self.result.row
        q = "not defined" if row["q_value"] != row["q_value"] else f"{row['q_value']:.2g}"
        where = ""
        if self.loaded is not None:
            where = f" Structure {self.loaded.name}{f' ({self.loaded.credit})' if self.loaded.credit else ''}."
        return (
            f"{self.verdict} {self.result.head_name}: q = {q}, {row['n_arcs']} arcs; threshold {scores.threshold:.2f}, "
            f"{scores.null} null ({NULL_IN_WORDS[scores.null]}).{where} {FOOT}"
        )

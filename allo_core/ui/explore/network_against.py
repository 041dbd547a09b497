"""The network beside that of another structure of the protein: contacts gained and lost, and what noise alone changes."""

from dataclasses import dataclass, field

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.export.networks import difference_csv, difference_frame
from allo_core.networks.difference import NetworkDifference, difference_of
from allo_core.networks.points import RULES, Rule, points_of
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import Report
from allo_core.runs.extract import step as tell
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.explore import session
from allo_core.ui.explore.view import View
from allo_core.ui.protein.structure_choice import structure_options
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.jobs import Load, Outcome
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.structures import LoadedStructure, load_structure
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["DifferenceRequest", "draw_against"]

_STAGE = "Difference"
_HEIGHT = 300  # px of the table


@dataclass(frozen=True)
class DifferenceRequest:
    """From the contacts of one structure to those of another; the value is a NetworkDifference.

    Parameters
    ----------
    protein : Protein
    structure, chain, against : str
        Keys of both structures, and the author's chain of the first.
    rule : {"heavy", "ca", "cb"}
    first, second : LoadedStructure
    """

    protein: Protein
    structure: str
    chain: str
    against: str
    rule: Rule
    first: LoadedStructure = field(compare=False, repr=False)
    second: LoadedStructure = field(compare=False, repr=False)

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Compute it; errors as for `difference_of`, and Cancelled."""
        tell(_STAGE, step, cancel, 0, 1)
        one, other = (points_of(given.structure, given.mapping, len(self.protein), self.rule) for given in (self.first, self.second))
        return Outcome((), difference_of(one, other))


def draw_against(view: View, protein: Protein, loaded: LoadedStructure) -> None:
    """The choice of the other structure, and what it shares with the one in view, or the offer to compute it."""
    st.markdown("##### Beside another structure", help=HELP["against"])
    options = {"": "none"} | {key: label for key, label in structure_options(view.protein).items() if key != view.structure}
    if len(options) == 1:
        st.caption("There is no other structure of this protein at hand; fetch or upload one at the left.")
        return
    shown = view.against if view.against in options else ""
    st.selectbox(
        "Other structure", list(options), format_func=options.__getitem__, help=HELP["against"],
        **mirrored("against", shown, lambda key: session.page().change(against=key or ""), list(options)),
    )  # fmt: skip
    if not shown:
        return
    try:
        request = DifferenceRequest(protein, loaded.key, loaded.mapping.chain, shown, view.contacts, loaded, load_structure(shown, protein))
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    job = job_of(request)
    found = None if job is None else job.outcome.value
    if isinstance(found, NetworkDifference):
        _draw_found(request, found)
    elif not draw_under_way(job, "_against"):
        st.button("Compare the contacts", key="compare_contacts", on_click=submit, args=(request,))


def _draw_found(request: DifferenceRequest, found: NetworkDifference) -> None:
    protein, names = request.protein, (request.first.name, request.second.name)
    st.markdown(plain(f"From {names[0]} to {names[1]} ({RULES[request.rule].label}): {found.sentence}"))
    frame = difference_frame(found, protein)
    for place in ("first", "second"):
        frame[place] = [protein.label(protein.index(number)) for number in frame[place]]
    number = st.column_config.NumberColumn
    key = f"against_{file_stem(names[0])}_{file_stem(names[1])}_{request.rule}"
    st.dataframe(
        frame, key=key, hide_index=True, height=_HEIGHT, placeholder="",
        column_config={
            "contact": st.column_config.TextColumn("contact", help=f"Gained: {names[1]} alone has it; lost: {names[0]} alone."),
            "first_betweenness_change": number("betweenness of the first", format="%+.4f", help="In the second structure less the first."),
            "first_spread": number("± noise", format="%.4f", help="Standard deviation of that change when residues move by 0.3 Å."),
            "second_betweenness_change": number("of the second", format="%+.4f"),
            "second_spread": number("± noise ", format="%.4f"),
        },
    )  # fmt: skip
    st.download_button(
        "Contacts gained and lost, CSV", lambda: difference_csv(found, protein), f"alloscope_{file_stem(protein.name)}_{key}.csv",
        "text/csv", key="against_csv", on_click="ignore", icon=":material/download:",
    )  # fmt: skip

"""How a run is started: what it will take, and for long receptors the seven helices as the way that is recommended.

The rail and the place of the pictures offer the same; what is pressed is in either.
"""

from dataclasses import dataclass

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.library.nearest import numbers_for, seven_tm_domain
from allo_core.models.devices import check_memory, choose_device
from allo_core.models.registry import get_spec
from allo_core.models.weights import how_to_get
from allo_core.protein.sequence import Protein
from allo_core.runs.cost import cost_of, cost_of_norms
from allo_core.runs.disk import check_disk
from allo_core.ui.protein import session
from allo_core.ui.protein.view import ProteinView
from allo_core.ui.shared.models import readable_size, whereabouts
from allo_core.ui.shared.run_panel import in_words
from allo_core.ui.shared.text import plain

__all__ = ["Offer", "cost_in_words", "draw_buttons", "offer_of", "refused"]


@dataclass(frozen=True)
class Offer:
    """What can be started.

    Parameters
    ----------
    label : str
        Of the button that reads the whole sequence; "" where that is not possible.
    reason : str
        Why not, or what speaks against it; "" where nothing does.
    domain : Protein or None
        The part with the seven helices, where it is what should be read.
    download : int
        Bytes that are fetched first.
    """

    label: str
    reason: str = ""
    domain: Protein | None = None
    download: int = 0


def offer_of(view: ProteinView, protein: Protein) -> Offer:
    """What can be started where there is no run yet."""
    spec = get_spec(view.model)
    weights = whereabouts()[view.model]
    if isinstance(weights, str):
        return Offer("", weights)
    if weights.state == "missing":
        return Offer("", how_to_get(spec))
    download = weights.size if weights.state == "download" else 0
    most = spec.longest or spec.trained_tokens - 2
    if len(protein) <= most:
        return Offer(f"Download {readable_size(download)} and run" if download else f"Run {spec.label}", download=download)
    reads = "reads at most" if spec.longest else "saw in training at most"
    reason = f"{spec.label} {reads} {most:,} residues; this sequence has {len(protein):,}."
    domain = seven_tm_domain(protein, numbers_for(protein))
    other = " or choose an ESM model" if spec.longest else ""
    if domain is None:
        reason += f" Its helices are not known, so cut it yourself{other}."
    elif len(domain) > most:
        reason += f" Its 7TM domain has {len(domain):,} residues, also too many{other and '; choose an ESM model'}."
        domain = None
    whole = (
        "" if spec.longest else f"Run all {len(protein):,} residues" if not download else f"Download {readable_size(download)} and run all"
    )
    return Offer(whole, reason, domain, download)


def draw_buttons(view: ProteinView, protein: Protein, offer: Offer, place: str) -> None:
    """The buttons of an offer; ``place`` makes their keys differ between the places that show them."""
    if offer.domain is not None:
        first, last = offer.domain.number(0), offer.domain.number(len(offer.domain) - 1)
        st.button(
            f"Use the 7TM domain, {first}–{last}",
            key=f"domain{place}",
            type="primary",
            width="stretch",
            on_click=session.use_domain,
            args=(offer.domain,),
        )
    if not offer.label:
        return
    problem = refused(view, protein)
    st.button(
        offer.label,
        key=f"run{place}",
        type="secondary" if offer.domain is not None else "primary",
        width="stretch",
        disabled=bool(problem),
        on_click=session.start_run,
        args=(view,),
    )
    if problem:
        st.error(plain(problem))


def refused(view: ProteinView, protein: Protein, norms_alone: bool = False) -> str:
    """Why a run would be refused for want of memory or disk space; "" where it would not.  ``norms_alone`` as in `cost_in_words`."""
    spec = get_spec(view.model)
    try:
        if not norms_alone:
            check_disk(spec.layers, spec.heads, len(protein))
        check_memory(spec, len(protein), choose_device(view.device), view.dtype)
    except AlloScopeError as error:
        return str(error)
    return ""


def cost_in_words(view: ProteinView, protein: Protein, norms_alone: bool = False) -> str:
    """What a run takes on this machine: ``"about 12 s, 2.9 GB of memory, up to 360 MB on disk."``; "" where the device is not there.

    ``norms_alone``: of a pass that keeps value norms beside maps that are there.
    """
    try:
        cost = (cost_of_norms if norms_alone else cost_of)(get_spec(view.model), len(protein), view.device, view.dtype)
    except AlloScopeError:
        return ""
    return in_words(cost)

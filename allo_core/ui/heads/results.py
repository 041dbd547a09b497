"""What the page Heads shows: counted once and kept as long as a person may come back to it."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from allo_core.heads.arcs import FamilyArcs, kept_arcs
from allo_core.heads.properties import HeadProperty, head_property, of_layer_property
from allo_core.heads.sample import receptors_for
from allo_core.heads.shares import HeadShares, shares_of
from allo_core.heads.similarity import ResidueSimilarity, residue_similarity
from allo_core.models.registry import get_spec
from allo_core.readouts.value_table import property_of_table
from allo_core.ui.heads.requests import HeadsRequest
from allo_core.ui.heads.view import OWN, HeadsView
from allo_core.ui.shared.head_shares import first_value

__all__ = ["HeadsResult", "arcs_of", "request_of", "result_of", "similarity_of"]


@dataclass(frozen=True, eq=False)
class HeadsResult:
    """The shares of all heads, and what of them is shown.

    Parameters
    ----------
    shares : HeadShares
    value : int
        The value that is shown.
    minus : int or None
        The value whose shares are taken away.
    head : (layer, head)
        The selected head.
    """

    shares: HeadShares
    value: int
    minus: int | None
    head: tuple[int, int]

    @property
    def at(self) -> int:
        """The selected head among all."""
        return self.head[0] * self.shares.spec.heads + self.head[1]

    def numbers(self, shows: str) -> np.ndarray:
        """What the heatmap shows, shape (layers, heads); NaN where not tested."""
        table = {
            "share": self.shares.share,
            "enrichment": np.log2(np.maximum(self.shares.enrichment, 2**-6)),
            "published": self.shares.published,
        }[shows]
        values = table[:, self.value]
        if self.minus is not None:
            values = values - table[:, self.minus]
        return values.reshape(self.shares.spec.layers, self.shares.spec.heads)


def request_of(view: HeadsView, table: tuple[str, str] | None) -> HeadsRequest:
    """What is asked of the worker for a view; HeadsError, LayerError where the property cannot be counted."""
    names = receptors_for(get_spec(view.model), _property(view.property, _own(view, table)), view.sample)
    return HeadsRequest(view.model, names, view.device, view.dtype)


def _own(view: HeadsView, table: tuple[str, str] | None) -> tuple[str, str] | None:
    return table if view.property == OWN else None


def arcs_of(request: HeadsRequest) -> FamilyArcs | None:
    """The arcs that are kept of what is asked; None if a receptor is missing; errors as in `kept_arcs`."""
    try:
        return _arcs(request)
    except LookupError:
        return None


@st.cache_resource(max_entries=2, ttl=600, show_spinner="Opening the arcs")
def _arcs(request: HeadsRequest) -> FamilyArcs:
    found = kept_arcs(request.model, request.receptors, request.device, request.dtype)
    if found is None:
        raise LookupError  # not remembered: they may come
    return found


def result_of(view: HeadsView, found: FamilyArcs, table: tuple[str, str] | None) -> HeadsResult:
    """Shares and choices of a view; HeadsError, LayerError where the property cannot be counted."""
    shares = _shares(found.meta.key, found.receptors, view.property, _own(view, table), found)
    names = shares.what.values
    value = names.index(view.value) if view.value in names else first_value(shares)
    minus = names.index(view.minus) if view.minus in names and view.minus != names[value] else None
    best = shares.best(value)
    head = view.head or divmod(0 if best is None else best, found.spec.heads)
    return HeadsResult(shares, value, minus, head)


@st.cache_resource(max_entries=16, ttl=1800, show_spinner="Counting arcs")
def _shares(key: str, receptors: tuple[str, ...], name: str, table: tuple[str, str] | None, _found: FamilyArcs) -> HeadShares:
    return shares_of(_found, _property(name, table))


def _property(name: str, table: tuple[str, str] | None) -> HeadProperty:
    return head_property(name) if table is None else of_layer_property(property_of_table(*table))


def similarity_of(found: FamilyArcs) -> ResidueSimilarity:
    """Residues that heads look at alike."""
    return _similarity(found.meta.key, found.receptors, found)


@st.cache_resource(max_entries=4, ttl=1800, show_spinner="Permuting residues")
def _similarity(key: str, receptors: tuple[str, ...], _found: FamilyArcs) -> ResidueSimilarity:
    return residue_similarity(_found)

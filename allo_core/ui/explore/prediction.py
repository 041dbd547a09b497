"""What the site predictor says of a protein.  Kept for the next rerun."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st

from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import own_site_library
from allo_core.library.site_library import LibraryState, site_library_state
from allo_core.prediction.card import notes_on
from allo_core.prediction.examples import OrthostericSite, orthosteric_site
from allo_core.prediction.predictor import SitePredictor, load_predictor, predict_sites
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps

__all__ = ["Prediction", "prediction_of", "the_predictor"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Probability of each residue to belong to an allosteric site.

    Parameters
    ----------
    predictor : SitePredictor
    protein : Protein
    probabilities : ndarray, dtype=float64, shape=(L,)
    """

    predictor: SitePredictor
    protein: Protein
    probabilities: np.ndarray

    @property
    def order(self) -> np.ndarray:
        """0-based residues, the most probable first, shape (L,)."""
        return np.argsort(-self.probabilities, kind="stable")

    @cached_property
    def orthosteric(self) -> OrthostericSite | None:
        """The orthosteric site, as far as it is known."""
        return orthosteric_site(self.protein, numbers_for(self.protein))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before believing it; worked out when asked for, some tenths of a second."""
        return _notes(self.predictor.weights_sha256, self.protein, site_library_state(), self.predictor)


@st.cache_resource(show_spinner=False)
def the_predictor() -> SitePredictor:
    """The predictor that ships; PredictionError if its file is missing or damaged."""
    return load_predictor()


def prediction_of(maps: AttentionMaps, protein: Protein) -> Prediction:
    """The prediction from a run.

    Raises
    ------
    PredictionError
        No predictor, or a run of a model that it was not fitted to.
    StoreError
        The run was deleted or damaged meanwhile.
    """
    predictor = the_predictor()
    return Prediction(predictor, protein, _probabilities(maps.meta.key, protein, site_library_state(), maps, predictor))


@st.cache_resource(max_entries=24, show_spinner=False)
def _probabilities(run: str, protein: Protein, sites: LibraryState, _maps: AttentionMaps, _predictor: SitePredictor) -> np.ndarray:
    return predict_sites(_maps, protein, numbers_for(protein), _predictor)


@st.cache_resource(max_entries=24, show_spinner=False)
def _notes(predictor: str, protein: Protein, sites: LibraryState, _predictor: SitePredictor) -> tuple[str, ...]:
    return (*notes_on(_predictor, protein, numbers_for(protein)), *_own_sites())


def _own_sites() -> tuple[str, ...]:
    """That the lists of this machine are not those that the predictor was fitted to."""
    own = own_site_library()
    if own is None:
        return ()
    computed = "1 site" if len(own.sites) == 1 else f"{len(own.sites)} sites"
    return (
        f"This machine computed {computed} of its own: the predictor keeps the lists that it was fitted to, and takes the orthosteric site "
        "from yours.",
    )

"""What each head says of each residue: attention received, and attention exchanged with the orthosteric site.

A head's attention spans orders of magnitude from residue to residue and from head to head, so each feature is the binary logarithm of a
ratio to what was to be expected.  Ratios below 1/100 count as 1/100: what a head hardly looks at does not differ in kind.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.nulls import encode_strata
from allo_core.learning.method import log_ratio
from allo_core.prediction.examples import OrthostericSite
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:
    from allo_core.runs.maps import AttentionMaps

__all__ = ["HEAD_FEATURES", "RECEIVED", "Head", "head_features"]

Head = tuple[int, int]  # layer, head

# Per head and residue j, with c_j the attention that j receives at threshold 0, O the orthosteric site and A the map:
HEAD_FEATURES = (
    "received",  # c_j / mean of c
    "received in stratum",  # c_j / mean of c over the stratum of j, what the matched null expects
    "looks at the orthosteric site",  # sum of A_jo over O / its mean over all residues
    "seen by the orthosteric site",  # sum of A_oj over O / what as many residues give j on average, c_j |O| / L
)
RECEIVED = (0, 1)  # those that need no orthosteric site


def head_features(
    maps: "AttentionMaps", heads: Sequence[Head], numbers: ResidueNumbers | None, orthosteric: OrthostericSite | None
) -> np.ndarray:
    """Features of every residue from some heads.

    Parameters
    ----------
    heads : sequence of (layer, head)
    numbers : ResidueNumbers or None
        Of the protein that was read; without them there are no strata.
    orthosteric : OrthostericSite or None

    Returns
    -------
    ndarray, dtype=float64, shape=(L, len(heads), 4)
        In the order of `HEAD_FEATURES`; NaN where what a feature needs is not known.  That is so for all residues of a protein or for
        none, so it tells nothing of a residue.

    Raises
    ------
    StoreError
        A damaged run.
    """
    length = maps.shape[-1]
    received = maps.columns(0).weights[tuple(np.transpose(heads))]
    features = np.full((len(heads), len(HEAD_FEATURES), length), np.nan)
    features[:, 0] = log_ratio(received, received.mean(axis=1, keepdims=True))
    if numbers is not None:
        features[:, 1] = log_ratio(received, _stratum_means(received, encode_strata(numbers.strata(), length)))
    if orthosteric is not None:
        site = np.array(orthosteric.residues)
        for at, head in enumerate(heads):
            attention = maps[head]
            given, taken = attention[:, site].sum(axis=1, dtype=np.float64), attention[site].sum(axis=0, dtype=np.float64)
            features[at, 2] = log_ratio(given, given.mean())
            features[at, 3] = log_ratio(taken, received[at] * len(site) / length)
    return features.transpose(2, 0, 1)


def _stratum_means(received: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean over the stratum of each residue, shape (heads, L)."""
    means = np.stack([received[:, codes == code].mean(axis=1) for code in range(codes.max() + 1)], axis=1)
    return means[:, codes]

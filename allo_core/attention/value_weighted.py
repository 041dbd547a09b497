"""Value-weighted attention: how long the vector is that a residue takes from another, instead of how much it attends to it.

Head h adds sum_j A_ij v_j W_O to residue i.  |A_ij v_j W_O| = A_ij n_j with n_j = |v_j W_O|, so a column of value-weighted attention is a
column of attention times one number (Kobayashi et al., "Attention is not only a weight", EMNLP 2020).  Lengths differ between heads and
layers by their scale alone, so each head is divided by what its mean query takes from all residues: all arcs of a head then sum to the
number of queries, as those of attention do without special tokens.  Enrichment, SNR, p and q do not depend on that division.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["value_factors"]


def value_factors(received: Float[np.ndarray, "... L"], norms: Float[np.ndarray, "... L"]) -> Float64[np.ndarray, "... L"]:
    """What each column of attention is multiplied with: n_j over the mean of sum_j A_ij n_j over all queries i.

    Parameters
    ----------
    received : ndarray, dtype=float, shape=(..., L)
        sum_i A_ij over all queries, without threshold.
    norms : ndarray, dtype=float, shape=(..., L)
        n_j = |v_j W_O|.

    Returns
    -------
    ndarray, dtype=float64, shape=(..., L)
        0 in a head that gives nothing.
    """
    norms = norms.astype(np.float64)
    mean = (received * norms).sum(axis=-1, keepdims=True) / received.shape[-1]
    return np.divide(norms, mean, out=np.zeros_like(norms), where=mean > 0)

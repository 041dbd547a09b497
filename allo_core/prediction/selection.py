"""Which heads look at allosteric sites: how far each exceeds the matched null, over the receptors that may be learnt from."""

import numpy as np

from allo_core.attention.nulls import encode_strata, moments
from allo_core.protein.numbering import ResidueNumbers

__all__ = [
    "sensitivity",
]


def sensitivity(received: np.ndarray, sites: tuple[int, ...], numbers: ResidueNumbers | None) -> np.ndarray:
    """SNR of the attention on the sites of one receptor under the matched null (uniform where there are no numbers).

    Parameters
    ----------
    received : ndarray, dtype=float, shape=(heads, L)
        Column weights at threshold 0.
    sites : tuple of int
        0-based.

    Returns
    -------
    ndarray, dtype=float64, shape=(heads,)
        0 where the null has no spread, so that such a head is evidence for nothing.
    """
    codes = encode_strata(None if numbers is None else numbers.strata(), received.shape[-1])
    counts = np.bincount(codes[list(sites)], minlength=codes.max() + 1)
    mu, sigma = moments(received, codes, counts)
    excess = received[:, list(sites)].sum(axis=1) - mu
    return np.divide(excess, sigma, out=np.zeros(len(received)), where=sigma > 0)

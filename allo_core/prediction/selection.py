"""Which heads look at allosteric sites: how far each exceeds the matched null, over the receptors that may be learnt from."""

import numpy as np

from allo_core.attention.nulls import encode_strata, moments
from allo_core.errors import PredictionError
from allo_core.protein.residues import ResidueNumbers

__all__ = ["sensitivity", "strongest_heads"]


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


def strongest_heads(sensitivities: np.ndarray, size: int) -> tuple[int, ...]:
    """The heads with the highest mean SNR; every receptor counts alike, however many residues its site has.

    Parameters
    ----------
    sensitivities : ndarray, dtype=float, shape=(receptors, heads)
        Of the receptors that may be learnt from, and of no other.
    size : int
        How many; all where there are fewer.

    Returns
    -------
    tuple of int
        Ascending.

    Raises
    ------
    PredictionError
        No receptor, or no head is asked for.
    """
    if not len(sensitivities) or size < 1:
        raise PredictionError(f"{size} heads cannot be chosen from {len(sensitivities)} receptors; give at least one of each.")
    order = np.argsort(-sensitivities.mean(axis=0), kind="stable")
    return tuple(sorted(order[:size].tolist()))

"""p among few places: counted where places reach a value, fitted to them beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["SAME", "needed_by_tail", "tail_of"]

# Below this skewness the fitted tail is as good as normal, and the gamma function would need too many digits.
_LEAST_SKEW = 0.05
_LEAST_KURTOSIS = 0.1
_FEWEST_REACHED = 10  # places, for their share to be p (Knijnenburg et al. 2009, Bioinformatics 25:i161)
SAME = 1e-4  # SNR that differ by less are ties, which count against the site


def tail_of(values: Float[np.ndarray, "h k"], places: Float[np.ndarray, "h B"], two_sided: bool = False) -> Float64[np.ndarray, "h k"]:
    """p of values among few places: the share of places that reach them, and where fewer than ten do, a tail that is fitted to the places.

    One-sided: a Pearson III distribution with their mean, deviation and (at least slightly positive) skewness.  Two-sided, for differences:
    Student's t, whose degrees of freedom give their kurtosis.  Neither exceeds the share at which ten places reach a value.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(h, k)
    places : ndarray, dtype=float, shape=(h, B)

    Returns
    -------
    ndarray, dtype=float64, shape=(h, k)
    """
    from scipy.special import gammaincc, stdtr  # pockets need none of it

    known = places.astype(np.float64)
    mean, deviation = known.mean(axis=1, keepdims=True), known.std(axis=1, keepdims=True)
    z, others = (values - mean) / deviation, (known - mean) / deviation
    if two_sided:
        z, others = np.abs(z), np.abs(others)
        freedom = 4 + 6 / np.maximum((others**4).mean(axis=1, keepdims=True) - 3, _LEAST_KURTOSIS)
        fitted = 2 * stdtr(freedom, -z * np.sqrt(freedom / (freedom - 2)))
    else:
        shape = 4 / np.maximum((others**3).mean(axis=1, keepdims=True), _LEAST_SKEW) ** 2
        fitted = gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0))
    reached = np.empty(z.shape, dtype=np.int64)
    for row, (ascending, bar) in enumerate(zip(np.sort(others, axis=1), z - SAME / deviation, strict=True)):
        reached[row] = len(ascending) - np.searchsorted(ascending, bar)
    counted = (1 + reached) / (1 + known.shape[1])
    return np.where(reached >= _FEWEST_REACHED, counted, np.minimum(fitted, (1 + _FEWEST_REACHED) / (1 + known.shape[1])))


def needed_by_tail(places: np.ndarray, p: float) -> np.ndarray:
    """The value of each row of places [h, B] from which on `tail_of`, one-sided, is at most p; shape (h,)."""
    from scipy.special import gammainccinv

    known = places.astype(np.float64)
    count = known.shape[1]
    reaching = max(int(p * (1 + count)) - 1, _FEWEST_REACHED - 1)  # at most so many places may reach it
    counted = np.sort(known, axis=1)[:, -1 - reaching] + SAME
    if reaching >= _FEWEST_REACHED:
        return counted
    mean, deviation = known.mean(axis=1), known.std(axis=1)
    skewness = (((known - mean[:, None]) / deviation[:, None]) ** 3).mean(axis=1)
    shape = 4 / np.maximum(skewness, _LEAST_SKEW) ** 2
    return np.maximum(counted, mean + deviation * (gammainccinv(shape, p) - shape) / np.sqrt(shape))

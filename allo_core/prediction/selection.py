"""Which heads look at allosteric sites: how far each exceeds the matched null, over the receptors that may be learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.strata import possible_null, strata_of
from allo_core.attention.nulls import encode_strata
from allo_core.attention.standard import standardise
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["sensitivity"]


def sensitivity(
    received: Float[np.ndarray, "heads L"], sites: tuple[int, ...], numbers: ResidueNumbers | None
) -> Float64[np.ndarray, " heads"]:
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
    strata = strata_of(possible_null("matched", numbers), numbers, "the receptor")
    standard = standardise(received, np.array(sites, dtype=int), encode_strata(strata, received.shape[-1]))
    return standard.snr(standard.tested, undefined=0.0)

"""Integrated Gradients: how much each token of a pair moves a model's answer away from that for the mean pair of the training.

Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks": IG_j(x) = (x_j - b_j) times the mean of df/dx_j along the
straight line from the baseline b to x.  The attributions of a pair sum to f(x) - f(b); what is missing is the gap, and it is shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.evaluating import evaluating
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    import torch
    from jaxtyping import Float32, Float64, Integer
    from torch import nn

__all__ = ["LARGEST_GAP", "STEPS", "Attributions", "integrated_gradients"]

STEPS = (50, 100, 200, 400, 800)  # the next number is tried where the gap is too large
LARGEST_GAP = 0.01
_LEAST_CHANGE = 0.01  # of a logit: a smaller difference between pair and baseline is rounding, and its gap is measured against this
_AT_ONCE = 64  # points of the line: more are no faster on a CPU


@dataclass(frozen=True, eq=False)
class Attributions:
    """Integrated Gradients of the logit of some pairs.

    Parameters
    ----------
    values : ndarray, dtype=float32, shape=(pairs, tokens, width)
        In units of the logit; NaN for a pair whose gap is too large.
    logits : ndarray, dtype=float64, shape=(pairs,)
        f(x).
    baseline_logit : float
        f(b).
    steps : ndarray, dtype=int, shape=(pairs,)
        Points of the line that each pair took.
    gaps : ndarray, dtype=float64, shape=(pairs,)
        What the attributions of each pair miss of f(x) - f(b), as a share of it (of at least 0.01).
    """

    values: "Float32[np.ndarray, 'pairs tokens width']" = field(repr=False)
    logits: "Float64[np.ndarray, ' pairs']"
    baseline_logit: float
    steps: "Integer[np.ndarray, ' pairs']"
    gaps: "Float64[np.ndarray, ' pairs']"

    @property
    def refused(self) -> "Integer[np.ndarray, ' rows']":
        """Pairs without attributions, because these miss more than 1 % of the change of the logit."""
        return np.flatnonzero(self.gaps > LARGEST_GAP)

    @property
    def signed(self) -> "Float64[np.ndarray, 'pairs tokens']":
        """Sum over the width: what a token adds to the logit of its pair, or takes from it."""
        return self.values.sum(axis=2, dtype=np.float64)

    @property
    def magnitude(self) -> "Float64[np.ndarray, ' tokens']":
        """Mean of the absolute values over pairs that are not refused and over the width: the view of a group, without signs."""
        kept = np.abs(self.values[self.gaps <= LARGEST_GAP])
        return kept.mean(axis=(0, 2), dtype=np.float64)


def integrated_gradients(
    model: "nn.Module",
    inputs: "Float32[np.ndarray, 'pairs tokens width']",
    baseline: "Float32[np.ndarray, 'tokens width']",
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Attributions:
    """Attribute the logits of pairs to their numbers; Gauss-Legendre points, 50, and more where the gap is above 1 %.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits [pairs] for inputs [pairs, tokens, width]; it works in evaluation mode, and is left in the mode that it had.
    inputs : ndarray, dtype=float32, shape=(pairs, tokens, width)
    baseline : ndarray, dtype=float32, shape=(tokens, width)
        The mean of the training's pairs: never of those that are explained.
    progress : callable, optional
        Of how many pairs are done, and how many there are.
    cancel : CancelEvent, optional
        Asked after each pair.

    Raises
    ------
    PairError
        The gap of every pair stays above 1 % with 800 points (of some: they are refused), or the model's answer is not finite.
    Cancelled

    Examples
    --------
    >>> found = integrated_gradients(model, pairs.batch(rows), pairs.batch(training).mean(axis=0))  # doctest: +SKIP
    >>> found.signed.shape, found.gaps.max()  # doctest: +SKIP
    ((1, 20), 0.0004)
    """
    import torch

    with evaluating(model), torch.no_grad():
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        start = torch.from_numpy(baseline).to(device)
        lowest = float(model(start[None])[0])
    values, logits, gaps = np.zeros(inputs.shape, dtype=np.float32), np.zeros(len(inputs)), np.full(len(inputs), np.inf)
    taken = np.zeros(len(inputs), dtype=np.int64)
    for row, pair in enumerate(inputs):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        end = torch.from_numpy(np.ascontiguousarray(pair)).to(device)
        with evaluating(model):
            with torch.no_grad():
                logits[row] = float(model(end[None])[0])
            if not np.isfinite([logits[row], lowest]).all():
                raise PairError(f"Pair {row + 1} has the logit {logits[row]}, the mean pair {lowest}: train the model anew.")
            for steps in STEPS:
                taken[row], values[row] = steps, _line(model, start, end, steps)
                gaps[row] = _gap(values[row].sum(dtype=np.float64), logits[row] - lowest)
                if gaps[row] <= LARGEST_GAP:
                    break
            else:
                values[row] = np.nan
        if progress is not None:
            progress(row + 1, len(inputs))
    found = Attributions(values, logits, lowest, taken, gaps)
    if len(inputs) and len(found.refused) == len(inputs):
        raise PairError(
            f"Integrated Gradients miss {gaps.min():.1%} of the change of the logit with {STEPS[-1]} steps (at most {LARGEST_GAP:.0%} may "
            "be missing): this model's gradients do not say what moved it; look at another method."
        )
    return found


def _line(model: "nn.Module", start: "torch.Tensor", end: "torch.Tensor", steps: int) -> np.ndarray:
    """(x - b) times the mean gradient over the Gauss-Legendre points of the line, [tokens, width]."""
    import torch

    places, weights = np.polynomial.legendre.leggauss(steps)
    change = end - start
    mean = torch.zeros_like(change, dtype=torch.float64)
    for part in range(0, steps, _AT_ONCE):
        share = torch.as_tensor((places[part : part + _AT_ONCE] + 1) / 2, dtype=change.dtype, device=change.device)
        weight = torch.as_tensor(weights[part : part + _AT_ONCE] / 2, dtype=torch.float64, device=change.device)
        points = (start + share[:, None, None] * change).requires_grad_()
        (gradient,) = torch.autograd.grad(model(points).sum(), points)
        mean += torch.einsum("s,stw->tw", weight, gradient.double())
    return (mean * change).float().cpu().numpy()


def _gap(found: float, change: float) -> float:
    return float(abs(found - change) / max(abs(change), _LEAST_CHANGE))

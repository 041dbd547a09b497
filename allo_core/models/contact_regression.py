"""ESM-2's contact regression: one weight a head, by which attention predicts contacts (Rao et al. 2021, doi:10.1101/2020.12.15.422761)."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import WeightsError
from allo_core.models.registry import ModelSpec
from allo_core.models.weights import WeightsState, weight_files

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

__all__ = ["ContactRegression", "read_contact_regression"]

# In the files of fair-esm, and in those of transformers.
_PREFIX = {"fair-esm": "contact_head.regression.", "transformers": "esm.contact_head.regression."}


@dataclass(frozen=True, eq=False)
class ContactRegression:
    """Contact probability of two residues = sigmoid(bias + sum over heads of weight * map), map: symmetrised and APC-corrected attention.

    Parameters
    ----------
    weights : ndarray, dtype=float32, shape=(layers, heads)
    bias : float
    """

    weights: "Float[np.ndarray, 'layers heads']"
    bias: float


def read_contact_regression(spec: ModelSpec, weights: WeightsState) -> ContactRegression | None:
    """The regression that was published with these weights; None where there is none, and where its file is missing or damaged.

    fair-esm keeps it in a second file beside the model's, ``<name>-contact-regression.pt``; transformers' files hold it themselves.
    """
    if spec.family != "esm2" or weights.path is None or weights.layout not in _PREFIX:
        return None
    prefix, tensors = _PREFIX[weights.layout], {}
    for file in _files(weights):
        # What is wrong with the model's own file is said where the model is read.
        with suppress(WeightsError):
            tensors |= _named(file, (f"{prefix}weight", f"{prefix}bias"))
    values, bias = (tensors.get(f"{prefix}{part}") for part in ("weight", "bias"))
    if values is None or bias is None or values.numel() != spec.layers * spec.heads or bias.numel() != 1:
        return None
    try:
        return ContactRegression(values.detach().float().reshape(spec.layers, spec.heads).numpy().copy(), float(bias))
    except (RuntimeError, TypeError):  # a sparse tensor, say, or one without values
        return None


def _files(weights: WeightsState) -> list[Path]:
    assert weights.path is not None
    if weights.layout == "transformers":
        return weight_files(weights.path)
    beside = weights.path.with_name(f"{weights.path.stem}-contact-regression.pt")
    return [beside] if beside.is_file() else []


def _named(file: Path, names: tuple[str, ...]) -> dict:
    """Those of the named tensors that a file holds."""
    from allo_core.models.checkpoint import read_tensors

    content = read_tensors(file, names)
    inner = content.get("model")
    state = inner if isinstance(inner, dict) else content
    return {name: state[name] for name in names if hasattr(state.get(name), "numel")}

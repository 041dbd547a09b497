"""What one run was computed from, and the key under which it is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields

__all__ = ["RUN_FORMAT", "RunMeta"]

# Raised when the files of a run change their meaning, so that older runs are computed anew instead of misread.
RUN_FORMAT = 1

# Two runs that agree in these hold the same numbers; everything else (names, licence, time) is for people.
_KEY_FIELDS = ("format", "model_id", "weights_sha256", "sequence", "dtype", "device_type", "versions")


@dataclass(frozen=True, kw_only=True)
class RunMeta:
    """Where the numbers of one run come from; everything in it can be written as JSON.

    Parameters
    ----------
    model_id : str
        One of the official ids, e.g. ``esm2_t33_650M_UR50D``.
    weights_sha256, weights_source, licence : str
        Which weights, where they were found and under which licence they came from there.
    protein_name, sequence : str
        The sequence has one letter for each of the L residues.
    dtype : {"float32", "bfloat16"}
        What the model computed in; the softmax is float32 in both.
    device_type : {"cpu", "cuda", "mps"}
    versions : dict of str to str
        Versions of torch, transformers and alloscope.
    layers, heads : int
        Attention layers, and heads in each.
    created : str
        ISO 8601 time in UTC.
    seconds : float
        Wall time of the forward pass.
    notes : tuple of str
        Warnings that a person should see beside the numbers.
    """

    model_id: str
    weights_sha256: str
    weights_source: str
    licence: str
    protein_name: str
    sequence: str
    dtype: str
    device_type: str
    versions: dict[str, str]
    layers: int
    heads: int
    created: str
    seconds: float
    notes: tuple[str, ...] = field(default=())
    format: int = RUN_FORMAT

    @property
    def key(self) -> str:
        """sha256 (hex) over what determines the numbers."""
        values = {name: getattr(self, name) for name in _KEY_FIELDS}
        return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(layers, heads, L, L)."""
        return self.layers, self.heads, len(self.sequence), len(self.sequence)

    def to_json(self) -> dict:
        """The fields as plain JSON values."""
        return {**asdict(self), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, values: dict) -> "RunMeta":
        """The inverse of `to_json`; ValueError where fields are missing or unknown."""
        names = {item.name for item in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError("the fields of a run's meta.json do not fit this version")
        return cls(**{**values, "notes": tuple(values["notes"])})

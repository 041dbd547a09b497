"""What one run was computed from, and the key under which it is kept."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from allo_core.storage.plain_json import OtherVersion, check_version, from_plain

__all__ = ["HOLDS", "RUN_FORMAT", "RunKind", "RunMeta"]

# Raised when the files of a run change their meaning, so that older runs are computed anew instead of misread.
RUN_FORMAT = 1

# What one pass of a model may leave on the disk.
RunKind = Literal["attention", "value_norms", "probabilities"]

# As a person reads it; `RunMeta.holds` says more where a setting matters.
HOLDS: dict[RunKind, str] = {"attention": "attention", "value_norms": "value norms", "probabilities": "probabilities"}

# The settings that each kind may have beside the fields below: what else changes its numbers, such as heads that were silenced, or a
# second chain.  A new kind is an entry here and in RunKind, and is opened in runs/store.py.
_SETTINGS: dict[str, frozenset[str]] = {
    "attention": frozenset(),
    "value_norms": frozenset(),
    "probabilities": frozenset({"masked"}),  # whether each residue was masked when the model was asked for it
}

# Two runs that agree in these hold the same numbers; everything else (names, licence, time) is for people.
_KEY_FIELDS = ("format", "model_id", "weights_sha256", "sequence", "dtype", "device_type", "versions")
# Attention without settings is written, and its key made, without these: both are then what they were before there were kinds.
_KIND_FIELDS = ("kind", "settings")


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
        Versions of torch and transformers.  That of alloscope stands beside these fields in the file: it is not part of the key, as
        what changes the numbers raises the format.
    layers, heads : int
        Attention layers, and heads in each.
    created : str
        ISO 8601 time in UTC.
    seconds : float
        Wall time of the forward pass.
    notes : tuple of str
        Warnings that a person should see beside the numbers.
    format : int
        Of the files.
    kind : {"attention", "value_norms", "probabilities"}
        What was kept: attention maps, |v_j W_O| of each residue (`allo_core/runs/value_norms.py`), or what the model expects at each
        residue (`allo_core/runs/probabilities.py`).
    settings : dict of str to JSON values
        What else changes the numbers; lists rather than tuples in it, as it comes back from the file.

    Raises
    ------
    ValueError
        A kind, or a setting of this kind, that this version does not know.
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
    kind: RunKind = "attention"
    settings: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_kind(self.kind, self.settings)

    @property
    def key(self) -> str:
        """sha256 (hex) over what determines the numbers."""
        names = _KEY_FIELDS if self._is_plain else _KEY_FIELDS + _KIND_FIELDS
        values = {name: getattr(self, name) for name in names}
        return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def of_kind(self, kind: RunKind, **own: object) -> "RunMeta":
        """What another kind of run of the same input is kept under: with the settings that it has in common with this one, and its own."""
        common = {name: value for name, value in self.settings.items() if name in _SETTINGS[kind]}
        return replace(self, kind=kind, settings=common | own)

    @property
    def holds(self) -> str:
        """What was kept, as a person reads it."""
        if self.kind != "probabilities":
            return HOLDS[self.kind]
        return f"{'masked' if self.settings.get('masked') else 'unmasked'} {HOLDS[self.kind]}"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(layers, heads, L, L)."""
        return self.layers, self.heads, len(self.sequence), len(self.sequence)

    @property
    def _is_plain(self) -> bool:
        return self.kind == "attention" and not self.settings

    def to_json(self) -> dict:
        """The fields as plain JSON values."""
        values = {**asdict(self), "notes": list(self.notes)}
        return {name: value for name, value in values.items() if not (self._is_plain and name in _KIND_FIELDS)}

    @classmethod
    def from_json(cls, values: object) -> "RunMeta":
        """The inverse of `to_json`.

        Raises
        ------
        OtherVersion
            Another format, field, kind or setting than those of this version.
        ValueError
            No meta of a run, or a value of another type.
        """
        stored = check_version(values, cls, RUN_FORMAT, frozenset(_KIND_FIELDS))
        _check_kind(stored.get("kind", "attention"), stored.get("settings", {}))
        return from_plain(cls, stored)


def _check_kind(kind: object, settings: object) -> None:
    """OtherVersion if a kind or a setting is unknown; values of another type are left to who reads types."""
    if not isinstance(kind, str) or not isinstance(settings, dict):
        return
    if kind not in _SETTINGS:
        raise OtherVersion(f"as a run of the kind {kind[:40]!r}, which this version does not know")
    if unknown := sorted(settings.keys() - _SETTINGS[kind]):
        raise OtherVersion(f"with the setting {unknown[0][:40]!r}, which this version does not know")

"""What a batch computes: one choice for all its sequences, written beside the results and compared when it goes on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import LibraryError, ScoreError, WeightsError
from allo_core.models.devices import Dtype, DtypeChoice
from allo_core.storage.plain_json import check_version, from_plain

if TYPE_CHECKING:  # the terminal's options need not wait for them
    from allo_core.attention.nulls import Null
    from allo_core.models.registry import ModelSpec
    from allo_core.models.weights import WeightsState

__all__ = ["FORMAT", "BatchSettings", "choose_settings", "in_words", "public_versions"]

FORMAT = 1  # raised when the files of a batch change their meaning

# What a person calls them; another value gives other numbers, so such results do not go into one folder.
_COMPARED = {
    "format": "format of the files",
    "model_id": "--model",
    "weights_sha256": "sha256 of the weights",
    "dtype": "--dtype",
    "threshold": "--threshold",
    "thresholds": "--thresholds",
    "sites": "--sites",
    "site_lists": "sha256 of the sites of this name that the machine has computed itself",
    "null": "--null",
    "draws": "--draws",
    "seed": "seed",
    "versions": "versions of the libraries",
}


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """One choice for all sequences of a batch.

    Parameters
    ----------
    model_id : str
    weights_sha256, weights_source, licence : str
        Which weights, where they were found, and their licence from there.
    layers, heads : int
    dtype : {"float32", "bfloat16"}
    thresholds : tuple of float
        Above these column weights are kept; ascending.
    threshold : float
        The one that scores are computed with.
    sites : str or None
        Residues as text, generic numbers or the name of a library site, looked up in each sequence; None: nothing is scored.
    null : {"uniform", "matched", "published"} or None
        None: matched where generic numbers are known, else uniform.
    draws : int or None
        Random sites to compare with; None: as many as the heads need.
    versions : dict of str to str
        Versions of torch and transformers.
    seed : int
        Of the draws.
    site_lists : str
        Where ``sites`` names a site that this machine has computed itself, which lists these are (`own_lists`); "" for the shipped ones.
    """

    model_id: str
    weights_sha256: str
    weights_source: str
    licence: str
    layers: int
    heads: int
    dtype: Dtype
    thresholds: tuple[float, ...]
    threshold: float
    sites: str | None
    null: str | None
    draws: int | None
    versions: dict[str, str] = field(hash=False)
    seed: int = 0
    site_lists: str = ""
    format: int = FORMAT

    def difference(self, other: "BatchSettings") -> str | None:
        """The first setting that gives other numbers, in words (``--threshold 0.3, not 0.1``); None if there is none."""
        for name, words in _COMPARED.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{words} {in_words(mine)}, not {in_words(theirs)}"
        return None

    def to_json(self) -> dict:
        """The fields as plain JSON values; ``site_lists`` where there is something to say, so that other batches stay as they were."""
        values = {**asdict(self), "thresholds": list(self.thresholds)}
        return values if self.site_lists else {name: value for name, value in values.items() if name != "site_lists"}

    @classmethod
    def from_json(cls, values: object) -> "BatchSettings":
        """The inverse of `to_json`; OtherVersion for another format or other fields, ValueError for a value of another type."""
        return from_plain(cls, check_version(values, cls, FORMAT, frozenset({"site_lists"})))


def choose_settings(
    model_id: str,
    dtype: DtypeChoice = "auto",
    thresholds: tuple[float, ...] | None = None,
    threshold: float | None = None,
    sites: str | None = None,
    null: "Null | None" = None,
    draws: int | None = None,
    report: Callable[[str, int, int], None] | None = None,
) -> BatchSettings:
    """Settings that have been looked at: each can be computed, and the weights are on this machine (they are downloaded if need be).

    Parameters
    ----------
    thresholds : tuple of float, optional
        By default the threshold of the scores alone: above it most column weights are 0 and take little room, while those above 0 take
        4 bytes for each head and residue.
    threshold : float, optional
        By default 0.3.
    report : callable(stage, done, total), optional
        Told of a download, in bytes.

    Raises
    ------
    WeightsError, DeviceError, ScoreError, LibraryError
        Naming the setting that is not possible.
    """
    from allo_core.attention.columns import DEFAULT_THRESHOLD
    from allo_core.attention.nulls import check_null
    from allo_core.attention.scores import check_draws
    from allo_core.library.sites import own_lists
    from allo_core.models.devices import choose_dtype
    from allo_core.models.registry import get_spec
    from allo_core.models.weights import weights_sha256
    from allo_core.runs.column_reducer import check_thresholds

    spec = get_spec(model_id)
    (threshold,) = check_thresholds((DEFAULT_THRESHOLD if threshold is None else threshold,))
    thresholds = check_thresholds((threshold,) if thresholds is None else thresholds)
    if null is not None:
        check_null(null)
    check_draws(draws)
    if sites is not None:
        _check_sites(sites)
    dtype = choose_dtype(dtype)
    weights, path = _weights(spec, report)
    return BatchSettings(
        model_id=spec.id,
        weights_sha256=weights_sha256(path),
        weights_source=weights.source,
        licence=weights.licence,
        layers=spec.layers,
        heads=spec.heads,
        dtype=dtype,
        thresholds=thresholds,
        threshold=threshold,
        sites=sites,
        null=null,
        draws=draws,
        versions=public_versions(),
        site_lists="" if sites is None else own_lists(sites),
    )


def _weights(spec: "ModelSpec", report: Callable[[str, int, int], None] | None) -> "tuple[WeightsState, Path]":
    """The weights on this machine and their file, downloaded where they are not."""
    from allo_core.models.download import download
    from allo_core.models.weights import check_shipped, how_to_get, locate

    state = locate(spec)
    if state.state == "download":
        download(spec, lambda done, total: report(f"Downloading {spec.label}", done, total) if report is not None else None)
        state = locate(spec)
    if state.path is None:
        raise WeightsError(how_to_get(spec))
    check_shipped(spec, state)
    return state, state.path


def _check_sites(text: str) -> None:
    """Refuse what can be no residue of any sequence before thousands of them are computed."""
    from allo_core.library.sites import is_site_name

    if not text.strip():
        raise ScoreError("--sites names nothing; give residues (2.50 3x50 52-55) or a library site, or leave it out.")
    if not any(character.isdigit() for character in text) and not is_site_name(text):
        raise LibraryError(f"No receptor of the library has a site {text.strip()[:60]!r}; give residues (2.50 3x50 52-55) or such a site.")


def public_versions() -> dict[str, str]:
    """Versions of what computes the numbers, without what they were built for: which device computed stands with each record."""
    from allo_core.runs.extract import library_versions

    return {name: version.partition("+")[0] for name, version in library_versions().items()}


def in_words(value: object) -> str:
    """A setting as a person writes it."""
    if isinstance(value, tuple):
        return ",".join(f"{item:g}" for item in value)
    if isinstance(value, dict):
        return " ".join(f"{name} {version}" for name, version in value.items())
    return "not given" if value is None else str(value)

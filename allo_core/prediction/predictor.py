"""The site predictor as it is kept and used: a linear model on the heads of one model, with what it was fitted to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PredictionError
from allo_core.learning.model import LinearModel, Setting
from allo_core.learning.results import Comparison
from allo_core.prediction.examples import Example, orthosteric_site
from allo_core.prediction.features import HEAD_FEATURES, Head, head_features
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein
from allo_core.storage.plain_json import from_plain
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:
    from jaxtyping import Float64

    from allo_core.runs.maps import AttentionMaps

__all__ = ["PREDICTOR_FILE", "SitePredictor", "TrainingReceptor", "load_predictor", "predict_sites", "save_predictor"]

PREDICTOR_FILE = Path(__file__).resolve().parents[1] / "data" / "site_predictor.json"

# Raised when the file changes its meaning.
_FORMAT = 1
_BUILD = "python -m allo_core.terminal.fit"


@dataclass(frozen=True)
class TrainingReceptor:
    """A receptor that the predictor was fitted to.

    Parameters
    ----------
    receptor : str
        Entry name.
    first, last : int
        UniProt numbers of the part that was read.
    listed : dict of str to str
        Evidence -> the listed residues, ``"D52 S91 N280"``.
    orthosteric : str
        Where its orthosteric site is known from; empty where it is not known.
    """

    receptor: str
    first: int
    last: int
    listed: dict[str, str]
    orthosteric: str

    @classmethod
    def of(cls, example: Example) -> TrainingReceptor:
        protein = example.protein
        listed = {evidence: format_residues(protein, residues) for evidence, residues in example.sites.items()}
        source = example.orthosteric.source if example.orthosteric else ""
        return cls(example.name, protein.first, protein.number(len(protein) - 1), listed, source)


@dataclass(frozen=True, eq=False)
class SitePredictor:
    """Probability of each residue to belong to an allosteric site, from some heads of one model.

    Parameters
    ----------
    model_id, weights_sha256 : str
        The model whose attention it was fitted to; that of another means nothing to it.
    heads : tuple of (layer, head)
    model : LinearModel
        Over ``len(heads) * 4`` features: those of the first head in the order of `HEAD_FEATURES`, then those of the second.
    setting : Setting
        How many heads and which C leaving one receptor out chose.
    training : tuple of TrainingReceptor
    comparisons : tuple of Comparison
        How well the procedure did on receptors left out; empty if that was not measured.
    versions : dict of str to str
        Of what computed it.
    """

    model_id: str
    weights_sha256: str
    heads: tuple[Head, ...]
    model: LinearModel
    setting: Setting
    training: tuple[TrainingReceptor, ...]
    comparisons: tuple[Comparison, ...]
    versions: dict[str, str]


def predict_sites(
    maps: AttentionMaps, protein: Protein, numbers: ResidueNumbers | None, predictor: SitePredictor | None = None
) -> Float64[np.ndarray, " L"]:
    """Probability of each residue to belong to a listed allosteric site.

    Parameters
    ----------
    maps : AttentionMaps
        A run of the predictor's model over `protein`.
    numbers : ResidueNumbers or None
        Of `protein`.
    predictor : SitePredictor, optional
        By default the one that ships.

    Returns
    -------
    ndarray, dtype=float64, shape=(L,)
        Their mean is about the share of listed residues in the training receptors; what they rank matters more than what they are.

    Raises
    ------
    PredictionError
        No predictor, a run of another model or of other weights, or of another protein.
    StoreError
        A damaged run.
    """
    predictor = load_predictor() if predictor is None else predictor
    meta = maps.meta
    if meta.model_id != predictor.model_id:
        raise PredictionError(
            f"The site predictor reads the attention of {predictor.model_id}, and this run is of {meta.model_id}; "
            f"choose that model, or fit a predictor to this one ({_BUILD} --model {meta.model_id} --out FILE)."
        )
    if meta.weights_sha256 != predictor.weights_sha256:
        raise PredictionError(
            f"The site predictor was fitted to other weights of {predictor.model_id} (sha256 {predictor.weights_sha256[:12]}…, this run "
            f"{meta.weights_sha256[:12]}…); fit it to these ({_BUILD} --out FILE)."
        )
    if meta.sequence != protein.sequence:
        raise PredictionError(f"The run is not one of {protein.name}: it read another sequence of {len(meta.sequence)} residues.")
    features = head_features(maps, predictor.heads, numbers, orthosteric_site(protein, numbers))
    return predictor.model.probabilities(features.reshape(len(protein), -1))


def save_predictor(predictor: SitePredictor, path: Path) -> None:
    """Write a predictor as JSON, in one step; PredictionError if the file cannot be written."""
    model = predictor.model
    values = {
        "format": _FORMAT,
        "model_id": predictor.model_id,
        "weights_sha256": predictor.weights_sha256,
        "heads": predictor.heads,
        "features": HEAD_FEATURES,
        "mean": model.mean.tolist(),
        "scale": model.scale.tolist(),
        "coefficients": model.coefficients.tolist(),
        "intercept": model.intercept,
        "setting": predictor.setting._asdict(),
        "training": [asdict(one) for one in predictor.training],
        "comparisons": [one.to_json() for one in predictor.comparisons],
        "versions": predictor.versions,
    }
    try:
        write_whole(path, (json.dumps(values, indent=1, allow_nan=False) + "\n").encode())
    except OSError as error:
        raise PredictionError(f"{path}: cannot be written ({error.strerror or error}); name another file.") from error


def load_predictor(path: Path = PREDICTOR_FILE) -> SitePredictor:
    """Read a predictor; PredictionError if there is none or its file is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PredictionError(f"There is no site predictor {path}; make it with {_BUILD}.") from error
    except (OSError, ValueError) as error:
        raise PredictionError(f"The site predictor {path} cannot be read ({error}); make it anew with {_BUILD}.") from error
    try:
        return _from_json(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PredictionError(f"The site predictor {path} is damaged ({error!r}); make it anew with {_BUILD}.") from error


def _from_json(values: dict) -> SitePredictor:
    if values["format"] != _FORMAT or tuple(values["features"]) != HEAD_FEATURES:
        raise ValueError(f"format {values['format']} with the features {values['features']}, not those of this version")
    heads = tuple((int(layer), int(head)) for layer, head in values["heads"])
    count = len(heads) * len(HEAD_FEATURES)
    mean, scale, coefficients = (_numbers(values[name], count) for name in ("mean", "scale", "coefficients"))
    (intercept,) = _numbers([values["intercept"]], 1)
    if not heads or not (scale > 0).all():
        raise ValueError("no head, or a scale that is not positive")
    return SitePredictor(
        str(values["model_id"]),
        str(values["weights_sha256"]),
        heads,
        LinearModel(mean, scale, coefficients, float(intercept)),
        Setting(**values["setting"]),
        from_plain(tuple[TrainingReceptor, ...], values["training"]),
        from_plain(tuple[Comparison, ...], values["comparisons"]),
        from_plain(dict[str, str], values["versions"]),
    )


def _numbers(values: Sequence[float], count: int) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise ValueError(f"{count} finite numbers were expected, not an array of shape {array.shape}")
    return array

"""The site predictor: position memory, and what else it was fitted with; from a file, and for a protein."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PredictionError
from allo_core.learning.method import Setting, log_ratio
from allo_core.learning.model import LinearModel
from allo_core.learning.results import Comparison
from allo_core.prediction.examples import Example, orthosteric_site
from allo_core.prediction.features import HEAD_FEATURES, Head, head_features
from allo_core.prediction.frame import place
from allo_core.prediction.geometry import GEOMETRY, structure_features
from allo_core.prediction.memory import WIDTHS, Remembered, recalled, remembered
from allo_core.prediction.methods import ATTENTION, MEMORY, STRUCTURE, choice_of
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
_FORMAT = 2
_BUILD = "python -m allo_core.terminal.fit"
_FEATURES = {MEMORY: list(WIDTHS), STRUCTURE: list(GEOMETRY), ATTENTION: list(HEAD_FEATURES)}


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
    remembered : Remembered
        Where its listed residues lie.
    """

    receptor: str
    first: int
    last: int
    listed: dict[str, str]
    orthosteric: str
    remembered: Remembered

    @classmethod
    def of(cls, example: Example) -> TrainingReceptor:
        protein = example.protein
        listed = {evidence: format_residues(protein, residues) for evidence, residues in example.sites.items()}
        source = example.orthosteric.source if example.orthosteric else ""
        there = remembered(place(protein), example.residues)
        return cls(example.name, protein.first, protein.number(len(protein) - 1), listed, source, there)


@dataclass(frozen=True, eq=False)
class SitePredictor:
    """Probability of each residue to belong to an allosteric site.

    Parameters
    ----------
    model_id, weights_sha256 : str
        The model whose attention was looked at; where the predictor reads attention, that of another means nothing to it.
    setting : Setting
        Which ingredients and which C leaving one receptor out chose.
    heads : tuple of (layer, head)
        Whose attention it reads; empty where attention is no ingredient.
    model : LinearModel
        Over the features of the ingredients, side by side: `WIDTHS` of position memory, `GEOMETRY`, `HEAD_FEATURES` of the first head, of
        the second, and so on.
    training : tuple of TrainingReceptor
    comparison : Comparison or None
        How well the procedure did on receptors left out; None if that was not measured.
    versions : dict of str to str
        Of what computed it.
    """

    model_id: str
    weights_sha256: str
    setting: Setting
    heads: tuple[Head, ...]
    model: LinearModel
    training: tuple[TrainingReceptor, ...]
    comparison: Comparison | None
    versions: dict[str, str]

    @property
    def ingredients(self) -> tuple[str, ...]:
        """Some of ``"memory"``, ``"structure"`` and ``"attention"``, in the order of their features."""
        return choice_of(self.setting.choice)[0]

    @property
    def reads_attention(self) -> bool:
        return ATTENTION in self.ingredients


def predict_sites(
    maps: AttentionMaps | None, protein: Protein, numbers: ResidueNumbers | None, predictor: SitePredictor | None = None
) -> Float64[np.ndarray, " L"]:
    """Probability of each residue to belong to a listed allosteric site.

    Parameters
    ----------
    maps : AttentionMaps or None
        A run of the predictor's model over `protein`; not looked at where it reads no attention.
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
        No predictor, a run of another model or of other weights, or of another protein, or nothing is known of the protein that it reads.
    StoreError
        A damaged run.
    """
    predictor = load_predictor() if predictor is None else predictor
    if predictor.reads_attention:
        _check(maps, protein, predictor)
    placed, site = place(protein), orthosteric_site(protein, numbers)
    parts = []
    for ingredient in predictor.ingredients:
        if ingredient == MEMORY:
            parts.append(_memory(predictor, protein))
        elif ingredient == STRUCTURE:
            parts.append(structure_features(None if placed is None else placed.positions, len(protein), site))
        elif maps is not None:
            parts.append(head_features(maps, predictor.heads, numbers, site).reshape(len(protein), -1))
    features = np.concatenate(parts, axis=1)
    if np.isnan(features).all():
        raise PredictionError(
            f"The site predictor carries sites over by generic number, and {protein.name} has none, or is of a class without listed sites; "
            "choose a GPCR of class A, B, C or F, or a sequence near one of the library."
        )
    return predictor.model.probabilities(features)


def _memory(predictor: SitePredictor, protein: Protein) -> np.ndarray:
    """What the lists of the training receptors say of each residue, shape (L, 3); a receptor's own list is among them."""
    placed = place(protein)
    if placed is None:
        return np.full((len(protein), len(WIDTHS)), np.nan)
    total = np.sum([recalled(one.remembered, placed) for one in predictor.training], axis=0)
    return log_ratio(total, total.mean(axis=0))


def _check(maps: AttentionMaps | None, protein: Protein, predictor: SitePredictor) -> None:
    if maps is None:
        raise PredictionError(f"The site predictor reads the attention of {predictor.model_id}; give a run of it over {protein.name}.")
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


def save_predictor(predictor: SitePredictor, path: Path) -> None:
    """Write a predictor as JSON, in one step; PredictionError if the file cannot be written."""
    model = predictor.model
    values = {
        "format": _FORMAT,
        "model_id": predictor.model_id,
        "weights_sha256": predictor.weights_sha256,
        "setting": asdict(predictor.setting),
        "heads": predictor.heads,
        "features": _FEATURES,
        "mean": model.mean.tolist(),
        "scale": model.scale.tolist(),
        "coefficients": model.coefficients.tolist(),
        "intercept": model.intercept,
        "training": [asdict(one) for one in predictor.training],
        "comparison": None if predictor.comparison is None else predictor.comparison.to_json(),
        "versions": predictor.versions,
    }
    try:
        lines = [f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}" for name, value in values.items()]
        write_whole(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
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
    if values["format"] != _FORMAT or values["features"] != _FEATURES:
        raise ValueError(f"format {values['format']} with the features {values['features']}, not those of this version")
    setting = from_plain(Setting, values["setting"])
    ingredients, size = choice_of(setting.choice)
    heads = tuple((int(layer), int(head)) for layer, head in values["heads"])
    known = (MEMORY, STRUCTURE, ATTENTION)
    if not ingredients or not set(ingredients) <= set(known) or len(heads) != size:
        raise ValueError(f"the ingredients {', '.join(ingredients)} with {len(heads)} heads, not some of {', '.join(known)}")
    columns = {MEMORY: len(WIDTHS), STRUCTURE: len(GEOMETRY), ATTENTION: len(heads) * len(HEAD_FEATURES)}
    count = sum(columns[one] for one in ingredients)
    mean, scale, coefficients = (_numbers(values[name], count) for name in ("mean", "scale", "coefficients"))
    (intercept,) = _numbers([values["intercept"]], 1)
    if not (scale > 0).all():
        raise ValueError("a scale that is not positive")
    return SitePredictor(
        str(values["model_id"]),
        str(values["weights_sha256"]),
        setting,
        heads,
        LinearModel(mean, scale, coefficients, float(intercept)),
        from_plain(tuple[TrainingReceptor, ...], values["training"]),
        None if values["comparison"] is None else from_plain(Comparison, values["comparison"]),
        from_plain(dict[str, str], values["versions"]),
    )


def _numbers(values: Sequence[float], count: int) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    if array.shape != (count,) or not np.isfinite(array).all():
        raise ValueError(f"{count} finite numbers were expected, not an array of shape {array.shape}")
    return array

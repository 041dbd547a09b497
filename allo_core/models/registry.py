"""The protein language models that AlloScope knows: shape, licence, size and where their weights are published."""

from dataclasses import dataclass
from typing import Literal

from allo_core.errors import WeightsError

__all__ = ["DEFAULT_MODEL", "MODELS", "PUBLISH_WITH", "Family", "Layout", "ModelSpec", "Source", "get_spec"]

Family = Literal["esm2", "esmc", "bert"]
# How the names inside a weights file are spelt: the packages fair-esm and esm have their own, transformers has one for all.
Layout = Literal["fair-esm", "esm", "transformers"]

# Ships with the app, so that the first page works before anything is downloaded.
DEFAULT_MODEL = "alloscope_gpcr_8m"
# What the app recommends for anything that is published.
PUBLISH_WITH = "esm2_t33_650M_UR50D"


@dataclass(frozen=True)
class Source:
    """One place where the weights of a model are published.

    Parameters
    ----------
    layout : {"fair-esm", "esm", "transformers"}
        How the names inside the file are spelt.
    file : str
        Path of the file below ``repository`` or ``package``; its last part is the official file name.
    licence : str
        Licence of the weights from this source; it differs between publishers of the same model.
    size : int
        Bytes; about right where ``sha256`` is None.
    repository : str, optional
        Hub repository; the name of its folder in transformers' cache follows from it.
    address : str, optional
        Where the app downloads the file from; None: never downloaded, used only where it is found.
    sha256 : str, optional
        Where the publisher states it.
    package : str, optional
        Python package that carries the file.
    package_version : str, optional
        The release of it that was tried.
    """

    layout: Layout
    file: str
    licence: str
    size: int
    repository: str | None = None
    address: str | None = None
    sha256: str | None = None
    package: str | None = None
    package_version: str | None = None

    @property
    def file_name(self) -> str:
        return self.file.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class ModelSpec:
    """What is known of a model before any file of it is opened.

    Parameters
    ----------
    id : str
        The official name.
    width, feed_forward : int
        Size of a hidden state, and of the layer between the two halves of a feed-forward block.
    longest : int or None
        Most residues the model can read; None: no limit in the architecture.
    trained_tokens : int
        Longest input in training, special tokens included.
    sources : tuple of Source
        In order of preference; the first with an address is the one that is downloaded.
    """

    id: str
    label: str
    family: Family
    layers: int
    heads: int
    width: int
    feed_forward: int
    parameters: int
    longest: int | None
    trained_tokens: int
    sources: tuple[Source, ...]
    note: str = ""

    @property
    def licence(self) -> str:
        """Licence of the preferred source; a run records the licence of the source that it used."""
        return self.sources[0].licence

    @property
    def download(self) -> Source | None:
        """The source that the app downloads from, or None where the weights come with a package."""
        return next((source for source in self.sources if source.address), None)


def _esm2(model_id: str, size: str, layers: int, heads: int, width: int, parameters: int, bytes_each: int = 4) -> ModelSpec:
    # Shapes: Lin et al. 2023, doi:10.1126/science.ade2574, table S1; addresses: README of facebookresearch/esm, section "Available models".
    official = Source(
        "fair-esm",
        f"{model_id}.pt",
        "MIT",
        parameters * bytes_each,
        address=f"https://dl.fbaipublicfiles.com/fair-esm/models/{model_id}.pt",
    )
    hub = Source("transformers", "model.safetensors", "MIT", parameters * 4, repository=f"facebook/{model_id}")
    return ModelSpec(model_id, f"ESM-2 {size}", "esm2", layers, heads, width, 4 * width, parameters, None, 1024, (official, hub))


def _esmc(
    size: str, layers: int, heads: int, width: int, feed_forward: int, parameters: int, licence: str, size_bytes: int, sha256: str
) -> ModelSpec:
    # Shapes: package esm 3.2, pretrained.py; sizes and sha256: the hub's pages of these files; 2048 tokens: transformers' EsmcConfig.
    file = f"data/weights/esmc_{size.lower()}_2024_12_v0.pth"
    repositories = (f"EvolutionaryScale/esmc-{size.lower()}-2024-12", f"biohub/esmc-{size.lower()}-2024-12")
    addresses = (f"https://huggingface.co/{repositories[0]}/resolve/main/{file}", None)
    official = tuple(Source("esm", file, licence, size_bytes, r, a, sha256) for r, a in zip(repositories, addresses, strict=True))
    hub = tuple(
        Source("transformers", "model.safetensors", "MIT", parameters * 4, repository=f"biohub/ESMC-{size}{ending}")
        for ending in ("", "-hf")
    )
    model_id = f"esmc_{size.lower()}"
    return ModelSpec(model_id, f"ESM-C {size}", "esmc", layers, heads, width, feed_forward, parameters, None, 2048, official + hub)


_GPCR = ModelSpec(
    id="alloscope_gpcr_8m",
    label="AlloScope GPCR 8M",
    family="esm2",
    layers=6,
    heads=20,
    width=320,
    feed_forward=1280,
    parameters=7_500_000,
    longest=None,
    trained_tokens=1024,
    # Made by `python -m allo_core train`: docs/gpcr-model.md.
    sources=(
        Source(
            "transformers",
            "data/alloscope_gpcr_8m.safetensors",
            "CC BY 4.0",
            15_037_218,
            package="allo_core",
            sha256="510995522c794f21555e2043074150c5bc306ad29d199f08f74689da930b51e9",
        ),
    ),
    note="Small family model, trained on GPCRs alone: for a first look. Publish with ESM-2 650M.",
)

_ANTIBERTY = ModelSpec(
    id="antiberty",
    label="AntiBERTy",
    family="bert",
    layers=8,
    heads=8,
    width=512,
    feed_forward=2048,
    parameters=26_000_000,
    # 512 learned positions, two of them for [CLS] and [SEP].
    longest=510,
    trained_tokens=512,
    # The package from PyPI.
    sources=(
        Source(
            "transformers",
            "trained_models/AntiBERTy_md_smooth/pytorch_model.bin",
            "MIT",
            104_174_334,
            package="antiberty",
            package_version="0.1.3",
        ),
    ),
    note="Antibody model: a control on a GPCR, at most 510 residues.",
)

MODELS: dict[str, ModelSpec] = {
    spec.id: spec
    for spec in (
        _GPCR,
        _ANTIBERTY,
        _esm2("esm2_t6_8M_UR50D", "8M", 6, 20, 320, 7_500_000),
        _esm2("esm2_t12_35M_UR50D", "35M", 12, 20, 480, 33_500_000),
        _esm2("esm2_t30_150M_UR50D", "150M", 30, 20, 640, 148_000_000),
        _esm2("esm2_t33_650M_UR50D", "650M", 33, 20, 1280, 651_000_000),
        # The two largest official files hold half precision.
        _esm2("esm2_t36_3B_UR50D", "3B", 36, 40, 2560, 2_840_000_000, bytes_each=2),
        _esm2("esm2_t48_15B_UR50D", "15B", 48, 40, 5120, 15_100_000_000, bytes_each=2),
        _esmc(
            *("300M", 30, 15, 960, 2560, 333_000_000, "Cambrian Open License", 1_332_095_738),
            sha256="323dff9fbf3fef297a74f4f18b6528e6f2e599b0bcf72b6927516804015becea",
        ),
        _esmc(
            *("600M", 36, 18, 1152, 3072, 575_000_000, "Cambrian Non-Commercial License", 2_300_275_866),
            sha256="8ef856e1a237ee3f995442df997a962e70057faadecf38fc0c8561bd3c2f4324",
        ),
    )
}


def get_spec(model_id: str) -> ModelSpec:
    """The model with this id; WeightsError, naming the known ids, if there is none."""
    try:
        return MODELS[model_id]
    except KeyError:
        raise WeightsError(f"Unknown model {model_id!r}; the models are {', '.join(MODELS)}.") from None

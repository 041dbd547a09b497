"""Where the weights of a model lie on this machine, and their fingerprint.  Opens no network connection and imports no torch."""

import hashlib
import importlib.util
import json
import os
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from allo_core.errors import WeightsError
from allo_core.models.registry import MODELS, Layout, ModelSpec, Source
from allo_core.storage.home import home
from allo_core.storage.whole_file import write_whole

__all__ = [
    "OWN_PACKAGE",
    "WeightsState",
    "check_shipped",
    "download_folder",
    "how_to_get",
    "hub_snapshots",
    "known_sha256",
    "locate",
    "weight_files",
    "weights_sha256",
]

# What a folder written by transformers may hold, best first: safetensors cannot run code and loads faster.
_TRANSFORMERS_FILES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_MODEL_TYPES = {"esm2": "esm", "esmc": "esmc", "bert": "bert"}
OWN_PACKAGE = "allo_core"
_CHUNK = 1 << 22
_memo: dict[str, list] = {}


@dataclass(frozen=True)
class WeightsState:
    """The weights of one model, as this machine has them.

    Parameters
    ----------
    state : {"bundled", "found", "download", "missing"}
        Comes with an installed package; found on disk; not here, to be downloaded; not here, and its package has to be installed.
    path : Path or None
        The file; of weights in several parts, the index that lists them.
    source : str
        In words: where they were found, or where they would be downloaded from.
    licence : str
        Licence of the weights from this source.
    size : int
        Bytes on disk, or to be downloaded.
    layout : {"fair-esm", "esm", "transformers"}
        How the names inside the file are spelt.
    """

    state: Literal["bundled", "found", "download", "missing"]
    path: Path | None
    source: str
    licence: str
    size: int
    layout: Layout


def locate(spec: ModelSpec) -> WeightsState:
    """Look for the weights of a model.

    Searched in this order: ALLOSCOPE_WEIGHTS (a file or a folder), the package that carries them, transformers' cache, the torch hub folder
    (where fair-esm keeps its files), the data folder of the package ``esm``, the folder of the app's own downloads.  What ships with
    AlloScope is taken from AlloScope alone.

    Raises
    ------
    WeightsError
        If ALLOSCOPE_WEIGHTS names something that does not exist, or a file whose name is none of the official ones.
    """
    for source, path, where in _candidates(spec):
        if path.is_file():
            state = "bundled" if where.endswith(" package") else "found"
            return WeightsState(state, path, where, source.licence, sum(f.stat().st_size for f in weight_files(path)), source.layout)
    source = spec.download
    if source is None:
        source = spec.sources[0]
        return WeightsState("missing", None, _package_in_words(source), source.licence, source.size, source.layout)
    return WeightsState("download", None, source.address or "", source.licence, source.size, source.layout)


def how_to_get(spec: ModelSpec) -> str:
    """What to do where the weights of a model are not on this machine."""
    source = spec.download
    if source is not None:
        return (
            f"The weights of {spec.label} are not on this machine; download them in the app ({source.size / 1e9:.2g} GB), or put "
            f"{source.file_name} from {source.address} into {download_folder()}, or name it with ALLOSCOPE_WEIGHTS."
        )
    source = spec.sources[0]
    if source.package == OWN_PACKAGE:
        return f"The weights of {spec.label} ship with AlloScope, but {source.file} is missing; get AlloScope again."
    return (
        f"The weights of {spec.label} come with a package; install it (pip install --no-deps {source.package}=={source.package_version})."
    )


def check_shipped(spec: ModelSpec, state: WeightsState) -> None:
    """WeightsError unless weights that ship with AlloScope are the file whose sha256 the registry states; read anew each time.

    Nothing is asked of weights from elsewhere: who names a file wants that file.
    """
    source = spec.sources[0]
    if source.package != OWN_PACKAGE or state.path is None:
        return
    with state.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != source.sha256:
        raise WeightsError(
            f"The weights of {spec.label} in {state.path} are not those that ship with AlloScope (sha256 {sha256[:12]}…, "
            f"not {(source.sha256 or 'unknown')[:12]}…); get AlloScope again."
        )


def download_folder() -> Path:
    """Where the app keeps what it downloads."""
    return home() / "weights"


def weight_files(path: Path) -> list[Path]:
    """The files that hold tensors: the file itself, or those that an index lists.  WeightsError if the index cannot be read."""
    if not path.name.endswith(".index.json"):
        return [path]
    try:
        names = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
        outside = [name for name in names if name != Path(name).name or name in ("", "..")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"The index of weights {path} is damaged; download the model again.") from error
    if outside:
        raise WeightsError(f"The index {path} names {outside[0][:60]!r}, which is no file beside it; get the model from its publisher.")
    files = [path.parent / name for name in names]
    for file in files:
        if not file.is_file():
            raise WeightsError(f"The index {path} names {file.name}, which is missing; download the model again.")
    return files


def weights_sha256(path: Path) -> str:
    """sha256 of the weights, in hex; worked out once for each path, size and modification time.

    Of weights in several parts it is the sha256 of the parts' own sha256 (in hex, in the order of their names).
    """
    files = weight_files(path)
    digests = [_file_sha256(file) for file in files]
    return digests[0] if len(files) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def known_sha256(path: Path) -> str | None:
    """The same if this machine has already worked it out, else None: at once, also for a file of 30 GB."""
    files = weight_files(path)
    _read_memo()
    return weights_sha256(path) if all(_remembered(file) for file in files) else None


def _file_sha256(path: Path) -> str:
    _read_memo()
    if digest := _remembered(path):
        return digest
    hasher = hashlib.sha256()
    key, stamp = _stamp(path)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    _memo[key] = [*stamp, hasher.hexdigest()]
    _write_memo()
    return hasher.hexdigest()


def _stamp(path: Path) -> tuple[str, tuple[int, int]]:
    real = path.resolve()
    info = real.stat()
    return str(real), (info.st_size, info.st_mtime_ns)


def _remembered(path: Path) -> str | None:
    key, stamp = _stamp(path)
    entry = _memo.get(key)
    return entry[2] if entry and tuple(entry[:2]) == stamp else None


def _memo_file() -> Path:
    return home() / "weights-sha256.json"


def _read_memo() -> None:
    try:
        stored = json.loads(_memo_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # nothing remembered, or damaged: everything is hashed again
    if isinstance(stored, dict):
        _memo.update({key: entry for key, entry in stored.items() if isinstance(entry, list) and len(entry) == 3})


def _write_memo() -> None:
    with suppress(OSError):  # a read-only or full disk costs time, not the run
        write_whole(_memo_file(), json.dumps(dict(_memo), indent=1).encode())


def _candidates(spec: ModelSpec) -> Iterator[tuple[Source, Path, str]]:
    """Every place where the weights may lie, best first: (source, file, in words)."""
    yield from _named_by_person(spec)
    for source in spec.sources:
        if source.package:
            yield from _in_package(source)
    for source in spec.sources:
        if source.repository:
            yield from ((source, path, f"transformers cache, {source.repository}") for path in _in_hub_cache(source))
    for source in spec.sources:
        if source.layout == "fair-esm":
            yield source, _torch_hub() / source.file_name, "torch hub folder of fair-esm"
        elif source.layout == "esm":
            yield source, _esm_package() / source.file, "data folder of the package esm"
    for source in spec.sources:
        if source.address:
            yield source, download_folder() / source.file_name, "downloaded by AlloScope"


def _named_by_person(spec: ModelSpec) -> Iterator[tuple[Source, Path, str]]:
    if not (named := os.environ.get("ALLOSCOPE_WEIGHTS")):
        return
    root = Path(named).expanduser()
    if not root.exists():
        raise WeightsError(
            f"ALLOSCOPE_WEIGHTS names {root}, which does not exist; give a weights file or a folder that holds some, or unset it."
        )
    if root.is_file() and root.name not in _official_names():
        raise WeightsError(
            f"ALLOSCOPE_WEIGHTS names {root}, which is not an official file name; use one of {', '.join(_official_names())}."
        )
    for source in spec.sources:
        if source.package == OWN_PACKAGE:
            continue
        if source.layout != "transformers":
            yield source, root if root.name == source.file_name else root / source.file_name, "ALLOSCOPE_WEIGHTS"
            continue
        names = [spec.id] + ([source.repository.rsplit("/", 1)[-1]] if source.repository else [])
        for folder in (root.parent if root.is_file() else root, *(root / name for name in names)):
            if _is_model(folder, spec):
                files = [root] if root.is_file() else [folder / name for name in _TRANSFORMERS_FILES]
                yield from ((source, file, "ALLOSCOPE_WEIGHTS") for file in files if file.name in _TRANSFORMERS_FILES)


def _official_names() -> list[str]:
    names = [source.file_name for spec in MODELS.values() for source in spec.sources if source.layout != "transformers"]
    return [*dict.fromkeys(names), *_TRANSFORMERS_FILES]


def _is_model(folder: Path, spec: ModelSpec) -> bool:
    """Whether the config.json in a folder describes this model."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    wanted = {"model_type": _MODEL_TYPES[spec.family], "num_hidden_layers": spec.layers, "hidden_size": spec.width}
    return isinstance(config, dict) and all(config.get(key) == value for key, value in wanted.items())


def _in_package(source: Source) -> Iterator[tuple[Source, Path, str]]:
    # Found, never imported: the own runner of AntiBERTy breaks on transformers 5.
    if source.package and (package := importlib.util.find_spec(source.package)) and package.origin:
        yield source, Path(package.origin).parent / source.file, _package_in_words(source)


def _package_in_words(source: Source) -> str:
    return f"{'AlloScope' if source.package == OWN_PACKAGE else source.package} package"


def _in_hub_cache(source: Source) -> Iterator[Path]:
    """Files of a repository in the cache of huggingface_hub, of the current revision first."""
    for snapshot in hub_snapshots(source.repository or ""):
        names = _TRANSFORMERS_FILES if source.layout == "transformers" else (source.file,)
        yield from (snapshot / name for name in names)


def hub_snapshots(repository: str) -> list[Path]:
    """Folders of a repository in the cache of huggingface_hub, one a revision, the current one first."""
    # Its own look-up takes 0.13 s to import, reads HF_HUB_CACHE only then, and finds nothing where no branch "main" was noted.
    folder = _hub_cache() / f"models--{repository.replace('/', '--')}"
    try:
        current = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        current = ""
    return sorted(sorted(folder.glob("snapshots/*")), key=lambda path: path.name != current)


def _hub_cache() -> Path:
    """As in huggingface_hub: HF_HUB_CACHE, else HF_HOME/hub, else the user's cache folder."""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(cache).expanduser()
    root = os.environ.get("HF_HOME")
    return (Path(root).expanduser() if root else _user_cache() / "huggingface") / "hub"


def _torch_hub() -> Path:
    """As in torch.hub: TORCH_HOME/hub, else the user's cache folder."""
    root = os.environ.get("TORCH_HOME")
    return (Path(root).expanduser() if root else _user_cache() / "torch") / "hub" / "checkpoints"


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _esm_package() -> Path:
    """Where the package esm is installed; a copy of its weights may lie below it."""
    return Path(sysconfig.get_path("purelib")) / "esm"

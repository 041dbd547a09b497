"""The attention of one kept run as files that other programs read, layer by layer: one layer is in memory at a time."""

from __future__ import annotations

import io
import os
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from allo_core.errors import ExportError
from allo_core.export.bundle import zip_entry
from allo_core.export.readouts import readout_record
from allo_core.export.tables import printable
from allo_core.protein.sequence import Protein
from allo_core.runs.layout import FLOOR
from allo_core.storage.amounts import amount

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    from scipy.sparse import csr_array

    from allo_core.models.registry import ModelSpec
    from allo_core.runs.maps import AttentionMaps

__all__ = [
    "MAP_DTYPES",
    "MapDtype",
    "check_room",
    "layer_arcs",
    "most_of_attention_export",
    "size_of_attention_export",
    "write_attention",
    "write_attention_zip",
]

MapDtype = Literal["float16", "float32"]
MAP_DTYPES: dict[str, int] = {"float16": 2, "float32": 4}  # bytes of an entry

_RECORD, _README = "attention.json", "README.txt"
_HEADER = 128  # bytes of an .npy before its numbers
_DESCRIPTION = 10_000  # bytes of both texts, about


def size_of_attention_export(
    maps: AttentionMaps, dtype: MapDtype | None = "float16", layers: Sequence[int] | None = None, sparse: bool = False
) -> int:
    """Bytes that `write_attention` writes with these choices, known before anything is written; an archive has about 0.3 kB a file more.

    Raises
    ------
    ExportError
        Nothing is asked for, a precision or a layer that is not there.
    """
    chosen = _layers(maps.shape[0], layers)
    _check(dtype, sparse)
    texts = sum(len(text) for text in _texts(maps, dtype, chosen, sparse, None).values())
    return texts + _size(maps.shape, dtype, [maps.n_entries(layer) if sparse else None for layer in chosen])


def most_of_attention_export(
    spec: ModelSpec, length: int, dtype: MapDtype | None = "float16", layers: Sequence[int] | None = None, sparse: bool = False
) -> int:
    """The most bytes that the export of a run can have, before the run is there; errors as `size_of_attention_export`.

    A row of attention sums to 1 at most, so it has at most 100 entries above 0.01.
    """
    chosen = _layers(spec.layers, layers)
    _check(dtype, sparse)
    most = spec.heads * length * min(length, round(1 / FLOOR))
    return _DESCRIPTION + _size((spec.layers, spec.heads, length, length), dtype, [most if sparse else None for _ in chosen])


def write_attention(
    maps: AttentionMaps,
    folder: Path,
    dtype: MapDtype | None = "float16",
    layers: Sequence[int] | None = None,
    sparse: bool = False,
    protein: Protein | None = None,
) -> None:
    """Write a run into a new folder, which appears in one step.

    Parameters
    ----------
    folder : Path
        Must not be there; the folder that it lies in must.
    dtype : {"float16", "float32"} or None
        Of ``layer_00.npy`` and so on, each [head, query, key]: "float16" are the maps as they are kept (within 2.5e-4 of what the model
        computed), "float32" the same with every entry above 0.01 exact.  None: no maps.
    layers : sequence of int, optional
        0-based; by default all.
    sparse : bool
        Also ``arcs_00.npz`` and so on: the entries above 0.01, exact, as `scipy.sparse.load_npz` reads them, [head * L + query, key].
    protein : Protein, optional
        For the name and the number of the first residue in the description: the same run serves a protein of another name.

    Raises
    ------
    ExportError
        Nothing is asked for, a precision or a layer that is not there, a folder that is there, or too little room.
    StoreError
        A damaged run.
    """
    _check(dtype, sparse)
    if os.path.lexists(folder):
        raise ExportError(f"{folder} is there already; name a new folder.")
    check_room(size_of_attention_export(maps, dtype, layers, sparse), folder)
    temporary = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.part")
    try:
        with _disk_errors(folder):
            temporary.mkdir()
            for name, write in _files(maps, dtype, layers, sparse, protein):
                with (temporary / name).open("wb") as file:
                    write(file)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_attention_zip(
    maps: AttentionMaps,
    path: Path,
    dtype: MapDtype | None = "float16",
    layers: Sequence[int] | None = None,
    sparse: bool = False,
    protein: Protein | None = None,
) -> Path:
    """Write what `write_attention` writes as one archive, for a download; gives ``path`` back.

    The file belongs to the caller, who deletes it; none is left after an error.  Nothing is compressed, so the size is known before, and
    `numpy.load` of an archive of maps alone gives its arrays by name.  Parameters and errors as in `write_attention`; a file that is there
    is replaced.
    """
    _check(dtype, sparse)
    check_room(size_of_attention_export(maps, dtype, layers, sparse), path)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with _disk_errors(path):
            with zipfile.ZipFile(temporary, "w") as archive:
                for name, write in _files(maps, dtype, layers, sparse, protein):
                    with archive.open(zip_entry(name, zipfile.ZIP_STORED), "w", force_zip64=True) as file:
                        write(file)  # pyright: ignore[reportArgumentType] - it can be written to, which is all that is done with it
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def layer_arcs(maps: AttentionMaps, layer: int) -> csr_array:
    """One layer's entries above 0.01, exact, as sparse rows: float32 of shape (heads * L, L), row head * L + query, column key."""
    import numpy as np
    from scipy.sparse import csr_array

    _, heads, length, _ = maps.shape
    entries = maps.entries(layer)
    starts = np.concatenate([[0], np.cumsum(entries.row_counts, dtype=np.int64)]).astype(np.int32)
    return csr_array((entries.values, entries.columns.astype(np.int32), starts), shape=(heads * length, length))


def check_room(size: int, place: Path) -> None:
    """ExportError where the disk of a file or folder to come has less room than that, or the folder it lies in is missing."""
    try:
        free = shutil.disk_usage(place.absolute().parent).free
    except OSError as error:
        raise ExportError(f"{place} cannot be written: its folder cannot be used ({error.strerror or error}).") from None
    if free < size:
        raise ExportError(f"{place} needs {amount(size)}, {amount(free)} are free; make room, name another disk, or fewer layers.")


def _check(dtype: str | None, sparse: bool) -> None:
    if dtype is not None and dtype not in MAP_DTYPES:
        raise ExportError(f"Maps cannot be written as {printable(dtype)[:40]!r}; choose float16 or float32.")
    if dtype is None and not sparse:
        raise ExportError("Nothing is asked for; give a precision of the maps, or ask for the sparse arcs.")


def _layers(count: int, layers: Sequence[int] | None) -> tuple[int, ...]:
    chosen = tuple(range(count)) if layers is None else tuple(sorted(set(layers)))
    if not chosen:
        raise ExportError(f"No layer is asked for; there are 0 to {count - 1}.")
    if wrong := [layer for layer in chosen if not 0 <= layer < count]:
        raise ExportError(f"Layer {wrong[0]} does not exist; there are 0 to {count - 1}.")
    return chosen


def _size(shape: tuple[int, ...], dtype: str | None, entries: Sequence[int | None]) -> int:
    """Bytes of the arrays of some layers, each with so many sparse entries, or None where they are not written."""
    _, heads, length, _ = shape
    maps = 0 if dtype is None else len(entries) * (_HEADER + MAP_DTYPES[dtype] * heads * length * length)
    # float32 values and int32 keys, and an int32 for each row and one more.
    return maps + sum(_npz_overhead() + 8 * count + 4 * (heads * length + 1) for count in entries if count is not None)


@cache
def _npz_overhead() -> int:
    """Bytes of an archive of sparse rows beside its numbers."""
    import numpy as np
    from scipy.sparse import csr_array

    return len(_npz(csr_array((1, 1), dtype=np.float32))) - 8


def _npz(arcs: csr_array) -> bytes:
    from scipy.sparse import save_npz

    content = io.BytesIO()
    save_npz(content, arcs, compressed=False)
    return content.getvalue()


def _files(
    maps: AttentionMaps, dtype: MapDtype | None, layers: Sequence[int] | None, sparse: bool, protein: Protein | None
) -> Iterator[tuple[str, Callable[[BinaryIO], object]]]:
    """Name of each file, and what writes it; the texts come first."""
    chosen = _layers(maps.shape[0], layers)
    for name, text in _texts(maps, dtype, chosen, sparse, protein).items():
        yield name, partial(_put, text)
    for layer in chosen:
        if dtype is not None:
            yield f"layer_{layer:02d}.npy", partial(_put_maps, maps, layer, dtype)
        if sparse:
            yield f"arcs_{layer:02d}.npz", lambda file, layer=layer: file.write(_npz(layer_arcs(maps, layer)))


def _put(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _put_maps(maps: AttentionMaps, layer: int, dtype: MapDtype, file: BinaryIO) -> None:
    import numpy as np

    array = maps.halves(layer) if dtype == "float16" else maps.finest(layer)
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)


def _texts(maps: AttentionMaps, dtype: str | None, layers: Sequence[int], sparse: bool, protein: Protein | None) -> dict[str, bytes]:
    """What the files are, for programs and for people."""
    count, heads, length, _ = maps.shape
    name, first = (maps.meta.protein_name, 1) if protein is None else (protein.name, protein.first)
    described = {
        "axes": ["layer", "head", "query", "key"],
        "axes_in_words": "a query residue looks at a key residue; layer, head, query and key are counted from 0; one file for each layer",
        "shape": [count, heads, length, length],
        "layers": list(layers),
        "maps": None
        if dtype is None
        else {"files": "layer_NN.npy", "axes": ["head", "query", "key"], "dtype": dtype, "of": _EXACTNESS[dtype]},
        "arcs": None if not sparse else _SPARSE | {"shape": [heads * length, length]},
        "special_tokens": "cut off after softmax, without renormalising: rows sum to at most 1",
        "special_share": {str(layer): [round(float(share), 6) for share in maps.special_share[layer]] for layer in layers},
        "first_residue": first,
        "protein": name,
    }
    formula = "softmax over keys of query times key, scaled as the model does"
    lines = [
        f"Attention of {maps.meta.model_id} over {printable(name)}, {length} residues, layers {', '.join(map(str, layers))} of {count}.",
        "",
        "Axes: layer (one file each), head, query, key; all counted from 0.  The query residue looks at the key residue.",
        f"Index 0 is residue {first}.  Special tokens are cut off after softmax, without renormalising: rows sum to at most 1.",
    ]
    if dtype is not None:
        lines.append(f"layer_NN.npy  {dtype} [{heads}, {length}, {length}]: {_EXACTNESS[dtype]}.  numpy.load(file, allow_pickle=False)")
    if sparse:
        lines.append(f"arcs_NN.npz   {_SPARSE['of']}; row head * {length} + query, column key.  scipy.sparse.load_npz(file)")
    lines += ["", f"{_RECORD} says of which weights, sequence and versions these are.  Attention is not evidence of mechanism.", ""]
    record = readout_record(maps.meta, "attention", formula, described)
    return {_RECORD: record.encode("utf-8"), _README: "\n".join(lines).encode("utf-8")}


_EXACTNESS = {
    "float16": "the attention rounded to half precision, within 2.5e-4",
    "float32": "entries above 0.01 exactly as the model computed them, all others rounded to half precision",
}
_SPARSE = {
    "files": "arcs_NN.npz",
    "format": "compressed sparse rows: data (float32), indices, indptr (int32)",
    "row": "head * L + query",
    "column": "key",
    "threshold": FLOOR,
    "of": f"the entries above {FLOOR}, exactly as the model computed them (float32)",
}


@contextmanager
def _disk_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportError(f"{place} cannot be written ({error.strerror or error}); nothing was kept of it.") from error

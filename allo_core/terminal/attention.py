"""The attention of every layer and head as arrays in a folder: `attention`."""

import argparse
import os
import shutil
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.records import Record, read_records
from allo_core.errors import AlloScopeError, ExportError, SequenceError
from allo_core.export.attention import MAP_DTYPES, MapDtype, check_room, most_of_attention_export, size_of_attention_export, write_attention
from allo_core.export.tables import file_stem, printable
from allo_core.models.registry import DEFAULT_MODEL, ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.storage.amounts import amount
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import domain_of, protein_of, shortened

if TYPE_CHECKING:
    from allo_core.runs.maps import AttentionMaps

__all__ = ["add_attention"]


def add_attention(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("attention", help="write the attention of every layer and head as arrays, its size is said first")
    command.add_argument("target", help="entry name (AA2AR) or UniProt accession, or a FASTA file: a folder for each of its records")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    command.add_argument("--layers", help='which layers, "3,4", counted from 0; by default all')
    command.add_argument("--dtype", choices=list(MAP_DTYPES), help="of the maps, float16 by default; float32 is exact above 0.01")
    command.add_argument(
        "--sparse", action="store_true", help="the entries above 0.01 as sparse rows, exact; in place of maps, or with --dtype beside them"
    )
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}; 'alloscope models' lists them")
    command.add_argument("--model-dtype", default="auto", help="that the model computes in: float32 or bfloat16")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.add_argument("--record", help="one record of a FASTA file: its number or name")
    command.add_argument("--domain", action="store_true", help="read the 7TM domain alone (TM1 - 30 to H8 + 30)")
    command.set_defaults(run=export_attention, after_cancel="no file was written; runs that were finished are kept")


def export_attention(options: argparse.Namespace) -> None:
    """Run `python -m allo_core attention`; AlloScopeError for what cannot be read, computed or written."""
    from allo_core.models.devices import choose_dtype

    spec, out = get_spec(options.model), options.out
    layers = _layers(options.layers, spec)
    dtype: MapDtype | None = options.dtype or (None if options.sparse else "float16")
    choose_dtype(options.model_dtype)
    if os.path.lexists(out):
        raise ExportError(f"{out} is there already; name a new folder.")
    proteins = _proteins(options, spec)
    most = sum(most_of_attention_export(spec, len(protein), dtype, layers, options.sparse) for _, protein in proteins)
    print(f"{_counted(len(proteins), 'protein')}, {_counted(len(layers), 'layer')} of {spec.heads} heads: {_said(most, options.sparse)}")
    check_room(most if not options.sparse else 0, out)  # what sparse arcs take is known once the model has run
    several = len(proteins) > 1
    # Everything appears in one step, also the folders of several proteins.
    place = out.with_name(f"{out.name}.{uuid.uuid4().hex}.part") if several else out
    try:
        if several:
            _make(place, out)
        written = sum(_export(options, spec, protein, place / name if several else out, dtype, layers) for name, protein in proteins)
        if several:
            os.replace(place, out)
    finally:
        if several:
            shutil.rmtree(place, ignore_errors=True)
    print(printable(f"{spec.label}: {amount(written)} written to {out}; README.txt there names the axes"))


def _export(
    options: argparse.Namespace, spec: ModelSpec, protein: Protein, folder: Path, dtype: MapDtype | None, layers: Sequence[int]
) -> int:
    """Run the model, or open the run that is kept, and write it; how many bytes."""
    from allo_core.runs.extract import run_model, run_notes

    maps, notes = run_model(spec.id, protein, options.device, options.model_dtype, show_progress)
    for note in dict.fromkeys((*run_notes(spec, protein), *notes)):
        print(printable(note), file=sys.stderr)
    size = size_of_attention_export(maps, dtype, layers, options.sparse)
    print(printable(f"{protein.name}, {len(protein)} residues: {amount(size)}{_arcs(maps, layers) if options.sparse else ''}"))
    write_attention(maps, folder, dtype, layers, options.sparse, protein)
    return size


def _arcs(maps: "AttentionMaps", layers: Sequence[int]) -> str:
    _, heads, length, _ = maps.shape
    found = sum(maps.n_entries(layer) for layer in layers)
    return f", {found:,} arcs above 0.01, {found / (len(layers) * heads * length**2):.1%} of all entries"


def _proteins(options: argparse.Namespace, spec: ModelSpec) -> list[tuple[str, Protein]]:
    """What is asked for, with the name of its folder; records that this model cannot read are said and left out."""
    from allo_core.models.tokens import check_length

    path = Path(options.target)
    if options.record is None and path.is_file():
        records = list(read_records(path))
        if len(records) > 1:
            return _several(records, spec, options.domain)
    protein = protein_of(options.target, options.record)
    protein = domain_of(protein) if options.domain else protein
    check_length(spec, protein)
    return [("", protein)]


def _several(records: Sequence[Record], spec: ModelSpec, domain: bool) -> list[tuple[str, Protein]]:
    from allo_core.models.tokens import check_length

    found = []
    for record in records:
        try:
            if record.protein is None:
                raise SequenceError(record.error)
            protein = domain_of(record.protein) if domain else record.protein
            check_length(spec, protein)
        except AlloScopeError as error:
            print(printable(f"record {record.row} ({record.name}) is left out: {error}"), file=sys.stderr)
        else:
            found.append((f"{record.row}_{file_stem(record.name)}", protein))
    if not found:
        raise SequenceError(f"{spec.label} can read none of the {len(records)} records.")
    return found


def _layers(text: str | None, spec: ModelSpec) -> tuple[int, ...]:
    """The layers that a text names; ExportError that says which there are."""
    if text is None or text.strip() == "all":
        return tuple(range(spec.layers))
    try:
        layers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise ExportError(f"--layers {printable(shortened(text))}: no list of layers; write 3,4.") from None
    if wrong := [layer for layer in layers if not 0 <= layer < spec.layers]:
        raise ExportError(f"{spec.label} has no layer {wrong[0]}; it has 0 to {spec.layers - 1}.")
    return tuple(layers)


def _make(folder: Path, out: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror or error}); name another folder.") from None


def _said(most: int, sparse: bool) -> str:
    return f"{'at most ' if sparse else ''}{amount(most)}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

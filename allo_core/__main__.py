"""The same jobs from a terminal: python -m allo_core analyse | models."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from allo_core.errors import AlloScopeError, Cancelled, LibraryError, ResidueError, ScoreError, SequenceError, StoreError
from allo_core.export import printable
from allo_core.library import find_receptor, find_site, numbers_for, seven_tm_domain, site_indices
from allo_core.models.registry import DEFAULT_MODEL, MODELS, get_spec
from allo_core.residues import ResidueNumbers, parse_residues
from allo_core.sequence import Protein, parse_protein

__all__ = ["main"]

_SEQUENCE = 20  # letters; entry names and accessions are shorter


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is for --help."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {printable(message)}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code (0, or 2 for bad input)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except AlloScopeError as error:
        print(f"alloscope: {printable(str(error))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print("alloscope: cancelled; nothing was kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has left
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="alloscope", description="Which attention heads look at the marked residues of a GPCR.")
    commands = parser.add_subparsers(required=True, metavar="command")

    analyse = commands.add_parser("analyse", help="score all heads of one model on one sequence")
    analyse.add_argument("target", help="entry name (AA2AR) or accession (P29274) of the library, or a FASTA file")
    analyse.add_argument("--sites", required=True, help='residues ("D52 2.50 52-55"), or the name of a library site ("sodium pocket")')
    analyse.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}; 'alloscope models' lists them")
    analyse.add_argument("--csv", type=Path, help="write the scores of all heads")
    analyse.add_argument("--json", type=Path, help="write the record of the run")
    analyse.add_argument("--threshold", type=float, default=0.3, help="attention at or below it does not count (0.3)")
    analyse.add_argument("--null", help="uniform, matched or published; matched where generic numbers are known")
    analyse.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    analyse.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    analyse.add_argument("--record", help="which record of a FASTA file: its number or name")
    analyse.add_argument("--domain", action="store_true", help="read the 7TM domain alone (TM1 - 30 to H8 + 30)")
    analyse.set_defaults(run=_analyse)

    models = commands.add_parser("models", help="list the models and whether their weights are on this machine")
    models.set_defaults(run=_models)
    return parser


def _analyse(options: argparse.Namespace) -> None:
    from allo_core.attention.scores import score_heads
    from allo_core.export import run_record, scores_csv, table_of_heads
    from allo_core.extract import extract_attention, run_notes
    from allo_core.models.download import download
    from allo_core.models.language_model import load_model
    from allo_core.models.weights import locate

    spec = get_spec(options.model)
    protein = _protein(options.target, options.record)
    if options.domain:
        protein = _domain(protein)
    numbers = numbers_for(protein)
    sites = _sites(options.sites, protein, numbers)
    null = options.null or ("uniform" if numbers is None else "matched")
    _check_settings(options, protein, sites, numbers, null)
    if locate(spec).state == "download":
        download(spec, _show("downloading", 1e6, "MB"), None)
    maps = extract_attention(load_model(options.model, options.device, options.dtype), protein, _show("layer"))
    scores = score_heads(maps.columns(options.threshold), sites, null, numbers.strata() if null == "matched" else None)
    _write(options.csv, lambda: scores_csv(scores, spec.id, protein.name))
    _write(options.json, lambda: run_record(maps.meta, protein, {"A": sites}, numbers, "A", options.threshold, scores))
    for note in dict.fromkeys((*run_notes(spec, protein), *maps.meta.notes)):
        print(printable(note), file=sys.stderr)
    print(f"{printable(protein.name)}, {len(sites)} residues, {spec.label}, threshold {options.threshold:g}, {null} null")
    print(table_of_heads(scores.frame).head(10).to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))


def _check_settings(options: argparse.Namespace, protein: Protein, sites: tuple[int, ...], numbers: ResidueNumbers | None, null: str):
    """Refuse what cannot be scored or written before anything is downloaded or computed."""
    from allo_core.attention.columns import check_positions, check_threshold
    from allo_core.attention.layout import FLOOR
    from allo_core.attention.nulls import check_null
    from allo_core.devices import choose_device, choose_dtype
    from allo_core.models.language_model import check_length

    check_positions(sites, len(protein), "site")
    check_threshold(options.threshold, smallest=FLOOR)
    check_null(null)
    if null == "matched" and numbers is None:
        raise ScoreError(f"The matched null needs generic numbers, which {protein.name} lacks; choose uniform.")
    for path in (options.csv, options.json):
        if path is not None:
            _check_output(path)
    check_length(get_spec(options.model), protein)
    choose_dtype(options.dtype)
    choose_device(options.device)


def _check_output(path: Path) -> None:
    if os.path.isdir(path):
        raise StoreError(f"{path}: a folder, not a file; name the file to write.")
    if not os.path.isdir(path.absolute().parent):
        raise StoreError(f"{path}: the folder does not exist.")


def _write(path: Path | None, text: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror or error}).") from None


def _protein(target: str, record: str | None) -> Protein:
    path = Path(target)
    shown = target if len(target) <= 100 else target[:40] + "..."
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
        if is_file:
            return parse_protein(path.read_text(encoding="utf-8-sig"), record)
    except UnicodeDecodeError:
        raise SequenceError(f"{shown}: not a text file; give FASTA text.") from None
    except OSError as error:
        _refuse_sequence(target)
        raise SequenceError(f"{shown}: cannot be read ({error.strerror or error}).") from None
    _refuse_sequence(target)
    if path.suffix or os.sep in target:
        raise SequenceError(f"{shown}: a folder, not a FASTA file." if is_folder else f"{shown}: no such file.")
    return _library_protein(target, record, is_folder)


def _library_protein(target: str, record: str | None, is_folder: bool) -> Protein:
    try:
        receptor = find_receptor(target)
    except LibraryError:
        if is_folder:
            raise SequenceError(f"{target}: a folder, not a FASTA file.") from None
        raise
    if record is not None:
        raise LibraryError(f"--record is for FASTA files; {receptor.entry} is a library receptor.")
    return receptor.protein


def _refuse_sequence(target: str) -> None:
    """SequenceError if the target is a sequence, which the shell is no place for."""
    letters = re.sub(r"\s", "", target)
    if target.lstrip().startswith(">") or (len(letters) >= _SEQUENCE and letters.isascii() and letters.rstrip("*").isalpha()):
        raise SequenceError("This is a sequence, not a receptor or a file; put it into a FASTA file and give the file.")


def _domain(protein: Protein) -> Protein:
    domain = seven_tm_domain(protein, numbers_for(protein))
    if domain is None:
        raise SequenceError(f"The helices of {protein.name} are not known, so it has no 7TM domain to cut.")
    return domain


def _sites(text: str, protein: Protein, numbers: ResidueNumbers | None) -> tuple[int, ...]:
    """Residues as text, or the name of a site of the library receptor that the numbers come from."""
    receptor = None if numbers is None else find_receptor(numbers.receptor)
    if receptor is not None and text.strip().lower() in {site.name.lower() for site in receptor.sites}:
        return site_indices(find_site(receptor, text), protein, numbers)
    try:
        return parse_residues(text, protein, numbers)
    except ResidueError:
        if receptor is not None and receptor.sites and _is_name(text):
            find_site(receptor, text)  # says which sites there are
        raise


def _is_name(text: str) -> bool:
    """Whether a text that names no residues means a site: words and no digit, or a word too long for an amino acid."""
    return re.search(r"\d", text) is None or re.search(r"\b[^\W\d_]{4,}\b", text) is not None


def _show(stage: str, unit: float = 1, name: str = ""):
    """Progress on one line of a terminal; silent where stderr is a file."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r{stage} {done / unit:.0f} of {total / unit:.0f} {name}", end=end, file=sys.stderr, flush=True)

    return show


def _models(options: argparse.Namespace) -> None:
    from allo_core.models.weights import locate

    print(f"{'id':<24}{'layers x heads':>15}{'residues':>10}  {'weights':<34}licence")
    for spec in MODELS.values():
        found = locate(spec)
        where = f"download, {found.size / 1e9:.2f} GB" if found.state == "download" else f"{found.state} ({found.source})"
        longest = spec.longest if spec.longest is not None else f"{spec.trained_tokens - 2}*"
        print(f"{spec.id:<24}{f'{spec.layers} x {spec.heads}':>15}{longest!s:>10}  {where:<34}{found.licence}")
    print("* residues seen in training; longer sequences run, with a warning.")
    for spec in MODELS.values():
        if spec.note:
            print(f"{spec.id}: {spec.note}")


if __name__ == "__main__":
    sys.exit(main())

"""The same jobs from a terminal: python -m allo_core analyse | models."""

import argparse
import os
import sys
from pathlib import Path

from allo_core.errors import AlloScopeError, Cancelled, LibraryError, SequenceError
from allo_core.library import find_receptor, find_site, numbers_for
from allo_core.models.registry import DEFAULT_MODEL, MODELS, get_spec
from allo_core.residues import parse_residues
from allo_core.sequence import Protein, parse_protein

__all__ = ["main"]


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line; the usage is for --help."""

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code (0, or 2 for bad input)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except AlloScopeError as error:
        print(f"alloscope: {error}", file=sys.stderr)
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
    from allo_core.extract import extract_attention
    from allo_core.models.download import download
    from allo_core.models.language_model import length_warning, load_model
    from allo_core.models.weights import locate

    spec = get_spec(options.model)
    protein = _domain(_protein(options.target, options.record)) if options.domain else _protein(options.target, options.record)
    numbers = numbers_for(protein)
    sites = _sites(options.sites, protein, numbers)
    null = options.null or ("uniform" if numbers is None else "matched")
    strata = numbers.strata() if null == "matched" and numbers is not None else None
    for path in (options.csv, options.json):
        if path is not None and not path.resolve().parent.is_dir():
            raise LibraryError(f"{path}: the folder does not exist.")
    if locate(spec).state == "download":
        download(spec, _show("downloading", 1e6, "MB"), None)
    if warning := length_warning(spec, len(protein)):
        print(warning, file=sys.stderr)
    maps = extract_attention(load_model(options.model, options.device, options.dtype), protein, _show("layer"))
    scores = score_heads(maps.columns(options.threshold), sites, null, strata)
    for note in maps.meta.notes:
        print(note, file=sys.stderr)
    if options.csv is not None:
        options.csv.write_text(scores_csv(scores.frame), encoding="utf-8")
    if options.json is not None:
        options.json.write_text(run_record(maps.meta, protein, sites, numbers, options.threshold, scores), encoding="utf-8")
    print(f"{protein.name}, {len(sites)} residues, {spec.label}, threshold {options.threshold:g}, {null} null")
    print(table_of_heads(scores.frame).head(10).to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.3g}"))


def _protein(target: str, record: str | None) -> Protein:
    path = Path(target)
    if path.is_file():
        try:
            return parse_protein(path.read_text(encoding="utf-8-sig"), record)
        except UnicodeDecodeError:
            raise SequenceError(f"{path}: not a text file; give FASTA text.") from None
    if path.suffix or os.sep in target:
        raise SequenceError(f"{target}: no such file.")
    return find_receptor(target).protein


def _domain(protein: Protein) -> Protein:
    from allo_core.library import seven_tm_domain

    domain = seven_tm_domain(protein, numbers_for(protein))
    if domain is None:
        raise SequenceError(f"The helices of {protein.name} are not known, so it has no 7TM domain to cut.")
    return domain


def _sites(text: str, protein: Protein, numbers) -> tuple[int, ...]:
    """Residues as text, or the name of a site of the library receptor that the numbers come from."""
    if numbers is not None:
        receptor = find_receptor(numbers.receptor)
        if any(character.isalpha() for character in text) and text.strip().lower() in {site.name.lower() for site in receptor.sites}:
            text = find_site(receptor, text).residues
    return parse_residues(text, protein, numbers)


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

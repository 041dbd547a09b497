"""How good a GPCR language model is on receptors that it has never seen: masked residues, contacts, segments.

    python benchmarks/model_quality.py --data ORTHOLOGS.fasta.gz [--model NAME=PATH.safetensors[:seen] ...] [--structures FOLDER]
        [--fitted N] [--json FILE] [--quick]

Prints Markdown.  The models are that of the validation (gpcr_8m_validation.safetensors beside this file), which has not seen the receptors
that it is asked about, and the one that ships; or those that ``--model`` names, with ``:seen`` for one that was trained on these receptors.
The untrained model (same architecture, random weights) and AntiBERTy are always rows.  All random choices have fixed seeds.  Needs
tests/requirements.txt; takes about ten minutes on 2 CPU cores that are free (beside other work OMP_NUM_THREADS=1 is faster: threads that
wait for each other waste both cores).

Masked residues: 15 % of a sequence are replaced by the mask token, seven times, so that each residue has its turn.  Probabilities are
among the 20 residues in every row.  Sequences longer than 1022 residues are read in equal parts.  The columns of the nearest receptor
(``_quality_columns.py``) rest on an alignment that sees the masked residues, which favours that row.  Contacts of all unseen receptors:
``_quality_unseen_contacts.py``; of the four structures that were asked about at first: ``_quality_contacts.py``.  Segments:
``_quality_segments.py``.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _quality_contacts import contact_precision, contact_targets
from _quality_data import Effort, read_split
from _quality_held import ask_all
from _quality_models import UNTRAINED, Row, antiberty, trained, untrained
from _quality_report import Report, markdown
from _quality_segments import read_segments
from _quality_unseen_contacts import (
    FAMILY,
    SEPARATION,
    family_precision,
    fitted_receptors,
    separation_precision,
    unseen_contacts,
    unseen_precision,
)
from safetensors import safe_open

from allo_core.errors import AlloScopeError
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.models.weights import locate

VALIDATION = Path(__file__).with_name("gpcr_8m_validation.safetensors")
QUICK = Effort(masks=1, profile=20, orthologs=1, contact_fits=2, probe_receptors=30)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(arguments)
    models = options.model or [("validation", VALIDATION, False), shipped()]
    names = [name for name, _, _ in models]
    if len({UNTRAINED, "AntiBERTy", *names}) < len(names) + 2:
        parser.error(f"two rows have the same name: {UNTRAINED}, AntiBERTy, {', '.join(names)}; give each --model a name of its own")
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {options.json.absolute().parent} for the JSON file; make it or name another file")
    structures = options.structures or options.data.parent / "structures"
    effort = QUICK if options.quick else Effort()
    if options.fitted is not None:
        effort = replace(effort, contact_receptors=options.fitted)
    try:
        report = measure(models, options.data, structures, effort)
    except AlloScopeError as error:
        raise SystemExit(f"model_quality: {error}") from error
    print(markdown(report))
    if options.json:
        options.json.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")


def shipped() -> tuple[str, Path, bool]:
    """The model that ships, and whether it was trained on every receptor."""
    path = locate(get_spec(DEFAULT_MODEL)).path
    with safe_open(path, "pt") as file:
        seen = json.loads(file.metadata()["settings"])["everything"]
    return "shipped", path, seen


def measure(models: Sequence[tuple[str, Path, bool]], data: Path, structures: Path, effort: Effort) -> Report:
    """Everything in the tables; AlloScopeError if the data, a structure or a model cannot be read."""
    split, targets = read_split(data), contact_targets(structures)
    rows = [untrained(), *(trained(*model) for model in models)]
    all_rows: list[Row] = [antiberty(), *rows]
    print("masked residues", file=sys.stderr)
    held = ask_all(split, all_rows, effort)
    print("contacts", file=sys.stderr)
    asked = unseen_contacts(split.unseen)
    fitted = fitted_receptors(split.unseen, asked)
    fits = effort.contact_fits, effort.contact_receptors
    unseen = {FAMILY: family_precision(asked), SEPARATION: separation_precision(asked, fitted)}
    unseen |= {row.title: unseen_precision(row, asked, fitted, *fits) for row in all_rows}
    contacts = {row.title: contact_precision(row, targets) for row in all_rows}
    print("segments", file=sys.stderr)
    segments = read_segments(split, rows, effort)
    return Report(
        settings={
            "data": data.name,
            **{name: version(name) for name in ("torch", "transformers", "scikit-learn", "biotite")},
            **asdict(effort),
            "contacts fitted on some of": ", ".join(known.receptor for known in fitted),
        },
        weights={row.title: row.model.sha256 or row.model.weights.source for row in all_rows},
        held=held,
        unseen_contacts=unseen,
        contacts=contacts,
        segments=segments,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="How good a GPCR language model is on receptors that it has never seen.")
    parser.add_argument("--model", type=_model, action="append", default=[], metavar="NAME=FILE[:seen]", help="may be given several times")
    parser.add_argument("--data", type=Path, required=True, help="the sequences of training, FASTA or FASTA.gz")
    parser.add_argument("--structures", type=Path, help="folder with 5G53.pdb.gz; by default 'structures' beside the data")
    parser.add_argument("--fitted", type=_receptors, metavar="N", help="receptors that each regression on contacts is fitted on; 20")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--quick", action="store_true", help="fewer masks and sequences, for a first look")
    return parser


def _receptors(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of receptors from 1")
    return int(text)


def _model(text: str) -> tuple[str, Path, bool]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE or NAME=FILE:seen")
    return name, Path(file.removesuffix(":seen")), file.endswith(":seen")


if __name__ == "__main__":
    main()

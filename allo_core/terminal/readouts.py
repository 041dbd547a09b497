"""What a model says of one protein beside attention: `embed`, `probabilities`, `contacts`."""

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import SequenceError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, ModelSpec, get_spec
from allo_core.protein.sequence import Protein
from allo_core.storage.amounts import amount, readable_time
from allo_core.terminal.files import check_output, write
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import domain_of, protein_of, shortened

if TYPE_CHECKING:
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.models.probabilities import ResidueProbabilities
    from allo_core.protein.numbering import ResidueNumbers
    from allo_core.runs.meta import RunMeta
    from allo_core.runs.probabilities import KeptProbabilities

__all__ = ["Asked", "add_readouts", "asked_of", "readout_command"]

_LISTED = 10  # residues or pairs


def add_readouts(commands: argparse._SubParsersAction) -> None:
    """Add the three commands."""
    command = readout_command(commands, "embed", "hidden states of every residue, at any layer", embed_protein)
    command.add_argument("--layers", default="-1", help='numbers of states, "0,3,-1" or "all": 0 is the token embedding, -1 the last (-1)')
    command.add_argument("--mean", action="store_true", help="one vector for the protein, the mean over its residues")
    command.add_argument(
        "--changes", type=Path, metavar="CSV", help="write how much each layer changes each residue, and print what it goes with"
    )
    command.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file, .npz, or .npy for one state; a .json beside it says what it is",
    )

    command = readout_command(commands, "probabilities", "what the model expects at each residue, and mutation scores", print_probabilities)
    command.add_argument(
        "--unmasked", action="store_true", help="one pass over the sequence as it is: ranks mutations, gives no probabilities"
    )
    command.add_argument("--csv", type=Path, help="write all residues with the scores of all substitutions")
    command.add_argument("--npy", type=Path, help="write log p as an array [residue, letter]; a .json beside it says what it is")
    command.add_argument("--logits", type=Path, help="write the logits of one unmasked pass, [residue, token], as .npy; a .json beside it")
    command.add_argument("--json", type=Path, help="write how they were made")

    command = readout_command(
        commands, "contacts", "which residues the model takes for neighbours, beside the family's contacts", print_contacts
    )
    command.add_argument("--csv", type=Path, help="write all pairs at least six residues apart")
    command.add_argument("--npy", type=Path, help="write the map as an array [residue, residue]; a .json beside it says what it is")
    command.add_argument("--json", type=Path, help="write how they were made")


def readout_command(commands: argparse._SubParsersAction, name: str, text: str, run) -> argparse.ArgumentParser:
    """A command that reads one protein with one model, with the options that all of them have."""
    command = commands.add_parser(name, help=text)
    command.add_argument("target", help="entry name (AA2AR) or UniProt accession, or a FASTA file")
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}; 'alloscope models' lists them")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.add_argument("--record", help="which record of a FASTA file: its number or name")
    command.add_argument("--domain", action="store_true", help="read the 7TM domain alone (TM1 - 30 to H8 + 30)")
    command.set_defaults(run=run)
    return command


@dataclass(frozen=True)
class Asked:
    """What is read by what."""

    spec: ModelSpec
    protein: Protein
    options: argparse.Namespace

    def model(self) -> "ProteinLanguageModel":
        """The model, loaded; its notes go to stderr."""
        from allo_core.runs.extract import device_given_up, ready_model, run_notes

        model = ready_model(self.spec.id, self.options.device, self.options.dtype, show_progress)
        device_given_up(model, self.protein)
        _print_notes((*run_notes(self.spec, self.protein), *model.notes))
        return model


def asked_of(options: argparse.Namespace, *outputs: Path | None) -> Asked:
    """What the options ask, refused where it cannot be done before anything is loaded."""
    from allo_core.models.devices import choose_dtype
    from allo_core.models.tokens import check_length

    spec = get_spec(options.model)
    protein = protein_of(options.target, options.record)
    protein = domain_of(protein) if options.domain else protein
    check_length(spec, protein)
    choose_dtype(options.dtype)
    for path in outputs:
        check_output(path)
    return Asked(spec, protein, options)


def _meta(model: "ProteinLanguageModel", protein: Protein) -> "RunMeta":
    from allo_core.runs.extract import meta_of

    return meta_of(model, protein)


def embed_protein(options: argparse.Namespace) -> None:
    """Run `python -m allo_core embed`; AlloScopeError for what cannot be read, computed or written."""
    from allo_core.export.readouts import array_npy, embeddings_npz, embeddings_size, readout_record
    from allo_core.models.embeddings import embed, parse_states

    described = _description(options.out, ".npz")
    asked = asked_of(options, options.out, described, options.changes)
    layers, alone = parse_states(asked.spec, options.layers), options.out.suffix == ".npy"
    first, *more = layers
    if alone and more:
        raise SequenceError(f"{shortened(str(options.out))}: an .npy file holds one state, not {len(layers)}; name an .npz file.")
    size = embeddings_size(asked.spec, len(asked.protein), len(layers), options.mean)
    of_what = "their mean" if options.mean else f"{len(asked.protein)} residues"
    print(f"{len(layers)} states of {asked.spec.width} numbers, {of_what}: {amount(size)}")
    model = asked.model()
    found = embed(model, asked.protein, layers)
    one = found.mean if options.mean else found.state
    write(options.out, lambda: array_npy(one(first)) if alone else embeddings_npz(found, options.mean))
    details = {
        "arrays": {f"state_{layer}": ["width"] if options.mean else ["residue", "width"] for layer in found.states},
        "residues": "special tokens are left out; row i is residue i of the sequence, counted from 0",
        "first_residue": asked.protein.first,
        "final_norm": f"state_{asked.spec.layers} has gone through the model's final norm, where it has one; the others have not",
        "pooling": "mean over residues" if options.mean else None,
    }
    formula = "state 0: token embedding; state k: what layer k - 1 (counted from 0) gives"
    write(described, lambda: readout_record(_meta(model, asked.protein), "embeddings", formula, details))
    print(printable(f"{asked.protein.name}, {asked.spec.label}: written to {options.out}, described in {options.out.stem}.json"))
    if options.changes is not None:
        _write_changes(model, asked.protein, options.changes)


def _write_changes(model: "ProteinLanguageModel", protein: Protein, path: Path) -> None:
    """What each layer does to each residue, as a table; whether it goes with conservation or burial in sentences."""
    from allo_core.export.state_changes import state_changes_csv
    from allo_core.library.nearest import numbers_for
    from allo_core.readouts.state_changes import CHANGES, comparable_layers, relations, state_changes

    found, span = state_changes(model, protein), comparable_layers(model.spec)
    write(path, lambda: state_changes_csv(found, numbers_for(protein)))
    for which, name in CHANGES.items():
        told = relations(found, which, span)
        print(printable(f"{name.capitalize()}, layers {span[0]} to {span[1]}:"))
        print("\n".join([told] if isinstance(told, str) else [one.sentence for one in told]))


def print_probabilities(options: argparse.Namespace) -> None:
    """Run `python -m allo_core probabilities`; AlloScopeError for what cannot be read, computed or written."""

    from allo_core.export.readouts import array_npy, probabilities_csv, readout_record
    from allo_core.export.record import number_or_none
    from allo_core.library.nearest import numbers_for

    described, of_logits = _description(options.npy, ".npy"), _description(options.logits, ".npy")
    asked = asked_of(options, options.csv, options.json, options.npy, described, options.logits, of_logits)
    protein, masked = asked.protein, not options.unmasked
    kept = _kept_probabilities(asked, masked)
    found, numbers = kept.of(protein), numbers_for(protein)
    formula = "log p(residue) - log p(wild type) in nats, softmax over the twenty residues"
    formula += "; each position masked alone (masked marginals)" if masked else "; one pass, nothing masked (wild-type marginals)"
    write(options.csv, lambda: probabilities_csv(found, numbers))
    write(options.npy, lambda: array_npy(found.log_p))
    details = {"letters": found.letters, "masked": masked, "perplexity": number_or_none(found.perplexity)}
    axes = {"axes": ["residue", "letter"], "array": "natural logarithm of p", "first_residue": protein.first}
    write(options.json, lambda: readout_record(kept.meta, "residue probabilities", formula, details))
    write(described, lambda: readout_record(kept.meta, "residue probabilities", formula, details | axes))
    if options.logits is not None:
        _write_logits(asked, options.logits, of_logits)
    print(printable(f"{protein.name}, {asked.spec.label}, {len(protein)} residues"))
    _print_scores(found, numbers)


def _write_logits(asked: Asked, path: Path, described: Path | None) -> None:
    """What the output layer gives at each residue for every token of the vocabulary; a pass of its own: runs keep the twenty."""
    from allo_core.export.readouts import array_npy, readout_record
    from allo_core.models.readers import LogitsReader
    from allo_core.models.reading import read
    from allo_core.models.tokens import VOCABULARIES

    model, logits, tokens = asked.model(), LogitsReader(), VOCABULARIES[asked.spec.family]
    read(model, asked.protein, [logits])
    write(path, lambda: array_npy(logits.logits[:, : len(tokens)].numpy()))
    formula = "output of the language model's last layer before softmax, one pass, nothing masked"
    details = {"axes": ["residue", "token"], "tokens": list(tokens), "first_residue": asked.protein.first}
    write(described, lambda: readout_record(_meta(model, asked.protein), "logits", formula, details))


def _kept_probabilities(asked: Asked, masked: bool) -> "KeptProbabilities":
    """What is kept, or computed now and kept then; what to know of it goes to stderr."""
    from allo_core.runs.extract import run_notes
    from allo_core.runs.extract_probabilities import RESIDUE, keep_probabilities_of

    started = time.perf_counter()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal started
        if stage != RESIDUE:
            started = time.perf_counter()
        elif done == 1 and total > 1:
            print(f"{total} passes, {readable_time((time.perf_counter() - started) * total)}", file=sys.stderr)
        show_progress(stage, done, total)

    known = run_notes(asked.spec, asked.protein)
    _print_notes(known)
    kept, notes = keep_probabilities_of(asked.spec.id, asked.protein, masked, asked.options.device, asked.options.dtype, report)
    _print_notes([note for note in notes if note not in known])
    return kept


def _print_notes(notes: Iterable[str]) -> None:
    for note in dict.fromkeys(notes):
        print(printable(note), file=sys.stderr)


def _print_scores(found: "ResidueProbabilities", numbers: "ResidueNumbers | None") -> None:
    """How well the model knows the protein, and the substitutions that it expects most."""
    import numpy as np
    import pandas as pd

    from allo_core.protein.residues import residue_label

    protein, known = found.protein, np.flatnonzero(np.isfinite(found.wild_type))
    if not len(known):
        print("No residue here is one of the twenty, so there is no perplexity, and no substitution to be scored.")
        return
    right = np.mean([found.expected[index] == protein.sequence[index] for index in known])
    if found.masked:
        print(f"Pseudo-perplexity {found.perplexity:.2f} (20: a blind guess); the residue that is there is the likeliest at {right:.0%}.")
    else:
        print("One pass, nothing masked: a ranking of mutations. The model saw every residue, so p of the wild type is far too high.")
    scores = found.log_odds
    place, column = np.unravel_index(
        np.argsort(-np.where(scores == 0, -np.inf, np.nan_to_num(scores, nan=-np.inf)), axis=None)[:_LISTED], scores.shape
    )
    rows = [
        (residue_label(protein, int(i), numbers), found.letters[j], scores[i, j], found.wild_type[i], found.entropy[i])
        for i, j in zip(place, column, strict=True)
        if np.isfinite(scores[i, j])
    ]
    print("The substitutions that the model expects most, in place of the residue that is there:")
    table = pd.DataFrame(rows, columns=["residue", "to", "log_odds", "p_wild_type", "entropy_bits"])
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))


def print_contacts(options: argparse.Namespace) -> None:
    """Run `python -m allo_core contacts`; AlloScopeError for what cannot be read, computed or written."""
    import pandas as pd

    from allo_core.attention.contacts import SEPARATIONS
    from allo_core.export.readouts import array_npy, contacts_csv, readout_record
    from allo_core.family.runs import RECEPTOR
    from allo_core.library.nearest import numbers_for
    from allo_core.protein.residues import residue_label
    from allo_core.readouts.contacts import predict_contacts
    from allo_core.readouts.family_contacts import family_contacts
    from allo_core.readouts.judged import judged_contacts, known_map

    described = _description(options.npy, ".npy")
    asked = asked_of(options, options.csv, options.json, options.npy, described)
    protein = asked.protein
    model, numbers = asked.model(), numbers_for(protein)
    found = predict_contacts(model, protein, lambda done, total: show_progress(RECEPTOR, done, total))
    family, known = family_contacts(protein, numbers), known_map(protein, numbers)
    judged = judged_contacts(found, family, known)
    write(options.csv, lambda: contacts_csv(found, numbers, SEPARATIONS[0], family and family.scores, known and known.touching))
    details = {
        "heads": None if found.heads is None else [list(head) for head in found.heads.heads],
        "chosen_on": None if found.heads is None else list(found.heads.receptors),
        "family": None if family is None else list(family.receptors),
        "structure": None if known is None else known.entry,
        "precision": judged.facts(),
    }
    write(options.npy, lambda: array_npy(found.scores))
    axes = {"axes": ["residue", "residue"], "array": found.kind, "first_residue": protein.first}
    write(options.json, lambda: readout_record(_meta(model, protein), "contacts", found.formula, details))
    write(described, lambda: readout_record(_meta(model, protein), "contacts", found.formula, details | axes))
    print(printable(f"{protein.name}, {asked.spec.label}, {len(protein)} residues"))
    print(found.formula)
    print(judged.sentence)
    first, second = found.ranked(SEPARATIONS[0])
    rows = [
        (residue_label(protein, int(i), numbers), residue_label(protein, int(j), numbers), found.scores[i, j])
        for i, j in zip(first[:_LISTED], second[:_LISTED], strict=True)
    ]
    print(pd.DataFrame(rows, columns=["residue", "and", found.kind]).to_string(index=False, float_format=lambda value: f"{value:.3g}"))


def _description(path: Path | None, suffix: str) -> Path | None:
    """The file that says what an array is, beside it; SequenceError where the two would be one."""
    if path is None:
        return None
    described = path.with_suffix(".json")
    if described == path:
        raise SequenceError(f"{shortened(str(path))}: the numbers go into an {suffix} file; the .json beside it says what they are.")
    return described

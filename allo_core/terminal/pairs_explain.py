"""Which stretches of two proteins a model of pairs looks at, and which move its answer: `pairs explain`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import LibraryError, PairError
from allo_core.export.tables import printable
from allo_core.terminal.files import check_output, read_table, write
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import protein_of

if TYPE_CHECKING:
    from allo_core.interaction.kept_model import KeptModel
    from allo_core.interaction.latent_importance import LatentImportance
    from allo_core.interaction.pair_explanation import Explainer, PairExplanation
    from allo_core.interaction.pairs import PairInputs
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.protein.sequence import Protein

__all__ = ["add_explain"]


def add_explain(actions: argparse._SubParsersAction) -> None:
    """Add the action."""
    action = actions.add_parser("explain", help="which stretches of two proteins a model of pairs looks at, and which move its answer")
    action.add_argument("receptor", help="protein A: entry name (AA2AR) or UniProt accession, or a FASTA file")
    action.add_argument("partner", help="protein B in the same way, or a G protein family (Gs)")
    action.add_argument(
        "--with", dest="folder", type=Path, metavar="FOLDER", help="a model of `pairs train`; without it the one that ships"
    )
    action.add_argument(
        "--methods",
        default="attention,gradients",
        help="of attention, gradients and latent (a forest and a network learnt without homologues of the receptor: minutes, extra pairs)",
    )
    action.add_argument("--annotations", type=Path, metavar="FILE", help="own residues of protein A: a table of protein, type, start, end")
    action.add_argument("--csv", type=Path, help="write the importance of all tokens")
    action.add_argument("--dtype", default="auto", help="of the language model: float32 or bfloat16")
    action.add_argument("--device", default="auto", help="of the language model: auto, cuda, mps or cpu")
    action.set_defaults(run=explain_pairs, after_cancel="vectors of proteins that were read are kept")


def explain_pairs(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs explain`; AlloScopeError for what cannot be read, explained or written."""
    from allo_core.export.pairs import importance_csv
    from allo_core.interaction.coupling_models import SHIPPED
    from allo_core.interaction.coupling_table import partner_called
    from allo_core.interaction.kept_model import check_language_model, load_pair_model
    from allo_core.interaction.pair_explanation import explain_pair
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.extract import ready_model

    methods = _methods(options.methods)
    choose_dtype(options.dtype)
    check_output(options.csv)
    kept = load_pair_model(options.folder or SHIPPED["amps"])
    pair = protein_of(options.receptor, None), partner_called(options.partner) or protein_of(options.partner, None)
    model = ready_model(kept.card.model_id, options.device, options.dtype, show_progress)
    check_language_model(kept.card, model.spec.id, model.sha256)
    inputs = _inputs(kept, model, pair)
    latent = _latent(kept, model, inputs) if "latent" in methods else None
    found = explain_pair(kept, inputs, methods, latent, show_progress)
    settings = {"model": kept.card.parameters_sha256, "language_model": model.spec.id, "A": pair[0].name, "B": pair[1].name}
    write(options.csv, lambda: importance_csv(found.names, found.importance, found.chances, settings | {"probability": found.probability}))
    print(printable(f"{pair[0].name} and {pair[1].name}: probability {found.probability:.3f}"))
    print(printable(kept.card.verdict))
    for sentence in found.sentences:
        print(printable(sentence))
    print(_table(found))
    print(_known(pair[0], found))
    if options.annotations is not None:
        print(_annotated(read_table(options.annotations), pair[0], found))


def _methods(text: str) -> "tuple[Explainer, ...]":
    from allo_core.interaction.pair_explanation import EXPLAINERS

    named = [part.strip() for part in text.split(",") if part.strip()]
    if wrong := [name for name in named if name not in EXPLAINERS]:
        raise PairError(f"--methods {wrong[0][:40]!r} is none of {', '.join(EXPLAINERS)}.")
    if not named:
        raise PairError(f"--methods names none; give some of {', '.join(EXPLAINERS)}.")
    return tuple(name for name in EXPLAINERS if name in named)


def _inputs(kept: "KeptModel", model: "ProteinLanguageModel", pair: "tuple[Protein, Protein]") -> "PairInputs":
    """The one pair, as the model's card says that proteins are cut."""
    import numpy as np

    from allo_core.interaction.inputs import pair_inputs
    from allo_core.interaction.pairs import PairSet

    if pair[0].sequence == pair[1].sequence:
        raise PairError(f"Both proteins are {pair[0].name[:40]}; name two.")
    one = np.zeros(1, dtype=np.int64)
    pairs, card = PairSet(pair, one, one + 1, one), kept.card
    return pair_inputs(model, pairs, card.cuts, card.tokens, lambda done, total: show_progress("Protein", done, total))


def _latent(kept: "KeptModel", model: "ProteinLanguageModel", asked: "PairInputs") -> "LatentImportance":
    """A forest and a network of the coupling pairs without homologues of the receptor, asked about the one pair."""
    import numpy as np

    from allo_core.interaction.coupling_baselines import coupling_clusters
    from allo_core.interaction.coupling_table import coupling_pairs
    from allo_core.interaction.features import token_vectors
    from allo_core.interaction.latent_importance import latent_importance
    from allo_core.interaction.pair_explanation import rows_without_homologues
    from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors

    pairs = coupling_pairs()
    receptor, partner = asked.pairs.proteins
    names = [protein.name for protein in pairs.proteins]
    if partner.sequence not in {pairs.proteins[place].sequence for place in np.unique(pairs.second)}:
        raise PairError(f"The forest and the network learn G protein families alone, and {partner.name[:40]} is none; leave out latent.")
    train, choosing = rows_without_homologues(receptor)
    sides = []
    for given, cut, tokens in zip((asked.first, asked.second), kept.card.cuts, kept.card.tokens, strict=True):
        known = token_vectors(model, pairs.proteins, cut, lambda done, total: show_progress("Protein", done, total)).pick(tokens)
        sides.append(TokenVectors(tokens, np.concatenate([known.vectors, given.vectors[:1]])))
    # The receptor once more, under a name of its own: it may be one of those in the table.
    own = type(receptor)(f"{receptor.name} asked" if receptor.name in names else receptor.name, receptor.sequence)
    second = next(place for place in np.unique(pairs.second) if pairs.proteins[place].sequence == partner.sequence)
    whole = PairSet((*pairs.proteins, own), np.append(pairs.first, len(names)), np.append(pairs.second, second), np.append(pairs.labels, 0))
    clusters = coupling_clusters()
    groups = np.concatenate([clusters, clusters.max() + 1 + np.arange(len(names) + 1 - len(clusters))])
    asked_row = np.array([len(pairs)])
    return latent_importance(PairInputs(whole, sides[0], sides[1]), train, choosing, asked_row, groups, progress=show_progress)


def _table(found: "PairExplanation") -> str:
    """All tokens by all methods; the heading says the chance level."""
    import pandas as pd

    table = pd.DataFrame({"token": [printable(name) for name in found.names]})
    for method, values in found.importance.items():
        chance = found.chances[method]
        table[f"{method}, chance {chance:.3f}" if chance else f"{method}, signed"] = values
    return table.to_string(index=False, float_format="{:.4f}".format, na_rep="-")


def _known(receptor: "Protein", found: "PairExplanation") -> str:
    """How many of the receptor's three most important stretches hold what is known of it; "" for a protein that the library lacks."""
    import pandas as pd

    from allo_core.interaction.functional_sets import BEST, functional_sets, set_coverage
    from allo_core.library.receptors import find_receptor

    stretches = _stretches_of_a(found)
    try:
        known = find_receptor(receptor.name)
    except LibraryError:
        return ""
    sets = functional_sets(known)
    if known.protein.sequence != receptor.sequence or not stretches or not sets:
        return ""
    tokens, places = zip(*stretches, strict=True)
    table = {}
    for method, values in found.importance.items():
        covered = [set_coverage([known], tokens, abs(values[list(places)])[None], name) for name in sets]
        table["by chance"] = [f"{one.expected:.1f}" for one in covered]
        table[method] = [f"{one.hits:.0f} (p {one.hypergeometric:.2g})" for one in covered]
    questions = len(sets) * len(found.importance)
    title = f"How many of its {BEST} most important stretches hold a set (hypergeometric p, not corrected for {questions} questions)"
    return f"{title}\n{pd.DataFrame(table, index=pd.Index([printable(name) for name in sets])).to_string()}"


def _annotated(text: str, receptor: "Protein", found: "PairExplanation") -> str:
    """Coverage of each of A's stretches by a person's own types, beside that of the whole protein."""
    import numpy as np
    import pandas as pd

    from allo_core.interaction.annotations import annotations_of_intervals
    from allo_core.interaction.coverage import ANY_TYPE, coverage_of
    from allo_core.interaction.cuts import stretches_of

    annotated = annotations_of_intervals(text, {receptor.name: len(receptor)})
    stretches = _stretches_of_a(found)
    if not stretches:
        raise PairError("This model reads whole proteins, which have no stretches that could be annotated; leave out --annotations.")
    residues = stretches_of(receptor, [token for token, _ in stretches])
    covered = coverage_of(annotated.of(receptor.name), (*residues, np.arange(len(receptor))))
    rows = [*(token for token, _ in stretches), "whole protein (chance)"]
    return pd.DataFrame(covered.T, index=pd.Index(rows), columns=pd.Index([*map(printable, annotated.types), ANY_TYPE])).to_string(
        float_format="{:.3f}".format, na_rep="-"
    )


def _stretches_of_a(found: "PairExplanation") -> list[tuple[str, int]]:
    """Tokens of A that stand for residues, with their places: not the start, the end or the mean."""
    names = [name.removeprefix("A ") for name in found.names[: found.sides[0]]]
    return [(name, place) for place, name in enumerate(names) if name not in ("cls", "eos", "mean")]

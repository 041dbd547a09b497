"""Asking a model of pairs: `pairs predict`."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import PairError
from allo_core.export.tables import printable
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.terminal.files import check_output, write
from allo_core.terminal.pairs_baselines import own_pairs
from allo_core.terminal.progress import show_progress
from allo_core.terminal.targets import protein_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from allo_core.interaction.architectures import PairModel
    from allo_core.interaction.features import Cut
    from allo_core.interaction.pairs import PairSet
    from allo_core.protein.sequence import Protein

__all__ = ["add_predict_pairs"]

_LISTED = 30  # pairs


def add_predict_pairs(actions: argparse._SubParsersAction) -> None:
    """Add the action."""
    action = actions.add_parser("predict", help="which G protein family a receptor couples to, or whether pairs interact")
    action.add_argument("receptor", nargs="?", help="protein A: entry name (AA2AR) or UniProt accession, or a FASTA file")
    action.add_argument("partner", nargs="?", help="protein B in the same way, or a family (Gs); without it all four families")
    action.add_argument("--with", dest="folder", type=Path, metavar="FOLDER", help="a model of `pairs train`; without it those that ship")
    action.add_argument("--weights", type=Path, metavar="FILE.pth", help="published parameters of ESM2_AMPS, ESM2_AMP_CSE or ESM2_DPM")
    action.add_argument("--kind", default="amps", help="with --weights: amps, amp_cse or dpm (amps)")
    action.add_argument("--model", default=DEFAULT_MODEL, help=f"with --weights: the language model, by default {DEFAULT_MODEL}")
    action.add_argument("--sequences", type=Path, metavar="FILE", help="many pairs: names and sequences (CSV, TSV, Excel or FASTA)")
    action.add_argument("--pairs", type=Path, metavar="FILE", help="many pairs: two names (CSV, TSV or Excel)")
    action.add_argument("--csv", type=Path, help="write all probabilities")
    action.add_argument("--dtype", default="auto", help="of the language model: float32 or bfloat16")
    action.add_argument("--device", default="auto", help="of the language model: auto, cuda, mps or cpu")
    action.set_defaults(run=predict_pairs, after_cancel="vectors of proteins that were read are kept")


def predict_pairs(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs predict`; AlloScopeError for what cannot be read, asked or written."""
    check_output(options.csv)
    tables = options.sequences is not None or options.pairs is not None
    if options.folder is not None and options.weights is not None:
        raise PairError("Give --with FOLDER or --weights FILE, not both.")
    if tables == (options.receptor is not None):
        raise PairError("Give a receptor, or tables with --sequences and --pairs, and not both.")
    asked = _asked_model(options)
    if asked is None:
        if tables:
            raise PairError("The models that ship know four partners alone; name a model for tables with --with FOLDER or --weights FILE.")
        table = _of_families(options, protein_of(options.receptor, None))
    else:
        pairs = own_pairs(options.sequences, options.pairs, labelled=False) if tables else _one_pair(options)
        table = _of_pairs(options, asked, pairs)
    write(options.csv, lambda: table.to_csv(index=False))
    shown = table.head(_LISTED).to_string(index=False, float_format="{:.3f}".format, na_rep="-")
    print("\n".join(map(printable, shown.splitlines())))
    if len(table) > _LISTED:
        print(f"... and {len(table) - _LISTED:,} more; write them with --csv FILE")


@dataclass(frozen=True, eq=False)
class _Asked:
    """A model of pairs, what it reads, and what it said of pairs when they were left out."""

    model: "PairModel"
    model_id: str
    cuts: "tuple[Cut, Cut]"
    tokens: tuple[tuple[str, ...], tuple[str, ...]]
    out_of_fold: "Mapping[str, Mapping[str, float]]"
    weights_sha256: str | None  # of the language model, where that is known


def _asked_model(options: argparse.Namespace) -> _Asked | None:
    """None: the models that ship."""
    from allo_core.interaction.architectures import Kind, tokens_for
    from allo_core.interaction.kept_model import load_pair_model
    from allo_core.interaction.published_weights import load_published

    if options.folder is not None:
        kept = load_pair_model(options.folder)
        print(printable(kept.card.verdict))
        card = kept.card
        return _Asked(kept.model, card.model_id, card.cuts, card.tokens, card.out_of_fold, card.weights_sha256)
    if options.weights is None:
        return None
    kind: Kind = options.kind
    spec, model = get_spec(options.model), load_published(options.weights, kind)
    if model.architecture.width != spec.width:
        raise PairError(
            f"{options.weights} reads vectors of {model.architecture.width} numbers, {spec.label} gives {spec.width}; "
            "name another with --model."
        )
    print("How good these parameters are on pairs without known proteins was not published; see docs/pairs.md.")
    return _Asked(model, spec.id, ("published", "published"), (tokens_for(kind), tokens_for(kind)), {}, None)


def _one_pair(options: argparse.Namespace) -> "PairSet":
    import numpy as np

    from allo_core.interaction.coupling_table import partner_called
    from allo_core.interaction.pairs import PairSet

    if options.partner is None:
        raise PairError("This model asks about pairs: name the partner too, a protein or a family (Gs).")
    first = protein_of(options.receptor, None)
    second = partner_called(options.partner) or protein_of(options.partner, None)
    if first.name == second.name:
        raise PairError(f"Both proteins are {first.name[:40]}; name two.")
    return PairSet((first, second), np.array([0]), np.array([1]), np.array([0]))


def _of_pairs(options: argparse.Namespace, asked: _Asked, pairs: "PairSet") -> "pd.DataFrame":
    import numpy as np
    import pandas as pd
    from scipy.special import expit

    from allo_core.interaction.inputs import pair_inputs
    from allo_core.interaction.learn import predict_logits
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.extract import ready_model

    choose_dtype(options.dtype)
    model = ready_model(asked.model_id, options.device, options.dtype, show_progress)
    if asked.weights_sha256 is not None and asked.weights_sha256 != model.sha256:
        raise PairError(
            f"The model of pairs was learnt with other weights of {asked.model_id} than those on this machine; train one with these."
        )
    inputs = pair_inputs(model, pairs, asked.cuts, asked.tokens, lambda done, total: show_progress("Protein", done, total))
    probabilities = expit(predict_logits(asked.model, inputs, np.arange(len(pairs))))
    names = [(pairs.proteins[a].name, pairs.proteins[b].name) for a, b in zip(pairs.first, pairs.second, strict=True)]
    table = pd.DataFrame(names, columns=["A", "B"])
    table["probability"] = probabilities
    # By name: a pair of the same names that was learnt from.
    table["when left out"] = [asked.out_of_fold.get(a, {}).get(b, float("nan")) for a, b in names]
    return table


def _of_families(options: argparse.Namespace, protein: "Protein") -> "pd.DataFrame":
    import pandas as pd

    from allo_core.interaction.coupling_models import predict_coupling, shipped_models
    from allo_core.interaction.coupling_table import coupling_pairs, families
    from allo_core.interaction.features import token_vectors
    from allo_core.interaction.kept_model import check_language_model
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.extract import ready_model

    choose_dtype(options.dtype)
    names = [family.name for family in families()]
    if options.partner is not None and options.partner.lower() not in map(str.lower, names):
        raise PairError(
            f"The models that ship know the families {', '.join(names)}, not {options.partner[:40]!r}; name a model with --with."
        )
    cards = [shipped.card for shipped in shipped_models()]
    model = ready_model(cards[0].model_id, options.device, options.dtype, show_progress)
    for card in cards:
        check_language_model(card, model.spec.id, model.sha256)
    proteins = (protein, *(family.partner for family in families()))
    cuts: set[Cut] = {cut for card in cards for cut in card.cuts}
    found = predict_coupling(protein, {cut: token_vectors(model, proteins, cut) for cut in cuts})
    table = pd.DataFrame({"family": names, "reported of all": coupling_pairs().labels.reshape(-1, len(names)).mean(axis=0)})
    for card, one in zip(cards, found, strict=True):
        print(printable(card.verdict))
        table[f"{one.name}"] = one.probabilities
        if one.out_of_fold is not None:
            table[f"{one.name}, {one.known} left out"] = one.out_of_fold
    if found[0].known:
        print(
            printable(
                f"The models learnt from {found[0].known}, {found[0].identity:.0%} identical: read what they say when it is left out."
            )
        )
    if options.partner is not None:
        table = table[table["family"].str.lower() == options.partner.lower()]
    return table

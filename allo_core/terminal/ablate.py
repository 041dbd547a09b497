"""Whether a model needs its heads: `ablate`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.errors import AblationError, LibraryError, ResidueError
from allo_core.export.tables import printable
from allo_core.library.receptors import find_receptor, receptors
from allo_core.models.registry import DEFAULT_MODEL, ModelSpec, get_spec
from allo_core.storage.amounts import readable_time
from allo_core.terminal.files import check_output, write
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.models.language_model import ProteinLanguageModel
    from allo_core.protein.sequence import Protein
    from allo_core.readouts.ablation_masks import MaskedInput
    from allo_core.readouts.ablation_rises import Rises, SiteRises
    from allo_core.readouts.removal import Heads

__all__ = ["add_ablate", "print_ablation"]

_LISTED = 10  # heads
_RECEPTORS = 24
_PASSING = "passing"


def add_ablate(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("ablate", help="whether a model needs its heads: the masked loss without them, beside the loss with all")
    command.add_argument("names", nargs="*", metavar="NAME", help="receptors of the library; of a single one every residue is masked once")
    command.add_argument("--model", default=DEFAULT_MODEL, help=f"model id, by default {DEFAULT_MODEL}")
    command.add_argument("--receptors", type=int, metavar="N", help=f"instead of names: so many, no two of them homologues ({_RECEPTORS})")
    command.add_argument(
        "--heads", default="gradient", help="5.3,5.6, all, or gradient: the 20 at each end of a first-order guess (the default)"
    )
    command.add_argument("--kind", default="mean", help="what takes the place of a head: its mean over receptors, or zero; mean")
    command.add_argument("--sites", help='compare marked residues ("D52 2.50"), or a library site ("sodium pocket"), with matched ones')
    command.add_argument(
        "--set",
        metavar="HEADS",
        help="remove these heads together (5.3,5.6), or those that pass at --sites of one receptor (passing), beside random sets",
    )
    command.add_argument("--draws", type=int, default=20, metavar="N", help="random sets to compare the set with (20)")
    command.add_argument("--greedy", action="store_true", help="with --set: also remove one after the other, the most needed first")
    command.add_argument("--contacts", action="store_true", help="also tell how the precision of predicted contacts changes")
    command.add_argument("--layers", action="store_true", help="also remove all heads of each layer")
    command.add_argument("--csv", type=Path, help="write the rises of all heads that were removed")
    command.add_argument("--dtype", default="auto", help="float32 or bfloat16")
    command.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    command.set_defaults(run=print_ablation, after_cancel="passes that were complete are kept, and the same command goes on from there")


def print_ablation(options: argparse.Namespace) -> None:
    """Run `python -m allo_core ablate`; AlloScopeError for what cannot be read, computed or written."""
    import numpy as np

    from allo_core.models.devices import choose_dtype
    from allo_core.readouts.ablation import ablate
    from allo_core.readouts.ablation_masks import masked_inputs
    from allo_core.readouts.ablation_rises import rises_of, site_rises
    from allo_core.readouts.removal import all_heads, check_removal, parse_heads
    from allo_core.runs.extract import ready_model

    spec, kind = get_spec(options.model), check_removal(options.kind)
    choose_dtype(options.dtype)
    check_output(options.csv)
    together = None if options.set in (None, _PASSING) else parse_heads(options.set, spec)
    if options.greedy and options.set is None:
        raise AblationError("--greedy belongs to --set; give that too, or leave it out.")
    if options.draws < 1:
        raise AblationError(f"--draws {options.draws}: give 1 or more.")
    singles = None if options.heads in ("all", "gradient") else parse_heads(options.heads, spec)
    proteins = _proteins(options)
    sites = _sites(options.sites, proteins)
    if options.set == _PASSING and (len(proteins) != 1 or not sites):
        raise AblationError("--set passing needs one receptor and --sites; give both, or name the heads.")
    inputs = masked_inputs(proteins)

    model = ready_model(spec.id, options.device, options.dtype, show_progress)
    sets = all_heads(spec)
    if options.set == _PASSING:
        together = _passing(options, model, proteins[0], sites[proteins[0].sequence])
    wanted = _wanted(options, model, inputs, sets, singles)
    _say_time(spec, inputs, [sets[at] for at in wanted], options)
    found = ablate(model, inputs, sets, kind, wanted, show_progress)
    rises, site = rises_of(found), site_rises(found, sites) if sites else None
    asked = found.done & np.isin(np.arange(len(sets)), wanted)  # more may be kept
    _print(options, asked, sets, rises, site, proteins)
    if together is not None:
        _print_set(options, model, inputs, together, kind, sites)
    if options.contacts:
        _print_contacts(model, [sets[at] for at in wanted], kind)
    if options.layers:
        _print_layers(spec, model, inputs, kind)


def _proteins(options: argparse.Namespace) -> "list[Protein]":
    """The receptors that are read."""
    from allo_core.readouts.head_means import reference_receptors

    if options.names:
        if options.receptors is not None:
            raise AblationError("Give names or --receptors N, one of the two.")
        entries = dict.fromkeys(find_receptor(name).entry for name in options.names)
    else:
        number = _RECEPTORS if options.receptors is None else options.receptors
        known = reference_receptors()
        if not 2 <= number <= len(known):
            raise AblationError(f"--receptors {number}: give 2 to {len(known)}, which are no homologues of each other.")
        entries = dict.fromkeys(known[:number])
    return [receptors()[entry].protein for entry in entries]


def _sites(text: str | None, proteins: "list[Protein]") -> dict[str, tuple[int, ...]]:
    """The marked residues of each protein by its sequence; receptors that lack them take no part, and one error is told if all do."""
    from allo_core.analysis.subject import Subject

    if text is None:
        return {}
    found, problem = {}, None
    for protein in proteins:
        try:
            found[protein.sequence] = Subject.of(protein).residues(text)
        except (LibraryError, ResidueError) as error:
            problem = error
    if not found and problem is not None:
        raise problem
    return found


def _passing(options: argparse.Namespace, model: "ProteinLanguageModel", protein: "Protein", sites: tuple[int, ...]) -> "Heads":
    """The heads that pass at the marked residues of a receptor under the matched null, or the uniform one without generic numbers."""
    from allo_core.analysis.answer import answer
    from allo_core.analysis.question import Question
    from allo_core.analysis.strata import possible_null
    from allo_core.analysis.subject import Subject
    from allo_core.runs.extract import run_model

    maps, _ = run_model(model.spec.id, protein, options.device, options.dtype, show_progress, load=lambda *_: model)
    subject = Subject.of(protein)
    question = Question(subject, sites, (), "A", DEFAULT_THRESHOLD, possible_null("matched", subject.numbers))
    rows = answer(question, maps).scores.passing()
    if not len(rows):
        raise AblationError(
            f"No head passes at these residues of {protein.name} under the matched null; name the heads, as in --set 5.3,5.6."
        )
    return tuple(sorted((int(row["layer"]), int(row["head"])) for _, row in rows.iterrows()))


def _wanted(
    options: argparse.Namespace,
    model: "ProteinLanguageModel",
    inputs: "Sequence[MaskedInput]",
    sets: "Sequence[Heads]",
    singles: "Heads | None",
) -> list[int]:
    """Places of the heads that are removed one by one."""
    from allo_core.readouts.head_gradients import chosen_by_gradient, guessed_rises

    if options.heads == "all":
        return list(range(len(sets)))
    if singles is not None:
        return [sets.index((head,)) for head in singles]
    return list(chosen_by_gradient(guessed_rises(model, inputs, show_progress)))


def _say_time(spec: ModelSpec, inputs: "Sequence[MaskedInput]", sets: "Sequence[Heads]", options: argparse.Namespace) -> None:
    """What is about to be computed, and how long it takes if nothing of it is kept."""
    from allo_core.models.devices import choose_dtype
    from allo_core.runs.cost import cost_of_ablation

    lengths = [len(one.protein) for one in inputs]
    cost = cost_of_ablation(spec, lengths, [min(heads)[0] for heads in sets], options.device, choose_dtype(options.dtype))
    print(
        f"{len(sets)} removals from {len(inputs)} masked inputs: {readable_time(cost.seconds)}; what is kept is not computed again.",
        flush=True,
    )


def _print(options, done, sets, rises: "Rises", site: "SiteRises | None", proteins: "list[Protein]") -> None:
    from allo_core.export.ablation import ablation_csv, ablation_frame

    frame = ablation_frame(sets, done, rises, site)
    write(options.csv, lambda: ablation_csv(frame, options.model, options.kind))
    groups = f"{rises.groups} clusters of homologues" if len(proteins) > 1 else f"the residues of {proteins[0].name} alone"
    about = f"{rises.residues:,} masked residues of {len(proteins)} receptors"
    print(printable(f"{about}; rise of the loss in nats a residue, 95 % intervals over {groups}."))
    if site is not None:
        print(
            f"At {site.site.residues} marked residues the loss with all heads is {site.base_site:.3f} nats, at matched ones "
            f"{site.base_matched:.3f}; {site.left_out} marked residues have no matched one and are left out."
        )
    zero = int(((frame["rise_low"] <= 0) & (frame["rise_high"] >= 0)).sum())
    print(f"Of {len(frame)} heads {zero} are not told apart from a rise of 0. The largest:")
    print(frame.head(_LISTED).to_string(index=False, na_rep="-", float_format=lambda value: f"{value:+.4f}"))


def _print_set(
    options: argparse.Namespace, model: "ProteinLanguageModel", inputs: "Sequence[MaskedInput]", together: "Heads", kind, sites
) -> None:
    from allo_core.readouts.ablation import ablate
    from allo_core.readouts.ablation_rises import rises_of, site_rises
    from allo_core.readouts.head_sets import among_random, greedy_order, random_sets

    sets = (together, *random_sets(model.spec, together, options.draws))
    _say_time(model.spec, inputs, sets, options)
    found = ablate(model, inputs, sets, kind, None, show_progress)
    print(among_random(rises_of(found)).sentence)
    if sites and (site := site_rises(found, sites)) is not None:
        print(among_random(site.site, "at the marked residues").sentence)
        print(among_random(site.difference, "at the marked residues more than at matched ones").sentence)
    if options.greedy:
        print("One after the other, the head without which the loss rises most first; rise of all that are gone:")
        for (layer, head), rise in greedy_order(model, inputs, together, kind, show_progress):
            print(f"{layer}.{head}  {rise:+.4f}")


def _print_contacts(model: "ProteinLanguageModel", sets: "Sequence[Heads]", kind) -> None:
    from allo_core.readouts.ablation_contacts import contact_changes
    from allo_core.readouts.removal import heads_text

    found = contact_changes(model, sets, kind, show_progress)
    print(
        f"Contacts of {len(found.receptors)} receptors, pairs at least six residues apart: with all heads {found.base[0]:.1%} of the best "
        f"L and {found.base[1]:.1%} of the best L/5 touch, {found.random:.1%} by chance. Change without a head in points of percent, the "
        "largest losses:"
    )
    for at in found.at_l.value.argsort(kind="stable")[:_LISTED]:
        told = (f"{100 * one.value[at]:+.1f} [{100 * one.low[at]:+.1f}, {100 * one.high[at]:+.1f}]" for one in (found.at_l, found.at_l5))
        print(f"{heads_text(sets[at])}  " + " at L, ".join(told) + " at L/5")


def _print_layers(spec: ModelSpec, model: "ProteinLanguageModel", inputs: "Sequence[MaskedInput]", kind) -> None:
    from allo_core.readouts.ablation import ablate
    from allo_core.readouts.ablation_rises import rises_of
    from allo_core.readouts.removal import heads_of_layer

    sets = [heads_of_layer(spec, layer) for layer in range(spec.layers)]
    found = rises_of(ablate(model, inputs, sets, kind, None, show_progress))
    print("All heads of a layer together:")
    for layer in range(spec.layers):
        print(f"layer {layer}  {found.value[layer]:+.4f} [{found.low[layer]:+.4f}, {found.high[layer]:+.4f}]")

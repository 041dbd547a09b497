"""The tables as Markdown."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from _quality_contacts import SEPARATIONS, Precision, mean_over_receptors
from _quality_held import Held
from _quality_models import SHORT, UNTRAINED
from _quality_perplexity import perplexity
from _quality_segments import Recovery
from _quality_unseen_contacts import times_random, times_random_apart

from allo_core.attention.contacts import PARTS

__all__ = ["Report", "markdown", "unseen_contacts_section"]

_NONE = "–"


@dataclass(frozen=True)
class Report:
    """What was measured, and with what; `unseen_contacts` has two rows more than `contacts`, of baselines that ask no model."""

    settings: dict
    weights: dict[str, str]
    held: list[Held]
    unseen_contacts: dict[str, list[Precision]]
    contacts: dict[str, list[Precision]]
    segments: dict[str, Recovery]


def markdown(report: Report) -> str:
    """All tables, with a line on each."""
    parts = [
        _perplexities(report.held),
        *(unseen_contacts_section(report.unseen_contacts, separation) for separation in SEPARATIONS),
        *(_contacts(report.contacts, separation) for separation in SEPARATIONS),
        _segments(report.segments),
        _receptors(report.held),
        _settings(report),
    ]
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rows(held: Sequence[Held]) -> list[str]:
    return list(dict.fromkeys(name for one in held for name in one.nats))


def _perplexities(held: Sequence[Held]) -> str:
    sets: dict[str, tuple[Sequence[Held], Callable[[Held], dict[str, float]]]] = {
        "all": (held, lambda one: one.nats),
        "without olfactory": ([one for one in held if one.receptor_class != "Olfactory"], lambda one: one.nats),
        f"at most {SHORT} residues": ([one for one in held if one.residues <= SHORT], lambda one: one.nats),
        "orthologs": ([one for one in held if one.ortholog_nats], lambda one: one.ortholog_nats),
    }

    def cell(row: str, chosen: Sequence[Held], nats: Callable[[Held], dict[str, float]]) -> str:
        if not chosen or not all(row in nats(one) for one in chosen):
            return _NONE
        found = perplexity([nats(one)[row] for one in chosen])
        return f"{found.value:.2f} ± {found.error:.2f}"

    head = ["perplexity", *(f"{name} ({len(chosen)})" for name, (chosen, _) in sets.items())]
    rows = [[name, *(cell(name, *chosen) for chosen in sets.values())] for name in _rows(held)]
    note = "exp of the mean nats of masked residues over held-out receptors (their number in brackets), ± its standard error over them."
    return f"### Masked residues\n\n{_table(head, rows)}\n\n{note}"


def _receptors(held: Sequence[Held]) -> str:
    names = _rows(held)
    head = ["receptor", "class", "residues", "nearest", "identity", *names]
    rows = [
        [
            *(one.receptor, one.receptor_class, str(one.residues), one.nearest, f"{one.identity:.0%}"),
            *(f"{np.exp(one.nats[name]):.2f}" if name in one.nats else _NONE for name in names),
        ]
        for one in held
    ]
    identities = [one.identity for one in held]
    note = (
        "Perplexity of each human sequence. Nearest: the training receptor with the best local alignment (BLOSUM62, gaps 10, 1) of human "
        "sequences; identity: identical residues divided by its aligned pairs; "
        f"median {np.median(identities):.0%}, lowest {min(identities):.0%}, highest {max(identities):.0%}."
    )
    return f"### Each held-out receptor\n\n{_table(head, rows)}\n\n{note}"


def unseen_contacts_section(contacts: dict[str, list[Precision]], separation: int) -> str:
    """Every row by every method, and below the table what the first model has more than the untrained one, the others than the first."""
    found: dict[tuple[str, str], list[Precision]] = {}  # by row and method
    for name, results in contacts.items():
        for result in results:
            if result.separation == separation:
                found.setdefault((name, result.method), []).append(result)

    def cell(results: Sequence[Precision], part: int) -> str:
        times = times_random(results, part)
        return f"{np.mean([result.values[part] for result in results]):.3f} ({times.value:.1f} ± {times.error:.1f})"

    head = [f"separation ≥ {separation}", *PARTS, "receptors"]
    counts = {key: len({result.receptor for result in results}) for key, results in found.items()}
    rows = [
        [name if name == method else f"{name}, {method}", *(cell(results, part) for part in range(len(PARTS))), str(counts[name, method])]
        for (name, method), results in found.items()
    ]
    most = max(counts.values())
    random = np.mean([result.random for result in max(found.values(), key=len)])
    rows.append(["random pairs", *[f"{random:.3f} (1)"] * len(PARTS), str(most)])
    names = list(contacts)
    untrained, first, *others = names[names.index(UNTRAINED) :]
    gains = [_gains(found, one, two) for one, two in [(untrained, first), *((first, other) for other in others)]]
    note = (
        "Precision among the best pairs, in brackets how many times that of random pairs ± its standard error over receptors; L: residues "
        "with a position. Heads and regressions come from receptors that are neither these nor their homologues; a regression is the mean "
        "over several, each fitted on other ones of them. Differences of the numbers in brackets, paired:"
    )
    title = f"### Contacts of {most} unseen receptors at separation ≥ {separation}"
    return "\n\n".join([title, _table(head, rows), note, "\n".join(gains)])


def _gains(found: dict[tuple[str, str], list[Precision]], one: str, two: str) -> str:
    """What the row `two` has more than the row `one`, a line a method."""
    lines, (last, name) = [], list(enumerate(PARTS))[-1]
    for method in [method for row, method in found if row == two]:
        gain = times_random_apart(found[two, method], found[one, method], last)
        fits = f", ± {gain.fits:.2f} from fit to fit" if gain.fits else ""
        lines.append(f"- {two} less {one}, {method}, {name}: {gain.value:+.2f} ± {gain.error:.2f}{fits}")
    return "\n".join(lines)


def _contacts(contacts: dict[str, list[Precision]], separation: int) -> str:
    rows, entries = [], []
    for name, results in contacts.items():
        for method in dict.fromkeys(result.method for result in results):
            chosen = [result for result in results if (result.method, result.separation) == (method, separation)]
            entries = [result.entry for result in chosen]
            means = mean_over_receptors((result.receptor, result.values) for result in chosen)
            random = mean_over_receptors((result.receptor, result.random) for result in chosen)
            each = [f"{result.values[-1]:.2f}" for result in chosen]
            rows.append([f"{name}, {method}", *(f"{mean:.3f}" for mean in means), f"{means[-1] / random:.1f}", *each])
    chosen = [result for result in next(iter(contacts.values())) if (result.method, result.separation) == ("regression", separation)]
    random = mean_over_receptors((result.receptor, result.random) for result in chosen)
    rows.append(["random pairs", *[f"{random:.3f}"] * len(PARTS), "1.0", *(f"{result.random:.2f}" for result in chosen)])
    last = list(PARTS)[-1]
    head = [f"separation ≥ {separation}", *PARTS, f"{last} ÷ random", *(f"{entry}, {last}" for entry in entries)]
    note = (
        "Precision among the best pairs; L: residues with a position. Mean over receptors (AA2AR's two structures count as one). Head and "
        "regression come from the other receptors only."
    )
    return f"### Contacts of four structures at separation ≥ {separation}\n\n{_table(head, rows)}\n\n{note}"


def _segments(segments: dict[str, Recovery]) -> str:
    rows = [[name, f"{found.accuracy:.3f}", f"{found.macro_f1:.3f}"] for name, found in segments.items()]
    note = "A linear probe, fitted on training receptors, reads TM1 to TM7, ICL, ECL, H8 and termini of held-out receptors."
    return f"### Segments\n\n{_table(['probe on', 'accuracy', 'macro F1'], rows)}\n\n{note}"


def _settings(report: Report) -> str:
    lines = [f"- {name}: {value}" for name, value in (report.settings | {f"weights of {k}": v for k, v in report.weights.items()}).items()]
    return "### Settings\n\n" + "\n".join(lines)

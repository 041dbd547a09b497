"""How much of the segments that the published model of pairs looks at is annotated: `pairs coverage`."""

import argparse
import gzip
import hashlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import PairError
from allo_core.export.tables import printable
from allo_core.terminal.files import check_output, write
from allo_core.terminal.progress import show_progress

if TYPE_CHECKING:
    from allo_core.interaction.ranked_lists import ListCoverage

__all__ = ["add_coverage"]

# Of the files that the numbers of docs/pairs.md come from.
_FEATURES = ("real_test_uniprot_features.tsv.gz", "f6978cf8fce6ecf1c6286291a13078eeda58b9d0a2425f85fe60503054aec4f3")
_LISTS = ("real_test_amps_top3_low3.tsv", "c62202db532cdcb8a8a7481f73d3080d99468f44d0c8b9911c6b0c6f5ce042f9")
_SOURCE = (
    "github.com/ywwy-qn/ESM2_AMP, history before dd82db8: UniProt features of the proteins of real_test (Entry, Length, one column a type) "
    "and the three best and lowest segments of each pair (proteina, proteinb, label, prediction, top1 to low3), as tab-separated text"
)


def add_coverage(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    command = commands.add_parser("coverage", help="how much of the segments that the published model looks at is annotated, beside chance")
    command.add_argument("--data", type=Path, metavar="FOLDER", help=f"holds {_FEATURES[0]} and {_LISTS[0]}")
    command.add_argument("--csv", type=Path, help="write all groups and types")
    command.set_defaults(run=print_coverage)


def print_coverage(options: argparse.Namespace) -> None:
    """Run `python -m allo_core pairs coverage`; AlloScopeError for files that are missing or cannot be read."""
    from allo_core.export.pairs import coverage_csv
    from allo_core.interaction.annotations import annotations_of_features
    from allo_core.interaction.ranked_lists import coverage_of_lists, coverage_sentence, ranked_lists

    check_output(options.csv)
    texts, others = [], []
    for name, sha256 in (_FEATURES, _LISTS):
        content = _content(options.data, name, sha256)
        others += [] if hashlib.sha256(content).hexdigest() == sha256 else [name]
        texts.append(_text(content, name))
    annotations, lists = annotations_of_features(texts[0]), ranked_lists(texts[1])
    found = coverage_of_lists(lists, annotations, lambda done, total: show_progress("Group", done, total))
    write(options.csv, lambda: coverage_csv(found))
    if others:
        print(f"Another version of {' and '.join(others)} than the published one: numbers may differ from docs/pairs.md.")
    print(f"{len(lists):,} pairs of {len(annotations):,} proteins; coverage in %; p: each protein's annotation is turned as a whole")
    print(printable(coverage_sentence(found)))
    print(_table(found))
    print(_hits(found))


def _content(folder: Path | None, name: str, sha256: str) -> bytes:
    if folder is None or not (folder / name).is_file():
        there = "--data FOLDER" if folder is None else printable(str(folder / name))
        raise PairError(f"{there} is needed: {name}, sha256 {sha256}, from {_SOURCE}.")
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise PairError(f"{folder / name} cannot be read: {error.strerror or error}.") from None


def _text(content: bytes, name: str) -> str:
    try:
        return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise PairError(f"{name} is damaged ({error}); fetch it again.") from None


def _table(found: "ListCoverage") -> str:
    """Best, all and lowest segments of each group and type beside both chance levels of the best."""
    import pandas as pd

    rows = []
    for row in found.rows:
        if row.chosen == "top":
            low = found.row(row.group, row.type, "low")
            test = row.test
            rows.append(
                [
                    row.group, row.pairs, row.proteins, printable(row.type), f"{100 * test.observed:.1f}", f"{100 * row.every:.1f}",
                    f"{100 * low.test.observed:.1f}", f"{100 * test.turned:.1f} ({100 * test.low:.1f} to {100 * test.high:.1f})",
                    f"{test.p:.2g}", f"{row.q_value:.2g}", f"{100 * test.places:.1f}", f"{test.places_p:.2g}",
                ]
            )  # fmt: skip
    columns = "label-prediction,pairs,proteins,type,best 3,all 20,lowest 3,chance of best (95 %),p,q,other proteins,its p".split(",")
    return pd.DataFrame(rows, columns=columns).to_string(index=False)


def _hits(found: "ListCoverage") -> str:
    """Hit rates of any type beside chance."""
    import pandas as pd

    rows = [
        [
            group, f"{share:.0%}", *(f"{100 * rate:.1f}" for rate in hits.ranks), f"{100 * hits.chance:.1f}", f"{100 * hits.any_rank:.1f}",
            f"{100 * hits.any_chance:.1f}",
        ]
        for (group, share), hits in found.hits.items()
    ]  # fmt: skip
    columns = "label-prediction,covered to,best,second,third,chance,any of three,its chance".split(",")
    return "Segments covered to a share, in % of pairs; any of three by chance: hypergeometric\n" + pd.DataFrame(
        rows, columns=columns
    ).to_string(index=False)

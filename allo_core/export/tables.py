"""The table of heads."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    import pandas as pd

    from allo_core.analysis.answer import Answer
    from allo_core.protein.numbering import ResidueNumbers
    from allo_core.protein.sequence import Protein

__all__ = ["cell", "file_stem", "printable", "residue_columns", "scores_csv", "table_of_heads"]

_FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that starts with one of these


def printable(text: str) -> str:
    """The text with each character that a terminal would act on, a line break among them, replaced by a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cell(text: str) -> str:
    """Text from outside as a cell of a table: printable, and with an apostrophe before what a spreadsheet would take for a formula."""
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def file_stem(name: str) -> str:
    """Letters and digits of a name, underscores for the rest, at most 40."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)[:40]


def residue_columns(protein: "Protein", numbers: "ResidueNumbers | None") -> dict[str, object]:
    """The first columns of a table of all residues in the order of the sequence: UniProt number, letter, generic numbers, segment."""
    every = range(len(protein))
    return {
        "number": [protein.number(index) for index in every],
        "residue": list(protein.sequence),
        "gpcrdb": [None if numbers is None else numbers.gpcrdb[index] for index in every],
        "ballesteros_weinstein": [None if numbers is None else numbers.ballesteros[index] for index in every],
        "segment": [None if numbers is None else numbers.segment[index] for index in every],
    }


def table_of_heads(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The heads by descending enrichment, those without a score and flagged ones last."""
    order = frame.assign(flagged=frame["flags"] != "")
    return order.sort_values(["flagged", "enrichment"], ascending=[True, False], na_position="last").drop(columns="flagged")


def scores_csv(answer: "Answer") -> str:
    """CSV text of all heads in (layer, head) order; undefined values are empty.

    The last columns are the same in every row, so that tables of several runs can be put together: measure, weighting ("attention" or
    "value"), null, threshold, model, protein, n_sites.  The protein's name is text from outside: unprintable characters become question
    marks, and a name that a spreadsheet would take for a formula is preceded by an apostrophe.

    Raises
    ------
    ScoreError
        The answer has no run.
    """
    scores = answer.scores
    settings = {
        "measure": answer.question.measure,
        "weighting": answer.question.weighting,
        "null": scores.null,
        "threshold": scores.threshold,
        "model": answer.run.model_id,
        "protein": cell(answer.question.subject.protein.name),
        "n_sites": scores.n_sites,
    }
    return scores.frame.assign(**settings).to_csv(index=False, lineterminator="\n")

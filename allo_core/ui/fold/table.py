"""All folds of a protein as a table, the most trusted first; a row chooses one."""

import streamlit as st

from allo_core.export.folds import folds_table
from allo_core.folding.fold import Fold
from allo_core.ui.fold import session
from allo_core.ui.fold.results import Judged
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_table"]

_LABELS = {
    "method": "Fold",
    "state": "State",
    "placed": "Placed",
    "lddt": "lDDT",
    "gain_lddt": "lDDT gain",
    "tm": "TM-score",
    "gain_tm": "TM gain",
    "gdt_ts": "GDT-TS",
    "gdt_ha": "GDT-HA",
    "rmsd": "RMSD, Å",
    "note": "Note",
}
_HELP = {"gain_lddt": HELP["fold_gain"], "gain_tm": HELP["fold_gain"], "lddt": HELP["lddt"], "tm": HELP["tm_score"]}


def draw_table(protein_key: str, folds: dict[str, Fold], chosen: str, judged: Judged | None) -> None:
    """One row a fold."""
    table = folds_table(folds, None if judged is None else judged.folds)
    for name, label in (("tm", "Expected TM"), ("lddt", "Expected lDDT")):
        parts = [table.pop(f"expected_{name}_{part}") for part in ("low", "median", "high")]
        table.insert(3, label, [_words(*row) for row in zip(*parts, strict=True)])
    table["method"] = [_named(*row) for row in zip(table["method"], folds.values(), strict=True)]
    table = table[[*table.columns[:3], "Expected TM", "Expected lDDT", *(name for name in table.columns[3:] if name in _LABELS)]]
    if judged is not None:
        for name in ("gain_lddt", "gain_tm"):
            table[name] = [_gain(*row) for row in zip(table[name], folds.values(), strict=True)]
    table.insert(0, "shown", ["●" if name == chosen else "" for name in folds])
    if judged is not None and not any(table["note"]):
        table = table.drop(columns="note")
    key = f"folds_{file_stem(protein_key)}_{judged is not None}"

    def choose() -> None:
        rows = st.session_state[key].selection.rows
        if rows and rows[0] < len(folds):
            session.page().change(fold=list(folds)[rows[0]])

    signed = {name: st.column_config.TextColumn(_LABELS[name], help=_HELP[name]) for name in ("gain_lddt", "gain_tm")}
    numbers = {
        name: st.column_config.NumberColumn(_LABELS[name], format="%.2f" if name == "rmsd" else "%.3f", help=_HELP.get(name))
        for name in ("lddt", "tm", "gdt_ts", "gdt_ha", "rmsd")
    }
    words = {name: st.column_config.TextColumn(_LABELS[name]) for name in ("method", "state", "note")}
    placed = {"placed": st.column_config.NumberColumn(_LABELS["placed"], help=HELP["fold_placed"])}
    st.dataframe(
        table, key=key, hide_index=True, on_select=choose, selection_mode="single-row",
        width="stretch",
        column_config={"shown": st.column_config.TextColumn("", width=24)} | words | placed | numbers | signed,
    )  # fmt: skip
    told = "Expected: median (10 to 90 %) over held-out receptors. TM-score: 0.9 is any class A receptor, so read lDDT and gains."
    if judged is None:
        told += " Choose a structure at the left to judge by."
    st.caption(plain(f"{told} A row chooses the fold that is shown."))


def _named(name: str, fold: Fold) -> str:
    """That the family average is better stands before the name of a fold of a model."""
    lost = fold.expectation is not None and fold.expectation.lost
    return f"worse than the family average: {name}" if lost else name


def _gain(gain: float, fold: Fold) -> str:
    if gain == gain:
        return f"{gain:+.3f}"
    return "baseline" if fold.origin == "family" else "no average"


def _words(low: float | None, median: float | None, high: float | None) -> str:
    if median is None or median != median:
        return "not tested"
    return f"{median:.2f} ({low:.2f} to {high:.2f})"

"""The questions that were looked at in this browser session, on all pages: how many, which, and the list as a file."""

import json
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from allo_core.analysis.measures import MEASURES
from allo_core.analysis.question_log import MOST_QUESTIONS, Looked, QuestionLog
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_looked", "session_log"]

_NAME = "question_log"
_FEWEST = 2


def session_log() -> QuestionLog:
    """The log of this browser session."""
    if _NAME not in st.session_state:
        st.session_state[_NAME] = QuestionLog()
    return st.session_state[_NAME]


def draw_looked(log: QuestionLog) -> None:
    """One folded line from the second question on: which this is; behind it the list, which is only worked out and sent when it is open."""
    current = log.current
    if current is None or log.total < _FEWEST:
        return
    with st.popover(_label(current, log.total), type="tertiary", help=HELP["questions"], key="looked", on_change="rerun") as folded:
        if not folded.open:
            return
        others = log.total - 1
        st.markdown(
            plain(
                f"{others} other question{'s' if others != 1 else ''} looked at since {log.began[11:16]} UTC: with many to choose from, "
                "one that passes is worth less than its q says."
            )
        )
        st.dataframe(_table(log), hide_index=True, height=min(320, 40 + 35 * len(log.questions)), column_config=_COLUMNS)
        st.caption(plain(_kept(log)))
        st.download_button(
            "The list, JSON",
            lambda: json.dumps(log.plain(), indent=2, ensure_ascii=False) + "\n",
            "alloscope_questions.json",
            "application/json",
            key="download_questions",
            on_click="ignore",
            icon=":material/download:",
        )


def _label(current: Looked, total: int) -> str:
    number = f"{current.number}{_ending(current.number)}"
    return f"{number} question of this session" if current.number == total else f"{number} of {total} questions of this session"


def _ending(number: int) -> str:
    """``"st"`` of 1st, 21st; 11th to 13th end otherwise."""
    return "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _kept(log: QuestionLog) -> str:
    """What is kept of the log, and for how long."""
    gone = log.total - len(log.questions)
    dropped = f" The oldest {gone} made room and are no longer listed." if gone else ""
    return (
        f"Records and the ZIP hold this list. It is of this browser session: a reload or another tab begins a new one, which its "
        f"time of beginning shows. At most {MOST_QUESTIONS:,} are kept.{dropped}"
    )


_COLUMNS = {
    "global p": st.column_config.NumberColumn("global p", format="%.2g", help=HELP["global_p"]),
    "pass": st.column_config.NumberColumn("pass", help="Heads with q < 0.05 under the null."),
    "among places": st.column_config.NumberColumn("among places", help=HELP["places"]),
}


def _table(log: QuestionLog) -> pd.DataFrame:
    """The latest first."""
    return pd.DataFrame([_row(question) for question in reversed(log.questions)])


def _row(question: Looked) -> dict:
    asked, found = question.asked, question.found
    who, residues = _asked(asked)
    return {
        "no.": question.number,
        "asked": who,
        "threshold": asked["threshold"],
        "null": asked["null"],
        "pass": found.get("heads_that_pass"),
        "among places": found.get("heads_that_pass_among_places"),
        "global p": found.get("global_p"),
        "times": question.times,
        "last (UTC)": question.last[11:19],
        "model": asked["model_id"],
        "residues": residues,
    }


def _asked(asked: Mapping) -> tuple[str, str]:
    """Who is asked, ``"AA2AR on A (16)"``, and about which residues; of a set of receptors its title, and its positions."""
    if "receptors" in asked:
        return f"{asked['receptors']} ({asked['members']} receptors)", " ".join(asked["positions"])
    counts = ", ".join(str(len(residues.split())) for residues in asked["sets"].values())
    residues = "; ".join(f"{name}: {residues}" for name, residues in asked["sets"].items())
    return f"{asked['protein']['name']} {MEASURES[asked['measure']]} ({counts})", residues

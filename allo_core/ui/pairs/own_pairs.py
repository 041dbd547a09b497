"""The tab of a person's own pairs: two tables in, what is wrong with them by row, and what they give away before any model is asked."""

import hashlib

import pandas as pd
import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.export.couplings import left_out_csv
from allo_core.interaction.coupling_answer import coupling_model
from allo_core.interaction.coupling_table import families, reported, studied
from allo_core.interaction.given_away import GivenAway, given_away
from allo_core.interaction.model_card import ModelCard
from allo_core.interaction.pairs import PairSet
from allo_core.interaction.splits import SplitKind
from allo_core.interaction.tables import PairTable, read_pair_table
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import get_spec
from allo_core.readouts.kept_readouts import pair_models_folder
from allo_core.ui.pairs.requests import TrainRequest
from allo_core.ui.pairs.view import PairsView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_own_pairs"]

_KINDS = ["csv", "tsv", "txt", "xlsx", "fasta", "fa"]
_MEGABYTES = 50
_MEASURES = ("accuracy", "mcc", "auc", "ap", "brier")
_SPLITS: dict[SplitKind, str] = {
    "protein": "no protein on both sides",
    "cluster": "no homologue on both sides",
    "pair": "by pair, as published",
}
_FOLDS_OF: dict[SplitKind, str] = {"pair": "pairs, as published", "protein": "proteins"}
_EXAMPLES = 12  # receptors in the example


def draw_own_pairs(view: PairsView) -> None:
    """Both uploads, then what is there, what it gives away, and a model of it."""
    left, right = st.columns(2)
    with left:
        sequences = st.file_uploader(
            "Sequences: name, sequence (or FASTA)", type=_KINDS, key="pair_sequences", max_upload_size=_MEGABYTES, help=HELP["pair_tables"]
        )
        st.download_button("An example", _example_sequences, "sequences.csv", "text/csv", key="pair_sequences_example", on_click="ignore")
    with right:
        pairs = st.file_uploader("Pairs: A, B, label", type=_KINDS[:4], key="pair_pairs", max_upload_size=_MEGABYTES)
        st.download_button("An example", _example_pairs, "pairs.csv", "text/csv", key="pair_pairs_example", on_click="ignore")
    if sequences is None or pairs is None:
        st.info("Two tables: one names proteins and gives their sequences, the other pairs them, with a label where it is known.")
        return
    content = sequences.getvalue(), pairs.getvalue()
    key = _sha256(*content)
    try:
        table = _read(key, (sequences.name, pairs.name), content)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    _draw_complaints(table)
    if not table.labelled or not 0 < table.pairs.labels.sum() < len(table.pairs):
        st.caption("With labels of both kinds, what names and lengths alone give away stands here.")
        return
    _draw_given_away(key, table)
    _draw_model(view, key, table)


def _example_sequences() -> str:
    """The receptors that the library begins with, and the G proteins."""
    proteins = [*(find_receptor(entry).protein for entry in studied()[:_EXAMPLES]), *(family.partner for family in families())]
    return "".join(["name,sequence\n", *(f"{protein.name},{protein.sequence}\n" for protein in proteins)])


def _example_pairs() -> str:
    """What is reported of these receptors."""
    rows = [
        f"{entry},{family.partner.name},{int(family.name in (reported(entry) or ()))}\n"
        for entry in studied()[:_EXAMPLES]
        for family in families()
    ]
    return "".join(["A,B,label\n", *rows])


def _sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the tables")
def _read(key: str, names: tuple[str, str], _content: tuple[bytes, bytes]) -> PairTable:
    return read_pair_table(*_content, names)


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Asking names and lengths")
def _given_away(key: str, _pairs: PairSet) -> GivenAway:
    return given_away(_pairs)


def _draw_complaints(table: PairTable) -> None:
    """How many pairs there are, and every row that is left out."""
    count = len(table.pairs)
    labels = f", {int(table.pairs.labels.sum()):,} interact" if table.labelled else ", without labels"
    st.markdown(plain(f"{count:,} pairs of {len(table.pairs.proteins):,} proteins{labels}."))
    if not table.complaints:
        return
    with st.expander(f"{len(table.complaints):,} rows are left out"):
        rows = [{"table": one.table, "row": one.row, "what is wrong": one.sentence} for one in table.complaints]
        st.dataframe(pd.DataFrame(rows), hide_index=True, key="pair_complaints")


def _draw_given_away(key: str, table: PairTable) -> None:
    """What names and lengths alone reach, in folds of pairs as published and in folds of proteins."""
    st.markdown("##### What the pairs give away", help=HELP["given_away"])
    try:
        found = _given_away(key, table.pairs)
    except AlloScopeError as error:
        st.caption(plain(str(error)))
        return
    rows = [
        {
            "folds of": _FOLDS_OF[row.split.kind], "known": f"{row.baseline} alone", "pairs tested": row.tested,
            "accuracy": row.metrics.accuracy, "MCC": row.metrics.mcc, "AUC": row.metrics.auc,
        }
        for row in found.rows
    ]  # fmt: skip
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in ("accuracy", "MCC", "AUC")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="given_away", column_config=numbers)
    share = found.positives / found.pairs
    said = (
        "Without any sequence: a model that reaches no more has learnt which proteins are in which list. Guessing gives an accuracy of "
        f"{max(share, 1 - share):.3f}, an MCC of 0 and an AUC of 0.5."
    )
    st.caption(plain(" ".join(filter(None, (said, found.without and f"{found.without[:1].upper()}{found.without[1:]}.")))))


def _draw_model(view: PairsView, key: str, table: PairTable) -> None:
    """AMPS, learnt in folds and beside its baselines; with what it is to be offered, under way, or there."""
    st.markdown("##### ESM2_AMPS on these pairs", help=HELP["own_model"])
    split = st.segmented_control(
        "No", list(_SPLITS), format_func=_SPLITS.__getitem__, default="protein", required=True, key="pair_split",
        label_visibility="collapsed", width="content",
    )  # fmt: skip
    chosen: SplitKind = next(name for name in _SPLITS if name == split)
    model = coupling_model()
    own = _sha256(key.encode(), model.encode(), chosen.encode())
    request = TrainRequest(own, table.pairs, chosen, model, view.device, view.dtype)
    job = job_of(request)
    card = None if job is None else job.outcome.value
    if isinstance(card, ModelCard):
        _draw_card(card, own)
        return
    if draw_under_way(job, "_train"):
        return
    st.caption(
        plain(
            f"{get_spec(model).label} reads {len(table.pairs.proteins):,} proteins once, then five models are learnt, each tested on pairs "
            "that it has not seen. Minutes for a thousand pairs on two cores; stopped, it goes on where it was. More choices: "
            "python -m allo_core pairs train."
        )
    )
    st.button("Learn the model", key="train_pairs", type="primary", on_click=submit, args=(request,))


def _draw_card(card: ModelCard, key: str) -> None:
    """What the model reached beside what it is compared with, and its probabilities."""
    st.markdown(plain(card.verdict))
    rows = [{"method": row.name} | {name: row.measure(name) for name in _MEASURES} for row in card.comparison]
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in _MEASURES}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="own_model", column_config=numbers)
    st.caption(
        plain(f"{card.split} The model of all pairs is kept: {pair_models_folder() / key}; `pairs predict --with` that folder asks it.")
    )
    st.download_button(
        "Probabilities when left out (CSV)", lambda: left_out_csv(card), "pairs.csv", "text/csv", key="left_out", on_click="ignore"
    )

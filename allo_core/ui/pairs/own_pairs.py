"""The tab of a person's own pairs: two tables in, what is wrong with them by row, and what they give away before any model is asked."""

import hashlib

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.interaction.baselines import identity_probabilities, length_probabilities
from allo_core.interaction.coupling_table import families, reported, studied
from allo_core.interaction.metrics import pair_metrics
from allo_core.interaction.splits import Split, by_pair, by_protein
from allo_core.interaction.tables import PairTable, read_pair_table
from allo_core.library.receptors import find_receptor
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_own_pairs", "own_pairs"]

_KINDS = ["csv", "tsv", "txt", "xlsx", "fasta", "fa"]
_MEGABYTES = 50
_FOLDS = 5
_BLIND = {"names": identity_probabilities, "lengths": length_probabilities}
_EXAMPLES = 12  # receptors in the example


def draw_own_pairs() -> PairTable | None:
    """Both uploads, then what is there; the pairs where some can be used."""
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
        return None
    try:
        table = own_pairs(sequences.getvalue(), pairs.getvalue(), sequences.name, pairs.name)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return None
    _draw_complaints(table)
    _draw_given_away(table)
    return table


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


def own_pairs(sequences: bytes, pairs: bytes, sequences_name: str, pairs_name: str) -> PairTable:
    """The pairs of two files, read once; errors as for `read_pair_table`."""
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in (sequences, pairs))).hexdigest()
    return _read(key, sequences, pairs, (sequences_name, pairs_name))


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the tables")
def _read(key: str, _sequences: bytes, _pairs: bytes, names: tuple[str, str]) -> PairTable:
    return read_pair_table(_sequences, _pairs, names)


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


def _draw_given_away(table: PairTable) -> None:
    """What names and lengths alone reach, in folds of pairs as published and in folds of proteins."""
    labels = table.pairs.labels
    if not table.labelled or len(np.unique(labels)) < 2:
        st.caption("With labels of both kinds, what names and lengths alone give away stands here.")
        return
    st.markdown("##### What the pairs give away", help=HELP["given_away"])
    rows = []
    for folds, make in (("pairs, as published", by_pair), ("proteins", by_protein)):
        try:
            split = make(table.pairs, _FOLDS)
        except AlloScopeError as error:
            st.caption(plain(str(error)))
            continue
        rows += [_row(folds, name, table, split, method) for name, method in _BLIND.items()]
    if not rows:
        return
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in ("accuracy", "MCC", "AUC")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="given_away", column_config=numbers)
    st.caption(
        "Without any sequence: a model that reaches no more has learnt which proteins are in which list. Guessing gives an accuracy of "
        f"{max(labels.mean(), 1 - labels.mean()):.3f}, an MCC of 0 and an AUC of 0.5."
    )


def _row(folds: str, name: str, table: PairTable, split: Split, method) -> dict[str, object]:
    found = method(table.pairs, split)
    tested = np.isfinite(found)
    measures = pair_metrics(table.pairs.labels[tested], found[tested])
    return {
        "folds of": folds, "known": f"{name} alone", "pairs tested": int(tested.sum()),
        "accuracy": measures.accuracy, "MCC": measures.mcc, "AUC": measures.auc,
    }  # fmt: skip

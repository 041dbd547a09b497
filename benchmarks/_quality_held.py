"""Every unseen receptor and some of its orthologs, asked of every model and of the two tables that need none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from _quality_alignment import Nearest, align, identity, nearest
from _quality_columns import column_frequencies, expected_at, residue_frequencies
from _quality_data import Effort, Family, Split, spread
from _quality_models import Row
from _quality_perplexity import Predict, mean_nats, model_predictor, table_predictor

__all__ = ["COLUMNS", "FREQUENCIES", "Held", "ask_all"]

FREQUENCIES, COLUMNS = "residue frequencies", "nearest receptor's columns"


@dataclass(frozen=True)
class Held:
    """One unseen receptor.

    Parameters
    ----------
    residues : int
        Of its human sequence.
    nearest, identity : str, float
        The nearest training receptor, by its human sequence.
    nats, ortholog_nats : dict of str to float
        Mean of -ln p at masked residues for each row of the table, of the human sequence and on average over orthologs; a row is left out
        where the model cannot read the sequence.
    """

    receptor: str
    receptor_class: str
    residues: int
    nearest: str
    identity: float
    nats: dict[str, float]
    ortholog_nats: dict[str, float]


def ask_all(split: Split, rows: Sequence[Row], effort: Effort) -> list[Held]:
    """Every unseen receptor, in alphabetical order."""
    families = split.training.values()
    background = residue_frequencies(sequence for family in families for sequence in (family.reference, *family.orthologs))
    references = {family.receptor: family.reference for family in families}
    columns: dict[str, np.ndarray] = {}
    held = []
    for family in split.unseen.values():
        found = nearest(family.reference, references)
        if found.receptor not in columns:
            near = split.training[found.receptor]
            columns[found.receptor] = column_frequencies(near.reference, spread(near.orthologs, effort.profile), background)
        held.append(_ask(family, found, references[found.receptor], columns[found.receptor], background, rows, effort))
    return held


def _ask(
    family: Family,
    found: Nearest,
    reference: str,
    columns: np.ndarray,
    background: np.ndarray,
    rows: Sequence[Row],
    effort: Effort,
) -> Held:
    def tables(sequence: str, near: Nearest) -> dict[str, Predict]:
        expected = {FREQUENCIES: np.tile(background, (len(sequence), 1)), COLUMNS: expected_at(len(sequence), near, columns, background)}
        return {name: table_predictor(table) for name, table in expected.items()}

    def nats(sequence: str, near: Nearest, masks: int) -> dict[str, float]:
        readers = [row for row in rows if row.model.spec.longest is None or len(sequence) <= row.model.spec.longest]
        asked = tables(sequence, near) | {row.title: model_predictor(row) for row in readers}
        return {name: mean_nats(sequence, predict, masks) for name, predict in asked.items()}

    of_orthologs = []
    for sequence in spread(family.orthologs, effort.orthologs):
        pairs = align(sequence, reference)
        near = Nearest(found.receptor, identity(sequence, reference, pairs), pairs)
        of_orthologs.append(nats(sequence, near, effort.ortholog_masks))
    return Held(
        family.receptor,
        family.receptor_class,
        len(family.reference),
        found.receptor,
        found.identity,
        nats(family.reference, found, effort.masks),
        _means(of_orthologs),
    )


def _means(each: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of each row that every sequence has."""
    names = [name for name in each[0] if all(name in one for one in each)] if each else []
    return {name: float(np.mean([one[name] for one in each])) for name in names}

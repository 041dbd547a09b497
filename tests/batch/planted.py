"""A batch with scores that are known, written with the project's own part writer; needs neither Ray nor a model that runs."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from allo_core.batch.compute import Computed
from allo_core.batch.folder import writing
from allo_core.batch.part import Part
from allo_core.batch.score_tables import ScoreResult
from allo_core.batch.task_scores import ScoreSettings
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein

__all__ = ["A2A", "BEST", "NAMES", "SITES", "plant", "planted_scores", "planted_settings"]

A2A = find_receptor("AA2AR").protein.sequence
SITES = (51, 90, 279)  # D52 S91 N280
BEST = (2, 6)  # passes in every sequence
NAMES = ("AA2AR", "<img src=x>*b*", "=SUM(A1)", "fourth", "fifth", "sixth")


def planted_settings(**changes) -> ScoreSettings:
    return ScoreSettings.choose(**{"model_id": DEFAULT_MODEL, "sites": "D52 S91 N280", "threshold": 0.1, "thresholds": (0, 0.1)} | changes)


def planted_scores(row: int, settings: ScoreSettings) -> pd.DataFrame:
    """Scores of one record with all that can be missing: heads with few arcs, and heads of which nothing falls on the site."""
    generator = np.random.default_rng(row)
    count = settings.layers * settings.heads
    snr = generator.normal(0, 1, count)
    q = np.clip(10.0**-snr, 0.06, 1)
    few, silent = generator.random(count) < 0.2, generator.random(count) < 0.3
    few[:3] = True  # flagged in every sequence
    silent[3:6] = True
    best = BEST[0] * settings.heads + BEST[1]
    few[best] = silent[best] = False
    snr[best], q[best] = 5 + row, 0.001
    snr = np.where(silent, np.nan, snr)
    return pd.DataFrame(
        {
            "layer": np.repeat(np.arange(settings.layers), settings.heads),
            "head": np.tile(np.arange(settings.heads), settings.layers),
            "impact": 0.1,
            "impact_count": 0.1,
            "impact_arcs": 0.1,
            "enrichment": np.exp2(snr),
            "snr": snr,
            "p_value": np.nan if settings.null == "published" else q / 10,
            "q_value": np.where(few | silent | (settings.null == "published"), np.nan, q),
            "n_arcs": np.where(few, 9, 10),
            "residues_hit": 3,
            "flags": np.where(few, "few arcs", ""),
            "attention_on_site": np.where(silent, 0.0, 1.0),
            "expected": 0.5,
            "null": settings.null or "matched",
            "threshold": settings.threshold,
            "n_sites": len(SITES),
        }
    )


def plant(
    folder: Path,
    settings: ScoreSettings | None = None,
    names: Sequence[str] = NAMES,
    failed: Collection[int] = (4,),
    unscored: Collection[int] = (5,),
    records: int | None = None,
    begin: int = 1,
) -> Path:
    """Write records, each the A2A receptor, as parts of two.

    Parameters
    ----------
    failed, unscored : collection of int
        Numbers of records without results, and without scores.
    records : int, optional
        How many the file has; by default as many as there are names.
    begin : int
        Number of the first record that is written, those before are there already.
    """
    settings = settings or planted_settings()
    shape = (len(settings.thresholds), settings.layers, settings.heads, len(A2A))
    with writing(folder, settings, "<i>mine</i>.fasta", records or len(names)) as run:
        for first in range(begin, len(names) + 1, 2):
            part = Part(folder, run, first, settings)
            for row in range(first, min(first + 2, len(names) + 1)):
                protein = Protein(names[row - 1], A2A)
                if row in failed:
                    part.add_failed(row, protein.name, f"{protein.name} is <b>too</b> long.", protein)
                    continue
                weights = np.random.default_rng(row).random(shape).astype(np.float32)
                scored = settings.sites is not None and row not in unscored
                scores, sites = (planted_scores(row, settings), format_residues(protein, SITES)) if scored else (None, None)
                why = "no residue 2x50" if settings.sites is not None and not scored else None
                arcs = (weights > 0.5).astype(np.uint16)
                result = ScoreResult(settings.thresholds, weights, arcs, scores, "AA2AR", 1.0, sites, why)
                part.add(row, protein.name, protein, Computed(result, "cpu", 0.1))
            part.commit()
    return folder

"""The receptor beside what a tab shows: coloured, with the selected residue, the marked ones and pairs."""

from collections.abc import Sequence

import streamlit as st

from allo_core.analysis.subject import Subject
from allo_core.analysis.track import Letters, Segments, Track, TrackSource, Values
from allo_core.analysis.tracks import TRACKS
from allo_core.protein.sequence import Protein
from allo_core.readouts.state_changes import CHANGES
from allo_core.ui.protein.expectation import kept_probabilities
from allo_core.ui.protein.panel import draw_receptor, marked_sets
from allo_core.ui.sequence import session
from allo_core.ui.sequence.changes_job import kept_changes, span_of
from allo_core.ui.sequence.colourings import COLOURINGS, changes_track
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import Painting, painting_of, residue_labels, short_label
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.theme import current_theme

__all__ = ["Pair", "chosen_track", "draw_coloured", "paint", "values_of"]

_MOST_LABELS = 6
Pair = tuple[int, int, float]


def draw_coloured(
    view: SequenceView,
    protein: Protein,
    loaded: LoadedStructure | None,
    problem: str,
    usual: Track,
    pairs: Sequence[Pair] = (),
) -> Painting:
    """The receptor under the choice of its colouring; a click selects a residue.

    Parameters
    ----------
    problem : str
        Why there is no structure; "" where nothing is wrong.
    usual : Track
        What colours it where a person has chosen nothing else.
    pairs : sequence of (first, second, weight)
        0-based pairs that are drawn.
    """
    options = {"": usual.label, **{name: label for name, label in COLOURINGS.items() if name != usual.name}}
    chosen = view.colouring if view.colouring in options else ""
    st.selectbox(
        "Structure shows", list(options), format_func=lambda name: f"Structure shows: {options[name]}", help=HELP["colouring"],
        label_visibility="collapsed",
        **mirrored("sequence_colouring", chosen, lambda name: session.page().change(colouring=name), list(options)),
    )  # fmt: skip
    painting = paint(view, protein, loaded, chosen_track(view, usual), pairs)
    draw_receptor(view, protein, painting, loaded, problem, session.select_residue, "select")
    return painting


def chosen_track(view: SequenceView, usual: Track) -> Track:
    """By what the receptor is coloured: ``usual`` where a person has chosen nothing else."""
    if view.colouring in CHANGES:
        return changes_track(view.colouring, span_of(view), kept_changes(view))
    return TRACKS[view.colouring] if view.colouring in COLOURINGS else usual


def paint(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, track: Track, pairs: Sequence[Pair] = ()) -> Painting:
    """The painting of a track."""
    sets = marked_sets(view, protein)
    drawn = [(*pair, round(float(weight), 4), False) for *pair, weight in pairs if tuple(pair) != view.pair]
    drawn += [] if view.pair is None else [(*view.pair, 1.0, True)]
    selected = () if view.residue is None else (view.residue,)
    named = list(dict.fromkeys((*(view.pair or ()), *selected, *view.sites, *view.sites_b)))[:_MOST_LABELS]
    return painting_of(
        values_of(view, protein, loaded, track), track, residue_labels(protein), sets, current_theme(),
        state=f"{track.label}:{view.model}:{view.how}",
        title=track.title or "Structure",
        pairs=[(protein.number(first), protein.number(second), weight, pointed) for first, second, weight, pointed in drawn],
        tags=[(protein.number(index), short_label(protein, index, loaded)) for index in named],
    )  # fmt: skip


def values_of(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, track: Track) -> Values | Segments | Letters | None:
    """What a track gives for what the page shows."""
    source = TrackSource(
        Subject.of(protein), _no_columns, view.sites, plddt=None if loaded is None else loaded.plddt,
        probabilities=kept_probabilities(view, protein, None if not view.how else view.how == "masked"),
        fold_confidence=None if loaded is None or loaded.fold is None else loaded.fold.confidence,
    )  # fmt: skip
    return track.of(source)


def _no_columns(*_: object):
    raise LookupError("tracks of this page need no columns")

"""What covariates explain of the attention that residues receive from one head, and what a site receives beyond that: one sentence."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.covariates import design_for
from allo_core.analysis.places import places_of
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.errors import ScoreError
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from jaxtyping import Float  # the app need not wait for it

    from allo_core.attention.draws import RandomSites
    from allo_core.attention.explained import Explained
    from allo_core.attention.pockets import Kind

__all__ = ["explained_by_covariates", "explained_sentence"]


def explained_by_covariates(question: Question, received: Float[np.ndarray, " L"]) -> Explained | str:
    """What covariates explain of one head, and the site's residual among places like it; in words why that is not known.

    Parameters
    ----------
    question : Question
        Whose site, and whose random places; neither its threshold nor its null counts.
    received : ndarray, dtype=float, shape=(L,)
        What each residue receives from the head, from all residues and without threshold: above a threshold most receive nothing, and a
        regression would tell which residues have any arc.
    """
    from allo_core.attention.explained import explain
    from allo_core.attention.scores import FEWEST_RESIDUES

    if question.queries is not None:
        return "in a coupling it would matter how far residues lie from those that look"
    if len(question.sites) < FEWEST_RESIDUES:
        return f"at least {FEWEST_RESIDUES} marked residues are needed"
    design = design_for(question.subject)
    if isinstance(design, str):
        return design
    try:
        like = _places_like(question.subject.protein, tuple(sorted(question.sites)), question.seed)
        return "there are too few places like the site" if like is None else explain(received, design, np.array(question.sites), *like)
    except ScoreError as error:
        reason = str(error).rstrip(".")
        return reason[0].lower() + reason[1:]


@lru_cache(maxsize=8)
def _places_like(protein: Protein, sites: tuple[int, ...], seed: int) -> tuple[Kind, RandomSites] | None:
    """The places of one site, which are the same for all heads."""
    from allo_core.attention.pockets import places_like

    places = places_of(Subject.of(protein))
    return places_like(np.array(sites), len(protein), None if places is None else places.positions, seed)


def explained_sentence(found: Explained | str, site: str) -> str:
    """The same in one sentence, beside what chance gives.

    Parameters
    ----------
    site : str
        What to call the marked residues: ``"the sodium pocket"``.
    """
    if isinstance(found, str):
        return f"What covariates explain is not tested: {found}."
    strongest = found.strongest
    alone, alone_by_chance = found.groups[strongest]
    others = f"{found.n_places:,} pockets like it" if found.kind == "pocket" else f"such stretches at {found.n_places:,} places"
    return (
        f"Conservation, residue type, segment, burial and membrane depth explain {found.r2:.0%} of what residues receive (moved along the "
        f"chain: {found.r2_by_chance:.0%}), {strongest} alone {alone:.0%} ({alone_by_chance:.0%}); "
        f"attention on {site} is {found.factor:.2f} times what they predict (p {found.p_value:.2g} among {others}, for this head alone)."
    )

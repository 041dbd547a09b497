"""The record of how a table of heads was made."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.analysis.verdict import site_name
from allo_core.export.facts import power_facts
from allo_core.library.site import RULES
from allo_core.library.sites import find_site
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.residues import residue_label

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer
    from allo_core.analysis.measures import Measure, Weighting
    from allo_core.analysis.question_log import QuestionLog
    from allo_core.analysis.subject import Subject
    from allo_core.attention.pair_rank import Asymmetry
    from allo_core.attention.site_rank import SiteRank

__all__ = ["CAUTIONS", "number_or_none", "places_facts", "run_record"]

CAUTIONS = ("The model read the sequence alone; it never saw a structure.", "Attention is not evidence of mechanism.")

# key -> what is measured, the set whose residues ask (None: all residues), the set that is looked at
_MEASURES: "dict[Measure, tuple[str, str | None, str]]" = {
    "A": ("attention on set A", None, "A"),
    "B": ("attention on set B", None, "B"),
    "AB": ("coupling A -> B: how much of what set A looks at lies in set B", "A", "B"),
    "BA": ("coupling B -> A: how much of what set B looks at lies in set A", "B", "A"),
}

_WEIGHTINGS: "dict[Weighting, str]" = {
    "attention": "attention A_ij",
    "value": "value-weighted attention A_ij |v_j W_O| (Kobayashi et al. 2020), each head divided by its mean over queries",
}


def run_record(
    answer: "Answer",
    structure: dict | None = None,
    names: Mapping[str, str] | None = None,
    log: "QuestionLog | None" = None,
    frozen: dict | None = None,
    head: dict | None = None,
) -> str:
    """JSON text that names everything a reader needs to repeat the scores.

    Parameters
    ----------
    answer : Answer
        Of a kept run: its metadata names model, weights' sha256, source and licence, versions, device and dtype.
    structure : dict, optional
        Facts about the structure shown beside the scores, plain JSON values.
    names : mapping of str to str, optional
        What a person calls the sets "A" and "B".
    log : QuestionLog, optional
        The questions that were looked at in this session, this one among them.
    frozen : dict, optional
        How the answer stands to a frozen analysis, as from `frozen_facts`.
    head : dict, optional
        What covariates explain of the head that was shown, as from `head_facts`.

    Raises
    ------
    ScoreError
        The answer has no run.
    """
    question, scores, meta = answer.question, answer.scores, answer.run
    protein, numbers = question.subject.protein, question.subject.numbers
    meaning, queries, sites = _MEASURES[question.measure]
    labels = {name: [residue_label(protein, index, numbers) for index in indices] for name, indices in question.sets.items()}
    run = meta.to_json()
    del run["protein_name"]  # what the first person who ran this sequence called it
    record = {
        "alloscope": __version__,
        "cautions": list(CAUTIONS),
        "run": run | {"key": meta.key},
        "protein": {"name": protein.name, "sequence": protein.sequence, "first": protein.first},
        "sets": labels,
        **({"set_names": dict(names)} if names else {}),
        "library_sites": {name: _library_site(question.subject, indices) for name, indices in question.sets.items()},
        "measure": {"key": question.measure, "meaning": meaning, "queries": queries, "sites": sites},
        "sites": [residue_label(protein, index, numbers) for index in scores.sites],
        "n_sites": scores.n_sites,
        "numbers_from": None if numbers is None else {"receptor": numbers.receptor, "identity": round(numbers.identity, 4)},
        "weighting": _WEIGHTINGS[question.weighting],
        "threshold": question.threshold,
        "null": scores.null,
        "strata": _strata(scores.sites, numbers) if question.strata is not None and numbers is not None else None,
        "draws": scores.draws,
        "seed": scores.seed,
        "places": places_facts(answer.pockets, answer.positions_from),
        "asymmetry": _asymmetry(answer.asymmetry),
        "smallest_q": number_or_none(scores.smallest_q),
        "power": power_facts(answer),
        **({"explained_by_covariates": head} if head is not None else {}),
        "structure": structure,
        **({"frozen_analysis": frozen} if frozen is not None else {}),
        **({"questions_looked_at": log.plain()} if log is not None else {}),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _library_site(subject: "Subject", indices: tuple[int, ...]) -> dict | None:
    """Where the list of the library comes from that has just these residues; None where there is none."""
    name = site_name(indices, subject.sites)
    if name is None or subject.receptor is None:
        return None
    site = find_site(subject.receptor, name)
    return {
        "name": site.name,
        "receptor": subject.receptor.entry,
        "pdb": site.pdb,
        "chain": site.chain,
        "modulator": site.modulator,
        "ligand": site.ligand,
        "rule": RULES[site.rule],
        "compiled_by": site.compiler,
        "source": site.source,
        "note": site.note,
    }


def places_facts(found: "SiteRank | str", positions_from: str) -> dict:
    """How the site stands among places like it, or why that is not known."""
    if isinstance(found, str):
        return {"not_compared": found}
    return {
        "kind": found.kind,
        "positions_from": positions_from or None if found.kind in ("pocket", "pair") else None,
        "places": found.n_places,
        "heads_tested": int(found.tested.sum()),
        "heads_that_pass": len(found.passing),
        "share_of_places_where_a_head_passes": number_or_none(found.passing_share),
        "most_heads_that_pass_at_a_place": found.most_passing,
        "heads_with_p_up_to_0.05": found.n_low,
        "global_p": number_or_none(found.global_p),
    }


def _asymmetry(found: "Asymmetry | None") -> list[dict] | None:
    """Heads that look one way more than back, or less, against such pairs; None where a site is asked about, or pairs are not known."""
    if found is None:
        return None
    return [
        {"head": int(head), "snr_difference": number_or_none(float(found.difference[head])), "q": float(found.q_value[head])}
        for head in found.passing
    ]


def number_or_none(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value


def _strata(sites: tuple[int, ...], numbers: ResidueNumbers) -> dict:
    """How many strata the residues were drawn within, and that of each scored residue."""
    strata = numbers.strata()
    return {"count": len(set(strata)), "of_sites": [strata[index] for index in sites]}

"""What the comparison with random sites costs, and what covariates explain of the attention that residues receive.

    python benchmarks/explained.py [--receptors AA2AR ADRB2] [--site "sodium pocket"] [--heads 5.3 5.6] [--level 20] [--model ID]

For each receptor: how much of a random matched site is the site itself; the enrichment that a single head needs, at each threshold, against
random residues and among places like the site; what covariates explain over all heads, beside what they explain of values that were moved
along the chain; at how many heads the site's residual has p <= 0.05, with all covariates, without each of them, and with each alone; the
heads that are named.  With --level N the residual's p is taken for N sites of each kind of `benchmarks/pockets.py`,
which are made by other rules than the places they are ranked among and at which nothing is marked: about 5 % should have p <= 0.05.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from _sites import sites_of

from allo_core.analysis.answer import answer
from allo_core.analysis.covariates import covariates_of, design_for
from allo_core.analysis.explained import explained_by_covariates, explained_sentence
from allo_core.analysis.places import places_of
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.control import LEVEL
from allo_core.attention.explained import design_of, explain
from allo_core.attention.head import Head
from allo_core.attention.nulls import benjamini_hochberg
from allo_core.attention.pockets import places_like
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.runs.extract import extract_attention

THRESHOLDS = (0.3, 0.1, 0.0)
SIZE = 12  # residues of the sites at which nothing is marked


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--receptors", nargs="+", default=["AA2AR", "ADRB2"])
    parser.add_argument("--site", default="sodium pocket")
    parser.add_argument("--heads", nargs="+", default=["5.3", "5.6"])
    parser.add_argument("--level", type=int, default=0, metavar="N")
    parser.add_argument("--model", default="alloscope_gpcr_8m")
    options = parser.parse_args()
    heads = [Head.parse(text) or parser.error(f"{text!r} names no head") for text in options.heads]
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder
        model = load_model(options.model, device="cpu")
        for entry in options.receptors:
            subject = Subject.of(find_receptor(entry).protein)
            maps = extract_attention(model, subject.protein)
            question = Question(subject, subject.residues(options.site), null="matched")
            print(f"\n{entry}, {options.site}")
            cost(question, maps)
            over_all_heads(question, maps)
            for head in heads:
                found = explained_by_covariates(question, maps.received(*head))
                print(f"  {head.name}: {explained_sentence(found, f'the {options.site}')}")
            if options.level:
                level(question, maps, options.level)


def cost(question: Question, maps) -> None:
    """Overlap, and the enrichment that is needed."""
    for threshold in THRESHOLDS:
        answered = answer(replace(question, threshold=threshold), maps)
        if threshold == THRESHOLDS[0]:
            print(f"  {answered.overlap:.1%} of a random matched site is the site itself")
        for against, needed in (("residues", answered.needed), ("places", answered.needed_among_places)):
            if needed is not None:
                low, high = needed.quartiles
                able = f"{needed.n_able} of {needed.n_tested} heads could pass"
                print(f"  threshold {threshold:g}, {against}: needed {needed.median:.2f} ({low:.2f} to {high:.2f}), {able}")


def over_all_heads(question: Question, maps) -> None:
    """Median and range over the heads of the model."""
    everything = [explained_by_covariates(question, maps.received(*head)) for head in np.ndindex(maps.shape[:2])]
    found = [each for each in everything if not isinstance(each, str)]
    if not found:
        print(f"  not tested: {everything[0]}")
        return
    columns = {"all": [(each.r2, each.r2_by_chance) for each in found]}
    columns |= {name: [each.groups[name] for each in found] for name in found[0].groups}
    for name, pairs in columns.items():
        share, by_chance = np.array(pairs).T
        low, first, median, third, high = np.percentile(share, [0, 25, 50, 75, 100])
        print(f"  {name}: {median:.1%} ({low:.1%} to {high:.1%}, quartiles {first:.1%} to {third:.1%}); moved {np.median(by_chance):.1%}")
    print(f"  the site's residual: {low_p(np.array([each.p_value for each in found]))}")
    covariates, everything, places = covariates_of(question.subject), design_for(question.subject), places_of(question.subject)
    assert not isinstance(covariates, str), "there are results"
    assert not isinstance(everything, str), "there are results"
    assert places is not None, "there are results"
    site = np.array(question.sites)
    like = places_like(site, len(question.subject.protein), places.positions, question.seed)
    assert like is not None, "there are results"
    received = [maps.received(*head) for head in np.ndindex(maps.shape[:2])]
    # The same residues for all.
    known = np.where(np.isin(np.arange(everything.length), everything.residues), 0.0, np.nan)[:, None]
    for name in covariates:
        others = {other: columns for other, columns in covariates.items() if other != name}
        for said, some in ((f"without {name}", others), (f"with {name} alone", {name: covariates[name]})):
            design = design_of(some | {"known": known})
            print(f"    {said}: {low_p(np.array([explain(weights, design, site, *like).p_value for weights in received]))}")


def low_p(p: np.ndarray) -> str:
    """How many heads have a low p, and the smallest q."""
    return f"{(p <= LEVEL).sum()} of {len(p)} heads with p <= {LEVEL:g}, smallest q {benjamini_hochberg(p).min():.2g}"


def level(question: Question, maps, count: int) -> None:
    """Share of p <= 0.05 over heads, and its standard error over sites, where nothing is marked."""
    places = places_of(question.subject)
    assert places is not None, "the receptor has covariates"
    received = [maps.received(*head) for head in np.ndindex(maps.shape[:2])]
    for kind, sites in sites_of(places.positions, question.subject, SIZE, count).items():
        shares = []
        for site in sites:
            asked = replace(question, a=tuple(site.tolist()))
            found = [explained_by_covariates(asked, weights) for weights in received]
            p = [each.p_value for each in found if not isinstance(each, str)]
            if p:
                shares.append(np.mean(np.array(p) <= LEVEL))
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        print(f"  {kind:<10} p <= {LEVEL:g}: {np.mean(shares):.1%} ± {error:.1%} of heads, {len(shares)} of {len(sites)} sites", flush=True)


if __name__ == "__main__":
    main()

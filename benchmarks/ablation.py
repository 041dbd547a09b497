"""What the model that ships loses without its heads: time, how stable it is, whether heads that look at a site are needed there.

    python benchmarks/ablation.py time        processor seconds of one receptor, of a gradient, and memory: one minute
    python benchmarks/ablation.py quarter     ten receptors, a quarter of the residues masked at once: three minutes
    python benchmarks/ablation.py sites       forty receptors, 15 % masked twice, by mean and zero: twenty minutes; with
                                              --figure FILE.webp a picture of them in Chromium
    python benchmarks/ablation.py set 5.3,5.6 heads together beside 200 random sets, on ten receptors: three minutes

What is kept below ALLOSCOPE_HOME is used again; with an empty folder everything is computed.
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from playwright.sync_api import sync_playwright
from scipy.stats import rankdata, spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from _measure import Peak, processor_seconds

from allo_core.attention.columns import DEFAULT_THRESHOLD, columns
from allo_core.attention.nulls import encode_strata
from allo_core.attention.standard import standardise
from allo_core.figures.needed import needed_figure
from allo_core.library.receptors import receptors
from allo_core.library.sites import sites_of
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.masked_loss import gate_gradients, masked_losses
from allo_core.models.readers import AttentionReader
from allo_core.models.reading import read
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.readouts.ablation import Ablation, ablate
from allo_core.readouts.ablation_masks import MaskedInput, masked_inputs
from allo_core.readouts.ablation_rises import rises_of, rises_of_residues, site_rises
from allo_core.readouts.head_gradients import guessed_rises
from allo_core.readouts.head_means import head_means, reference_receptors
from allo_core.readouts.head_sets import among_random, random_sets
from allo_core.readouts.library_panel import LONGEST, clusters_of
from allo_core.readouts.removal import all_heads, parse_heads

_QUARTER, _TEN, _FORTY = 0.25, 10, 40
_NAMED = ("2.10", "4.19", "5.2", "2.3", "5.16", "5.13", "4.13", "1.19", "0.11", "5.3", "5.6")
_TOP = 12  # heads that look at a site most: a tenth
_DRAWS = 2000
_SODIUM = "sodium pocket"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("part", choices=("time", "quarter", "sites", "set"))
    parser.add_argument("heads", nargs="?", default="5.3,5.6")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    model = load_model(DEFAULT_MODEL, device="cpu")
    if options.part == "set":
        print_set(model, options.heads)
    else:
        {"time": print_time, "quarter": print_quarter, "sites": lambda model: print_sites(model, options.figure)}[options.part](model)


def _proteins(number: int) -> list[Protein]:
    return [receptors()[entry].protein for entry in reference_receptors()[:number]]


def print_time(model: ProteinLanguageModel) -> None:
    """One receptor, two sets of masks, all heads, as they are removed when nothing is kept."""
    protein, heads = receptors()["AA2AR"].protein, len(all_heads(model.spec))
    inputs = masked_inputs([protein, protein])[:2]
    masked_losses(model, *inputs[0])
    forward = min(processor_seconds(lambda: masked_losses(model, *inputs[0])) for _ in range(9))
    gradient = min(processor_seconds(lambda: gate_gradients(model, *inputs[0])) for _ in range(9))
    with tempfile.TemporaryDirectory(prefix="alloscope-benchmark-") as folder:
        os.environ["ALLOSCOPE_HOME"] = folder  # nothing is kept there
        head_means(model)
        parts = [_seconds_and_memory(model, [one]) for one in inputs]
    print(f"AA2AR: a masked pass {forward:.3f} s, a gradient of all heads {gradient:.3f} s ({gradient / forward:.1f} passes)")
    for seconds, megabytes in parts:
        print(f"{heads} heads by mean: {seconds:.1f} s of processor time, {megabytes:.0f} MB; whole passes: {forward * (1 + heads):.1f} s")
    print(f"24 such sequences with two sets of masks each: {24 * sum(seconds for seconds, _ in parts) / 60:.1f} minutes of one core")


def _seconds_and_memory(model: ProteinLanguageModel, inputs: Sequence[MaskedInput]) -> tuple[float, float]:
    with Peak() as peak:
        seconds = processor_seconds(lambda: ablate(model, inputs, all_heads(model.spec)))
    return seconds, peak.megabytes


def print_quarter(model: ProteinLanguageModel) -> None:
    """Ten receptors with a quarter of their residues masked at once: levels, ranks, zero against mean against gradient, halves."""
    inputs = []
    for protein in _proteins(_TEN):
        letters = [at for at, letter in enumerate(protein.sequence) if letter in AMINO_ACIDS]
        drawn = np.random.default_rng(len(protein)).permutation(letters)[: round(_QUARTER * len(protein))]
        inputs.append(MaskedInput(protein, tuple(sorted(drawn.tolist()))))
    sets = all_heads(model.spec)
    by_kind = {kind: ablate(model, inputs, sets, kind) for kind in ("zero", "mean")}
    guess = guessed_rises(model, inputs).ravel()
    rises = {kind: rises_of(found) for kind, found in by_kind.items()}
    zero = rises["zero"].value
    print(f"base {np.mean([base.mean() for base in by_kind['zero'].base]):.2f} nats; rises by zero, then by mean:")
    for kind, one in rises.items():
        above, alike = (one.low > 0).sum(), ((one.low <= 0) & (one.high >= 0)).sum()
        print(f"  {kind}: median {np.median(one.value):.4f}, sum {one.value.sum():.2f}, {(one.value < 0).sum()} below 0;")
        print(f"    intervals: {above} above 0, {alike} hold 0")
    order = rankdata(-zero).astype(int)
    top = np.argsort(-zero)[:6].tolist()
    for at in [*top, *(sets.index(((int(name.split(".")[0]), int(name.split(".")[1])),)) for name in _NAMED)]:
        layer, head = sets[at][0]
        print(f"  {layer}.{head}: {zero[at]:+.4f} [{rises['zero'].low[at]:+.4f}, {rises['zero'].high[at]:+.4f}], rank {order[at]}")
    print("  sums by layer:", " ".join(f"{one:.2f}" for one in zero.reshape(model.spec.layers, -1).sum(axis=1)))
    print(f"zero and mean: rho {_rho(zero, rises['mean'].value):.2f}; of the top 20 shared {_shared(zero, rises['mean'].value)}")
    print(
        f"gradient and zero: rho {_rho(zero, guess):.2f}, its absolute value {_rho(zero, np.abs(guess)):.2f}; shared {_shared(zero, guess)}"
    )
    halves = [rises_of(_part(by_kind["zero"], range(first, _TEN, 2))).value for first in (0, 1)]
    print(f"halves of the receptors: rho {_rho(*halves):.2f}")


def _part(found: Ablation, chosen: Sequence[int]) -> Ablation:
    """Some of the inputs."""
    return Ablation(
        tuple(found.inputs[at] for at in chosen),
        found.sets,
        found.kind,
        tuple(found.base[at] for at in chosen),
        tuple(found.losses[at] for at in chosen),
    )


def _rho(one: np.ndarray, other: np.ndarray) -> float:
    return float(spearmanr(one, other).statistic)


def _shared(one: np.ndarray, other: np.ndarray, number: int = 20) -> int:
    return len({*np.argsort(-one)[:number]} & {*np.argsort(-other)[:number]})


def print_sites(model: ProteinLanguageModel, picture: Path | None) -> None:
    """Forty receptors for the sodium pocket, and one of each cluster that has an allosteric library site: looked at and needed."""
    proteins, sets = _proteins(_FORTY), all_heads(model.spec)
    found = {}
    for kind in ("mean", "zero"):
        # In two parts, of which the first is what the command removes from by default.
        parts = [ablate(model, masked_inputs(some), sets, kind) for some in (proteins[:24], proteins[24:])]
        found[kind] = Ablation(
            sum((part.inputs for part in parts), ()),
            sets,
            kind,
            sum((part.base for part in parts), ()),
            sum((part.losses for part in parts), ()),
        )
        halves = [rises_of(_part(found[kind], [at for at in range(2 * _FORTY) if at // 2 % 2 == half])).value for half in (0, 1)]
        rises = rises_of(found[kind])
        print(f"{kind}: median {np.median(rises.value):.4f}, not told apart from 0: {((rises.low <= 0) & (rises.high >= 0)).sum()}; "
              f"halves of 20 receptors: rho {_rho(*halves):.2f}")  # fmt: skip
    print(f"zero and mean: rho {_rho(*(rises_of(one).value for one in found.values())):.2f}")
    own = {protein.sequence: sites_of(protein) for protein in proteins}
    figures = {}
    own = {sequence: sites[_SODIUM] for sequence, sites in own.items() if _SODIUM in sites}
    figures["Sodium pocket"] = _print_site(model, "sodium pocket", own, proteins, found)
    listed = _listed()
    few = [protein for protein, _ in listed]
    figures["Allosteric library sites"] = _print_site(
        model, "allosteric library sites", {protein.sequence: residues for protein, residues in listed}, few,
        {kind: ablate(model, masked_inputs(few), sets, kind) for kind in ("mean", "zero")},
    )  # fmt: skip
    if picture is not None:
        _photograph(figures, picture)


def _photograph(figures: Mapping[str, go.Figure], path: Path) -> None:
    """The figures side by side under their names, as a WebP picture."""
    parts = "".join(
        f"<div><h3>{name}</h3>{figure.update_layout(width=640).to_html(full_html=False, include_plotlyjs=not at)}</div>"
        for at, (name, figure) in enumerate(figures.items())
    )
    style = "body{display:flex;margin:0;width:1300px;background:#fff;font-family:sans-serif;color:#222}h3{margin:12px 0 0 60px}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 480}, device_scale_factor=1.5)
        page.set_content(f"<!doctype html><meta charset=utf-8><style>{style}</style>{parts}")
        page.wait_for_function("document.querySelectorAll('.main-svg').length >= 2")
        Image.open(io.BytesIO(page.screenshot())).save(path, quality=85)
        browser.close()


def _listed() -> list[tuple[Protein, tuple[int, ...]]]:
    """One receptor of each cluster of homologues that has allosteric library sites, with the residues of all of them."""
    found = {}
    for entry, receptor in receptors().items():
        names = {site.name for site in receptor.sites if site.kind == "allosteric" and site.name != _SODIUM}
        residues = {at for name, own in sites_of(receptor.protein).items() if name in names for at in own}
        if residues and receptor.numbers is not None and len(receptor.protein) <= LONGEST:
            found[entry] = tuple(sorted(residues))
    firsts = {int(cluster): entry for cluster, entry in reversed([*zip(clusters_of(tuple(found)), found, strict=True)])}
    return [(receptors()[entry].protein, found[entry]) for entry in sorted(firsts.values())]


def _print_site(
    model: ProteinLanguageModel,
    name: str,
    sites: Mapping[str, tuple[int, ...]],
    proteins: Sequence[Protein],
    found: Mapping[str, Ablation],
) -> go.Figure:
    """What is printed of one site, and a point for each head by mean ablation."""
    chosen = [protein for protein in proteins if protein.sequence in sites]
    on_site, expected = (
        np.array(each) for each in zip(*(_looks(model, protein, sites[protein.sequence]) for protein in chosen), strict=True)
    )
    looks = on_site.sum(axis=0) / np.where(expected.sum(axis=0) > 0, expected.sum(axis=0), np.nan)
    top = np.argsort(-np.nan_to_num(looks))[:_TOP]
    named = ", ".join(f"{at // model.spec.heads}.{at % model.spec.heads} ({looks[at]:.1f})" for at in top[:6])
    print(f"{name}, {len(chosen)} receptors; heads that look there most: {named}")
    for kind, one in found.items():
        rises = site_rises(one, sites)
        assert rises is not None
        print(f"  {kind}: {rises.site.residues} residues, base {rises.base_site:.3f} nats there, {rises.base_matched:.3f} at matched ones")
        # The same clusters are drawn for both numbers: each is a cluster of its own.
        times = np.random.default_rng(1).multinomial(len(chosen), np.full(len(chosen), 1 / len(chosen)), _DRAWS)
        each = np.array([_site_rise(one, protein, sites[protein.sequence]) for protein in chosen])
        there = np.isfinite(each).all(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn_looks = times @ on_site / (times @ expected)
            drawn_needs = times[:, there] @ each[there] / times[:, there].sum(axis=1, keepdims=True)
        for what, needs, drawn in (("rise at the site", rises.site.value, drawn_needs), ("less matched", rises.difference.value, None)):
            both = np.isfinite(looks)
            rho = _rho(looks[both], needs[both])
            interval = ""
            if drawn is not None:
                values = [
                    _rho(a[fine], b[fine]) for a, b in zip(drawn_looks, drawn, strict=True) for fine in [np.isfinite(a) & np.isfinite(b)]
                ]
                interval = f" [{np.percentile(values, 2.5):+.2f}, {np.percentile(values, 97.5):+.2f}]"
            print(f"    looks and {what}: rho {rho:+.2f}{interval} over {both.sum()} heads; {_beside_random(needs, top, model.spec.heads)}")
    by_mean = site_rises(found["mean"], sites)
    assert by_mean is not None
    names, most = [f"{at // model.spec.heads}.{at % model.spec.heads}" for at in range(len(looks))], np.zeros(len(looks), dtype=bool)
    most[top] = True
    bars = np.array([by_mean.site.low, by_mean.site.high])
    return needed_figure(looks, by_mean.site.value, bars, names, most, passing_name=f"the {_TOP} that look most")


def _site_rise(found: Ablation, protein: Protein, sites: tuple[int, ...]) -> np.ndarray:
    """Mean rise at the marked residues of one receptor that were masked, [heads]."""
    base, rises = rises_of_residues(found, protein)
    own = [at for at in sites if np.isfinite(base[at])]
    return rises[:, own].mean(axis=1) if own else np.full(len(rises), np.nan)


def _looks(model: ProteinLanguageModel, protein: Protein, sites: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Attention on a site and its expectation under the matched null, each head, [layers * heads]."""
    numbers = receptors()[protein.name].numbers
    codes = encode_strata(None if numbers is None else numbers.strata(), len(protein))
    found = []
    reader = AttentionReader(lambda _, maps: found.append(columns(maps[:, 1:-1, 1:-1].numpy(), DEFAULT_THRESHOLD).weights))
    read(model, protein, [reader])
    standard = standardise(np.concatenate(found), np.array(sites), codes)
    return standard.on_site, standard.mu


def _beside_random(needs: np.ndarray, top: np.ndarray, heads: int) -> str:
    """The mean of the heads that look there most, beside as many random heads of the same layers, removed one by one."""
    rng, counts = np.random.default_rng(2), Counter((top // heads).tolist())
    drawn = np.array(
        [sum(needs[layer * heads + rng.permutation(heads)[:count]].sum() for layer, count in counts.items()) for _ in range(_DRAWS)]
    ) / len(top)
    p = (1 + (drawn >= needs[top].mean()).sum()) / (1 + _DRAWS)
    return f"the {len(top)} that look most {needs[top].mean():+.4f}, random heads of their layers {drawn.mean():+.4f} (p = {p:.2g})"


def print_set(model: ProteinLanguageModel, text: str) -> None:
    """Heads together beside random sets of the same layers."""
    heads = parse_heads(text, model.spec)
    inputs = masked_inputs(_proteins(_TEN))[::2]
    sets, started = (heads, *random_sets(model.spec, heads)), time.process_time()
    rises = rises_of(ablate(model, inputs, sets))
    print(f"{among_random(rises).sentence} ({len(inputs)} receptors, {time.process_time() - started:.0f} s of processor time)")


if __name__ == "__main__":
    main()

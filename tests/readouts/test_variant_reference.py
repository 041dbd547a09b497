"""References of a variant: how they are drawn, what they hold against single comparisons, how they are kept; and other pairs."""

import threading

import numpy as np
import pytest
from scipy.stats import percentileofscore

from allo_core.errors import Cancelled, ScoreError, SequenceError
from allo_core.library.receptors import receptors
from allo_core.models.tokens import encode
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.protein.variants import variant_of
from allo_core.readouts import letter_preferences as preferences_module
from allo_core.readouts import orthologs
from allo_core.readouts import variant as variant_module
from allo_core.readouts.kept_readouts import variants_folder
from allo_core.readouts.letter_preferences import letter_preferences
from allo_core.readouts.orthologs import ortholog_expectation
from allo_core.readouts.site_change import site_change
from allo_core.readouts.variant import REGIONS, compare_variant
from allo_core.readouts.variant_reference import percentiles, variant_reference
from allo_core.readouts.variant_verdict import heads_by_change, ortholog_sentence, variant_sentence
from tests.models.tiny import FAMILIES, capture_all, random_model, random_protein

AA2AR = receptors()["AA2AR"]
DOMAIN = AA2AR.protein.crop(180, 300)  # it has generic numbers


@pytest.fixture(scope="module")
def model():
    return random_model(FAMILIES[0], seed=2)


def a_variant(protein, *places):
    return " ".join(f"{protein.label(place)}{'W' if protein.sequence[place] != 'W' else 'A'}" for place in places)


def test_references_are_what_single_comparisons_give(model):
    protein = random_protein(45, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 20), threshold=0.05)
    found = variant_reference(model, comparison, number=4)
    assert (len(found.random), len(found.same), found.within) == (4, 18, "sequence")
    for reference, at in ((found.random, 1), (found.random, 3), (found.same, 7)):
        other = compare_variant(model, protein, variant_of(protein, reference.substitutions[at]), threshold=0.05)
        assert other.substitutions == reference.substitutions[at]
        for region in REGIONS:
            np.testing.assert_allclose(reference.change(region)[at], other.change(region), atol=1e-6)
        np.testing.assert_allclose(reference.weights[at], other.after.weights, atol=1e-5)
    for which in ("random", "same"):
        percentile = found.percentile(comparison, "rest", which)
        for head in ((0, 0), (2, 3)):
            others = np.round(found.of(which).change("rest")[(slice(None), *head)].astype(float), 6)
            expected = percentileofscore(others, round(float(comparison.change("rest")[head]), 6), kind="mean")
            assert percentile[head] == pytest.approx(expected)
        medians = np.median(found.of(which).change().reshape(-1, 12), axis=1)
        expected = percentileofscore(medians, np.median(comparison.change()), kind="mean")
        assert found.typical(comparison, "all", which) == pytest.approx(expected)


def test_percentiles_of_marked_residues(model):
    protein = random_protein(45, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 20), threshold=0.02)
    found, site = variant_reference(model, comparison, number=6), site_change(comparison, (3, 20, 31))
    own = comparison.before.weights[..., (3, 20, 31)].sum(axis=-1)
    changes = []
    for substitutions in found.random.substitutions:
        after = compare_variant(model, protein, variant_of(protein, substitutions), threshold=0.02).after.weights
        changes.append(abs(after[..., (3, 20, 31)].sum(axis=-1) - own))
    percentile = found.site_percentile(comparison, site)
    for head in np.ndindex(3, 4):
        expected = percentileofscore([round(one[head], 4) for one in changes], round(abs(site.change[head]), 4), kind="mean")
        assert percentile[head] == pytest.approx(expected, abs=100 / 6)


def test_random_substitutions_stay_in_the_segment(model):
    comparison = compare_variant(model, DOMAIN, "W246A C262A")
    found = variant_reference(model, comparison, number=12)
    segments = {place + DOMAIN.first: AA2AR.numbers.segment[place + DOMAIN.first - 1] for place in range(len(DOMAIN))}
    assert (segments[246], segments[262], found.within) == ("TM6", "ECL3", "segment")
    assert len(set(found.random.substitutions)) == 12
    for substitutions in found.random.substitutions:
        assert sorted(segments[DOMAIN.number(one.index)] for one in substitutions) == ["ECL3", "TM6"]
        for one in substitutions:
            assert DOMAIN.number(one.index) not in (246, 262)
            assert one.old == DOMAIN.sequence[one.index] != one.new
            assert one.new in AMINO_ACIDS
    assert len(set(found.same.substitutions)) == 12
    assert comparison.substitutions not in found.same.substitutions
    assert all([DOMAIN.number(one.index) for one in substitutions] == [246, 262] for substitutions in found.same.substitutions)


def test_all_other_letters_of_one_residue(model):
    protein = random_protein(30, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 9))
    same = variant_reference(model, comparison, number=1).same.substitutions
    letters = {one.new for (one,) in same} | {comparison.substitutions[0].old, comparison.substitutions[0].new}
    assert (len(same), letters, {one.index for (one,) in same}) == (18, set(AMINO_ACIDS), {9})


def test_a_seed_is_a_choice(model):
    protein = random_protein(30, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 9, 20))
    first, again, other = (variant_reference(model, comparison, 3, seed).random.substitutions for seed in (0, 0, 1))
    assert first == again != other


def test_it_is_kept_and_a_damaged_file_is_made_anew(model):
    protein, passes = random_protein(30, seed=1), []
    comparison = compare_variant(model, protein, a_variant(protein, 9, 20))
    first = variant_reference(model, comparison, 2, progress=lambda done, total: passes.append((done, total)))
    assert passes == [(done, 4) for done in range(1, 5)]
    (kept,) = variants_folder().glob("*.npz")
    content = kept.read_bytes()

    def same_as_first(**options):
        found = variant_reference(model, comparison, 2, **options)
        for one, other in ((first.random, found.random), (first.same, found.same)):
            assert one.substitutions == other.substitutions
            np.testing.assert_array_equal(one.changes, other.changes)
            np.testing.assert_array_equal(one.weights, other.weights)

    same_as_first(progress=lambda *_: pytest.fail("it was kept"))
    objects = np.array([{}], dtype=object)
    for damage in (b"", content[: len(content) // 2], content[:200] + b"\0" * 50 + content[250:], b"PK\x03\x04"):
        kept.write_bytes(damage)
        same_as_first()
    np.savez(kept, changes=objects, weights=objects)  # a pickle, which is not read
    same_as_first()
    np.savez(kept, changes=first.random.changes, weights=first.random.weights)  # of another shape
    same_as_first()
    assert kept.read_bytes() == content


def test_cancelled_nothing_is_kept(model):
    protein, cancel = random_protein(30, seed=1), threading.Event()
    comparison = compare_variant(model, protein, a_variant(protein, 9))
    with pytest.raises(Cancelled):
        variant_reference(model, comparison, 2, progress=lambda *_: cancel.set(), cancel=cancel)
    assert list(variants_folder().iterdir()) == []


def test_without_a_reference_there_is_no_percentile(model):
    protein = random_protein(30, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 9))
    none = variant_reference(model, comparison, 0)
    assert (len(none.random), len(none.same)) == (0, 0)
    assert np.isnan(none.percentile(comparison)).all()
    assert np.isnan(none.typical(comparison))
    assert "Without a reference nothing says whether that is much" in variant_sentence(comparison, none)


def test_references_that_are_not_possible(model):
    protein = random_protein(150, seed=4)
    with pytest.raises(ScoreError, match="-1 random substitutions"):
        variant_reference(model, compare_variant(model, protein, a_variant(protein, 9)), -1)
    gapped = compare_variant(model, protein, Protein("shorter", protein.sequence[:70] + protein.sequence[74:]))
    with pytest.raises(ScoreError, match="insertions or deletions"):
        variant_reference(model, gapped)
    other = random_model(FAMILIES[0], seed=3)
    other.sha256 = "1" * 64
    with pytest.raises(ScoreError, match="other weights"):
        variant_reference(other, compare_variant(model, protein, a_variant(protein, 9)))


def test_percentiles_count_ties_half_and_rounding_as_ties():
    references = np.array([[0.1, 0.2], [0.2, np.nan], [0.3, np.nan]], dtype=np.float32)
    assert percentiles(np.array([0.2 + 1e-8, 0.5]), references).tolist() == [50.0, 100.0]
    assert np.isnan(percentiles(np.array([np.nan]), references[:, :1])).all()
    assert np.isnan(percentiles(np.array([0.2]), references[:0, :1])).all()


def test_what_is_no_more_than_others_do_is_said_first(model):
    protein = random_protein(45, seed=1)
    comparison = compare_variant(model, protein, a_variant(protein, 20))
    found = variant_reference(model, comparison, number=4)
    said = variant_sentence(comparison, found)
    more = found.typical(comparison, "rest") > 95
    start = "More than 95 % of random" if more else "Not more than random substitutions in the same sequence do (below 95 %)"
    assert said.startswith(start)
    assert f"{np.median(comparison.change('rest')):.4f} bits in rows more than 5 residues away" in said
    assert "of 18 other letters at the same residue" in said
    assert f"{comparison.explained.sum()} of 12 heads change as their preference" in said
    order = [comparison.change("rest")[head] for head in heads_by_change(comparison)]
    assert order == sorted(order, reverse=True)
    assert len(order) == 12


def test_letters_of_other_receptors_are_kept(model, monkeypatch):
    names = ("GP171", "AA2AR")
    monkeypatch.setattr(preferences_module, "panel", lambda: names)
    passes = []
    found = letter_preferences(model, AA2AR.protein, lambda done, total: passes.append((done, total)))
    assert passes == [(1, 2), (2, 2)]
    protein = receptors()["GP171"].protein  # AA2AR itself does not count
    sums = capture_all(model.module, encode("esm2", protein).ids)[:, :, 1:-1, 1:-1].sum(dim=2).numpy()
    relative = sums / sums.mean(axis=2, keepdims=True)
    for letter in "AW":
        inside = np.array([one == letter for one in protein.sequence])
        assert found.counts[AMINO_ACIDS.index(letter)] == inside.sum()
        np.testing.assert_allclose(found.received[..., AMINO_ACIDS.index(letter)], relative[:, :, inside].sum(axis=2), rtol=1e-4)
    both = letter_preferences(model, random_protein(40), lambda *_: pytest.fail("it was kept"))
    assert both.counts.sum() == len(protein) + len(AA2AR.protein)


def test_other_pairs_as_alike(model, monkeypatch):
    """Proteins of one line of descent, so that pairs of every identity are there."""
    generator = np.random.default_rng(0)
    monkeypatch.setattr(orthologs, "_library", lambda receptor_class: ((), np.zeros((0, 0))))

    def mutated(protein, share, name):
        letters = list(protein.sequence)
        for place in generator.choice(len(letters), int(share * len(letters)), replace=False):
            letters[place] = generator.choice([letter for letter in AMINO_ACIDS if letter != letters[place]])
        return Protein(name, "".join(letters))

    founders = [random_protein(120, seed=seed) for seed in range(6)]
    pairs = [(Protein(f"a{k}", one.sequence), mutated(one, 0.2, f"b{k}")) for k, one in enumerate(founders)]
    comparison = compare_variant(model, *pairs[0])
    assert comparison.identity == pytest.approx(0.8)
    far = [mutated(founders[5], 0.5, "far")]
    others = [*(one for pair in pairs[:5] for one in pair), *far]
    found = ortholog_expectation(model, comparison, others)
    assert {frozenset(pair) for pair in found.pairs} == {frozenset((f"a{k}", f"b{k}")) for k in range(1, 5)}
    for (first, second), identity, change in zip(found.pairs, found.identities, found.changes, strict=True):
        by_name = {one.name: one for one in others}
        compared = compare_variant(model, by_name[first], by_name[second])
        assert identity == compared.identity
        np.testing.assert_allclose(change, compared.change(), rtol=1e-6)
        assert 0.75 <= identity <= 0.85
    expected = percentileofscore(found.changes[:, 1, 2], comparison.change()[1, 2], kind="mean")
    assert found.percentile(comparison)[1, 2] == pytest.approx(expected)
    assert "% of 4 other pairs of 75% to 85% identity differ less" in ortholog_sentence(comparison, found)
    assert len(ortholog_expectation(model, comparison, others, number=2).pairs) == 2
    none = ortholog_expectation(model, comparison)
    assert none.pairs == ()
    assert np.isnan(none.percentile(comparison)).all()
    assert np.isnan(none.typical(comparison))
    assert "No other pair was compared" in ortholog_sentence(comparison, none)
    with pytest.raises(SequenceError, match="A window of 0"):
        ortholog_expectation(model, comparison, window=0)
    with pytest.raises(SequenceError, match="61 further sequences"):
        ortholog_expectation(model, comparison, [others[0]] * 61)


def test_library_pairs_are_of_the_class_and_no_receptor_is_in_two(model, monkeypatch):
    monkeypatch.setattr(variant_module, "MOST_LOST", 1.0)  # random heads look at tails as much as at helices
    comparison = compare_variant(model, AA2AR.protein, receptors()["AA2BR"].protein)
    found = ortholog_expectation(model, comparison, number=3)
    names = [name for pair in found.pairs for name in pair]
    assert len(names) == len(set(names)) == 6
    assert not {"AA2AR", "AA2BR"} & set(names)
    assert {receptors()[name].receptor_class for name in names} == {"A"}
    assert all(found.window[0] <= identity <= found.window[1] for identity in found.identities)

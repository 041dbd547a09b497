"""What covariates explain, against scikit-learn, naive loops and planted truths."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from allo_core.attention.draws import RandomSites
from allo_core.attention.explained import design_of, explain, levels, log_received
from allo_core.attention.pockets import places_like
from allo_core.errors import ScoreError

LENGTH = 240
SITE = np.array([20, 22, 25, 60, 61, 64, 110, 113, 150])


def made_covariates(seed=0):
    """Conservation with a gap, residue type, segments, burial and its like; the ends have no segment."""
    generator = np.random.default_rng(seed)
    conservation = generator.random((LENGTH, 2))
    conservation[200:206] = np.nan
    segment = np.array(["" if i < 8 or i > 232 else f"TM{i // 35}" for i in range(LENGTH)])
    depth = 20 * np.sin(np.arange(LENGTH) / 12)
    return {
        "conservation": conservation,
        "residue type": levels(np.array(list("ACDEFGHIKL"))[generator.integers(10, size=LENGTH)]),
        "segment": levels(segment),
        "burial": generator.integers(5, 30, size=LENGTH).astype(float)[:, None],
        "membrane depth": np.column_stack([depth, depth**2]),
    }


COVARIATES = made_covariates()
DESIGN = design_of(COVARIATES)
KNOWN = DESIGN.residues
X = np.concatenate(list(COVARIATES.values()), axis=1)[KNOWN]
POSITIONS = np.random.default_rng(3).uniform(0, 30, size=(LENGTH, 3))
KIND, PLACES = places_like(SITE, LENGTH, POSITIONS)


def received_with(values):
    """What must be received so that the regression sees these values (of the known residues), up to a constant."""
    low, high = -50.0, 50.0  # the constant for which 2^value - 0.1 has the mean 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(2 ** (values + middle)) < 1.1 else (low, middle)
    received = np.zeros(LENGTH)
    received[KNOWN] = 7.5 * (2 ** (values + low) - 0.1)
    assert (received >= 0).all()
    np.testing.assert_allclose(log_received(received, DESIGN), values + low, atol=1e-9)
    return received


def function_of_covariates():
    values = (X / X.std(axis=0)) @ np.random.default_rng(1).normal(size=X.shape[1])
    return 0.35 * values / values.std()


def smooth_noise(seed, scale=0.35):
    noise = np.random.default_rng(seed).normal(size=LENGTH + 4)
    return scale * np.convolve(noise, np.ones(5) / 5**0.5, mode="valid")[KNOWN]


def received_at_random(seed):
    return np.random.default_rng(seed).gamma(0.5, size=LENGTH)


def share(x, y):
    return LinearRegression().fit(x, y).score(x, y)


def coefficient(x, there, y):
    """Of an indicator beside the covariates, by scikit-learn, and the t of it but for the noise: coefficient x root of 1'(I - H)1."""
    one = there.astype(float)
    left = one - LinearRegression().fit(x, one).predict(x)
    fit = LinearRegression().fit(np.column_stack([x, one]), y)
    return fit.coef_[-1], fit.coef_[-1] * np.sqrt(left @ left)


def test_against_scikit_learn():
    """Shares of the variance and the site's coefficient: equal to rounding (1e-9 and 1e-6; levels make the covariates depend)."""
    for seed in range(4):
        received = received_at_random(seed)
        y = np.log2(0.1 + received[KNOWN] / received[KNOWN].mean())
        found = explain(received, DESIGN, SITE, KIND, PLACES)
        assert found.r2 == pytest.approx(share(X, y), abs=1e-9)
        for name, columns in COVARIATES.items():
            assert found.groups[name][0] == pytest.approx(share(columns[KNOWN], y), abs=1e-9)
        assert np.log2(found.factor) == pytest.approx(coefficient(X, np.isin(KNOWN, SITE), y)[0], abs=1e-6)
        assert (found.n_residues, found.n_site) == (len(KNOWN), len(SITE))


def test_the_chance_level_is_that_of_every_move_along_the_chain():
    received = received_at_random(7)
    y = log_received(received, DESIGN)
    found = explain(received, DESIGN, SITE, KIND, PLACES)
    moved = [share(X, np.roll(y, step)) for step in range(1, len(y))]
    assert found.r2_by_chance == pytest.approx(np.mean(moved), abs=1e-9)
    alone = [share(COVARIATES["burial"][KNOWN], np.roll(y, step)) for step in range(1, len(y))]
    assert found.groups["burial"][1] == pytest.approx(np.mean(alone), abs=1e-9)


def test_p_is_the_rank_among_places_scored_as_if_each_were_the_site():
    """On 100 places, some with residues that have no covariates, each by scikit-learn."""
    generator = np.random.default_rng(5)
    members = np.sort(np.stack([generator.choice(LENGTH, len(SITE), replace=False) for _ in range(100)]), axis=1).astype(np.uint16)
    members[0] = np.sort([0, 1, 2, 3, 4, 200, 201, 50, 51])  # two of nine are known
    members[1] = SITE
    received = received_at_random(11)
    y = log_received(received, DESIGN)
    others = [coefficient(X, np.isin(KNOWN, place), y)[1] for place in members[2:]]
    own = coefficient(X, np.isin(KNOWN, SITE), y)[1]
    found = explain(received, DESIGN, SITE, "pocket", RandomSites(members, LENGTH, ("test", "explained")))
    assert found.n_places == 98
    assert found.p_value == (1 + sum(other >= own for other in others)) / 99
    assert found.z == pytest.approx((own - np.mean(others)) / np.std(others), abs=1e-4)


def test_a_head_that_is_a_function_of_the_covariates_leaves_nothing():
    values = function_of_covariates()
    found = explain(received_with(values), DESIGN, SITE, KIND, PLACES)
    assert found.r2 == pytest.approx(1, abs=1e-9)
    assert found.factor == pytest.approx(1, abs=1e-6)
    assert found.p_value == 1  # all places tie with the site


@pytest.mark.parametrize("excess", [-1.0, 0.5, 2.0])
def test_a_planted_excess_is_recovered(excess):
    """Exactly without noise; with noise its mean over 40 heads within 3 standard errors, and its p is small."""
    values = function_of_covariates()
    planted = excess * np.isin(KNOWN, SITE)
    assert explain(received_with(values + planted), DESIGN, SITE, KIND, PLACES).factor == pytest.approx(2**excess, rel=1e-6)
    noisy = [explain(received_with(values + planted + smooth_noise(seed)), DESIGN, SITE, KIND, PLACES) for seed in range(40)]
    logs = np.log2([found.factor for found in noisy])
    assert abs(logs.mean() - excess) < 3 * logs.std() / np.sqrt(len(logs))
    p = np.array([found.p_value for found in noisy])
    assert (np.median(p) < 0.02) if excess > 1 else (np.median(p) > 0.95) if excess < 0 else np.median(p) < 0.3


def test_the_largest_covariate_is_named():
    values = 0.04 * (COVARIATES["burial"][KNOWN, 0] - 5) + smooth_noise(0, 0.1)
    found = explain(received_with(values), DESIGN, SITE, KIND, PLACES)
    assert found.strongest == "burial"
    assert found.groups["burial"][0] > 0.7 > 0.1 > found.groups["burial"][1]


def test_p_keeps_its_level_where_nothing_is_planted():
    """Sites of the places' own kind, smooth noise: of 300 p 4 to 29 are up to 0.05, as 0.05 gives in 99.9 % of cases (binomial)."""
    values = function_of_covariates()
    known = np.flatnonzero(np.isin(PLACES.members, KNOWN).all(axis=1))
    chosen = np.random.default_rng(8).choice(known, 300, replace=False)
    p = [
        explain(received_with(values + smooth_noise(100 + n)), DESIGN, PLACES.members[place], KIND, PLACES).p_value
        for n, place in enumerate(chosen)
    ]
    assert 4 <= (np.array(p) <= 0.05).sum() <= 29
    assert 0.4 < np.mean(p) < 0.6


def test_a_stretch_is_compared_with_itself_elsewhere():
    site = np.arange(100, 109)
    kind, places = places_like(site, LENGTH, None)
    found = explain(received_at_random(3), DESIGN, site, kind, places)
    assert found.kind == "stretch"
    assert found.n_places < len(places) - 1  # not its own place, and none at the ends
    assert round(found.p_value * (1 + found.n_places), 6).is_integer()


def test_levels_and_columns_that_depend_on_each_other():
    columns = levels(np.array(["b", "a", "", "b"]))
    np.testing.assert_array_equal(columns, [[0, 1], [1, 0], [np.nan, np.nan], [0, 1]])
    twice = design_of({"a": COVARIATES["burial"], "b": np.column_stack([COVARIATES["burial"], np.ones(LENGTH)])})
    assert twice.together.basis.shape == (LENGTH, 1)
    assert DESIGN.together.basis.shape[1] == np.linalg.matrix_rank(X - X.mean(axis=0))
    assert set(KNOWN) == set(range(8, 233)) - set(range(200, 206))


def test_what_cannot_be_explained_is_refused():
    for site, words in (([1, 2, 3, 100], "Only 1 of the 4 marked"), ([1, 2, 3, 4, 5, 100, 101, 102], "Only 3 of the 8 marked")):
        with pytest.raises(ScoreError, match=words):
            explain(received_at_random(0), DESIGN, np.array(site), KIND, PLACES)
    kind = np.flatnonzero(COVARIATES["residue type"][:, 0] == 1)
    with pytest.raises(ScoreError, match="all residues of their kind"):
        explain(received_at_random(0), DESIGN, kind, KIND, PLACES)
    with pytest.raises(ScoreError, match="receive the same"):
        explain(np.ones(LENGTH), DESIGN, SITE, KIND, PLACES)
    with pytest.raises(ScoreError, match="receive nothing"):
        explain(np.zeros(LENGTH), DESIGN, SITE, KIND, PLACES)
    few = RandomSites(PLACES.members[:50], LENGTH, ("test", "few"))
    with pytest.raises(ScoreError, match="places like the site"):
        explain(received_at_random(0), DESIGN, SITE, KIND, few)
    with pytest.raises(ScoreError, match="Only 30 residues have all covariates, too few for a regression on"):
        design_of({name: np.where(np.arange(LENGTH)[:, None] < 38, columns, np.nan) for name, columns in COVARIATES.items()})
    with pytest.raises(ScoreError, match="No residue has all covariates"):
        design_of({"burial": np.full((5, 1), np.nan)})

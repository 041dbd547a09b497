"""What letters receive, counted by hand, and the rule by which a change follows from letters."""

import numpy as np
import pytest

from allo_core.attention.letters import follows_from_letters, letter_use


def test_letters_are_counted():
    generator = np.random.default_rng(0)
    weights, codes = generator.random((2, 3, 30)), generator.integers(-1, 4, 30)
    found = letter_use(weights, codes, 5)
    for letter in range(5):
        inside = codes == letter
        assert found.counts[letter] == inside.sum()
        expected = (weights / weights.mean(axis=2, keepdims=True))[:, :, inside].sum(axis=2)
        np.testing.assert_allclose(found.received[..., letter], expected)
    assert np.isnan(found.mean[..., 4]).all()
    assert np.isfinite(found.mean[..., :4]).all()


def test_two_proteins_are_the_mean_over_all_their_residues():
    one = letter_use(np.array([[1.0, 3.0, 2.0]]), np.array([0, 0, 1]), 2)
    other = letter_use(np.array([[4.0, 2.0]]), np.array([0, 1]), 2)
    np.testing.assert_allclose(one.with_more(other).mean, [[(0.5 + 1.5 + 4 / 3) / 3, (1.0 + 2 / 3) / 2]])


@pytest.mark.parametrize(
    ("change", "share", "before", "after", "old", "new", "explained"),
    [
        (0.02, 0.9, 0.3, 0.1, 8.0, 1.0, True),  # looks at the old letter, and lost it
        (0.02, 0.9, 0.1, 0.3, 1.0, 8.0, True),  # got one to look at
        (0.02, 0.9, 0.1, 0.3, 8.0, 1.0, False),  # against its preference
        (0.02, 0.9, 0.3, 0.1, 1.5, 1.0, False),  # hardly a preference
        (0.02, 0.4, 0.3, 0.1, 8.0, 1.0, False),  # most of the change is elsewhere
        (1e-8, 0.9, 0.3, 0.1, 8.0, 1.0, False),  # no change
        (0.02, 0.9, 0.3, 0.1, np.nan, 1.0, False),  # the preference is not known
        (np.nan, 0.9, 0.3, 0.1, 8.0, 1.0, False),
    ],
)
def test_the_rule(change, share, before, after, old, new, explained):
    values = (np.array([value]) for value in (change, share, before, after, old, new))
    assert follows_from_letters(*values).tolist() == [explained]

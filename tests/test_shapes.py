"""Shapes in signatures are checked while the tests run."""

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped

from allo_core.attention.arcs import Arcs
from allo_core.attention.nulls import moments, smallest_q
from allo_core.attention.pockets import shapes_of
from tests.shapes import check, modules_with_shapes

WEIGHTS, CODES, COUNTS = np.ones((3, 5)), np.zeros(5, dtype=int), np.array([2])


def test_most_rooms_state_shapes():
    modules = modules_with_shapes()
    rooms = {module.split(".")[1] for module in modules}
    assert len(modules) > 30
    assert {"attention", "learning", "structure", "figures", "models", "runs", "family", "prediction"} <= rooms


def test_a_call_that_fits_goes_through():
    mu, sigma = moments(WEIGHTS, CODES, COUNTS)
    assert mu == pytest.approx([2, 2, 2])
    assert sigma == pytest.approx(0)
    assert shapes_of(np.array([[0, 1], [0, 2]]), np.zeros((3, 3))).radius.shape == (2,)
    assert smallest_q(1, 99) == 0.01


@pytest.mark.parametrize(
    "arguments",
    [
        (WEIGHTS, CODES[:4], COUNTS),  # as many codes as residues
        (WEIGHTS, CODES.astype(float), COUNTS),  # numbers of strata are whole
        (WEIGHTS.astype(int), CODES, COUNTS),
        (WEIGHTS, CODES, COUNTS[None]),
        (WEIGHTS.tolist(), CODES, COUNTS),
    ],
)
def test_another_shape_or_kind_is_refused(arguments):
    with pytest.raises(TypeCheckError):
        moments(*arguments)


def test_fields_of_dataclasses_are_checked():
    with pytest.raises(TypeCheckError):
        Arcs(np.array([1, 2]), np.array([3]), np.ones(2, dtype=np.float32), 0.1)


def test_results_are_checked():
    @jaxtyped(typechecker=check)
    def halves(values: Float[np.ndarray, " n"], grow: bool) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"] | None]:
        return (np.concatenate([values, values]), None) if grow else (values / 2, values / 2)

    assert halves(np.ones(3), False)[0].tolist() == [0.5] * 3
    with pytest.raises(TypeCheckError, match="result"):
        halves(np.ones(3), True)

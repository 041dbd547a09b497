"""Schedules, and values that are refused."""

import pytest

from allo_core.errors import TrainingError
from allo_core.training.settings import Settings


def test_learning_rate():
    settings = Settings(tokens=8192 * 1000, lr=1e-3)
    rates = [settings.learning_rate(step) for step in range(settings.steps)]
    assert len(rates) == 1000
    assert rates[0] == pytest.approx(1e-3 / 20)
    assert rates[19] == max(rates) == pytest.approx(1e-3)
    assert rates[509] == pytest.approx(1e-3 * (1 / 20 + 19 / 40), rel=0.01)
    assert rates[-1] == min(rates) == pytest.approx(5e-5)


def test_the_last_share_is_long():
    settings = Settings(tokens=8192 * 100, long_share=0.15)
    contexts = [settings.context_at(step) for step in range(100)]
    assert contexts == [256] * 85 + [1024] * 15
    assert Settings(long_share=0).context_at(Settings().steps - 1) == 256
    assert Settings(long_share=1).context_at(0) == 1024


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tokens": 0}, "--tokens is 0; it must be at least 1"),
        ({"context": 4}, "--context is 4"),
        ({"long_context": 100}, "--long-context is 100; it must be at least the context, 256"),
        ({"batch": 512}, "--batch is 512; it must be at least the long context, 1024"),
        ({"long_share": 1.5}, "--long-share is 1.5"),
        ({"lr": 0.0}, "--lr is 0.0"),
        ({"lr": float("nan")}, "--lr is nan"),
        ({"seed": -1}, "--seed is -1"),
    ],
)
def test_refused(values, message):
    with pytest.raises(TrainingError, match=message):
        Settings(**values)


def test_options_name_every_setting():
    assert Settings(everything=True, tokens=5).options() == [
        "--all", "--tokens", "5", "--batch", "8192", "--context", "256", "--long-context", "1024",
        "--long-share", "0.15", "--lr", "0.001", "--seed", "0",
    ]  # fmt: skip

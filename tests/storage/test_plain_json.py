"""Dataclasses from plain JSON values: format, then fields, then types."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from allo_core.storage.plain_json import OtherVersion, check_version, from_plain
from tests.conftest import REPOSITORY


@dataclass(frozen=True)
class Inner:
    value: float
    names: dict[str, int]


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...]
    by_name: dict[str, Inner]
    text: str | None = None
    format: int = 3


VALUES = {"inner": [{"value": 1, "names": {"a": 2}}], "by_name": {"b": {"value": 0.5, "names": {}}}, "text": "x", "format": 3}


def test_from_plain():
    made = from_plain(Outer, VALUES)
    assert made == Outer((Inner(1.0, {"a": 2}),), {"b": Inner(0.5, {})}, "x")
    assert isinstance(made.inner[0].value, float)
    assert from_plain(tuple[Inner, ...], VALUES["inner"]) == made.inner


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inner": [{"value": 1}]}, r"names.*\$\.inner\[0\]"),
        ({"inner": [{"value": "1", "names": {}}]}, r"Expected `float`, got `str`.*inner"),
        ({"inner": [{"value": 1, "names": {}, "more": 1}]}, "the field inner.0.'more' is unknown"),
        ({"by_name": {"b": {"value": 1, "names": {}, "x" * 99: 1}}}, f"the field by_name.b.'{'x' * 40}…' is unknown"),
        ({"more\n": 1}, r"the field 'more\\n' is unknown"),
        ({"text": 1}, "text"),
        ({"inner": 1}, "inner"),
        ({"format": True}, "format"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(change, words):
    with pytest.raises(ValueError, match=words):
        from_plain(Outer, VALUES | change)


def test_the_format_is_looked_at_before_all_else():
    with pytest.raises(OtherVersion, match=r"^in format 4, this version reads 3$"):
        check_version({"format": 4, "more": object()}, Outer, 3)


@pytest.mark.parametrize("values", [None, [], "x", {}, {"format": "3"}, {"format": 3.0}, {"format": True}, {"format": None}])
def test_what_has_no_format_is_of_no_version(values):
    with pytest.raises(ValueError, match="no format") as error:
        check_version(values, Outer, 3)
    assert not isinstance(error.value, OtherVersion)


def test_fields_more_and_fewer():
    assert check_version(VALUES, Outer, 3) is VALUES
    with pytest.raises(OtherVersion, match="'more' is unknown"):
        check_version(VALUES | {"more": 1}, Outer, 3)
    without = {name: value for name, value in VALUES.items() if name != "text"}
    with pytest.raises(OtherVersion, match="'text' is missing"):
        check_version(without, Outer, 3)
    assert check_version(without, Outer, 3, frozenset({"text"})) is without


def test_msgspec_is_loaded_by_reading_alone():
    modules = "runs.store, allo_core.runs.column_store, allo_core.batch.settings, allo_core.prediction.predictor, allo_core.training.files"
    code = f"import sys, allo_core.{modules}; print('msgspec' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "False\n"

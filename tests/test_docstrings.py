"""Docstrings of public functions and classes list the parameters of their signatures, in their order (numpydoc)."""

import importlib
import inspect
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString

REPOSITORY = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
    for file in (REPOSITORY / "allo_core").rglob("*.py")
    if file.stem != "__init__"
)


def listed(documented) -> list[str]:
    """Names of the section Parameters; ``"a, b : int"`` names two."""
    sections = NumpyDocString(inspect.getdoc(documented) or "")
    return [name.strip().lstrip("*") for entry in sections["Parameters"] for name in entry.name.split(",")]


def accepted(documented) -> list[str]:
    """Names of the parameters; of a class those of its constructor."""
    return [name for name in inspect.signature(documented).parameters if name != "self"]


def public(module):
    """Functions, classes and public methods that a module offers, with their names."""
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            yield name, thing
            yield from (
                (f"{name}.{method}", function)
                for method, function in vars(thing).items()
                if inspect.isfunction(function) and not method.startswith("_")
            )


@pytest.mark.parametrize("module", MODULES)
def test_parameters_are_those_of_the_signature(module):
    for name, thing in public(importlib.import_module(module)):
        names = listed(thing)
        if names:
            assert set(names) <= set(accepted(thing)), f"{module}.{name} lists parameters that it does not have"
            assert names == [each for each in accepted(thing) if each in names], f"{module}.{name} lists its parameters in another order"


def test_mistakes_are_found():
    def right(a, b, *rest):
        """Does it.

        Parameters
        ----------
        a, b : int
        *rest : int
        """

    def wrong(a, b):
        """Does it.

        Parameters
        ----------
        b : int
        c : int
        """

    assert listed(right) == accepted(right)
    assert not set(listed(wrong)) <= set(accepted(wrong))

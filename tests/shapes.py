"""Shapes of arrays that signatures state, checked while the tests run (jaxtyping's import hook, see conftest.py).

A type checker for jaxtyping that looks at annotations of arrays alone: what else a signature says is pyright's business, and much of it is
imported for the type checker only.
"""

import builtins
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import jaxtyping

__all__ = ["check", "hook", "modules_with_shapes"]

_NAMES = ("Bool", "Float", "Float16", "Float32", "Float64", "Int", "Integer", "Num", "Real", "Shaped", "UInt8", "UInt16")


def hook() -> None:
    """Check every module of allo_core that states shapes; to be called before any of them is imported."""
    # Annotations are strings, and their names are imported for the type checker alone, so that the app does not wait for jaxtyping.
    for name in _NAMES:
        setattr(builtins, name, getattr(jaxtyping, name))
    import torch

    vars(builtins)["Tensor"] = torch.Tensor
    jaxtyping.install_import_hook(modules_with_shapes(), "tests.shapes.check")


def modules_with_shapes() -> list[str]:
    """Names of the modules that import jaxtyping."""
    repository = Path(__file__).resolve().parents[1]
    files = sorted((repository / "allo_core").rglob("*.py"))
    return [
        ".".join(file.relative_to(repository).with_suffix("").parts)
        for file in files
        if "from jaxtyping import" in file.read_text(encoding="utf-8")
    ]


def check(function: Callable) -> Callable:
    """The function, with TypeError where an argument or the result is an array of another kind or shape than its annotation."""
    signature = inspect.signature(function)
    stated = {name: parameter.annotation for name, parameter in signature.parameters.items() if any(_arrays(parameter.annotation))}
    result = signature.return_annotation if any(_arrays(signature.return_annotation)) else None
    if not stated and result is None:
        return function

    @functools.wraps(function)
    def checked(*arguments, **named):
        bound = signature.bind(*arguments, **named).arguments
        for name, annotation in stated.items():
            if name in bound and not _fits(bound[name], annotation):
                raise TypeError(f"{name} is no {annotation}: {_told(bound[name])}")
        given = function(*arguments, **named)
        if result is not None and not _fits(given, result):
            raise TypeError(f"the result is no {result}: {_told(given)}")
        return given

    return checked


def _arrays(annotation: object) -> Iterator[object]:
    """The array types in an annotation, also inside of unions, tuples and lists."""
    if isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _arrays(part)


def _fits(value: object, annotation: object) -> bool:
    """Whether a value is what an annotation says, as far as arrays go; names of dimensions are those of the call under way."""
    if isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray):
        return isinstance(value, annotation)
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts if part is not type(None)) or (value is None and type(None) in parts)
    if not any(_arrays(annotation)):
        return True
    if origin is tuple and isinstance(value, tuple) and Ellipsis not in parts:
        return len(value) == len(parts) and all(map(_fits, value, parts))
    if origin in (tuple, list) and isinstance(value, tuple | list):
        return all(_fits(item, parts[0]) for item in value)
    return True


def _told(value: object) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    return type(value).__name__ if shape is None else f"{type(value).__name__} of {dtype} and shape {tuple(shape)}"

"""The house is as docs/house.md draws it: rooms, who imports whom, and the files to open for a change."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
HOUSE = REPOSITORY / "allo_core"
MAP = (REPOSITORY / "docs/house.md").read_text(encoding="utf-8")
PAGES_BESIDE_ONE_ANOTHER = "ui/"
SHARED_BY_PAGES = ("ui/shared", "ui/protein")

# From the ground up, as the first column of the map names them: "storage/" -> "storage".
ROOMS = [room.removesuffix("/").removesuffix(".py") for room in re.findall(r"^\| `([a-z_/]+(?:\.py)?)` \|", MAP, re.MULTILINE)]
# The package's own face, and its door from the terminal, belong to no room.
FACE, DOOR = "__init__", "__main__"


def modules() -> dict[str, Path]:
    """Dotted name below allo_core -> file: ``"ui.explore.view"``, ``"storage.__init__"``."""
    return {".".join(file.relative_to(HOUSE).with_suffix("").parts): file for file in sorted(HOUSE.rglob("*.py"))}


MODULES = modules()


def imported(source: str, package: str = "allo_core") -> set[str]:
    """Modules of allo_core that a text of Python imports, at its top, inside functions and for the type checker; ``package`` is its own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return {module for name in names if name.split(".")[0] == "allo_core" and (module := nearest(name)) is not None}


def nearest(name: str) -> str | None:
    """The module in which an imported name stands: ``"allo_core.errors.ScoreError"`` -> ``"errors"``."""
    parts = name.split(".")[1:]
    for end in range(len(parts), -1, -1):
        here = ".".join(parts[:end])
        if here in MODULES:
            return here
        if (package := f"{here}.{FACE}".removeprefix(".")) in MODULES:
            return package
    return None


def room_of(module: str) -> str:
    """``"ui.explore.view"`` -> ``"ui/explore"``, ``"errors"`` -> ``"errors"``."""
    parts = [part for part in module.split(".") if part != FACE]
    return "/".join(parts[:2] if parts[:1] == ["ui"] else parts[:1]) or FACE


def imports_of(module: str) -> set[str]:
    package = ".".join(["allo_core", *module.split(".")[:-1]])
    return imported(MODULES[module].read_text(encoding="utf-8"), package) - {module}


def climbs(room: str, other: str) -> bool:
    """Whether a room that imports another breaks the rule of the map."""
    if other in (room, FACE):
        return False
    beside = room.startswith(PAGES_BESIDE_ONE_ANOTHER) and other.startswith(PAGES_BESIDE_ONE_ANOTHER) and other not in SHARED_BY_PAGES
    return beside or ROOMS.index(other) > ROOMS.index(room)


def test_the_map_names_every_room_once():
    there = {room_of(module) for module in MODULES if module.split(".")[-1] != FACE} - {DOOR}
    assert len(ROOMS) == len(set(ROOMS))
    assert set(ROOMS) == there


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room):
    for module in MODULES:
        if room_of(module) == room:
            wrong = {other for other in imports_of(module) if climbs(room, room_of(other))}
            assert not wrong, f"{module} imports {sorted(wrong)}"


def test_the_face_and_what_nothing_may_import():
    for module in MODULES:
        names = imports_of(module)
        assert DOOR not in names, module
        if module != DOOR:
            assert not re.search(r"^\s*(from|import) (pages|app)\b", MODULES[module].read_text(encoding="utf-8"), re.MULTILINE), module


def test_no_circle():
    """Over all imports, also those inside functions.  A package's face stands for itself: what it re-exports is imported by it."""
    try:
        list(TopologicalSorter({module: imports_of(module) for module in MODULES if module != FACE}).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("from allo_core.errors import ScoreError", {"errors"}),
        ("from allo_core import errors", {"errors"}),
        ("from allo_core import score_heads", {"__init__"}),
        ("import allo_core.attention.scores as s", {"attention.scores"}),
        ("from allo_core.export import bundle", {"export.bundle"}),
        ("from allo_core.ui.shared import refs, help", {"ui.shared.refs", "ui.shared.help"}),
        ("def late():\n    from allo_core.models.registry import MODELS", {"models.registry"}),
        ("from .columns import Columns", {"attention.columns"}),
        ("import numpy", set()),
    ],
)
def test_imports_are_found(line, modules):
    assert imported(line, "allo_core.attention") == modules


@pytest.mark.parametrize(("lower", "upper"), [*pairwise(ROOMS)])
def test_the_order_is_a_rule(lower, upper):
    assert climbs(lower, upper)


@pytest.mark.parametrize("module", sorted(module for module in MODULES if module.endswith(f".{FACE}") and room_of(module) in ROOMS))
def test_a_room_has_a_table_of_contents(module):
    """Each line ``- `name`: what it is`` of a package's docstring is a module of it, and each module has one."""
    contents = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8"))) or ""
    listed = re.findall(r"^- `(\w+)`: \S", contents, re.MULTILINE)
    there = {file.stem for file in MODULES[module].parent.glob("*.py")} - {FACE}
    assert sorted(listed) == sorted(there)


def test_files_named_on_the_map_exist():
    named = set(re.findall(r"`((?:allo_core|tests|pages|benchmarks|docs|\.ci)/[\w/.-]+|app\.py)`", MAP))
    named |= {f"allo_core/{file}" for file in re.findall(r"`((?:[a-z]+/)+\w+\.(?:py|js))`", MAP) if (HOUSE / file.split("/")[0]).is_dir()}
    assert named
    missing = sorted(file for file in named if not (REPOSITORY / file).exists())
    assert not missing

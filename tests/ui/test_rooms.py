"""Pages know what they share and nothing of one another, and there are not too many of them."""

import ast
from pathlib import Path

import pytest

from allo_core.ui.shared.navigation import PAGES

REPOSITORY = Path(__file__).resolve().parents[2]
UI = REPOSITORY / "allo_core/ui"
ROOMS = {folder.name for folder in UI.iterdir() if (folder / "__init__.py").is_file()}
SHARED = {"shared", "protein"}  # what several pages use, and what those of one protein share
MOST_GROUPS, MOST_ENTRIES = 3, 9


def rooms_imported(source: str, package: str) -> set[str]:
    """The folders of allo_core/ui that a text of Python imports, at its top or inside of functions; ``package`` is its own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return {name.split(".")[2] for name in names if name.startswith("allo_core.ui.")} & ROOMS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from allo_core.ui.explore.view import View", {"explore"}),
        ("from allo_core.ui.explore import view as state", {"explore"}),
        ("from allo_core.ui import explore, shared", {"explore", "shared"}),
        ("import allo_core.ui.batch.view", {"batch"}),
        ("def late():\n    import allo_core.ui.kept.panels as panels", {"kept"}),
        ("from ..receptors import view", {"receptors"}),
        ("from .view import View", {"batch"}),
        ("from allo_core.library.receptors import receptors", set()),
    ],
)
def test_imports_are_found(line, found):
    assert rooms_imported(line, "allo_core.ui.batch") == found


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_itself_and_what_is_shared(room):
    files = list((UI / room).rglob("*.py"))
    assert files
    for file in files:
        imported = rooms_imported(file.read_text(encoding="utf-8"), f"allo_core.ui.{room}")
        allowed = {room, "shared"} if room == "shared" else {room, *SHARED}
        assert imported <= allowed, f"{file.relative_to(REPOSITORY)} imports {imported - allowed}"


def test_a_page_is_of_one_room():
    scripts = sorted((REPOSITORY / "pages").glob("*.py"))
    rooms = {script.name: rooms_imported(script.read_text(encoding="utf-8"), "pages") - SHARED for script in scripts}
    assert all(len(room) == 1 for room in rooms.values()), rooms
    assert len({room for (room,) in rooms.values()}) == len(rooms), rooms


def test_the_navigation_stays_short():
    entries = [entry for group in PAGES.values() for entry in group]
    assert len(PAGES) <= MOST_GROUPS
    assert len(entries) <= MOST_ENTRIES
    assert [entry.title for entry in entries if not entry.address] == ["Explore"]
    assert len({entry.address for entry in entries}) == len({entry.title for entry in entries}) == len(entries)
    assert {entry.script for entry in entries} == {f"pages/{script.name}" for script in (REPOSITORY / "pages").glob("*.py")}

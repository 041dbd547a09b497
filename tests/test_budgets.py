"""What the repository may weigh and hold."""

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
MOST_MEGABYTES, MOST_PICTURES = 125, 15
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}
TOP_LEVEL = set(
    "app.py pages allo_core tests requirements.txt .streamlit README.md .ci .github pyproject.toml .gitignore LICENSE CONTRIBUTING.md "
    "static benchmarks docs".split()
)


def git(*arguments: str) -> str:
    if not (REPOSITORY / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no clone of the repository, or there is no git")
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, check=True, capture_output=True, text=True, timeout=60).stdout


def packed_history() -> bytes:
    """What a clone fetches: this repository may hold the same objects less tightly."""
    command = ["git", "pack-objects", "--revs", "--stdout", "-q"]
    return subprocess.run(command, cwd=REPOSITORY, input=b"HEAD\n", check=True, capture_output=True, timeout=120).stdout


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    return git("ls-files").splitlines()


def test_a_clone_stays_small(tracked):
    """The objects that a clone fetches, and the files that it checks out."""
    history = len(packed_history())
    files = sum((REPOSITORY / name).stat().st_size for name in tracked if (REPOSITORY / name).is_file())
    assert files + history < MOST_MEGABYTES * 1e6


def test_pictures_are_replaced_rather_than_added(tracked):
    pictures = [name for name in tracked if Path(name).suffix.lower() in PICTURES]
    assert 0 < len(pictures) <= MOST_PICTURES


def test_the_top_level_holds_what_it_may(tracked):
    assert {Path(name).parts[0] for name in tracked} <= TOP_LEVEL


def test_files_stay_small_enough_to_read(tracked):
    """A file holds one idea."""
    lengths = {name: len((REPOSITORY / name).read_text(encoding="utf-8").splitlines()) for name in tracked if is_source(name)}
    assert {name: length for name, length in lengths.items() if length > 320} == {}


def is_source(name: str) -> bool:
    return name.startswith("allo_core/") and name.endswith(".py") and (REPOSITORY / name).is_file()

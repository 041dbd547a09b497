"""What every test may use; each test keeps its runs in a folder of its own."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests stay in one process: two browsers that draw in software slow each other down."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture
def shared() -> Path:
    """The reference data beside the repository."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference data (shared, beside the repository) is not at hand")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch) -> Path:
    """A cache folder for this test alone."""
    folder = tmp_path_factory.mktemp("alloscope")
    monkeypatch.setenv("ALLOSCOPE_HOME", str(folder))
    monkeypatch.delenv("ALLOSCOPE_WEIGHTS", raising=False)
    return folder

"""What every test may use; each test keeps its runs in a folder of its own."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests import shapes

shapes.hook()  # before anything of allo_core is imported

REPOSITORY = Path(__file__).resolve().parents[1]
_TOGETHER = ("tests/browser/", "tests/batch/")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked slow run with --all alone."""
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def pytest_terminal_summary(terminalreporter) -> None:
    """How many tests were skipped for each reason, so that nobody takes a skipped test for a passed one."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(re.sub(r"^Skipped: ", "", report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} test{'s' if count > 1 else ''} skipped: {reason}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Browser tests stay in one process: two browsers that draw in software slow each other down.  So do those of batch, which start Ray.

    (xdist's own groups have no effect with pytest 9.2, whose items keep their names.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in _TOGETHER if nodeid.startswith(folder)), nodeid)

    return Together(config, log)


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

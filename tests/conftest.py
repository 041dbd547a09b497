"""What every test may use; each test keeps its runs in a folder of its own."""

import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests import shapes

# One thread for each process, the app that the browser opens among them: there are as many processes as cores, and threads that wait for
# a core keep the others busy waiting (tests/readouts and tests/training side by side: 290 s with two threads each, 50 s with one).
for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_library, "1")
shapes.hook()  # before anything of allo_core is imported

REPOSITORY = Path(__file__).resolve().parents[1]
_BROWSER, _BATCH = "tests/browser/", "tests/batch/"
# Tests of what the lists of the AlloSteric Database say; a build may leave these out (docs/sites.md).
_OF_ASD = re.compile(
    "|".join(
        (
            "tests/export/test_predicted.py::test_the_table_is_in_the_order",
            "tests/export/test_record.py::test_a_list_of_the_library",
            r"tests/family/test_consensus.py::.*(\[.*sites|snr_of_one_receptor|copies_without_numbers|unweighted_and_uncoupled)",
            "tests/family/test_members.py::test_(allosteric_sites_of_the_library|long_receptors)",
            "tests/family/test_profile.py::test_(classes_are_not_averaged|the_commonest_class)",
            "tests/family/test_runs.py::test_long_receptors",
            "tests/learning/test_folds.py::test_the_homologues_among",
            "tests/library/test_build_sites.py::test_(the_files_that_ship|all_lists_that_go_back)",
            "tests/library/test_receptors.py::test_sites_fit_their_receptors",
            "tests/library/test_site_library.py::test_(computed_sites_take|whatever_depends)",
            "tests/prediction/",
            "tests/terminal/test_compare.py::test_the_profile_of_several_classes",
            r"tests/terminal/test_main.py::.*(the_domain_of_a_long|Na\+ contacts)",
            "tests/terminal/test_sites.py::test_build_from_what_ships",
            "tests/ui/explore/test_page.py::test_a_wrong_residue_is_forgotten",
            "tests/ui/explore/test_prediction.py::test_(without_marked_residues|a_receptor_of_the_training)",
            "tests/ui/explore/test_view.py::test_a_part_of_a_receptor_has_its_sites",
            "tests/ui/receptors/test_page.py::test_(a_partly_run_set|classes_are_told_apart)",
            "tests/ui/receptors/test_view.py::test_url_round_trip",
            "tests/ui/test_sites.py::test_a_site_says",
        )
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also the tests marked slow")


def pytest_configure(config: pytest.Config) -> None:
    """What tests read while they are collected, such as the sites that count, is not that of the person who runs them."""
    folder = tempfile.TemporaryDirectory(prefix="alloscope-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["ALLOSCOPE_HOME"] = folder.name


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked slow run with --all alone, those of the lists of the AlloSteric Database where these are."""
    if not config.getoption("--all"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    from allo_core.library.receptors import has_asd_lists

    if not has_asd_lists():
        for item in items:
            if _OF_ASD.match(item.nodeid):
                item.add_marker(pytest.mark.skip(reason="this build leaves out the lists of the AlloSteric Database"))


def pytest_terminal_summary(terminalreporter) -> None:
    """How many tests were skipped for each reason, so that nobody takes a skipped test for a passed one."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(re.sub(r"^Skipped: ", "", report.longrepr[2]) for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} test{'s' if count > 1 else ''} skipped: {reason}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """A file of browser tests stays in one process, and all files of batch do, which start Ray; the others are given out one by one.

    The large ones come first, so that both processes are busy to the end.
    (xdist's own groups have no effect with pytest 9.2, whose items keep their names.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file.startswith(_BATCH):
                return _BATCH
            return file if file.startswith(_BROWSER) else nodeid

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

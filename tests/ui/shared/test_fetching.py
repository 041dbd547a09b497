import time

import pytest

from allo_core.errors import Cancelled, FetchError
from allo_core.ui.shared.fetching import Fetching


def finished(fetching: Fetching) -> Fetching:
    end = time.monotonic() + 30
    while fetching.active:
        assert time.monotonic() < end
        time.sleep(0.01)
    return fetching


def test_the_result_is_there_when_the_thread_has_ended():
    done = finished(Fetching("P1", lambda cancel: 42))
    assert (done.result, done.error) == (42, None)


@pytest.mark.parametrize("error", [FetchError("UniProt has no entry P1"), Cancelled()])
def test_what_went_wrong_is_kept(error):
    def fail(cancel):
        raise error

    assert finished(Fetching("P1", fail)).error is error


def test_cancel_reaches_the_fetch():
    def wait(cancel):
        assert cancel.wait(30)
        raise Cancelled

    fetching = Fetching("P1", wait)
    assert fetching.active
    fetching.cancel.set()
    assert isinstance(finished(fetching).error, Cancelled)


def test_a_defect_is_one_sentence_on_the_page():
    def fail(cancel):
        raise ZeroDivisionError

    message = str(finished(Fetching("P1", fail)).error)
    assert "ZeroDivisionError" in message
    assert "\n" not in message

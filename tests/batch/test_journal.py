"""Which record killed a worker."""

from allo_core.batch.journal import Journal


def test_the_last_record_of_each_worker_that_ended(tmp_path):
    first = Journal(tmp_path, "b")
    assert not first.deaths
    for row in (1, 2, 3):
        first.begin(row)
    second = Journal(tmp_path, "b")
    assert second.deaths == {3: 1}
    for row in (2, 3):
        second.begin(row)
    assert Journal(tmp_path, "b").deaths == {3: 2}
    assert Journal(tmp_path, "b").deaths == {3: 2}  # one that ended before it began with a record
    second.close()
    assert not Journal(tmp_path, "b").deaths


def test_blocks_have_journals_of_their_own(tmp_path):
    Journal(tmp_path, "r1-1-0").begin(1)
    assert not Journal(tmp_path, "r1-9-0").deaths

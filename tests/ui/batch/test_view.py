"""What is chosen on the page Batch, and its URL."""

from dataclasses import replace

import pytest

from allo_core.ui.batch.view import BatchView, from_query, to_query
from allo_core.ui.shared import inputs


@pytest.mark.parametrize("changes", [{}, {"shows": "snr"}, {"head": (32, 19)}, {"shows": "enrichment", "head": (0, 0)}])
def test_url_round_trip(changes):
    view = BatchView(**changes)
    assert from_query(to_query(view)) == (view, [])
    view = replace(view, batch=inputs.keep_folder("/data/results"), row=7)
    assert from_query(to_query(view)) == (view, [])


def test_the_url_names_the_folder_by_a_key_alone():
    key = inputs.keep_folder("/data/results")
    query = to_query(BatchView(folder="/data/results", stamp="abc", batch=key, row=3, threshold=0.1))
    assert query == {"batch": key, "row": "3"}
    assert "data" not in str(query)
    assert inputs.kept_folder(key) == "/data/results"


def test_a_record_without_its_batch_is_none():
    assert from_query({"row": "3"}) == (BatchView(), [])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"shows": "q"}, "'q' is not one of share, snr, enrichment"),
        ({"head": "<b>"}, "'<b>' is not a head, as in 3.6"),
        ({"folder": "/etc"}, "The link's 'folder' means nothing here"),
        ({"batch": "/etc"}, "'/etc' is not the key of a kept input"),
        ({"batch": "folder-0123456789abcdef0123"}, "is not kept on this machine"),
        ({"row": "-3"}, "'-3' is not the number of a record"),
    ],
)
def test_what_a_link_cannot_say(query, words):
    view, notices = from_query(query)
    assert view == BatchView()
    assert words in notices[0]

"""What is chosen on the page Batch, and its URL."""

import pytest

from allo_core.ui.batch.view import BatchView, from_query, to_query


@pytest.mark.parametrize("changes", [{}, {"shows": "snr"}, {"head": (32, 19)}, {"shows": "enrichment", "head": (0, 0)}])
def test_url_round_trip(changes):
    view = BatchView(**changes)
    assert from_query(to_query(view)) == (view, [])


def test_nothing_of_the_folder_is_in_the_url():
    assert to_query(BatchView(folder="/data/results", stamp="abc", row=3, threshold=0.1)) == {}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"shows": "q"}, "'q' is not one of share, snr, enrichment"),
        ({"head": "<b>"}, "'<b>' is not a head, as in 3.6"),
        ({"folder": "/etc"}, "The link's 'folder' means nothing here"),
        ({"row": "3"}, "The link's 'row' means nothing here"),
    ],
)
def test_what_a_link_cannot_say(query, words):
    view, notices = from_query(query)
    assert view == BatchView()
    assert words in notices[0]

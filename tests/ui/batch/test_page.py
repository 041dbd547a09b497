"""The page Batch without a browser."""

import json
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from allo_core.batch.folder import writing
from allo_core.batch.tasks import TASKS
from allo_core.library.receptors import find_receptor
from allo_core.ui.batch.results import read, stamp_of
from allo_core.ui.batch.sequences import _choices
from allo_core.ui.explore import address as explore_address
from allo_core.ui.shared.link import explore_link
from tests.batch.planted import BEST, NAMES, SITES, plant, planted_settings
from tests.ui.reading import mirror_of, open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("batch") / "out")


@pytest.fixture
def opened(monkeypatch):
    """Open the page with URL parameters, and a folder if one is given."""
    monkeypatch.chdir(REPOSITORY)
    st.cache_resource.clear()

    def of_folder(folder: Path | str = "", **query: str) -> AppTest:
        page = open_page("batch", query)
        return typed(page, folder) if folder else page

    return of_folder


def typed(page: AppTest, folder: Path | str) -> AppTest:
    mirror_of(page.text_input, "batch_folder").set_value(str(folder)).run()
    assert not page.exception
    return page


def choose(page: AppTest, **fields) -> None:
    """Choose a record or a head as a click on a table or picture does."""
    page.session_state["batch"].change(**fields)
    page.run()
    assert not page.exception


def test_no_batch_yet(opened):
    page = opened()
    assert not page.exception
    assert "No batch yet" in said(page)
    assert "python -m allo_core batch sequences.fasta.gz --out results" in page.code[0].value


def test_an_open_batch(opened, batch):
    page = opened(batch)
    assert not page.error
    text = said(page)
    assert "<i>mine</i>.fasta :gray[|] AlloScope GPCR 8M :gray[|] 6 records, 1 failed" in text
    assert "D52 S91 N280 :gray[|] threshold 0.10 :gray[|] matched or uniform null" in text
    assert "1 of 120 heads pass in more than half of the 4 scored sequences" in text
    assert "this is a count, and the page Receptors has the test" in text
    assert "Layer 2, head 6 :gray[passes in 4 of 4 (100%), median SNR 7.5" in text
    table = page.dataframe[0].value
    assert table["row"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["SNR"].tolist()[:3] == [6, 7, 8]
    assert table["notes"].tolist()[3:5] == ["fourth is <b>too</b> long.", "no residue 2x50"]


@pytest.mark.parametrize("tab", ["Sequences", "Heads", "Failed", "Downloads"])
@pytest.mark.parametrize("scored", [True, False])
def test_every_tab_opens(opened, batch, tmp_path, tab, scored):
    page = opened(batch)
    page.session_state["batch_tabs"] = tab
    page.run()
    if not scored:
        typed(page, plant(tmp_path / "out", planted_settings(sites=None), failed=()))
        if tab != "Heads":  # without scores there is none
            page.session_state["batch_tabs"] = tab
            page.run()
    assert not page.exception
    assert not page.error
    tables = [table.value.columns[:2].tolist() for table in page.dataframe]
    first = {"Sequences": ["row", "name"], "Heads": ["layer", "head"], "Failed": ["row", "name"]}
    if scored or tab == "Sequences":
        assert (tables[:1] or [None])[0] == first.get(tab)
    assert ("No record failed." in said(page)) == (tab == "Failed" and not scored)
    assert ("Record of the batch, JSON" in [button.label for button in page.get("download_button")]) == (tab == "Downloads")


def test_a_folder_that_is_refused_stays_to_be_mended_and_the_earlier_batch_stays(opened, batch, tmp_path):
    page = typed(opened(batch), tmp_path / "<b>x</b>")
    assert "<b>x</b> is not a batch: it has no metadata.json" in said(page)
    assert "<i>mine</i>.fasta" in said(page)
    assert mirror_of(page.text_input, "batch_folder").value.endswith("<b>x</b>")
    typed(page, batch)
    assert not page.error
    assert "<i>mine</i>.fasta" in said(page)
    typed(page, "")
    assert "No batch yet" in said(page)


@pytest.mark.parametrize("text", ["\0", "~nobody-of-this-name", "x" * 5000, "https://example.org/batch"])
def test_texts_that_are_no_folder(opened, text):
    page = typed(opened(), text)
    assert len(page.error) == 1
    assert "No batch yet" in said(page)


@pytest.mark.parametrize(
    "change",
    [{"threshold": "high"}, {"model_id": 3}, {"layers": None}, {"thresholds": ["x"]}, {"sites": ["D52"]}],
    ids=lambda change: next(iter(change)),
)
def test_damaged_metadata_is_an_error_and_no_traceback(opened, batch, tmp_path, change):
    folder = Path(shutil.copytree(batch, tmp_path / "out"))
    stored = json.loads((folder / "metadata.json").read_text())
    stored["settings"] |= change
    (folder / "metadata.json").write_text(json.dumps(stored))
    page = typed(opened(), folder)
    assert "metadata.json is not that of a batch of this version" in said(page)


def test_a_batch_of_another_task_is_refused_in_a_sentence(opened, batch, tmp_path):
    """And the earlier batch stays."""
    with writing(tmp_path / "out", TASKS["embeddings"].choose(planted_settings().model_id), "a.fasta", 1):
        pass
    page = typed(opened(batch), tmp_path / "out")
    assert len(page.error) == 1
    text = said(page)
    assert "holds embeddings (--task embeddings) and no scores of heads; pandas and DuckDB read its tables (sequences, vectors)." in text
    assert "<i>mine</i>.fasta" in text


def test_damaged_parts_are_named(opened, batch, tmp_path):
    folder = Path(shutil.copytree(batch, tmp_path / "out"))
    page = opened(folder)
    (folder / "part=r1-1-0/scores.parquet").write_bytes(b"damaged")
    (folder / "part=r1-1-0/columns.parquet").write_bytes(b"damaged")
    choose(page, row=1)
    assert "columns.parquet is damaged" in said(page)
    (folder / "part=r1-9-0").mkdir()
    page.button(key="batch_again").click().run()
    assert not page.exception
    assert "scores.parquet is damaged; delete its folder and run the same batch again" in said(page)
    assert "1 of 120 heads pass" in said(page)  # as it was read before


def test_an_unfinished_batch_is_read_again(opened, tmp_path):
    folder, names = tmp_path / "out", [*NAMES, "seventh", "eighth"]
    page = opened(plant(folder, names=NAMES[:4], records=8))
    assert "4 of 8 records so far" in said(page)
    choose(page, row=1)
    plant(folder, names=names, records=8, begin=5)
    page.run()
    assert "4 of 8 records so far" in said(page)  # nothing is read unasked
    page.button(key="batch_again").click().run()
    assert not page.exception
    assert "All 8 records are there." in said(page)
    assert len(page.dataframe[0].value) == 8
    assert "##### AA2AR :gray[record 1]" in said(page)  # still chosen


def test_a_batch_that_has_only_begun(opened, tmp_path):
    page = opened(plant(tmp_path / "out", names=(), records=8))
    assert "0 of 8 records so far" in said(page)
    assert "Nothing is finished yet" in said(page)


def test_a_chosen_record_and_its_thresholds(opened, batch):
    page = opened(batch)
    choose(page, row=2)
    assert "##### <img src=x>*b* :gray[record 2]" in said(page)
    heading = next(str(item.value) for item in page.markdown if "record 2" in str(item.value))
    assert "\\<img src=x\\>\\*b\\*" in heading
    assert "arcs above 0.10 in 412 residues. Set A: the 3 residues that were scored." in said(page)
    (link,) = page.get("link_button")
    assert link.proto.label == "Open in Explore"
    assert link.proto.url.startswith("/?protein=sequence-")
    choose(page, threshold=0.0)
    assert "arcs above 0.00 in 412 residues" in said(page)
    choose(page, row=4)
    assert "fourth is <b>too</b> long." in said(page)
    assert not page.get("link_button")
    choose(page, row=5)
    assert "No residues were scored." in said(page)


def test_a_batch_without_sites(opened, tmp_path):
    page = opened(plant(tmp_path / "out", planted_settings(sites=None)))
    assert "run without --sites, so there are column weights and arcs, but no scores" in said(page)
    mirror_of(page.number_input, "batch_layer").set_value(3).run()
    mirror_of(page.number_input, "batch_head").set_value(11).run()
    choose(page, row=1)
    assert "Layer 3, head 11:" in said(page)
    assert page.query_params["head"] == "3.11"


def test_a_batch_of_which_nothing_could_be_scored(opened, tmp_path):
    page = opened(plant(tmp_path / "out", unscored=range(1, 7)))
    assert "No sequence of this batch could be scored" in said(page)


def test_links(opened, batch):
    page = opened(batch, shows="snr", head="4.7", out="/etc")
    assert "The link's 'out' means nothing here." in said(page)
    assert "Layer 4, head 7 :gray[" in said(page)
    assert mirror_of(page.selectbox, "batch_shows").value == "snr"
    mirror_of(page.selectbox, "batch_shows").set_value("enrichment").run()
    assert not page.exception
    key = page.session_state["batch"].view.batch
    assert dict(page.query_params) == {"batch": key, "shows": "enrichment", "head": "4.7"}


def test_a_link_opens_the_batch_again_where_it_was_typed(opened, batch):
    key = opened(batch).session_state["batch"].view.batch
    page = opened(batch=key, row="2", head="4.7")
    assert not page.exception
    assert "record 2" in said(page)
    assert "Layer 4, head 7 :gray[" in said(page)


def test_a_head_that_the_model_lacks_is_not_shown(opened, batch):
    assert "Layer 2, head 6 :gray[" in said(opened(batch, head="32.19"))


def test_a_published_null_has_no_passing_heads(opened, tmp_path):
    page = opened(plant(tmp_path / "out", planted_settings(null="published")))
    assert "no head can pass: the published null gives no p" in said(page)


def test_the_view_of_explore(batch):
    folder = str(batch)
    link = explore_link("AA2AR", find_receptor("AA2AR").protein, SITES, _choices(read(folder, stamp_of(folder)), BEST))
    found, notices = explore_address.from_query(dict(parse_qsl(urlsplit(link).query, strict_parsing=True)))
    assert notices == []
    assert (found.sites, found.model, found.threshold, found.head) == (SITES, "alloscope_gpcr_8m", 0.1, BEST)
    assert (found.null, found.draws, found.dtype, found.structure) == ("matched", 0, "float32", "8FYN")
    assert explore_address.from_query(explore_address.to_query(found)) == (found, [])


def test_the_link_names_the_null_and_draws_of_the_batch_where_explore_has_them(tmp_path):
    for null, draws in (("published", 50_000), ("uniform", 777)):
        folder = str(plant(tmp_path / null, planted_settings(null=null, draws=draws)))
        choices = _choices(read(folder, stamp_of(folder)), BEST)
        assert choices["null"] == null
        assert choices.get("draws") == (str(draws) if draws == 50_000 else None)

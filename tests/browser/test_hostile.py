"""Ten tabs at once, a server that is stopped in the middle of a run, a closed door to other machines, names that want to be code."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from allo_core.fetch.three_d_mol import STATIC
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import get_spec
from tests.browser import driving
from tests.browser.conftest import new_page, running
from tests.models.tiny import fair_esm_model, random_protein, save_fair_esm

pytestmark = pytest.mark.browser
A2A = find_receptor("AA2AR").protein
MODEL = "esm2_t6_8M_UR50D"
SLOW = ">slow\n" + random_protein(1900, seed=1).sequence


class Databases(BaseHTTPRequestHandler):
    """Stands for UniProt and the PDB."""

    release = threading.Event()
    structure = b""

    def do_GET(self):
        if self.path.endswith("Q9XXX1.fasta"):
            self.release.wait(60)  # silent until the test is over
        elif self.path.endswith("P21917-2.fasta"):
            body = f">sp|P21917-2|DRD4_HUMAN Isoform <script>alert(1)</script>\n{A2A.sequence[:300]}\n".encode()
            self.answer(body, "text/plain")
        elif self.path.endswith("5G53.cif.gz"):
            self.answer(self.structure, "application/gzip")
        else:
            self.send_error(404)

    def answer(self, body: bytes, kind: str):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def app(tmp_path_factory, chromium):
    """A server whose databases are on this machine, and that has a slow model."""
    databases = ThreadingHTTPServer(("127.0.0.1", 0), Databases)
    databases.daemon_threads = True
    threading.Thread(target=databases.serve_forever, args=(0.05,), daemon=True).start()
    weights = tmp_path_factory.mktemp("weights")
    save_fair_esm(fair_esm_model(get_spec(MODEL), seed=0, sharpness=3.0), weights / f"{MODEL}.pt")
    address = f"http://127.0.0.1:{databases.server_port}"
    with running(
        tmp_path_factory.mktemp("app"),
        ALLOSCOPE_WEIGHTS=str(weights),
        ALLOSCOPE_UNIPROT=address,
        ALLOSCOPE_PDB=address,
        ALLOSCOPE_ALPHAFOLD=address,
        NO_PROXY="127.0.0.1",
    ) as app:
        yield app
    Databases.release.set()
    databases.shutdown()
    databases.server_close()


def fetch_sequence(page, accession: str) -> None:
    box = page.get_by_role("textbox", name="UniProt accession")
    if not box.is_visible():
        page.get_by_text("Paste, upload or fetch a sequence").click()
    driving.rest(page)
    box.fill(accession)
    box.press("Tab")
    driving.rest(page)
    page.locator(".st-key-fetch_sequence, [data-testid=stForm]").filter(has=box).get_by_role("button", name="Fetch").click()


def test_an_isoform_is_fetched_and_read(page, app):
    driving.open_page(page, app.url)
    fetch_sequence(page, "p21917-2")
    page.get_by_text("DRD4-2 |").wait_for(timeout=driving.WAIT)
    driving.wait_for_result(page)
    page.locator(".st-key-foot").get_by_text("residues 1 to 300 of UniProt P29274").wait_for(timeout=driving.WAIT)


@pytest.mark.parametrize(("accession", "words"), [("P99999", "has no entry P99999"), ("../../etc/passwd", "is no identifier")])
def test_what_cannot_be_fetched_says_why_and_the_page_stays(page, app, accession, words):
    driving.open_page(page, app.url)
    before = driving.heatmap_values(page)
    fetch_sequence(page, accession)
    page.locator('[data-testid="stSidebar"] [data-testid="stAlert"]').filter(has_text=words).first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) == before
    assert page.get_by_text("AA2AR · Adenosine receptor A2a").is_visible()


def test_a_silent_server_can_be_left_waiting(page, app):
    driving.open_page(page, app.url)
    fetch_sequence(page, "Q9XXX1")
    page.get_by_text("Fetching Q9XXX1").wait_for(timeout=driving.WAIT)
    driving.click_head(page, 1, 7)  # the page stays usable
    page.get_by_role("heading", name="Layer 1, head 7").wait_for(timeout=driving.WAIT)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Fetching Q9XXX1").wait_for(state="hidden", timeout=driving.WAIT)
    assert page.get_by_text("AA2AR · Adenosine receptor A2a").is_visible()


def test_a_structure_is_fetched_and_the_link_to_it_works(page, app, chromium, shared):
    import gzip
    import io

    from biotite.structure.io.pdbx import CIFFile, set_structure

    from allo_core.structure.read import read_structure

    file = CIFFile()
    set_structure(file, read_structure(shared / "data/structures/5G53.pdb.gz").atoms, data_block="5G53")
    text = io.StringIO()
    file.write(text)
    Databases.structure = gzip.compress(text.getvalue().encode())
    driving.open_page(page, app.url)
    first = driving.stage(page).get_attribute("data-structure")
    page.get_by_text("Fetch or upload a structure").click()
    box = page.get_by_role("textbox", name="PDB entry or AlphaFold model")
    driving.rest(page)
    box.fill("5g53")
    box.press("Enter")
    driving.wait_for_another_structure(page, first)
    assert "structure=5G53" in page.url
    other = new_page(chromium)
    driving.open_page(other, page.url)
    assert driving.stage(other).get_attribute("data-structure") == driving.stage(page).get_attribute("data-structure")
    other.context.close()


@pytest.mark.slow  # several sessions of one server are those of every other test here, one after the other
@pytest.mark.parametrize("tabs", [2, 10])
def test_many_tabs_at_once(chromium, app, tabs):
    pages = [new_page(chromium) for _ in range(tabs)]
    driving.open_page(pages[0], app.url)  # the model is loaded and its run is kept: what is tried is the crowd, not the first start
    heads = [(layer, head) for layer in (1, 3) for head in range(5)][:tabs]
    for page, (layer, head) in zip(pages, heads, strict=True):
        page.goto(f"{app.url}/?protein=AA2AR&threshold=0.{layer}{head}&head={layer}.{head}", wait_until="commit")
    for page, (layer, head) in zip(pages, heads, strict=True):
        driving.wait_for_result(page)
        assert page.get_by_role("heading", name=f"Layer {layer}, head {head}").is_visible()
        assert f"threshold 0.{layer}{head}" in page.locator(".st-key-strip").inner_text()
        assert page.locator('[data-testid="stException"]').count() == 0
    for page in pages:
        page.context.close()


@pytest.mark.slow  # tests/runs/test_store.py kills the process that writes a run; here it is the whole server
def test_a_server_stopped_in_the_middle_of_a_run_leaves_nothing_and_runs_again(chromium, app):
    page = new_page(chromium)
    driving.open_page(page, app.url)
    kept = sorted(folder.name for folder in (app.home / "runs").iterdir())
    driving.paste_sequence(page, SLOW, f"{driving.DEFAULT.label} saw in training at most 1,022 residues; this sequence has 1,900.")
    driving.choose(page, "Model", "ESM-2 8M")
    driving.write(page, "Residues as text", "10-30")
    page.get_by_text("A 21 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    url = page.url
    page.get_by_role("button", name="Run ESM-2 8M").click()
    page.get_by_text("Layer 1 of 6").or_(page.get_by_text("Layer 2 of 6")).first.wait_for(timeout=driving.WAIT)
    app.kill()
    app.start()
    page.goto(url.replace(url.partition("/?")[0], app.url))
    page.get_by_role("button", name="Run ESM-2 8M").wait_for(timeout=driving.WAIT)  # the sequence is still here, the run is not
    driving.rest(page)
    page.get_by_role("button", name="Run ESM-2 8M").click()
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    runs = sorted(folder.name for folder in (app.home / "runs").iterdir())
    assert len(runs) == len(kept) + 2  # attention, and the probabilities that the same pass leaves
    assert set(kept) < set(runs)
    page.context.close()


def choose_run(page, row: float) -> None:
    """Click the box of a row of the kept runs; row 0 is that of all."""
    table = page.locator("[class*=st-key-runs_] canvas").first
    table.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 * (row + 0.5))


def test_kept_runs_are_deleted_on_their_page(page, app):
    driving.open_page(page, app.url)
    driving.open_page(page, f"{app.url}/?protein=ADRB2")  # at least two are kept
    page.get_by_role("link", name="Kept runs").click()
    page.get_by_role("heading", name="Kept runs").wait_for(timeout=driving.WAIT)
    choose_run(page, 1)
    link = page.get_by_role("link", name="Open in Explore").get_attribute("href")
    assert "model=alloscope_gpcr_8m" in link
    assert "protein=A" in link
    before = driving.kept_runs(app.home)
    page.get_by_role("button", name="Delete 1 run").click()
    page.get_by_role("button", name="Delete 1 run").wait_for(state="hidden", timeout=driving.WAIT)
    driving.rest(page)
    assert before - driving.kept_runs(app.home) == {"attention": 1, "probabilities": 1}  # one row is one run and what it left beside


def test_what_was_deleted_on_purpose_is_not_run_unasked(page, app):
    driving.open_page(page, f"{app.url}/?protein=OPSD")  # run unasked, in this session
    page.get_by_role("link", name="Kept runs").click()
    page.get_by_role("heading", name="Kept runs").wait_for(timeout=driving.WAIT)
    choose_run(page, 0)
    page.get_by_role("button", name="Delete ").click()
    page.get_by_text("No run is kept yet").wait_for(timeout=driving.WAIT)
    assert list((app.home / "runs").iterdir()) == []
    page.get_by_role("link", name="Explore").click()
    page.get_by_role("button", name=f"Run {driving.DEFAULT.label}").last.click(timeout=driving.WAIT)
    driving.wait_for_result(page)


def test_uploads_stay_out_of_the_folder_that_is_served(page, app, shared):
    driving.open_page(page, app.url)
    first = driving.stage(page).get_attribute("data-structure")
    served = sorted(path.name for path in STATIC.rglob("*"))
    page.get_by_text("Fetch or upload a structure").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(shared / "data/structures/5G53.pdb.gz")
    driving.wait_for_another_structure(page, first)
    assert sorted(path.name for path in STATIC.rglob("*")) == served
    assert any(path.name.startswith("structure-") for path in (app.home / "inputs").iterdir())


def test_other_machines_find_the_door_closed(app):
    port = int(app.url.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells which address this machine has towards others
        except OSError:
            pytest.skip("this machine has no address but its own")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but its own")
    with socket.socket() as other:
        other.settimeout(3)
        assert other.connect_ex((address, port)) != 0
    with socket.socket() as own:
        assert own.connect_ex(("127.0.0.1", port)) == 0


CODE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{window.hacked=1}}`${window.hacked=1}`'


def test_a_name_that_wants_to_be_code_stays_text(page, app):
    driving.open_page(page, app.url)
    driving.paste_sequence(page, f">{CODE.replace(' ', '_')}\n{A2A.sequence[:320]}", "residues 1 to 320 of UniProt P29274")
    driving.wait_for_result(page)
    for tab in ("This head", "Map", "Downloads", "Heads"):
        driving.open_tab(page, tab)
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_parameters_that_want_to_be_code_stay_text(page, app):
    page.goto(f"{app.url}/?protein=AA2AR&head={CODE}&sites={CODE}&colouring={CODE}&nonsense={CODE}")
    driving.wait_for_result(page)
    assert page.get_by_text("The link's head was ignored").is_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0

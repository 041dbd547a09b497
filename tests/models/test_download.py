import hashlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from allo_core.errors import Cancelled, WeightsError
from allo_core.models import download as download_module
from allo_core.models.download import download, download_folding
from allo_core.models.folding_models import locate_folding
from allo_core.models.registry import MODELS
from allo_core.models.weights import download_folder, locate
from tests.models.tiny import fair_esm_model, save_fair_esm
from tests.models.tiny_esmfold import TINY_ESMFOLD, random_esmfold, save_esmfold

SPEC = MODELS["esm2_t6_8M_UR50D"]
NAME = "esm2_t6_8M_UR50D.pt"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("server") / NAME
    return save_fair_esm(fair_esm_model(SPEC, seed=11), path).read_bytes()


@pytest.fixture(autouse=True)
def _direct(monkeypatch, tmp_path):
    """No proxy between the test and its server, and no weights of the machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@contextmanager
def server(answer):
    """A web server on this machine; ``answer(handler)`` answers.  Gives the source to download from, and the ranges asked for."""
    ranges = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            ranges.append(self.headers.get("Range"))
            answer(self)

        def log_message(self, *args):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield replace(SPEC.download, address=f"http://127.0.0.1:{running.server_port}/{NAME}", size=1000), ranges
    finally:
        running.shutdown()
        running.server_close()


def send(handler, status, body, length=None, **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def serve_file(content):
    """Answers as a server that knows ranges."""

    def answer(handler):
        wanted = handler.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if wanted and start >= len(content):
            send(handler, 416, b"", Content_Range=f"bytes */{len(content)}")
        elif wanted:
            send(handler, 206, content[start:], Content_Range=f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            send(handler, 200, content, Content_Type="application/octet-stream")

    return answer


def refused(source, match, **options) -> str:
    with pytest.raises(WeightsError, match=match) as error:
        download(SPEC, source=source, **options)
    message = str(error.value)
    assert "\n" not in message
    assert not (download_folder() / NAME).exists()
    return message


def partial():
    return download_folder() / f"partial-{NAME}"


def test_complete(content):
    seen = []
    with server(serve_file(content)) as (source, _):
        path = download(SPEC, progress=lambda done, total: seen.append((done, total)), source=source)
    assert path.read_bytes() == content
    assert not partial().exists()
    assert (locate(SPEC).path, locate(SPEC).source) == (path, "downloaded by AlloScope")
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert seen[-1] == (len(content), len(content))


def test_goes_on_where_it_stopped(content):
    half = len(content) // 2

    def breaks_off(handler):
        send(handler, 200, content[:half], length=len(content))

    with server(breaks_off) as (source, _):
        message = refused(source, "broke off")
    assert "goes on where it stopped" in message
    assert "ALLOSCOPE_WEIGHTS" in message
    assert str(download_folder()) in message
    # All but the last piece of 1 MiB, which was not complete.
    start = partial().stat().st_size
    assert half - 2**20 < start <= half
    first = []
    with server(serve_file(content)) as (source, ranges):
        path = download(SPEC, progress=lambda done, total: first.append((done, total)), source=source)
    assert ranges == [f"bytes={start}-"]
    assert first[0][0] > start
    assert first[-1] == (len(content), len(content))
    assert path.read_bytes() == content


def test_server_without_ranges_starts_over(content):
    partial().parent.mkdir(parents=True)
    partial().write_bytes(b"something else")
    with server(lambda handler: send(handler, 200, content)) as (source, ranges):
        assert download(SPEC, source=source).read_bytes() == content
    assert ranges == ["bytes=14-"]


def test_partial_file_that_is_complete(content):
    partial().parent.mkdir(parents=True)
    partial().write_bytes(content)
    with server(serve_file(content)) as (source, _):
        assert download(SPEC, source=source).read_bytes() == content


def test_partial_file_of_another_version(content):
    partial().parent.mkdir(parents=True)
    partial().write_bytes(content + b"longer")
    with server(serve_file(content)) as (source, ranges):
        assert download(SPEC, source=source).read_bytes() == content
    assert ranges == [f"bytes={len(content) + 6}-", None]


def test_cancel_keeps_what_arrived(content):
    cancel = threading.Event()
    with server(serve_file(content)) as (source, _):
        with pytest.raises(Cancelled):
            download(SPEC, progress=lambda done, total: cancel.set(), cancel=cancel, source=source)
        assert 0 < partial().stat().st_size < len(content)
        assert download(SPEC, source=source).read_bytes() == content


def test_two_at_once_fetch_it_once(content):
    """The second waits, shows how far the first has come, and takes its file."""
    waiting = threading.Event()
    seen = []

    def slow(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: 3 << 20])
        waiting.wait(60)
        handler.wfile.write(content[3 << 20 :])

    def watch(done, total):
        seen.append((done, total))
        waiting.set()

    with server(slow) as (source, ranges), ThreadPoolExecutor(2) as pool:
        arrived = threading.Event()
        first = pool.submit(download, SPEC, lambda done, total: arrived.set(), source=source)
        assert arrived.wait(60)
        second = pool.submit(download, SPEC, watch, source=source)
        assert first.result(60) == second.result(60)
    assert ranges == [None]
    assert seen[0][0] >= 2**20
    assert {total for _, total in seen} == {source.size}
    assert first.result().read_bytes() == content


@pytest.fixture
def other_process():
    """Another process that downloads the same file, as far as anybody can tell."""
    partial().parent.mkdir(parents=True)
    code = "import sys, time, filelock\nlock = filelock.FileLock(sys.argv[1])\nlock.acquire()\nprint('held', flush=True)\ntime.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code, f"{partial()}.lock"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_waiting_for_another_process_can_be_cancelled(other_process):
    cancel = threading.Event()
    with server(serve_file(b"")) as (source, ranges), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(download, SPEC, cancel=cancel, source=source)
        with pytest.raises(TimeoutError):
            waiting.result(1)
        cancel.set()
        with pytest.raises(Cancelled):
            waiting.result(60)
    assert ranges == []


def test_a_process_that_was_killed_blocks_nobody(content, other_process):
    with server(serve_file(content)) as (source, ranges), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(download, SPEC, source=source)
        with pytest.raises(TimeoutError):
            waiting.result(1)
        other_process.kill()
        assert waiting.result(60).read_bytes() == content
    assert ranges == [None]
    assert partial().with_name(f"{partial().name}.lock").exists()


@pytest.mark.parametrize("when", ["before the answer", "within the answer"])
def test_slow_server(content, when):
    stop = threading.Event()
    waited_for = []

    def slow(handler):
        if when == "within the answer":
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[:1000])
        if not stop.wait(30):
            waited_for.append(when)

    with server(slow) as (source, _):
        message = refused(source, "did not answer within", timeout=(60, 0.3))
        assert waited_for == []
        stop.set()
    assert "elsewhere and put" in message


def test_nobody_listens():
    with server(serve_file(b"")) as (source, _):
        pass
    refused(source, "the connection failed")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_error_of_the_server(status):
    with server(lambda handler: send(handler, status, b"sorry")) as (source, _):
        assert source.address in refused(source, f"the server answered {status}")


def test_web_page_instead_of_a_file():
    page = b"<!DOCTYPE html><html>Sign in</html>"
    with server(lambda handler: send(handler, 200, page, Content_Type="text/html; charset=utf-8")) as (source, _):
        refused(source, "a web page instead of the file")
    # Also where the server does not say that it is one.
    with server(lambda handler: send(handler, 200, page, Content_Type="application/octet-stream")) as (source, _):
        refused(source, "cannot be read")
    assert not partial().exists()


def test_wrong_sha256(content):
    right = hashlib.sha256(content).hexdigest()
    with server(serve_file(content)) as (source, _):
        refused(replace(source, sha256="0" * 64), f"has sha256 {right[:12]}")
        assert not partial().exists()
        assert download(SPEC, source=replace(source, sha256=right)).read_bytes() == content


def test_no_space():
    with server(serve_file(b"")) as (source, ranges):
        message = refused(replace(source, size=10**18), r"need 1e\+09 GB more")
    assert "ALLOSCOPE_HOME" in message
    assert ranges == []


def test_disk_fills_up_on_the_way(content, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download_module, "_write", full)
    with server(serve_file(content)) as (source, _):
        refused(source, "No space left on device")


def test_antiberty_is_no_download():
    with pytest.raises(WeightsError, match=r"pip install --no-deps antiberty==0\.1\.3"):
        download(MODELS["antiberty"])


def serve_folder(folder):
    """Answers with the files of a folder, by the last part of the address."""
    contents = {file.name: file.read_bytes() for file in folder.iterdir()}
    return lambda handler: serve_file(contents[handler.path.rpartition("/")[2]])(handler)


def folding_from(source):
    """A small ESMFold that is published at the server of a source."""
    root = source.address.rpartition("/")[0]
    config, weights = (replace(part, address=f"{root}/{part.file}", size=1000) for part in (TINY_ESMFOLD.config, TINY_ESMFOLD.weights))
    return replace(TINY_ESMFOLD, config=config, weights=weights)


def test_a_folding_model_has_several_files(tmp_path):
    folder = save_esmfold(random_esmfold(), tmp_path / "published")
    content = (folder / "pytorch_model.bin").read_bytes()
    seen = []
    with server(serve_folder(folder)) as (source, ranges):
        spec = folding_from(source)
        assert locate_folding(spec) is None
        spec.folder.mkdir(parents=True)
        (spec.folder / "partial-pytorch_model.bin").write_bytes(content[:5000])
        files = download_folding(spec, lambda done, total: seen.append((done, total)))
        assert download_folding(spec) == files
    assert ranges == [None, "bytes=5000-"]
    assert files == locate_folding(spec)
    assert files.weights.read_bytes() == content
    assert sorted(file.name for file in spec.folder.iterdir() if file.suffix != ".lock") == ["config.json", "pytorch_model.bin"]
    assert seen[-1] == (len(content), len(content))


def test_a_folding_model_that_is_none(tmp_path):
    folder = save_esmfold(random_esmfold(), tmp_path / "published")
    (folder / "pytorch_model.bin").write_bytes(b"no tensors")
    with server(serve_folder(folder)) as (source, _):
        spec = folding_from(source)
        with pytest.raises(WeightsError, match=r"ESMFold could not be downloaded from 127\.0\.0\.1: what arrived cannot be read") as error:
            download_folding(spec)
        assert f"put pytorch_model.bin into {spec.folder}, or name it" in str(error.value)
        (folder / "config.json").write_text("{}")
        (spec.folder / "config.json").unlink()
    with server(serve_folder(folder)) as (source, _), pytest.raises(WeightsError, match="it is no description of ESMFold"):
        download_folding(folding_from(source))
    assert not list(spec.folder.glob("*.bin"))
    assert not (spec.folder / "config.json").exists()


def test_a_folding_model_that_is_not_there_or_cancelled(tmp_path):
    folder = save_esmfold(random_esmfold(), tmp_path / "published")
    with (
        server(lambda handler: send(handler, 404, b"sorry")) as (source, _),
        pytest.raises(WeightsError, match="the server answered 404"),
    ):
        download_folding(folding_from(source))
    cancel = threading.Event()
    cancel.set()
    with server(serve_folder(folder)) as (source, _):
        with pytest.raises(Cancelled):
            download_folding(folding_from(source), cancel=cancel)
        assert download_folding(folding_from(source)).weights.is_file()

"""3Dmol.js is fetched once, checked, and nothing wrong is ever kept."""

import http.server
import socketserver
import threading

import pytest

from allo_core.fetch import three_d_mol
from allo_core.fetch.three_d_mol import FILE, ThreeDMolError, ensure_library, library_address

CONTENT = b"export const createViewer = () => {};\n" * 40


@pytest.fixture
def server(monkeypatch):
    """A local HTTP server; set ``answer`` to (status, body)."""
    import hashlib

    monkeypatch.setattr(three_d_mol, "SIZE", len(CONTENT))
    monkeypatch.setattr(three_d_mol, "SHA256", hashlib.sha256(CONTENT).hexdigest())

    class Handler(http.server.BaseHTTPRequestHandler):
        answer = (200, CONTENT)
        asked = 0
        hold = threading.Event()

        def do_GET(self):
            type(self).asked += 1
            status, body = self.answer
            if status == 0:
                self.hold.wait(60)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(CONTENT) if status == 200 else len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        Handler.address = f"http://127.0.0.1:{running.server_address[1]}/{FILE}"
        yield Handler
        Handler.hold.set()
        running.shutdown()


def test_it_is_fetched_once_and_kept(server, tmp_path):
    path = ensure_library(tmp_path / "static", server.address, npm=None)
    assert path.read_bytes() == CONTENT
    assert ensure_library(tmp_path / "static", server.address, npm=None) == path
    assert server.asked == 1
    assert [entry.name for entry in path.parent.iterdir()] == [FILE]


@pytest.mark.parametrize("answer", [(404, b"no"), (200, b"<html>log in</html>"), (200, CONTENT[:-7]), (200, b"x" * len(CONTENT)), (0, b"")])
def test_wrong_answers_are_refused_and_say_what_to_do(server, monkeypatch, tmp_path, answer):
    server.answer = answer
    if answer[0] == 0:  # silence
        monkeypatch.setattr(three_d_mol, "_TIMEOUT", 1)
    with pytest.raises(ThreeDMolError, match="npm pack 3dmol"):
        ensure_library(tmp_path, server.address, npm=None)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_replaced(server, tmp_path):
    (tmp_path / FILE).write_bytes(CONTENT[:100])
    assert ensure_library(tmp_path, server.address, npm=None).read_bytes() == CONTENT


def test_a_failing_npm_is_followed_by_the_address(server, tmp_path):
    broken = tmp_path / "npm"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert ensure_library(tmp_path / "static", server.address, npm=str(broken)).is_file()


def test_the_address_is_of_the_pinned_file():
    assert library_address().endswith(f"/3dmol@{three_d_mol.VERSION}/build/{FILE}")
    assert library_address().startswith("https://")


def test_a_folder_that_cannot_be_written_is_told(server, tmp_path):
    (tmp_path / "static").write_text("a file where the folder should be")
    with pytest.raises(ThreeDMolError, match="npm pack 3dmol"):
        ensure_library(tmp_path / "static", server.address, npm=None)

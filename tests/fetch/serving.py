"""A small server on this machine, in the place of all three databases."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VARIABLES = ("ALLOSCOPE_UNIPROT", "ALLOSCOPE_PDB", "ALLOSCOPE_ALPHAFOLD")


@contextmanager
def server(monkeypatch, answer, prefix=""):
    """All three databases at once; ``answer(handler)`` answers.  Gives the list of the paths that were asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            with suppress(ConnectionError):  # the other side had enough
                answer(self)

        def log_message(self, *args):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    for name in VARIABLES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{running.server_port}{prefix}")
    try:
        yield asked
    finally:
        running.shutdown()
        running.server_close()


def send(status, body, length=None, **headers):
    def answer(handler):
        handler.send_response(status)
        if length != "none":
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def routes(pages):
    """A server that has these pages, path -> body."""

    def answer(handler):
        page = pages.get(handler.path)
        send(404, b'{"error": "not found"}')(handler) if page is None else send(200, page, Content_Type="text/plain")(handler)

    return answer

"""A running app and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from allo_core.fetch.three_d_mol import ThreeDMolError, ensure_library

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE = {"width": 1440, "height": 900}
# Software WebGL, so that the 3D view draws on machines without a GPU; nothing is fetched in the background.
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    # The page itself is drawn without GL: through software GL each opening took half as much processor time again.
    "--disable-gpu-compositing",
]


def _missing(reason: str):
    if os.environ.get("ALLOSCOPE_BROWSER_TESTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """A Chromium driven by Playwright, for the whole session."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed")
    named = os.environ.get("ALLOSCOPE_CHROMIUM")
    path = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        _missing("no Chromium: install it (apt install chromium) or name one in ALLOSCOPE_CHROMIUM")
    try:
        ensure_library()
    except ThreeDMolError as error:
        _missing(str(error))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def new_page(chromium):
    """A page in a browser context of its own, patient enough for a busy machine."""
    context = chromium.new_context(viewport=SIZE, accept_downloads=True)
    context.set_default_timeout(90_000)
    return context.new_page()


class App:
    """One running server with a cache folder of its own, of this checkout or of another."""

    def __init__(self, home: Path, repository: Path = REPOSITORY, **environment: str):
        self.home = home
        self.repository = repository
        self.environment = {**os.environ, "ALLOSCOPE_HOME": str(home), **environment}
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://localhost:{port}"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless", "true"]
        self.log = (self.home / "server.log").open("ab")
        self.process = subprocess.Popen(command, cwd=self.repository, env=self.environment, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=10).close()
                return
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, (self.home / "server.log").read_text()
                assert time.monotonic() < end, "the server did not start"
                time.sleep(0.05)

    def stop(self) -> None:
        self._end(subprocess.Popen.terminate)

    def kill(self) -> None:
        """End the server without a chance to tidy up."""
        self._end(subprocess.Popen.kill)

    def _end(self, how) -> None:
        if self.process is not None:
            how(self.process)
            self.process.wait(90)
            self.log.close()
            self.process = None


@contextmanager
def running(home: Path, **environment: str):
    """A server, until the context ends."""
    app = App(home, **environment)
    app.start()
    yield app
    app.stop()


@pytest.fixture(scope="session")
def app(tmp_path_factory, chromium):
    """One server for all tests, so that torch and the model are loaded once; files that delete runs have one of their own."""
    with running(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture(scope="session")
def tab(chromium):
    """One tab for all tests: what Chromium has compiled for it is used again, which saves a third of each opening."""
    page = new_page(chromium)
    page.add_init_script(path=Path(__file__).parent / "heard.js")
    yield page
    page.context.close()


@pytest.fixture
def page(tab, app, request):
    """A browser page at 1440 x 900, empty at first, that fails its test on a JavaScript error or an error box of the app."""
    page, errors = tab, []

    def note(error) -> None:
        errors.append(str(error))

    page.on("pageerror", note)
    page.set_viewport_size(SIZE)
    yield page
    if getattr(request.node, "failed", False):  # what a reader of the log would ask first
        print(page.url)
        print("shown:", page.locator(".st-key-strip, .st-key-verdict, .title, [data-testid=stAlert]").all_inner_texts())
        print("heard:", page.evaluate("heard.slice(-40)"))
    exceptions = page.locator('[data-testid="stException"]').all_inner_texts()
    page.remove_listener("pageerror", note)
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.goto("about:blank")  # the app's session ends, and its storage is that of no test
    page.context.clear_cookies()
    assert errors == []
    assert exceptions == []

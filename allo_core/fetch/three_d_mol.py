"""3Dmol.js for the viewer: fetched once at first start, checked, and served by this app; never loaded from elsewhere at run time.

3Dmol.js (BSD-3-Clause) is the engine of py3Dmol; the wheel of py3Dmol holds no JavaScript.  Rego and Koes, Bioinformatics 31, 1322 (2015).
"""

import hashlib
import inspect
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from allo_core.errors import AlloScopeError
from allo_core.storage.whole_file import write_whole

__all__ = ["ThreeDMolError", "ensure_library", "library_address"]

VERSION = "2.5.5"
FILE = "3Dmol.es6-min.js"
SHA256 = "95513f6494717cc82fb2ba4d264f29b7ef189a31d4ece36a38d1f9666bf6d427"
SIZE = 543_928
STATIC = Path(__file__).resolve().parents[2] / "static"
_TIMEOUT = 20  # seconds


class ThreeDMolError(AlloScopeError):
    """3Dmol.js is not here and could not be fetched; the message says what to do."""


def library_address() -> str:
    """Where FILE lies on the network that py3Dmol itself uses."""
    import py3Dmol

    script = inspect.signature(py3Dmol.view.__init__).parameters["js"].default
    return re.sub(r"3dmol@[\d.]+/build/[^/]+$", f"3dmol@{VERSION}/build/{FILE}", script)


def ensure_library(folder: Path = STATIC, address: str | None = None, npm: str | None = "npm") -> Path:
    """The checked file in ``folder``, fetched with npm, else over HTTPS.

    Parameters
    ----------
    folder : Path
        Where it is kept; made if missing.
    address : str, optional
        Where to fetch it without npm; by default beside py3Dmol's own script.
    npm : str, optional
        The npm command; None to go without.

    Raises
    ------
    ThreeDMolError
        If no way leads to a file with the right checksum.
    """
    target = folder / FILE
    if target.is_file() and _is_right(target.read_bytes()):
        return target
    failures = []
    for fetch in (lambda: _from_npm(npm), lambda: _from_address(address or library_address())):
        try:
            content = fetch()
            if content is not None and _is_right(content):
                write_whole(target, content)
                return target
        except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError, urllib.error.URLError) as error:
            failures.append(f"{type(error).__name__}: {str(error)[:120]}")
            continue
        if content is not None:
            failures.append(f"a file of {len(content)} bytes with the wrong checksum came back")
    raise ThreeDMolError(
        f"The 3D view needs 3Dmol.js {VERSION}, which could not be fetched ({'; '.join(failures)}). On a machine with a network run "
        f"'npm pack 3dmol@{VERSION}', take build/{FILE} from the archive, put it into the folder static beside app.py and reload the page."
    )


def _is_right(content: bytes) -> bool:
    return len(content) == SIZE and hashlib.sha256(content).hexdigest() == SHA256


def _from_npm(npm: str | None) -> bytes | None:
    command = shutil.which(npm) if npm else None
    if command is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([command, "pack", f"3dmol@{VERSION}"], cwd=folder, check=True, capture_output=True, timeout=3 * _TIMEOUT)
        archive = next(Path(folder).glob("*.tgz"), None)
        if archive is None:
            raise FileNotFoundError("npm pack wrote no archive")
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as package:
            if (file := package.extractfile(f"package/build/{FILE}")) is None:
                raise FileNotFoundError(f"{FILE} is no file in the package")
            return file.read()


def _from_address(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
        return answer.read(SIZE + 1)

"""Whether this machine can do the work, and what to do where it cannot.

Nothing but the standard library is imported here, so that a missing package is a finding and not a traceback; numpy and platformdirs
alone must be there for any command to begin.
"""

import importlib.metadata
import os
import platform
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator

from allo_core.terminal.finding import Finding, first_line

__all__ = ["NEEDED", "OPTIONAL", "doctor", "examine"]

_OLDEST_PYTHON = (3, 11)
# The distributions of requirements.txt.
NEEDED = (
    "streamlit torch transformers safetensors fair-esm antiberty plotly py3Dmol biotite gemmi msgpack requests pandas numpy scipy "
    "platformdirs filelock msgspec psutil cachetools networkx"
).split()
# Distributions, what needs them, and how they are installed.
OPTIONAL = (
    (("ray",), "batch", "pip install 'ray[data]==2.60.0'"),
    (("openmm", "pdbfixer"), "fold --relax", "pip install '.[relax]'"),
)
_WIDTH, _COLUMNS = 10, 100  # characters


def doctor() -> int:
    """Print one line a finding; the exit status is 1 if something stands in the way of the work, else 0."""
    worst = 0
    for finding in examine():
        print(_lines(finding), flush=True)
        worst = max(worst, int(finding.level == "problem"))
    print("Something stands in the way; see the lines that say problem." if worst else "AlloScope can work here.")
    return worst


def _lines(finding: Finding) -> str:
    """The finding in lines of 100 characters, the later ones below the text of the first."""
    head = f"{finding.level:<9}{finding.what:<{_WIDTH}}"
    text = "".join(letter if letter.isprintable() else "?" for letter in f"{head}{finding.text}")
    shown = text.encode(sys.stdout.encoding or "ascii", "replace").decode(sys.stdout.encoding or "ascii")
    return textwrap.fill(shown, _COLUMNS, subsequent_indent=" " * len(head), break_long_words=False)


def examine() -> Iterator[Finding]:
    """Look at everything, the quick things first; nothing is fetched."""
    yield from _python()
    yield from _packages()
    try:
        from allo_core.terminal import examination
    except Exception as error:  # a package is missing, or broken in one of many ways
        yield Finding("problem", "packages", f"AlloScope cannot be loaded ({first_line(error)}); {_REINSTALL}")
        return
    for what, section in examination.SECTIONS.items():
        yield from _guarded(what, section)
    try:
        import torch  # noqa: F401 - the rest needs it
    except Exception as error:  # a broken installation fails in many ways
        yield Finding("problem", "torch", f"cannot be imported ({first_line(error)}); install requirements.txt into a fresh environment")
        return
    for what, section in examination.WITH_TORCH.items():
        yield from _guarded(what, section)


_REINSTALL = "run pip install -r requirements.txt"


def _guarded(what: str, section: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of a section; what breaks there is one of them, and the next section is still looked at."""
    try:
        yield from section()
    except Exception as error:  # drivers, disks and packages fail in many ways
        yield Finding("problem", what, f"could not be looked at ({first_line(error)}); {_REINSTALL}, or see the lines above")


def _python() -> Iterator[Finding]:
    version = f"Python {platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        yield Finding("problem", "python", f"{version}; AlloScope needs 3.11 or newer")
    else:
        yield Finding("ok", "python", f"{version}, {os.cpu_count()} processor cores")


def _packages() -> Iterator[Finding]:
    from allo_core import __version__

    versions, missing = [f"alloscope {__version__}"], []
    for name in NEEDED:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("problem", "packages", f"{', '.join(missing)} missing; {_REINSTALL}")
    else:
        yield Finding("ok", "packages", ", ".join(versions))
    for names, purpose, install in OPTIONAL:
        yield _extra(names, purpose, install)


def _extra(names: tuple[str, ...], purpose: str, install: str) -> Finding:
    """Of packages that one part alone needs, all of them together."""
    try:
        versions = [importlib.metadata.version(name) for name in names]
    except importlib.metadata.PackageNotFoundError as error:
        return Finding("note", names[0], f"{error.name} not installed; only {purpose} needs it ({install})")
    named = [versions[0], *(f"{name} {version}" for name, version in zip(names[1:], versions[1:], strict=True))]
    return Finding("ok", names[0], f"{', '.join(named)}, for {purpose}")

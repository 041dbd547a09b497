"""Fetching official weights: with progress, time-outs, going on where it stopped, and checks before the file is put into place.

One download of a file at a time: a second one, of whatever process, waits for the first and takes its file, or goes on where it stopped.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from allo_core.errors import Cancelled, WeightsError
from allo_core.models.checkpoint import read_checkpoint
from allo_core.models.folding_models import FoldingFiles, FoldingSpec, describes
from allo_core.models.registry import ModelSpec, Source
from allo_core.models.weights import download_folder, how_to_get

if TYPE_CHECKING:
    from requests import Response

    from allo_core.storage.cancel import CancelEvent

__all__ = ["download", "download_folding"]

_CHUNK = 1 << 20
# Seconds to connect, and between two pieces of the answer.
_TIMEOUT = (10.0, 30.0)
_LOOK_AGAIN = 0.3  # seconds, while another process downloads the same file


def download(
    spec: ModelSpec,
    progress: Callable[[int, int], None] | None = None,
    cancel: "CancelEvent | None" = None,
    source: Source | None = None,
    timeout: tuple[float, float] = _TIMEOUT,
) -> Path:
    """Fetch the weights of a model into the app's own folder, where ``locate`` finds them.

    Parameters
    ----------
    progress : callable(bytes_done, bytes_in_all), optional
    cancel : CancelEvent, optional
        What has arrived is kept, and the next call goes on from there.
    source : Source, optional
        By default the one that the registry prefers.
    timeout : (float, float)
        Seconds to connect, and between two pieces of the answer.

    Returns
    -------
    Path
        The complete, checked file.

    Raises
    ------
    WeightsError
        In one line: what went wrong, and how to get the file without this download.
    Cancelled
    """
    source = source or spec.download
    if source is None:
        raise WeightsError(how_to_get(spec))
    target = download_folder() / source.file_name
    return _put(_Wanted(spec.label, source, target, lambda path: _check_tensors(path, source)), progress, cancel, timeout)


def download_folding(
    spec: FoldingSpec,
    progress: Callable[[int, int], None] | None = None,
    cancel: "CancelEvent | None" = None,
    timeout: tuple[float, float] = _TIMEOUT,
) -> FoldingFiles:
    """Fetch the files of a folding model into the app's own folder, where ``locate_folding`` finds them.

    Parameters
    ----------
    spec : FoldingSpec
    progress : callable(bytes_done, bytes_in_all), optional
        Of the weights.
    cancel : CancelEvent, optional
        What has arrived is kept, and the next call goes on from there.
    timeout : (float, float)
        Seconds to connect, and between two pieces of the answer.

    Raises
    ------
    WeightsError
        In one line: what went wrong, and how to get the files without this download.
    Cancelled
    """

    def check_config(path: Path) -> None:
        if not describes(path, spec):
            raise WeightsError(f"it is no description of {spec.label}")

    config = _put(_Wanted(spec.label, spec.config, spec.folder / spec.config.file_name, check_config), None, cancel, timeout)
    target = spec.folder / spec.weights.file_name
    weights = _put(_Wanted(spec.label, spec.weights, target, lambda path: _check_tensors(path, spec.weights)), progress, cancel, timeout)
    return FoldingFiles(config, weights, "downloaded by AlloScope")


class _Wanted(NamedTuple):
    """A file of a model: where it comes from, where it belongs, and what raises WeightsError if it is not what it should be."""

    label: str
    source: Source
    target: Path
    check: Callable[[Path], None]

    @property
    def partial(self) -> Path:
        return self.target.with_name(f"partial-{self.target.name}")


def _put(wanted: _Wanted, progress: Callable[[int, int], None] | None, cancel: "CancelEvent | None", timeout: tuple[float, float]) -> Path:
    """The complete, checked file in its place."""
    source, target, partial = wanted.source, wanted.target, wanted.partial
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(source, partial, progress, cancel):
            if target.is_file():  # another process has just put it there
                return target
            _check_space(wanted)
            _fetch(source, partial, progress, cancel, timeout)
            _check(wanted)
            os.replace(partial, target)
    except OSError as error:  # also what requests raises
        raise WeightsError(_advice(wanted, _reason(error, timeout))) from error
    return target


@contextmanager
def _alone(source: Source, partial: Path, progress: Callable[[int, int], None] | None, cancel: "CancelEvent | None") -> Iterator[None]:
    """Wait until no other process downloads this file, telling how far it has come.

    The operating system gives the lock back when its holder ends, however it ends, so the file that is left behind blocks nobody.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(partial.with_name(f"{partial.name}.lock"))
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            if cancel is not None and cancel.is_set():
                raise Cancelled from None
            if progress is not None and partial.is_file():
                progress(partial.stat().st_size, source.size)
            time.sleep(_LOOK_AGAIN)
    try:
        yield
    finally:
        lock.release()


def _fetch(
    source: Source, partial: Path, progress: Callable[[int, int], None] | None, cancel: "CancelEvent | None", timeout: tuple[float, float]
) -> None:
    import requests

    from allo_core.storage.transfer import HEADERS, ended_early, is_web_page

    start = partial.stat().st_size if partial.exists() else 0
    headers = HEADERS | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(source.address or "", headers=headers, stream=True, timeout=timeout) as response:
        if response.status_code == 416:  # nothing left to fetch, or the partial file belongs to another version
            if start == _total_of_range(response):
                return
            partial.unlink()
            return _fetch(source, partial, progress, cancel, timeout)
        response.raise_for_status()
        if is_web_page(response):
            raise OSError("the server answered with a web page instead of the file")
        if response.status_code != 206:
            start = 0  # the server sends everything again
        total = start + int(response.headers.get("Content-Length", 0))
        with partial.open("ab" if start else "wb") as file:
            _write(file, response, start, total or source.size, progress, cancel)
        if total and partial.stat().st_size != total:
            raise OSError(ended_early(partial.stat().st_size, total))


def _write(file, response: "Response", done: int, total: int, progress, cancel) -> None:
    for chunk in _chunks(response):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        file.write(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, total)


def _chunks(response: "Response") -> Iterator[bytes]:
    yield from response.iter_content(_CHUNK)


def _total_of_range(response: "Response") -> int:
    """The whole size that a 416 answer states ("bytes */123"), or -1."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else -1


def _check_space(wanted: _Wanted) -> None:
    partial = wanted.partial
    needed = wanted.source.size - (partial.stat().st_size if partial.exists() else 0)
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise WeightsError(
            f"The weights of {wanted.label} need {needed / 1e9:.3g} GB more in {partial.parent}, {free / 1e9:.3g} GB are free; "
            "make room or set ALLOSCOPE_HOME to another disk."
        )


def _check(wanted: _Wanted) -> None:
    """sha256 where the publisher states it, and whether the file is what it should be; a bad file is deleted."""
    stated, reason = wanted.source.sha256, None
    if stated and (digest := _sha256(wanted.partial)) != stated:
        reason = f"the file has sha256 {digest[:12]}..., the publisher states {stated[:12]}..."
    else:
        try:
            wanted.check(wanted.partial)
        except WeightsError as error:
            reason = f"what arrived cannot be read ({error})"
    if reason:
        wanted.partial.unlink()
        raise WeightsError(_advice(wanted, reason))


def _check_tensors(path: Path, source: Source) -> None:
    read_checkpoint(path, source.layout)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: OSError, timeout: tuple[float, float]) -> str:
    import requests

    from allo_core.storage.transfer import timed_out

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if timed_out(error):
        return f"the server did not answer within {timeout[1]:.0f} seconds"
    if isinstance(error, requests.RequestException):
        return "the connection failed or broke off"
    return error.strerror or str(error)


def _advice(wanted: _Wanted, reason: str) -> str:
    source = wanted.source
    host = urlsplit(source.address).hostname
    return (
        f"{wanted.label} could not be downloaded from {host}: {reason}. Try again (it goes on where it stopped), "
        f"or fetch {source.address} elsewhere and put {source.file_name} into {wanted.target.parent}, or name it with ALLOSCOPE_WEIGHTS."
    )

"""One answer from a server, or one reason why there is none: bounded in time and size, and it can be cancelled at any moment."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from errno import ECONNREFUSED, EHOSTUNREACH, ENETDOWN, ENETUNREACH
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from allo_core.errors import Cancelled

if TYPE_CHECKING:
    from requests import Response, Session

    from allo_core.storage.cancel import CancelEvent

__all__ = [
    "HEADERS",
    "PATIENCE",
    "NotThereError",
    "Patience",
    "TransferError",
    "ended_early",
    "is_web_page",
    "receive",
    "timed_out",
]

# "identity": nothing is gained by packing a packed file, and in a packed answer Content-Length and Range mean something else.
HEADERS = {"Accept-Encoding": "identity"}

_PIECE = 1 << 14
_MOST_REDIRECTS = 5
_POLL = 0.05  # seconds between two looks at the cancel event
_OUT_OF_REACH = (ECONNREFUSED, EHOSTUNREACH, ENETDOWN, ENETUNREACH)
_WEB_PAGES = ("text/html", "application/xhtml")


class TransferError(Exception):
    """Why there is no answer, as the end of a sentence."""


class NotThereError(TransferError):
    """The server has nothing under this address."""


class Patience(NamedTuple):
    """Seconds to wait: for a connection, for the next sign of life, and for the whole answer."""

    connect: float = 10.0
    silence: float = 20.0
    whole: float = 120.0


PATIENCE = Patience()


@dataclass(frozen=True)
class _Request:
    address: str
    hosts: frozenset[str]
    most_bytes: int
    patience: Patience
    abandoned: threading.Event


def receive(
    address: str, hosts: frozenset[str], most_bytes: int, patience: Patience = PATIENCE, cancel: "CancelEvent | None" = None
) -> bytes:
    """The content under an address.

    A thread of its own asks, and is left alone when time is up: looking up a name and reading headers have no time-out that would hold
    against a server that sends a byte now and then.

    Parameters
    ----------
    address : str
    hosts : frozenset of str
        Where a redirect may lead: host names, with their port where they have one.
    most_bytes : int
        More, also once decompressed, is not taken.
    patience : Patience
    cancel : CancelEvent, optional

    Raises
    ------
    TransferError
    Cancelled
    """
    request = _Request(address, hosts, most_bytes, patience, threading.Event())
    outcome: list[bytes | TransferError] = []
    thread = threading.Thread(target=lambda: outcome.append(_outcome(request)), daemon=True, name="fetch")
    ends = time.monotonic() + patience.whole
    thread.start()
    try:
        while thread.is_alive():
            if cancel is not None and cancel.is_set():
                raise Cancelled
            if time.monotonic() > ends:
                raise TransferError(f"the answer was not complete after {patience.whole:g} seconds")
            thread.join(_POLL)
    finally:
        request.abandoned.set()
    if not outcome:
        raise TransferError("the transfer ended unexpectedly")
    if isinstance(outcome[0], TransferError):
        raise outcome[0]
    return outcome[0]


def _outcome(request: _Request) -> bytes | TransferError:
    import requests  # a tenth of a second that only those who fetch should wait for

    try:
        with requests.Session() as session:
            return _content(_answer(session, request), request)
    except TransferError as error:
        return error
    except (OSError, ValueError) as error:  # what requests raises, also about a redirect to nonsense
        return TransferError(_reason(error, request.patience))


def _answer(session: "Session", request: _Request) -> "Response":
    """The answer behind all redirects, its body not yet read."""
    address = request.address
    for _ in range(_MOST_REDIRECTS + 1):
        response = session.get(
            address,
            headers=HEADERS,
            stream=True,
            allow_redirects=False,
            timeout=(request.patience.connect, request.patience.silence),
        )
        if not response.is_redirect:
            _check(response)
            return response
        response.close()
        address = urljoin(address, response.headers["Location"])
        parts = urlsplit(address)
        if parts.netloc not in request.hosts or parts.scheme != urlsplit(request.address).scheme:
            raise TransferError(f"it refers to another server ({(parts.hostname or 'unnamed')[:60]!r})")
    raise TransferError("it redirects without end")


def _check(response: "Response") -> None:
    status = response.status_code
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY):
        raise NotThereError("it has no such entry")
    if status != HTTPStatus.OK:
        phrase = HTTPStatus(status).phrase if status in {known.value for known in HTTPStatus} else ""
        raise TransferError(f"it answered {status} {phrase}".rstrip())
    if is_web_page(response):
        raise _web_page()


def is_web_page(response: "Response") -> bool:
    """Whether the server says that it sends a page for people, such as the sign-in page of a network, instead of a file."""
    return response.headers.get("Content-Type", "").lower().startswith(_WEB_PAGES)


def _web_page() -> TransferError:
    return TransferError("it answered with a web page instead of data (the sign-in page of a network?)")


def _content(response: "Response", request: _Request) -> bytes:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > request.most_bytes:
        raise _too_large(request)
    pieces, done = [], 0
    for piece in response.iter_content(_PIECE):
        if request.abandoned.is_set():
            response.close()
            break
        pieces.append(piece)
        done += len(piece)
        if done > request.most_bytes:
            response.close()
            raise _too_large(request)
    arrived = response.raw.tell()  # bytes of the body as they were sent
    if announced.isdecimal() and arrived != int(announced):
        raise TransferError(ended_early(arrived, int(announced)))
    content = b"".join(pieces)
    if content[:100].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise _web_page()
    return content


def ended_early(arrived: int, announced: int) -> str:
    """What to say of an answer that is shorter than the server announced, in bytes."""
    return f"the connection ended after {arrived:,} of {announced:,} bytes"


def _too_large(request: _Request) -> TransferError:
    return TransferError(f"it sends more than {request.most_bytes / 1e6:.3g} MB")


def _reason(error: OSError | ValueError, patience: Patience) -> str:
    import requests

    causes = list(_causes(error))
    if isinstance(error, requests.ConnectTimeout):
        return f"there was no connection within {patience.connect:g} seconds"
    if timed_out(error):
        return f"it sent nothing for {patience.silence:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted here"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy of this network does not let it through"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "its name cannot be looked up (is there a network?)"
    if any(getattr(cause, "errno", None) in _OUT_OF_REACH for cause in causes):
        return "it cannot be reached (is there a network?)"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "its answer cannot be decompressed"
    return "the connection failed or broke off"


def timed_out(error: Exception) -> bool:
    """Whether a server kept silent for too long; requests has no class of its own for silence within an answer."""
    import requests

    return isinstance(error, requests.Timeout) or "timed out" in str(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

"""How a call is made: sessions, time-outs, the total deadline, bodies, limits, and giving a call up.

Knows HTTP and neither edits nor what a reply means. The API key goes to the service's own address only, never along a
redirect and never to the address of a result.
"""

from __future__ import annotations

import contextlib
import functools
import io
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from .. import __version__
from ..cancel import CancelToken
from ..errors import Cancelled, FluxDepthError, ResultTooLargeError, TimedOutError, UnexpectedReplyError
from ..language import tr
from ..storage.log import LOGGER, redact
from .replies import Reply
from .translation import translated

if TYPE_CHECKING:
    import requests

Progress = Callable[[float], None]
T = TypeVar("T")

USER_AGENT = f"FluxDepth/{__version__}"
CHUNK = 64 * 1024  # bytes between two looks at whether the call was given up
REPLY_LIMIT = 8 * 1024 * 1024  # bytes of JSON; a record is about 2 KB
RESULT_LIMIT = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class TimeOuts:
    """Seconds. ``read`` is the longest silence; ``total`` is the longest that one call may take altogether."""

    connect: float = 10.0
    read: float = 60.0
    synchronous_read: float = 300.0
    total: float = 900.0


class Exchange:
    """One call under way: the body that requests streams to the service, and whether anyone still waits for it.

    A ``paid`` one is given up only before its first byte: half a submit would be of unknown fate, and the id in its
    reply is worth the wait. Both are decided under one lock, so that a call that was given up is never sent after all.
    """

    def __init__(self, cancel: CancelToken | None = None, *, data: bytes = b"", paid: bool = False) -> None:
        self.cancel = cancel or CancelToken()
        self.paid = paid
        self.begun = False  # whether any of the body was sent
        self.over = False  # whether nobody waits any more
        self.progress: Progress | None = None  # of what is sent, told by the thread that sends
        self._file = io.BytesIO(data)
        self._size = len(data)
        self._mutex = threading.Lock()

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """The next part of the body. Raises :class:`Cancelled` when the call was given up."""
        with self._mutex:
            if not self._must_go_on and (self.over or self.cancel.stops(self.paid)):
                raise Cancelled.before_submit()
            self.begun = True
        chunk = self._file.read(CHUNK if size < 0 or size > CHUNK else size)
        if self.progress:
            self.progress(self._file.tell() / max(1, self._size))
        return chunk

    def give_up(self) -> bool:
        """Gives the call up when it was stopped and may be; no further byte is sent or read then."""
        with self._mutex:
            if self.cancel.stops(self.paid) and not self._must_go_on:
                self.over = True
            return self.over

    def end(self) -> None:
        """Nobody waits any more: what has not begun never does, and what still arrives is not read."""
        with self._mutex:
            self.over = True

    @property
    def _must_go_on(self) -> bool:
        return self.paid and self.begun


class Transport:
    """Makes calls to one service address with one key, each in a thread that can be given up."""

    def __init__(
        self, address: str, api_key: str, time_outs: TimeOuts, adapter: requests.adapters.BaseAdapter | None = None
    ) -> None:
        self.time_outs = time_outs
        self._address = address
        self._key = api_key
        self._adapter = adapter
        self._kept: requests.Session | None = None
        self._mutex = threading.Lock()

    def call(
        self,
        method: str,
        path: str,
        exchange: Exchange,
        *,
        content_type: str = "",
        key: bool = True,
        read: float | None = None,
        progress: Progress | None = None,
    ) -> Reply:
        """One call to the service's own address, its whole reply read. ``progress`` is of what is sent.

        A call without a body is safe to repeat and uses a connection that is kept alive. Raises NetworkError,
        :class:`UnexpectedReplyError` for an endless reply, or :class:`Cancelled` as soon as the token is set.
        """
        headers = {"Accept": "application/json"}
        if key:
            headers["API-KEY"] = self._key
        if content_type:
            headers["Content-Type"] = content_type
        words = tr("The service's answer is larger than {most} MB.").format(most=REPLY_LIMIT // 2**20)
        too_large = UnexpectedReplyError(words)

        def work(tell: Progress) -> Reply:
            exchange.progress = tell
            with (
                self._session_for(exchange) as session,
                self._open(session, method, self._address + path, exchange, headers, read) as response,
            ):
                return _reply(response, b"".join(_chunks(response, REPLY_LIMIT, too_large, exchange)))

        reply = _apart(work, exchange, self.time_outs.total, progress)
        LOGGER.debug("%s %s -> %s, %s bytes", method, path, reply.status, len(reply.body))
        if reply.status < 300:
            return reply
        # A service that repeats the key in a message must not put it into a dialog or the journal.
        said = redact(reply.body.decode("utf-8", "replace"), {self._key})
        LOGGER.warning("reply: %s", said[:1000])
        return Reply(reply.status, reply.content_type, said.encode(), reply.retry_after, reply.location)

    def fetch(self, url: str, exchange: Exchange, progress: Progress | None = None) -> Reply:
        """One look at the address of a result, without the key. ``progress`` is of what arrives.

        The body is read only of a reply that is no error and no redirect. Raises NetworkError,
        :class:`ResultTooLargeError`, or :class:`Cancelled` as soon as the token is set.
        """
        words = tr("The result is larger than the {most} MB that are taken.").format(most=RESULT_LIMIT // 2**20)
        too_large = ResultTooLargeError(words)

        def work(tell: Progress) -> Reply:
            with (
                self._session() as session,
                self._open(session, "GET", url, exchange, {"Accept": "image/*"}) as response,
            ):
                if response.status_code >= 300:
                    return _reply(response, b"")
                announced = response.headers.get("Content-Length", "")
                size = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
                if size > RESULT_LIMIT:
                    raise too_large
                data = bytearray()
                for chunk in _chunks(response, RESULT_LIMIT, too_large, exchange):
                    data += chunk
                    if size:
                        tell(min(1.0, len(data) / size))
                return _reply(response, bytes(data))

        return _apart(work, exchange, self.time_outs.total, progress)

    def _session(self) -> requests.Session:
        import requests

        session = requests.Session()
        session.headers["User-Agent"] = USER_AGENT
        session.auth = lambda request: request  # else requests sends what a .netrc holds for the host
        if self._adapter is not None:
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
        return session

    @contextlib.contextmanager
    def _session_for(self, exchange: Exchange) -> Iterator[requests.Session]:
        """A session of its own for a call with a body: a connection kept alive may turn out dead after it was sent."""
        if len(exchange):
            with self._session() as session:
                yield session
        else:
            with self._mutex:
                self._kept = kept = self._kept or self._session()
            yield kept

    @contextlib.contextmanager
    def _open(
        self,
        session: requests.Session,
        method: str,
        url: str,
        exchange: Exchange,
        headers: dict[str, str],
        read: float | None = None,
    ) -> Iterator[requests.Response]:
        """An open response, its foreign errors translated, also those that come while it is read."""
        import requests
        import urllib3.exceptions

        try:
            with session.request(
                method,
                url,
                data=exchange if len(exchange) else None,
                headers=headers,
                timeout=(self.time_outs.connect, read or self.time_outs.read),
                allow_redirects=False,
                stream=True,
            ) as response:
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
            LOGGER.warning("%s %s: %s: %s", method, url, type(exc).__name__, exc)
            raise translated(exc, urlsplit(url).hostname or url) from exc


def multipart(field: str, name: str, data: bytes, media_type: str) -> tuple[bytes, str]:
    """One file as a form: the body, and its content type."""
    import requests  # noqa: F401  first, as every call does: two that begin with different parts lock each other out
    from urllib3.filepost import encode_multipart_formdata

    return encode_multipart_formdata({field: (name, data, media_type)})


def _apart(work: Callable[[Progress], T], exchange: Exchange, seconds: float, progress: Progress | None) -> T:
    """What ``work`` returns or raises, in a thread of its own. ``progress`` is called in the caller's thread.

    Raises :class:`TimedOutError` after ``seconds``: a time-out of requests is one of silence, and a peer that sends a
    header a minute would hold the call for hours. Raises :class:`Cancelled` at once when the token is set, wherever
    ``work`` hangs, unless the exchange must go on. What is given up ends by itself, in a thread that nobody waits for.
    """
    exchange.cancel.raise_if_cancelled(exchange.paid)
    box: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put(("done", work(lambda fraction: box.put(("told", fraction)))))
        except BaseException as exc:  # noqa: BLE001  raised again below, in the caller's thread
            box.put(("failed", exc))

    deadline = time.monotonic() + seconds
    try:
        with exchange.cancel.heard_by(lambda: box.put(("stopped", None))):
            threading.Thread(target=run, name="fluxdepth-call", daemon=True).start()
            while (left := deadline - time.monotonic()) > 0:
                try:
                    what, value = box.get(timeout=left)
                except queue.Empty:
                    break
                if what == "done":
                    return cast(T, value)
                if what == "failed":
                    raise value
                if what == "told" and progress:
                    progress(value)
                if what == "stopped" and exchange.give_up():
                    raise Cancelled.before_submit()
    finally:
        exchange.end()
    raise TimedOutError(tr("No whole answer came within {seconds} s.").format(seconds=f"{seconds:.0f}"))


def _reply(response: requests.Response, body: bytes) -> Reply:
    headers = response.headers
    location = headers["Location"] if response.is_redirect else ""
    return Reply(response.status_code, headers.get("Content-Type", ""), body, headers.get("Retry-After"), location)


def _chunks(response: requests.Response, limit: int, too_large: FluxDepthError, exchange: Exchange) -> Iterator[bytes]:
    """The body as it arrives. Raises ``too_large`` above ``limit`` bytes, and Cancelled when nobody waits any more."""
    # read1 returns what is there; read would wait for a full chunk, and a slow drip would not notice the end.
    # urllib3 1.26, which some distributions still have, knows no read1: small chunks are the nearest to it.
    read_some = getattr(response.raw, "read1", None) or functools.partial(_read_little, response.raw)
    size = 0
    while chunk := read_some(CHUNK, decode_content=True):
        if exchange.over:
            raise Cancelled.before_submit()
        size += len(chunk)
        if size > limit:
            raise too_large
        yield chunk


def _read_little(raw: Any, size: int, decode_content: bool) -> bytes:
    return bytes(raw.read(min(size, 1024), decode_content=decode_content))

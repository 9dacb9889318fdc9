"""The HTTP client of the service: upload, submit, look up, download, status. The only file that imports requests.

It knows how to speak to the service and which calls may be repeated; it keeps no journal and knows no host. The API key
is sent to the service's own address only, never along a redirect and never to the address of a result.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import queue
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from .. import __version__
from ..cancel import CancelToken
from ..errors import (
    ConnectionFailedError,
    ConnectionLostError,
    CreditsError,
    FluxDepthError,
    KeyRejectedError,
    NetworkError,
    RateLimitedError,
    ResultDamagedError,
    ResultError,
    ResultExpiredError,
    ResultRefusedError,
    ResultTooLargeError,
    ServiceDownError,
    ServiceError,
    TimedOutError,
    TlsError,
    UncertainError,
    UnexpectedReplyError,
)
from ..model.edit import DepthEdit
from ..model.models import FLUX_DEPTH_PRO, Model
from ..pictures.encoded import EncodedImage
from ..service.addresses import checked_picture, redirected, refuse_unsafe
from ..service.replies import Record, error_of, is_refusal, offer, parse_json, parse_record, upload_path
from ..storage import credentials, settings as settings_module
from ..storage.log import LOGGER, redact
from ..storage.settings import DEFAULT_ADDRESS

if TYPE_CHECKING:
    import requests

Progress = Callable[[float], None]
T = TypeVar("T")

USER_AGENT = f"FluxDepth/{__version__}"
CHUNK = 64 * 1024  # bytes between two looks at the cancel token; a slow line still moves one in about a second
REPLY_LIMIT = 8 * 1024 * 1024  # bytes of JSON; a record is about 2 KB
UPLOAD_LIMIT = 50 * 1000 * 1000  # bytes; what others found the service to take, the vendor documents none
RESULT_LIMIT = 256 * 1024 * 1024  # bytes
REDIRECT_LIMIT = 3
ATTEMPTS = 4  # of what is safe to repeat
FIRST_PAUSE = 0.5  # s, doubled each time: about 3.5 s of waiting altogether, which outlasts a hiccup and no patience
RETRY_AFTER_LIMIT = 60.0  # s; a service that asks for more is told to the artist instead


@dataclass(frozen=True)
class TimeOuts:
    """Seconds. ``read`` is the longest silence; ``total`` is the longest that one call may take altogether."""

    connect: float = 10.0
    read: float = 60.0
    synchronous_read: float = 300.0
    total: float = 900.0


@dataclass(frozen=True)
class ServiceStatus:
    """What the service says without being paid. None means that it could not be asked or did not say."""

    key_accepted: bool | None
    model_offered: bool | None
    credits: str
    problem: FluxDepthError | None

    @property
    def line(self) -> str:
        """One line for a status bar."""
        parts = [
            {True: "Key accepted", False: "Key not accepted", None: "Key not checked"}[self.key_accepted],
            {True: "model offered", False: "model not offered", None: "model not checked"}[self.model_offered],
        ]
        if self.credits:
            parts.append(self.credits)
        return " · ".join(parts) + (f" · {self.problem.message}" if self.problem else "")


class _Body:
    """A request body that tells how far it was read, and whether any of it was: requests streams it in chunks."""

    def __init__(self, data: bytes, cancel: CancelToken, progress: Progress | None = None, whole: bool = False) -> None:
        self._file = io.BytesIO(data)
        self._size = len(data)
        self._progress = progress
        self._cancel = cancel
        self._whole = whole  # once begun it is sent to its end: half a submit would be of unknown fate
        self.begun = False

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        if not (self._whole and self.begun):
            self._cancel.raise_if_cancelled()
        self.begun = True
        chunk = self._file.read(CHUNK if size < 0 or size > CHUNK else size)
        if self._progress:
            self._progress(self._file.tell() / max(1, self._size))
        return chunk


@dataclass(frozen=True)
class _Reply:
    status: int
    content_type: str
    body: bytes
    retry_after: str | None

    def json_or_error(self) -> Any:
        if self.status >= 300:
            raise error_of(self.status, self.content_type, self.body, self.retry_after)
        return parse_json(self.content_type, self.body)


class Client:
    """Speaks to one service address with one key. Its methods block; call them in a worker.

    ``adapter`` replaces the transport (a ``requests`` adapter), for tests.
    """

    def __init__(
        self,
        address: str,
        api_key: str,
        *,
        time_outs: TimeOuts | None = None,
        adapter: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self.address = settings_module.check_address(address)
        self._key = api_key
        self._time_outs = time_outs or TimeOuts()
        self._adapter = adapter
        self._shared_session: requests.Session | None = None

    @classmethod
    def from_settings(cls, settings: settings_module.Settings | None = None) -> Client:
        """A client for the address and key in force. Raises KeyMissingError, ParameterError or StorageError."""
        chosen = settings_module.load() if settings is None else settings
        return cls(settings_module.effective_address(chosen), credentials.key_or_error().value)

    @property
    def secret(self) -> str:
        """The key, for the log's redaction and for nothing else."""
        return self._key

    def account(self, digest: str) -> str:
        """A name for "this picture at this service under this key" that reveals none of the three."""
        import hashlib

        return hashlib.sha256("\0".join((self.address, self._key, digest)).encode()).hexdigest()

    # The calls, in the order of an edit.

    def upload(self, image: EncodedImage, *, progress: Progress | None = None, cancel: CancelToken) -> str:
        """Uploads ``image`` and returns its path at the service. Safe to repeat, and repeated.

        Raises :class:`Cancelled`, NetworkError or ServiceError; none of them was billed.
        """
        from urllib3.filepost import encode_multipart_formdata

        # The service refuses a name without an extension.
        name = f"fluxdepth-{image.sha256[:16]}{image.suffix}"
        data, content_type = encode_multipart_formdata({"asset": (name, image.data, image.media_type)})

        def attempt() -> str:
            body = _Body(data, cancel, progress)
            headers = {"Content-Type": content_type}
            with self._session() as session:  # one connection, closed even when the upload is stopped half-way
                reply = self._call(session, "POST", "/api/assets", body=body, headers=headers, cancel=cancel)
            return upload_path(reply.json_or_error())

        return self._repeat(attempt, cancel)

    def submit(self, edit: DepthEdit, image_url: str, *, asynchronous: bool, cancel: CancelToken) -> Record:
        """Submits the edit: the paid call. Repeated only when the service provably did not take it.

        Returns the finished, PROCESSING or FAILURE record, whichever the service answers. Raises
        :class:`UncertainError` when it may have been taken; any other error means that it was not.
        """
        body = edit.body(image_url)
        if asynchronous:
            body["async"] = True
        data = json.dumps(body).encode()
        read = self._time_outs.read if asynchronous else self._time_outs.synchronous_read

        def attempt() -> Record:
            watched = _Body(data, cancel, whole=True)
            try:
                # A connection of its own: one that was kept alive may turn out dead after the body was sent.
                with self._session() as session:
                    reply = self._call(
                        session,
                        "POST",
                        "/api/features",
                        body=watched,
                        headers={"Content-Type": "application/json"},
                        read=read,
                    )
            except (NetworkError, UnexpectedReplyError) as exc:
                if not watched.begun:
                    raise
                raise UncertainError(f"The edit was submitted and no answer came: {exc.message}") from exc
            return self._taken_record(reply)

        return self._repeat(attempt, cancel)

    def _taken_record(self, reply: _Reply) -> Record:
        """The record of a submit's reply, or what went wrong, sorted by whether it proves that nothing was taken."""
        if reply.status >= 300:
            error = error_of(reply.status, reply.content_type, reply.body, reply.retry_after)
            if is_refusal(reply.status, reply.content_type, reply.body):
                raise error
            raise UncertainError(
                f"The edit was submitted and its answer was lost: {error.message}", detail=error.detail
            ) from error
        try:
            record = parse_record(parse_json(reply.content_type, reply.body))
        except CreditsError:
            raise  # the one refusal that is known to come with a 200
        except ServiceError as exc:
            raise UncertainError(f"The edit was submitted. {exc.message}", detail=exc.detail) from exc
        if record is None:
            raise UncertainError("The edit was submitted and the service answered with an empty record.")
        return record

    def look_up(self, record_id: str, *, cancel: CancelToken | None = None) -> Record | None:
        """The record of an edit as it stands now; None when the service does not know it. Free.

        One attempt: who waits decides when to ask again. Raises NetworkError or ServiceError.
        """
        reply = self._call(self._kept_session(), "GET", f"/api/results/{record_id}", cancel=cancel)
        return parse_record(reply.json_or_error())

    def download(self, record: Record, *, progress: Progress | None = None, cancel: CancelToken) -> EncodedImage:
        """The result of a finished record, exactly as it came, checked to be a complete picture.

        Its addresses are tried best first. Raises :class:`ResultError` or NetworkError, both with the credits used,
        or :class:`Cancelled`.
        """
        failure: FluxDepthError | None = None
        for address in self._addresses(record):
            try:
                return self._repeat(functools.partial(self._picture, address, progress, cancel), cancel)
            except (ResultError, NetworkError, ServiceDownError) as exc:
                LOGGER.info("result address failed: %s", exc.message)
                failure = failure or exc
        raise failure or ResultDamagedError("The record of the finished edit names no result.")

    def status(self, model: Model = FLUX_DEPTH_PRO) -> ServiceStatus:
        """Asks, without paying, whether the key is good, whether the model is offered and what it costs."""
        accepted: bool | None = None
        problem: FluxDepthError | None = None
        try:
            # A good key gets an empty record for an id that nobody has, a bad one 401.
            self.look_up(str(uuid.uuid4()))
            accepted = True
        except KeyRejectedError as exc:
            accepted, problem = False, exc
        except FluxDepthError as exc:
            problem = exc
        try:
            reply = self._call(self._kept_session(), "GET", f"/models?feature={model.type}", key=False)
            offered, credits = offer(reply.json_or_error(), model.id)
        except FluxDepthError as exc:
            return ServiceStatus(accepted, None, "", problem or exc)
        return ServiceStatus(accepted, offered, credits, problem)

    # How a call is made.

    def _session(self) -> requests.Session:
        import requests

        session = requests.Session()
        session.headers["User-Agent"] = USER_AGENT
        session.auth = lambda request: request  # else requests sends what a .netrc holds for the host
        if self._adapter is not None:
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
        return session

    def _kept_session(self) -> requests.Session:
        """One kept-alive session for the calls that are safe to repeat."""
        if self._shared_session is None:
            self._shared_session = self._session()
        return self._shared_session

    def _call(
        self,
        session: requests.Session,
        method: str,
        path: str,
        *,
        body: _Body | None = None,
        headers: dict[str, str] | None = None,
        key: bool = True,
        read: float | None = None,
        cancel: CancelToken | None = None,
    ) -> _Reply:
        """One call to the service's own address, its whole reply read. Raises NetworkError, :class:`Cancelled`."""
        all_headers = {"Accept": "application/json", **(headers or {})}
        if key:
            all_headers["API-KEY"] = self._key
        too_large = UnexpectedReplyError(f"The service's answer is larger than {REPLY_LIMIT // 2**20} MB.")
        with self._request(session, method, self.address + path, body, all_headers, read) as response:
            data = b"".join(self._chunks(response, REPLY_LIMIT, too_large, cancel))
            reply = _Reply(
                response.status_code,
                response.headers.get("Content-Type", ""),
                # A service that repeats the key in a message must not put it into a dialog or the journal.
                redact(data.decode("utf-8", "replace"), {self._key}).encode() if response.status_code >= 300 else data,
                response.headers.get("Retry-After"),
            )
        LOGGER.debug("%s %s -> %s, %s bytes", method, path, reply.status, len(data))
        if reply.status >= 300:
            LOGGER.warning("reply: %s", reply.body[:1000].decode("utf-8", "replace"))
        return reply

    @contextlib.contextmanager
    def _request(
        self,
        session: requests.Session,
        method: str,
        url: str,
        body: _Body | None,
        headers: dict[str, str],
        read: float | None = None,
    ) -> Iterator[requests.Response]:
        """An open response, its foreign errors translated, also those that come while it is read."""
        import requests
        import urllib3.exceptions

        def send() -> requests.Response:
            return session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=(self._time_outs.connect, read or self._time_outs.read),
                allow_redirects=False,
                stream=True,
            )

        try:
            with _within(self._time_outs.total, send) as response:
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
            host = urlsplit(url).hostname
            LOGGER.warning("%s %s: %s: %s", method, url, type(exc).__name__, exc)
            raise _translated(exc, host or url) from exc

    def _chunks(
        self,
        response: requests.Response,
        limit: int,
        too_large: FluxDepthError,
        cancel: CancelToken | None = None,
    ) -> Iterator[bytes]:
        """The body as it arrives, within ``limit`` bytes and the total time. Raises as :meth:`_call` does."""
        deadline = time.monotonic() + self._time_outs.total
        # read1 returns what is there; read would wait for a full chunk, and a slow drip would never meet a deadline.
        # urllib3 1.26, which some distributions still have, knows no read1: small chunks are the nearest to it.
        read_some = getattr(response.raw, "read1", None) or functools.partial(_read_little, response.raw)
        size = 0
        while True:
            chunk = read_some(CHUNK, decode_content=True)
            if cancel:
                cancel.raise_if_cancelled()
            if not chunk:
                return
            size += len(chunk)
            if size > limit:
                raise too_large
            if time.monotonic() > deadline:
                raise TimedOutError(f"The answer took longer than {self._time_outs.total:.0f} s to arrive.")
            yield chunk

    def _repeat(self, attempt: Callable[[], T], cancel: CancelToken) -> T:
        """Calls ``attempt`` until it works, with growing waits with jitter, or as long as the service asks for.

        Only what passes as it is and was provably not taken is repeated: no connection, rate limits, and for free calls
        the service being down.
        """
        for number in range(1, ATTEMPTS + 1):
            cancel.raise_if_cancelled()
            try:
                return attempt()
            except (NetworkError, RateLimitedError, ServiceDownError, ResultDamagedError) as exc:
                wait = getattr(exc, "retry_after", None)
                if wait is None:
                    wait = FIRST_PAUSE * 2 ** (number - 1) * random.uniform(0.75, 1.25)
                permanent = isinstance(exc, TlsError) or wait > RETRY_AFTER_LIMIT
                if number == ATTEMPTS or permanent:
                    raise
                LOGGER.info("attempt %s failed (%s), again in %.1f s", number, exc.message, wait)
                cancel.wait(wait)
        raise AssertionError("the last attempt returns or raises")

    # The result.

    def _addresses(self, record: Record) -> list[str]:
        """Where the result may be, best first: as the record says, else the service's store of assets."""
        store = "https://asset.1min.ai" if self.address == DEFAULT_ADDRESS else f"{self.address}/asset"
        return [*record.addresses, *(f"{store}/{key}" for key in record.keys[:1] if not record.addresses)]

    def _picture(self, url: str, progress: Progress | None, cancel: CancelToken) -> EncodedImage:
        with self._session() as session:
            for _ in range(REDIRECT_LIMIT + 1):
                refuse_unsafe(url, self.address)
                with self._request(session, "GET", url, None, {"Accept": "image/*"}) as response:
                    if response.is_redirect:
                        url = redirected(url, response.headers["Location"])
                        continue
                    data = self._result_bytes(response, progress, cancel)
                return checked_picture(data)
        raise ResultRefusedError("The address of the result leads from one address to the next without an end.")

    def _result_bytes(self, response: requests.Response, progress: Progress | None, cancel: CancelToken) -> bytes:
        if response.status_code in (400, 403, 404, 410):
            raise ResultExpiredError(f"The address of the result is no longer valid ({response.status_code}).")
        if response.status_code >= 400:
            raise ServiceDownError(
                f"The store of the result can't be reached ({response.status_code}).",
                ResultError.advice,
                billed=ResultError.billed,
            )
        announced = response.headers.get("Content-Length", "")
        size = int(announced) if announced.isdigit() else 0
        too_large = ResultTooLargeError(f"The result is larger than the {RESULT_LIMIT // 2**20} MB that are taken.")
        if size > RESULT_LIMIT:
            raise too_large
        data = bytearray()
        for chunk in self._chunks(response, RESULT_LIMIT, too_large, cancel):
            data += chunk
            if progress and size:
                progress(min(1.0, len(data) / size))
        return bytes(data)


def _within(seconds: float, send: Callable[[], T]) -> T:
    """What ``send`` returns or raises, waited for at most ``seconds``. Raises :class:`TimedOutError`.

    A time-out of requests is one of silence: a peer that sends a header a minute would hold the call for hours. A call
    that is given up ends with its own time-outs, in a thread that nobody waits for.
    """
    box: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            box.put((send(), None))
        except BaseException as exc:  # noqa: BLE001  raised again below, in the caller's thread
            box.put((None, exc))

    threading.Thread(target=work, name="fluxdepth-call", daemon=True).start()
    try:
        value, error = box.get(timeout=seconds)
    except queue.Empty:
        raise TimedOutError(f"No whole answer came within {seconds:.0f} s.") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def _read_little(raw: Any, size: int, decode_content: bool) -> bytes:
    return bytes(raw.read(min(size, 1024), decode_content=decode_content))


def _translated(exc: Exception, host: str) -> FluxDepthError:
    """The tree's error for one of requests, urllib3 or the operating system."""
    import requests
    import urllib3.exceptions as low

    if isinstance(exc, requests.exceptions.SSLError | low.SSLError) or "CA certificate bundle" in str(exc):
        return TlsError(f"The secure connection to {host} can't be made: {_reason(exc)}.")
    if isinstance(exc, requests.ConnectTimeout):
        return ConnectionFailedError(f"{host} does not answer.")
    if isinstance(exc, requests.Timeout | low.TimeoutError | TimeoutError):
        return TimedOutError(f"{host} did not answer in time.")
    if isinstance(exc, requests.exceptions.ProxyError):
        return ConnectionFailedError(f"The proxy on the way to {host} does not let it through.")
    inner = getattr(exc.args[0] if exc.args else None, "reason", None)
    if type(inner).__name__ == "NameResolutionError" or "Name or service not known" in str(inner):
        return ConnectionFailedError(f"{host} can't be found: there is no network, or its name is wrong.")
    if isinstance(inner, low.NewConnectionError):
        return ConnectionFailedError(f"No connection to {host}: {_reason(inner)}.")
    if isinstance(exc, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | ValueError):
        return ConnectionFailedError(f"The address or the proxy for {host} can't be used: {_reason(exc)}.")
    if "timed out" in str(exc):  # a read that times out while the body streams comes as a ConnectionError
        return TimedOutError(f"{host} stopped answering.")
    return ConnectionLostError(f"The connection to {host} was lost.")


def _reason(exc: BaseException) -> str:
    """The innermost cause in a few words."""
    text = re.sub(r"\s*\(_ssl\.c:\d+\)|\[(Errno|WinError) \d+\] ", "", str(exc)).strip(" ')\"")
    return text.rsplit(": ", 1)[-1].strip(" ')\"").rstrip(".") or "unknown cause"

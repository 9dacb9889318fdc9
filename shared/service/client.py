"""The HTTP client of the service: upload, submit, look up, download, status. One method a call.

It says what is sent and what comes back. How a call is made is in ``transport.py``, which one is repeated in
``retrying.py``, what the replies mean in ``replies.py`` and ``results.py``. It keeps no journal and knows no host.
"""

from __future__ import annotations

import functools
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..cancel import CancelToken
from ..errors import (
    FluxDepthError,
    KeyRejectedError,
    NetworkError,
    ResultDamagedError,
    ResultError,
    ResultRefusedError,
    ServiceDownError,
    UncertainError,
    UnexpectedReplyError,
)
from ..language import number, tr
from ..model.edit import DepthEdit
from ..model.model import Model
from ..model.models import DEFAULT
from ..pictures.encoded import EncodedImage
from ..storage import credentials, files, log, settings as settings_module
from ..storage.log import LOGGER
from . import addresses
from .replies import Record, offered, parse_record, taken_record, upload_path
from .results import Arrivals, Keep, body_or_error
from .retrying import RETRY_AFTER_LIMIT as RETRY_AFTER_LIMIT, repeated
from .transport import Exchange, Progress, TimeOuts, Transport, multipart

if TYPE_CHECKING:
    import requests

UPLOAD_LIMIT = 50 * 1000 * 1000  # bytes; what others found the service to take, the vendor documents none
REDIRECT_LIMIT = 3


@dataclass(frozen=True)
class ServiceStatus:
    """What the service says without being paid. None means that it could not be asked or did not say.

    ``credits`` is the price of one edit.
    """

    key_accepted: bool | None
    model_offered: bool | None
    credits: int | None
    problem: FluxDepthError | None

    @property
    def line(self) -> str:
        """One line for a status bar."""
        parts = [
            {True: tr("Key accepted"), False: tr("Key not accepted"), None: tr("Key not checked")}[self.key_accepted],
            {True: tr("model offered"), False: tr("model not offered"), None: tr("model not checked")}[
                self.model_offered
            ],
        ]
        if self.credits:
            parts.append(tr("{credits} credits an edit").format(credits=number(self.credits)))
        return " · ".join(parts) + (f" · {self.problem.message}" if self.problem else "")


class Client:
    """Speaks to one service address with one key. Its methods block; call them in a worker.

    Every call but a submit that has begun is given up at once when its token is set, wherever it hangs: connecting,
    TLS, sending, waiting or reading. ``adapter`` replaces the transport (a ``requests`` adapter), for tests.
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
        self._transport = Transport(self.address, api_key, time_outs or TimeOuts(), adapter)

    @classmethod
    def from_settings(cls, settings: settings_module.Settings | None = None, key: str = "") -> Client:
        """A client for the address and key in force, or for those given, its debug log opened.

        Raises KeyMissingError, ParameterError or StorageError.
        """
        chosen = settings_module.load() if settings is None else settings
        key = credentials.check_key(key) if key else credentials.key_or_error().value
        log.start(files.home(), key)
        return cls(settings_module.effective_address(chosen), key)

    def account(self, digest: str) -> str:
        """A name for "this picture at this service under this key" that reveals none of the three."""
        import hashlib

        return hashlib.sha256("\0".join((self.address, self._key, digest)).encode()).hexdigest()

    # The calls, in the order of an edit.

    def upload(self, image: EncodedImage, *, progress: Progress | None = None, cancel: CancelToken) -> str:
        """Uploads ``image`` and returns its path at the service. Safe to repeat, and repeated.

        ``progress`` is called with 0–1 in the caller's thread. Raises :class:`Cancelled`, NetworkError or ServiceError;
        none of them was billed.
        """
        # The service refuses a name without an extension.
        name = f"fluxdepth-{image.sha256[:16]}{image.suffix}"
        data, form = multipart("asset", name, image.data, image.media_type)

        def attempt() -> str:
            exchange = Exchange(cancel, data=data)
            reply = self._transport.call("POST", "/api/assets", exchange, content_type=form, progress=progress)
            return upload_path(reply.json_or_error())

        return repeated(attempt, cancel)

    def submit(self, edit: DepthEdit, image_url: str, *, asynchronous: bool, cancel: CancelToken) -> Record:
        """Submits the edit: the paid call. Repeated only when the service provably did not take it (``retrying.py``).

        Returns the finished, PROCESSING or FAILURE record, whichever the service answers. Raises
        :class:`UncertainError` when it may have been taken; any other error means that it was not. Raises
        :class:`Cancelled` before its first byte, when ``cancel`` is set or its submits are closed; once begun it goes
        on to its reply, or to the total time-out.
        """
        body = edit.body(image_url)
        if asynchronous:
            body["async"] = True
        data = json.dumps(body).encode()
        read = None if asynchronous else self._transport.time_outs.synchronous_read

        def attempt() -> Record:
            exchange = Exchange(cancel, data=data, paid=True)
            try:
                reply = self._transport.call(
                    "POST", "/api/features", exchange, content_type="application/json", read=read
                )
            except (NetworkError, UnexpectedReplyError) as exc:
                if not exchange.begun:
                    raise
                words = tr("The edit was submitted and no answer came: {reason}")
                raise UncertainError(words.format(reason=exc.message)) from exc
            return taken_record(reply)

        return repeated(attempt, cancel, paid=True)

    def look_up(self, record_id: str, *, cancel: CancelToken | None = None) -> Record | None:
        """The record of an edit as it stands now; None when the service does not know it. Free.

        One attempt: who waits decides when to ask again. Raises NetworkError, ServiceError or :class:`Cancelled`.
        """
        reply = self._transport.call("GET", f"/api/results/{record_id}", Exchange(cancel))
        return parse_record(reply.json_or_error())

    def download(
        self, record: Record, *, progress: Progress | None = None, cancel: CancelToken, keep: Keep | None = None
    ) -> EncodedImage:
        """The result of a finished record, exactly as it came. Free.

        ``keep`` is called with each body that arrives whole, before anything judges it; what it was called with last is
        what is returned. What it raises ends the download. Both callbacks run in the caller's thread.

        The addresses are tried best first. Bytes that this version does not understand come back, when no attempt at
        any address brought better ones, with the format "": a decoder may know more. Raises :class:`ResultError` (no
        picture at all, cut off, out of reach, or too large) or NetworkError, or :class:`Cancelled`.
        """
        arrivals = Arrivals(keep)
        failure: FluxDepthError | None = None
        for address in addresses.of_result(record, self.address):
            attempt = functools.partial(self._arrival, address, arrivals, progress, cancel)
            try:
                image = repeated(attempt, cancel)
                if image.format:
                    return image
            except (ResultError, NetworkError, ServiceDownError) as exc:
                LOGGER.info("result address failed: %s", exc.english)
                failure = failure or exc
        unread = arrivals.unread()
        if unread is None:
            raise failure or ResultDamagedError(tr("The record of the finished edit names no result."))
        return unread

    def _arrival(self, url: str, arrivals: Arrivals, progress: Progress | None, cancel: CancelToken) -> EncodedImage:
        """One attempt at one address, through its redirects."""
        for _ in range(REDIRECT_LIMIT + 1):
            addresses.refuse_unsafe(url, self.address)
            reply = self._transport.fetch(url, Exchange(cancel), progress)
            if not reply.location:
                return arrivals.take(body_or_error(reply))
            url = addresses.redirected(url, reply.location)
        raise ResultRefusedError(tr("The address of the result leads from one address to the next without an end."))

    def offers(self, feature: str, *, cancel: CancelToken | None = None) -> dict[str, int | None]:
        """The ids of the models that are offered for ``feature``, with the credits of an edit where they are told.

        Needs no key. Raises NetworkError or ServiceError.
        """
        reply = self._transport.call("GET", f"/models?feature={feature}", Exchange(cancel), key=False)
        return offered(reply.json_or_error(), feature)

    def status(self, model: Model = DEFAULT, *, cancel: CancelToken | None = None) -> ServiceStatus:
        """Asks, without paying, whether the key is good, whether the model is offered and what it costs.

        What can't be found out stands in the answer as its problem, a stop (:class:`Cancelled`) among them.
        """
        accepted: bool | None = None
        problem: FluxDepthError | None = None
        try:
            # A good key gets an empty record for an id that nobody has, a bad one 401.
            self.look_up(str(uuid.uuid4()), cancel=cancel)
            accepted = True
        except KeyRejectedError as exc:
            accepted, problem = False, exc
        except FluxDepthError as exc:
            problem = exc
        try:
            prices = self.offers(model.type, cancel=cancel)
        except FluxDepthError as exc:
            return ServiceStatus(accepted, None, None, problem or exc)
        return ServiceStatus(accepted, model.id in prices, prices.get(model.id), problem)

"""One edit from encoded picture to result bytes: the only way through the core, synchronous, run in a worker.

Each stage is in the journal before it begins, so that whatever was paid for can be fetched later. The pipeline hands
:class:`Event`s to a callback and listens to a cancel token; it knows no host and no thread but its variations' own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..cancel import CancelToken
from ..errors import (
    AsyncUnsupportedError,
    Billed,
    Cancelled,
    FluxDepthError,
    KeyRejectedError,
    NetworkError,
    NextStep,
    ParameterError,
    PictureError,
    RateLimitedError,
    RequestRejectedError,
    ResultError,
    ResultExpiredError,
    ServiceDownError,
    StillRunningError,
    StorageError,
    UncertainError,
    UnexpectedReplyError,
)
from ..model.edit import DepthEdit
from ..model.parameters import VARIATIONS
from ..pictures.encoded import EncodedImage, sniff
from ..service.client import RETRY_AFTER_LIMIT, UPLOAD_LIMIT, Client
from ..service.replies import Record, Status
from ..storage import settings as settings_module
from ..storage.journal import EditEntry, EditState, Job, JobWriter, Journal, note_failure
from ..storage.log import LOGGER

SIDE_BY_SIDE = 4  # variations at once; the service's limit is a guess of others (180 requests a minute)
LEAST_INTERVAL = 0.5  # s
INTERVAL_SHARE = 0.09  # of the time waited: about 38 looks in a minute, and a mean added wait of some 5 %
MOST_INTERVAL = 10.0  # s
UNKNOWN_GRACE = 10.0  # s after the submit's reply in which the service may not know the new id yet
WAIT_DEADLINE = 600.0  # s; the slowest edit seen took 75
OUTAGE_LIMIT = 60.0  # s without any answer while waiting, until the artist is told


class Stage(enum.Enum):
    """What is going on; the value is the word that the artist reads."""

    ENCODING = "Preparing"
    UPLOADING = "Uploading"
    SUBMITTING = "Submitting"
    GENERATING = "Generating"
    DOWNLOADING = "Downloading"
    FINISHED = "Finished"
    FAILED = "Failed"


@dataclass(frozen=True)
class Event:
    """The one kind of message from worker to host. ``fraction`` is 0–1 within the stage, ``usual`` seconds."""

    job_id: str
    index: int
    stage: Stage
    fraction: float | None = None
    usual: float | None = None
    error: FluxDepthError | None = None


OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class EditRequest:
    """What the artist asked for, as plain data.

    ``picture`` is the encoded picture, or a callable that encodes it (called once, in the worker), or an absolute URL
    or a path that the service already has. ``origin`` is the host's note for history and recovery: JSON, no secrets.
    """

    edit: DepthEdit
    picture: EncodedImage | Callable[[], EncodedImage] | str
    variations: int = 1
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One edited picture: the service's exact bytes and what is known of it. ``seconds`` ran from submit to result.

    ``file`` is the copy in the journal, None when it could not be kept; then ``warning`` says so.
    """

    image: EncodedImage
    edit: DepthEdit
    uuid: str
    job_id: str
    index: int
    file: Path | None
    seconds: float
    warning: str = ""
    created: float = 0.0

    def record(self) -> dict[str, Any]:
        """What a layer or an image carries of the edit that made it, as JSON."""
        return {
            "version": 1,
            "model": self.edit.model.id,
            "settings": dict(self.edit.values),
            "uuid": self.uuid,
            "job": self.job_id,
            "index": self.index,
            "created": self.created,
        }


@dataclass(frozen=True)
class Outcome:
    """What came of a job: at least one result, and the error of each variation that has none."""

    job_id: str
    results: tuple[Result, ...]
    failures: tuple[FluxDepthError, ...] = ()


def run(request: EditRequest, *, client: Client, journal: Journal, on_event: OnEvent, cancel: CancelToken) -> Outcome:
    """Runs the job to its end. Raises the first variation's :class:`FluxDepthError` when there is no result at all."""
    VARIATIONS.checked(request.variations)
    edits = request.edit.variations(request.variations)
    writer = journal.create(edits, address=client.address, origin=request.origin)
    try:
        return _Run(writer, client, journal, on_event, cancel).all(request.picture, edits)
    finally:
        writer.close()


def trim(journal: Journal) -> None:
    """Keeps the history within its limit; for after the outcome was handed over, since it may take a moment."""
    with contextlib.suppress(StorageError):
        journal.trim(settings_module.load_or_error(journal.home).history_limit)


def recover(
    job: Job,
    entry: EditEntry,
    *,
    client: Callable[[], Client],
    journal: Journal,
    on_event: OnEvent,
    cancel: CancelToken,
) -> Result:
    """The result of an edit that was paid for: from disk, or fetched from the service. Costs nothing.

    ``client`` makes the client when one is needed: what is on disk takes neither a key nor a network.
    Raises :class:`BusyError` while another process works on the job, :class:`Cancelled`, and what waiting and
    downloading raise.
    """
    writer = journal.reopen(job.id)
    try:
        entry = writer.job.edits[entry.index]  # as it is now: another program may have fetched it
        edit = DepthEdit(dict(entry.settings))
        if entry.state is EditState.DONE and entry.result_file:
            with contextlib.suppress(OSError, ValueError):
                image = sniff(entry.result_file.read_bytes())
                return _result(writer.job.id, entry, edit, image, entry.result_file)
        if not entry.uuid:
            raise StorageError("The service gave no id for this edit, so it can't be fetched.", "")
        service = client()
        if service.address != job.address:
            raise ResultError(
                f"This edit was made at {job.address}, and the service address is {service.address} now.",
                "Set that address in Settings, then fetch it with Recover.",
            )
        run = _Run(writer, service, journal, on_event, cancel)
        try:
            return run.fetch(entry.index, edit, entry.uuid, entry.submitted or job.created)
        except FluxDepthError as exc:
            run.fail(entry.index, exc)
            raise
    finally:
        writer.close()


class _Run:
    """The stages of one job, sharing its journal entry, its client and its token."""

    def __init__(
        self, writer: JobWriter, client: Client, journal: Journal, on_event: OnEvent, cancel: CancelToken
    ) -> None:
        self.writer = writer
        self.client = client
        self.journal = journal
        self.on_event = on_event
        self.cancel = cancel

    def all(self, picture: EncodedImage | Callable[[], EncodedImage] | str, edits: Sequence[DepthEdit]) -> Outcome:
        """One upload, then every variation, some of them side by side."""
        results: dict[int, Result] = {}
        failures: dict[int, FluxDepthError] = {}
        try:
            source = _Source(self, picture)
        except FluxDepthError as exc:
            for index in range(len(edits)):
                self.fail(index, exc)
            raise

        def one(index: int) -> None:
            try:
                results[index] = self.variation(index, edits[index], source)
            except FluxDepthError as exc:
                failures[index] = exc
                self.fail(index, exc)

        _side_by_side(one, len(edits))
        if not results:
            # The one that matters most to the artist: what was paid for, then what may have been.
            raise max(failures.values(), key=lambda error: _WEIGHT[error.billed])
        by_index = [found for _, found in sorted(results.items())]
        return Outcome(self.writer.job.id, tuple(by_index), tuple(error for _, error in sorted(failures.items())))

    def variation(self, index: int, edit: DepthEdit, source: _Source) -> Result:
        """One edit: submit, wait, download. Raises :class:`FluxDepthError`."""
        self.cancel.raise_if_cancelled()
        submitted = time.time()
        # Written first: a host that is killed during the call leaves a trace of what may have been billed.
        self.writer.update_edit(index, state=EditState.SUBMITTING, submitted=submitted)
        self.tell(index, Stage.SUBMITTING)
        record = self.submit(edit, source)
        if record.status is Status.FAILURE:
            raise record.failure()
        try:
            self.writer.update_edit(index, state=EditState.TAKEN, uuid=record.uuid)
        except StorageError as exc:
            # It is paid for: go on with what is in memory, and tell at the end.
            LOGGER.error("the id %s can't be written: %s", record.uuid, exc.message)
        return self.fetch(index, edit, record.uuid, submitted, record)

    def submit(self, edit: DepthEdit, source: _Source) -> Record:
        """The paid call, in the waiting mode that the settings and the service allow."""
        settings = settings_module.load(self.journal.home)
        asynchronous = settings.waiting == "async" and self.client.address not in settings.synchronous_addresses
        path = source.path
        try:
            return self.client.submit(edit, path, asynchronous=asynchronous, cancel=self.cancel)
        except AsyncUnsupportedError:
            if not asynchronous:
                raise
            LOGGER.info("%s does not take async; the synchronous call is used from now on", self.client.address)
            _remember_synchronous(self.client.address, self.journal.home)
            return self.client.submit(edit, path, asynchronous=False, cancel=self.cancel)
        except RequestRejectedError as exc:
            # A typed 4xx: not taken. When the picture was uploaded in an earlier edit, the service may have dropped it.
            if not source.reused or exc.field not in (None, "imageUrl"):
                raise
            LOGGER.info("the reused upload was turned down (%s); uploading again", exc.message)
            return self.client.submit(edit, source.renewed(path), asynchronous=asynchronous, cancel=self.cancel)

    def fetch(
        self, index: int, edit: DepthEdit, record_id: str, submitted: float, record: Record | None = None
    ) -> Result:
        """The result of an edit that the service has taken: waits for it, downloads and keeps it.

        Every error from here on says that the edit is paid for and can be fetched again.
        """
        record_was_awaited = (
            record is not None
        )  # else it was recovered, and its absence is no duration of the service's
        try:
            if record is None or record.status is not Status.SUCCESS:
                record = self.wait(index, edit, record_id, submitted, record)
            finished = time.time()
            self.tell(index, Stage.DOWNLOADING)
            image = self.download(index, record)
        except Cancelled:
            raise Cancelled.after_submit() from None
        except FluxDepthError as exc:
            if exc.final:
                raise
            raise _paid(exc)  # noqa: B904  the same error, only better informed
        warning, file = "", None
        try:
            file = self.writer.keep_result(index, image)
            if record_was_awaited:
                self.writer.update_edit(index, finished=finished)
        except StorageError as exc:
            warning = f"The result is here and could not be kept in the history: {exc.message}"
        entry = dataclasses.replace(self.writer.job.edits[index], uuid=record.uuid, submitted=submitted)
        if record_was_awaited:
            entry = dataclasses.replace(entry, finished=finished)
        self.tell(index, Stage.FINISHED)
        return _result(self.writer.job.id, entry, edit, image, file, warning)

    def wait(self, index: int, edit: DepthEdit, record_id: str, submitted: float, record: Record | None) -> Record:
        """Looks the edit up at growing intervals until it is finished. Raises :class:`StillRunningError` in the end."""
        self.tell(index, Stage.GENERATING, usual=self.journal.usual_seconds(int(edit["steps"])))
        start = last_answer = time.monotonic()
        # A recovered edit is probably ready, and the service has known its id for long.
        pause, grace = (0.0, 0.0) if record is None else (LEAST_INTERVAL, UNKNOWN_GRACE)
        while True:
            _refuse_unknown(record)
            if self.cancel.wait(pause):
                raise Cancelled.after_submit()
            with contextlib.suppress(StorageError):
                self.writer.catch_up()  # the id of a paid edit must not stay in memory alone
            waited = time.monotonic() - start
            if waited > WAIT_DEADLINE:
                raise StillRunningError(f"The service is still working on the edit after {waited / 60:.0f} minutes.")
            pause = min(MOST_INTERVAL, max(LEAST_INTERVAL, INTERVAL_SHARE * waited))
            try:
                record = self.client.look_up(record_id, cancel=self.cancel)
                last_answer = time.monotonic()
            except (NetworkError, RateLimitedError, ServiceDownError, UnexpectedReplyError) as exc:
                if time.monotonic() - last_answer > OUTAGE_LIMIT:
                    raise
                pause = max(pause, min(getattr(exc, "retry_after", None) or 0.0, RETRY_AFTER_LIMIT))
                continue
            if record is None and waited >= grace:
                raise ResultExpiredError(
                    "The service no longer knows this edit.", "Its support can look it up by its id, in the history."
                )
            if record and record.status is Status.SUCCESS:
                return record
            if record and record.status is Status.FAILURE:
                raise record.failure()

    def download(self, index: int, record: Record) -> EncodedImage:
        def progress(fraction: float) -> None:
            self.tell(index, Stage.DOWNLOADING, fraction)

        try:
            return self.client.download(record, progress=progress, cancel=self.cancel)
        except ResultExpiredError:
            # A new look at the record brings a newly signed address.
            again = self.client.look_up(record.uuid, cancel=self.cancel)
            if again is None or again.addresses == record.addresses:
                raise
            return self.client.download(again, progress=progress, cancel=self.cancel)

    # Telling.

    def tell(self, index: int, stage: Stage, fraction: float | None = None, **more: Any) -> None:
        self.on_event(Event(self.writer.job.id, index, stage, fraction, **more))

    def fail(self, index: int, error: FluxDepthError) -> None:
        """Writes and tells how a variation ended. What the service has taken stays TAKEN, to be recovered."""
        LOGGER.warning("edit %s/%s: %s %s", self.writer.job.id, index, error.message, error.detail)
        state = self.writer.job.edits[index].state
        if isinstance(error, UncertainError):
            state = EditState.UNCERTAIN
        elif error.final or state not in (EditState.TAKEN, EditState.DONE):
            state = EditState.STOPPED if isinstance(error, Cancelled) else EditState.FAILED
        note_failure(self.writer, index, state, error)
        self.tell(index, Stage.FAILED, error=error)


class _Source:
    """The picture as the service can reach it: uploaded once, an upload of before reused, renewed when forgotten."""

    def __init__(self, run: _Run, picture: EncodedImage | Callable[[], EncodedImage] | str) -> None:
        self._run = run
        self._mutex = threading.Lock()
        self._image: EncodedImage | None = None
        self.reused = False
        if isinstance(picture, str):
            self.path = picture
        else:
            if callable(picture):
                run.tell(0, Stage.ENCODING)
                picture = picture()
            self._image = image = picture
            if len(image.data) > UPLOAD_LIMIT:
                raise PictureError(
                    f"The picture is {len(image.data) / 1e6:.0f} MB, and the service takes at most "
                    f"{UPLOAD_LIMIT / 1e6:.0f} MB.",
                    "Choose a smaller longest side, or send it as JPEG.",
                )
            summary = {"format": image.format, "width": image.width, "height": image.height, "bytes": len(image.data)}
            run.writer.update(picture={**summary, "sha256": image.sha256})
            self._account = run.client.account(image.sha256)
            known = run.journal.known_upload(self._account)
            self.reused = known is not None
            self.path = known or self._uploaded(image)
        run.writer.update(upload=self.path)

    def _uploaded(self, image: EncodedImage) -> str:
        run = self._run
        run.tell(0, Stage.UPLOADING, 0.0)
        path = run.client.upload(image, progress=lambda part: run.tell(0, Stage.UPLOADING, part), cancel=run.cancel)
        with contextlib.suppress(StorageError):  # costs the next edit an upload, and nothing else
            run.journal.remember_upload(self._account, path)
        return path

    def renewed(self, path: str) -> str:
        """The path of a new upload in place of the forgotten ``path``; the variations share one."""
        with self._mutex:
            if self.path == path and self._image is not None:
                self.path = self._uploaded(self._image)
                self._run.writer.update(upload=self.path)
            return self.path


_WEIGHT = {Billed.NO: 0, Billed.MAYBE: 1, Billed.YES: 2}


def _refuse_unknown(record: Record | None) -> None:
    if record and record.status is Status.UNKNOWN:
        raise UnexpectedReplyError(
            f"The service reports a state that this version does not know: {record.status_text}."
        )


def _paid(error: FluxDepthError) -> FluxDepthError:
    """The same error, saying that the edit behind it is paid for and stays within reach."""
    error.billed = Billed.YES
    if isinstance(error, KeyRejectedError):
        error.advice = "Check the key in Settings, then fetch the edit with Recover."
    elif not isinstance(error, (ResultError, StillRunningError)):  # those say it already
        error.next_step = NextStep.RECOVER
        error.advice = ResultError.advice
    return error


def _result(
    job_id: str, entry: EditEntry, edit: DepthEdit, image: EncodedImage, file: Path | None, warning: str = ""
) -> Result:
    seconds = (entry.finished or 0.0) - (entry.submitted or 0.0) if entry.finished and entry.submitted else 0.0
    return Result(image, edit, entry.uuid, job_id, entry.index, file, seconds, warning, entry.finished or time.time())


def _remember_synchronous(address: str, home: Path) -> None:
    with contextlib.suppress(StorageError, ParameterError):  # costs the next edit one refused call, and nothing else
        settings = settings_module.load_or_error(home)
        known = tuple(dict.fromkeys((*settings.synchronous_addresses, address)))
        settings_module.save(dataclasses.replace(settings, synchronous_addresses=known), home)


def _side_by_side(task: Callable[[int], None], count: int) -> None:
    """Runs ``task(0)`` … ``task(count - 1)``, at most :data:`SIDE_BY_SIDE` at once, and raises what one of them raised.

    Daemon threads, unlike an executor's: a host that quits must not hang on a silent network.
    """
    if count == 1:
        task(0)
        return
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    broken: list[BaseException] = []
    for index in range(count):
        waiting.put(index)

    def work() -> None:
        with contextlib.suppress(queue.Empty):
            while not broken:
                index = waiting.get_nowait()
                try:
                    task(index)
                except BaseException as exc:  # noqa: BLE001  raised again below, in the job's own thread
                    broken.append(exc)

    threads = [
        threading.Thread(target=work, name=f"fluxdepth-variation-{number}", daemon=True)
        for number in range(min(count, SIDE_BY_SIDE))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]

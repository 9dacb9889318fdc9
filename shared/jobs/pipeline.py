"""One job from the picture to result bytes: the only way through the core, synchronous, run in a worker.

Each stage is in the journal before it begins, so that whatever was paid for can be fetched later. The pipeline hands
:class:`Event`s to a callback and listens to a cancel token; it knows no host and no thread but its variations' own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..cancel import CancelToken
from ..errors import (
    FETCH,
    AsyncUnsupportedError,
    Billed,
    Cancelled,
    FluxDepthError,
    KeyRejectedError,
    MadeBeforeError,
    ModelUnavailableError,
    NextStep,
    ParameterError,
    RequestRejectedError,
    ResultDamagedError,
    ResultError,
    ResultExpiredError,
    SameEditError,
    StillRunningError,
    StorageError,
    UncertainError,
)
from ..language import tr
from ..model.edit import DepthEdit
from ..model.parameters import VARIATIONS
from ..model.prompts import combinations
from ..pictures.encoded import EncodedImage, is_cut_off, sniff_or_raw
from ..service import offers
from ..service.client import Client
from ..service.replies import Record, Status
from ..storage import files, settings as settings_module
from ..storage.entries import EditEntry, EditState, Job
from ..storage.journal import JobWriter, Journal, note_failure
from ..storage.log import LOGGER
from . import spending
from .background import side_by_side
from .polling import wait_for_record
from .request import EditRequest, Event, Guard, OnEvent, Outcome, Result, Stage, Taken
from .source import Source

ROOM = 32 * 1000 * 1000  # bytes of disk that must be free before anything is paid for: some results and their entry
NOT_SENT = (Cancelled, SameEditError, MadeBeforeError)


def run(request: EditRequest, *, client: Client, journal: Journal, on_event: OnEvent, cancel: CancelToken) -> Outcome:
    """Runs the job to its end. Raises the first variation's :class:`FluxDepthError` when there is no result at all."""
    edits = request.all_edits
    VARIATIONS.checked(len(edits))
    picture = request.picture
    if callable(picture):
        on_event(Event("", 0, Stage.ENCODING))
        picture = picture()
    if isinstance(picture, EncodedImage):
        picture = Taken(picture)
    cancel.raise_if_cancelled()

    def check(count: int) -> int | None:
        return spending.check(journal, request.edit.model, count, request.confirmed or request.alone)

    price = request.order.checked(check, len(edits)) if request.order else check(len(edits))
    files.require_room(journal.home, ROOM)
    writer = journal.create(
        edits,
        address=client.address,
        destination=request.destination,
        host_settings=request.host_settings,
        credits=price,
        pattern=request.edit.prompt if combinations(request.edit.prompt) > 1 else "",
    )
    try:
        return _Run(writer, client, journal, on_event, cancel).all(request, picture, edits)
    finally:
        writer.close()


def trim(journal: Journal) -> None:
    """Keeps the history within its limit; for after the outcome was handed over, since it may take a moment."""
    with contextlib.suppress(StorageError):
        spending.trim(journal, settings_module.load_or_error(journal.home).history_limit)


def recover(
    job: Job,
    indices: Sequence[int],
    *,
    client: Callable[[], Client],
    journal: Journal,
    on_event: OnEvent,
    cancel: CancelToken,
) -> Outcome:
    """The results of edits that were paid for: from disk, or fetched from the service. Costs nothing.

    ``client`` makes the client when one is needed: what is on disk takes neither a key nor a network, nor a data folder
    that can be written. Raises :class:`BusyError` while another process works on the job, :class:`Cancelled`, and what
    waiting and downloading raise, when there is no result at all.
    """
    job = journal.job(job.id) or job  # as it is now: another program may have fetched it
    results: dict[int, Result] = {}
    for index in indices:
        kept = _kept(job, job.edits[index])
        if kept is not None and kept.image.format:
            results[index] = kept
            on_event(Event(job.id, index, Stage.FINISHED, result=kept))
    missing = [index for index in indices if index not in results]
    if not missing:
        return Outcome(job.id, tuple(results[index] for index in sorted(results)))
    writer = journal.reopen(job.id)
    try:
        return _Run(writer, None, journal, on_event, cancel).again(missing, results, client)
    finally:
        writer.close()


def _kept(job: Job, entry: EditEntry) -> Result | None:
    """The result of ``entry`` as it lies on disk; None when it is not there."""
    if entry.state is not EditState.DONE or entry.result_file is None:
        return None
    try:
        data = entry.result_file.read_bytes()
    except OSError:
        return None
    if is_cut_off(data):  # by the disk, or it came so in an earlier version
        return None
    return _result(job, entry, job.asked(entry), sniff_or_raw(data), entry.result_file)


class _Run:
    """The stages of one job, sharing its journal entry, its client and its token."""

    def __init__(
        self, writer: JobWriter, client: Client | None, journal: Journal, on_event: OnEvent, cancel: CancelToken
    ) -> None:
        self.writer = writer
        self._client = client
        self.journal = journal
        self.on_event = on_event
        self.cancel = cancel

    @property
    def client(self) -> Client:
        assert self._client is not None
        return self._client

    def all(self, request: EditRequest, picture: Taken | str, edits: Sequence[DepthEdit]) -> Outcome:
        """One upload, then every variation, some of them side by side."""
        try:
            source = Source(
                picture,
                confirmed=request.confirmed,
                repeated=request.repeated or request.alone,
                writer=self.writer,
                client=self.client,
                journal=self.journal,
                cancel=self.cancel,
                tell=lambda fraction: self.tell(0, Stage.UPLOADING, fraction),
            )
        except FluxDepthError as exc:
            for index in range(len(edits)):
                self.fail(index, exc)
            raise

        def one(index: int) -> Result:
            with request.order.turn(self.cancel) if request.order else contextlib.nullcontext():
                return self.variation(index, edits[index], source, request.guard)

        return self.outcome(range(len(edits)), {}, one)

    def again(self, indices: Sequence[int], results: dict[int, Result], make_client: Callable[[], Client]) -> Outcome:
        """The edits ``indices`` fetched, beside the ``results`` that are here."""
        job = self.writer.job
        try:
            if all(job.edits[index].uuid for index in indices):
                self._client = make_client()
                if self._client.address != job.address:
                    words = tr("This edit was made at {address}, and the service address is {now} now.")
                    raise ResultError(
                        words.format(address=job.address, now=self._client.address),
                        tr("Set that address in Settings first.") + " " + tr(FETCH),
                    )
        except FluxDepthError:
            if not results:
                raise
            return Outcome(job.id, tuple(results[index] for index in sorted(results)))
        return self.outcome(indices, results, self.fetched_again)

    def fetched_again(self, index: int) -> Result:
        """One edit of an earlier run. Raises :class:`FluxDepthError`."""
        job = self.writer.job
        entry = job.edits[index]
        kept = _kept(job, entry)  # of a kind that the core does not know: what comes now may be whole
        if not entry.uuid:
            if kept is not None:
                return kept
            raise StorageError(tr("The service gave no id for this edit, so it can't be fetched."), "")
        try:
            return self.fetch(index, job.asked(entry), entry.uuid, entry.submitted or job.created)
        except FluxDepthError:
            if kept is None or self.cancel.cancelled:
                raise
            return kept

    def outcome(self, indices: Iterable[int], results: dict[int, Result], edit: Callable[[int], Result]) -> Outcome:
        """Runs ``edit`` for each index; what came of all of them, with the ``results`` that were there before."""
        failures: dict[int, FluxDepthError] = {}

        def one(index: int) -> None:
            try:
                results[index] = edit(index)
                self.tell(index, Stage.FINISHED, result=results[index])
            except FluxDepthError as exc:
                failures[index] = exc
                self.fail(index, exc)

        side_by_side(one, list(indices))
        if not results:
            # The one that matters most to the artist: what was paid for, then what may have been.
            raise max(failures.values(), key=lambda error: _WEIGHT[error.billed])
        by_index = [found for _, found in sorted(results.items())]
        return Outcome(self.writer.job.id, tuple(by_index), tuple(error for _, error in sorted(failures.items())))

    def variation(self, index: int, edit: DepthEdit, source: Source, guard: Guard | None) -> Result:
        """One edit: submit, wait, download. Raises :class:`FluxDepthError`."""
        self.cancel.raise_if_cancelled(paid=True)
        if guard:
            guard.before_submit(index)
        submitted, begun = time.time(), time.monotonic()
        # Written first: a host that is killed during the call leaves a trace of what may have been billed.
        self.writer.update_edit(index, state=EditState.SUBMITTING, submitted=submitted)
        self.tell(index, Stage.SUBMITTING)
        try:
            record = self.submit(edit, source)
            if record.status is Status.FAILURE:
                raise record.failure()
            try:
                self.writer.update_edit(index, state=EditState.TAKEN, uuid=record.uuid)
            except StorageError as exc:
                # It is paid for: go on with what is in memory, and tell at the end.
                LOGGER.error("the id %s can't be written: %s", record.uuid, exc.english)
            if guard:
                guard.taken(index, record.uuid)
            return self.fetch(index, edit, record.uuid, submitted, record, begun)
        except FluxDepthError as exc:
            if exc.final and source.reused:
                source.forget()  # it may be the upload that has died: the next try sends the picture anew
            raise

    def submit(self, edit: DepthEdit, source: Source) -> Record:
        """The paid call, in the waiting mode that the settings and the service allow."""
        settings = settings_module.load(self.journal.home)
        asynchronous = settings.asynchronous(self.client.address)
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
            LOGGER.info("the reused upload was turned down (%s); uploading again", exc.english)
            return self.client.submit(edit, source.renewed(path), asynchronous=asynchronous, cancel=self.cancel)

    def fetch(
        self,
        index: int,
        edit: DepthEdit,
        record_id: str,
        submitted: float,
        record: Record | None = None,
        begun: float = 0.0,
    ) -> Result:
        """The result of an edit that the service has taken: waits for it, downloads and keeps it.

        With the ``record`` that the submit brought, ``begun`` is when that began, in seconds of time.monotonic().
        Every error from here on says that the edit is paid for and can be fetched again.
        """
        # Else it was recovered, and how long it was away is no duration of the service's.
        awaited = record is not None
        try:
            if record is None or record.status is not Status.SUCCESS:
                record = self.wait(index, edit, record_id, record)
            finished = submitted + (time.monotonic() - begun)  # the other clock may have been set meanwhile
            self.tell(index, Stage.DOWNLOADING)
            image = self.download(index, record)
        except Cancelled:
            raise Cancelled.after_submit() from None
        except FluxDepthError as exc:
            if exc.final:
                raise
            raise paid(exc) from exc
        warning, file = "", None
        try:
            file = self.writer.keep_result(index, image, **({"finished": finished} if awaited else {}))
        except StorageError as exc:
            words = tr("The result is here and could not be kept in the history: {reason}")
            warning = words.format(reason=exc.message)
        entry = dataclasses.replace(self.writer.job.edits[index], uuid=record.uuid, submitted=submitted)
        if awaited:
            entry = dataclasses.replace(entry, finished=finished)
        return _result(self.writer.job, entry, edit, image, file, warning)

    def wait(self, index: int, edit: DepthEdit, record_id: str, record: Record | None) -> Record:
        self.tell(index, Stage.GENERATING, usual=self.journal.usual_seconds(edit))

        def catch_up() -> None:
            with contextlib.suppress(StorageError):
                self.writer.catch_up()  # the id of a paid edit must not stay in memory alone

        return wait_for_record(
            record_id,
            record,
            lambda: self.client.look_up(record_id, cancel=self.cancel),
            cancel=self.cancel,
            between=catch_up,
        )

    def download(self, index: int, record: Record) -> EncodedImage:
        """The result's bytes. Raises :class:`FluxDepthError`, which names the file of what came and can't be read."""

        def progress(fraction: float) -> None:
            self.tell(index, Stage.DOWNLOADING, fraction)

        def keep(data: bytes) -> None:
            with contextlib.suppress(StorageError):  # told when the result can't be kept either
                self.writer.keep_raw(index, data)

        try:
            return self.client.download(record, progress=progress, cancel=self.cancel, keep=keep)
        except ResultExpiredError:
            # A new look at the record brings a newly signed address.
            again = self.client.look_up(record.uuid, cancel=self.cancel)
            if again is None or again.addresses == record.addresses:
                raise
            return self.client.download(again, progress=progress, cancel=self.cancel, keep=keep)
        except ResultDamagedError as exc:
            raise exc.with_advice(f"{exc.advice} {self.writer.raw_words(index)}".strip()) from exc

    # Telling.

    def tell(self, index: int, stage: Stage, fraction: float | None = None, **more: Any) -> None:
        self.on_event(Event(self.writer.job.id, index, stage, fraction, **more))

    def fail(self, index: int, error: FluxDepthError) -> None:
        """Writes and tells how a variation ended. What the service has taken stays TAKEN, to be recovered."""
        LOGGER.warning("edit %s/%s: %s %s", self.writer.job.id, index, error.english, error.detail)
        if isinstance(error, ModelUnavailableError):
            offers.forget(self.journal.home)
        state = self.writer.job.edits[index].state
        if isinstance(error, UncertainError):
            state = EditState.UNCERTAIN
        elif error.final or state not in (EditState.TAKEN, EditState.DONE):
            state = EditState.STOPPED if isinstance(error, NOT_SENT) else EditState.FAILED
        note_failure(self.writer, index, state, error)
        self.tell(index, Stage.FAILED, error=error)


_WEIGHT = {Billed.NO: 0, Billed.MAYBE: 1, Billed.YES: 2}


def paid(error: FluxDepthError) -> FluxDepthError:
    """A copy of ``error`` that says that the edit behind it is paid for and stays within reach."""
    error = error.with_billing(Billed.YES)
    if isinstance(error, KeyRejectedError):
        return error.with_advice(tr("Check the key in Settings first.") + " " + tr(FETCH))
    if isinstance(error, (ResultError, StillRunningError)):  # those say it already
        return error
    return error.with_advice(tr(FETCH)).with_next_step(NextStep.RECOVER)


def _result(
    job: Job, entry: EditEntry, edit: DepthEdit, image: EncodedImage, file: Path | None, warning: str = ""
) -> Result:
    seconds = (entry.finished or 0.0) - (entry.submitted or 0.0) if entry.finished and entry.submitted else 0.0
    created, details = entry.finished or time.time(), job.record(entry)
    return Result(image, edit, entry.uuid, job.id, entry.index, file, seconds, warning, created, details)


def _remember_synchronous(address: str, home: Path) -> None:
    with contextlib.suppress(StorageError, ParameterError):  # costs the next edit one refused call, and nothing else
        settings = settings_module.load_or_error(home)
        known = {**settings.synchronous_addresses, address: time.time()}
        settings_module.save(dataclasses.replace(settings, synchronous_addresses=known), home)

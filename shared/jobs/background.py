"""What a host holds of a running job: a worker thread, a queue that the host's main thread drains, and its progress.

The thread never touches the host. A host starts a job, drains it from its timer, and reads the outcome in the end.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..cancel import CancelToken
from ..errors import Billed, Cancelled, FluxDepthError
from ..jobs.pipeline import EditRequest, Event, Outcome, Stage, recover, run, trim
from ..service.client import Client
from ..storage import files, log
from ..storage.journal import EditEntry, Job, Journal
from ..storage.log import LOGGER

_ORDER = list(Stage)
_live: set[RunningJob] = set()


@dataclass(frozen=True)
class Progress:
    """Where a job stands, for a bar and a line of text. ``fraction`` is 0–1, None when it can't be known."""

    text: str
    fraction: float | None
    stage: Stage
    seconds: float


class RunningJob:
    """One job in a worker thread. Its methods belong to the host's main thread."""

    def __init__(
        self, work: Callable[[RunningJob], Outcome], variations: int, journal: Journal, recovering: bool = False
    ) -> None:
        self.cancel = CancelToken()
        self.job_id = ""
        self._queue: queue.SimpleQueue[Event | Outcome | FluxDepthError] = queue.SimpleQueue()
        self._last: dict[int, Event] = {}
        self._variations = variations
        self._submitted: set[int] = set()  # the edits whose submit was begun …
        self._taken: set[int] = set()  # … and those that the service has taken
        self._recovering = recovering
        self._journal = journal
        self._submit_begun = False  # written by the worker
        self._stage = Stage.ENCODING
        self._stage_since = time.monotonic()
        self._outcome: Outcome | FluxDepthError | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), name="fluxdepth-job", daemon=True)
        _live.add(self)
        self._thread.start()

    @classmethod
    def start(cls, request: EditRequest, client: Client | None = None, journal: Journal | None = None) -> RunningJob:
        """Starts an edit. Everything that can go wrong, a missing key included, comes out of :attr:`outcome`."""
        book = journal or Journal()

        def work(job: RunningJob) -> Outcome:
            return run(request, client=client or _client(), journal=book, on_event=job.put, cancel=job.cancel)

        return cls(work, request.variations, book)

    @classmethod
    def start_recovery(
        cls, entry_job: Job, entry: EditEntry, client: Client | None = None, journal: Journal | None = None
    ) -> RunningJob:
        """Starts to fetch an edit that was paid for. Several of one job may be fetched side by side."""
        book = journal or Journal()

        def work(job: RunningJob) -> Outcome:
            def chosen() -> Client:
                return client or _client()

            result = recover(entry_job, entry, client=chosen, journal=book, on_event=job.put, cancel=job.cancel)
            return Outcome(entry_job.id, (result,))

        return cls(work, 1, book, recovering=True)

    def put(self, event: Event) -> None:
        """Called by the pipeline, in the worker."""
        self._submit_begun |= event.stage is Stage.SUBMITTING
        self._queue.put(event)

    def _run(self, work: Callable[[RunningJob], Outcome]) -> None:
        try:
            self._queue.put(work(self))
        except FluxDepthError as exc:
            self._queue.put(exc)
        except Exception as exc:  # noqa: BLE001  a fault of ours: the artist is told, the log has the traceback
            LOGGER.exception("internal error")
            self._queue.put(
                FluxDepthError(
                    f"Something went wrong inside Flux Depth ({type(exc).__name__}: {exc}).",
                    "The log has the details; look into the history before you try again.",
                    billed=Billed.MAYBE if self._submit_begun else Billed.NO,
                )
            )
        finally:
            trim(self._journal)
            _live.discard(self)

    # For the main thread.

    def drain(self, budget: float = 0.005) -> list[Event]:
        """The events since the last call, taken for at most about ``budget`` seconds."""
        deadline = time.monotonic() + budget
        events: list[Event] = []
        while time.monotonic() < deadline:
            try:
                message = self._queue.get_nowait()
            except queue.Empty:
                break
            if not isinstance(message, Event):
                if self._outcome is None:
                    self._outcome = message
                break
            events.append(message)
            self._last[message.index] = message
            self.job_id = message.job_id
            self._note_submit(message)
            self._follow()
        return events

    @property
    def finished(self) -> bool:
        return self._outcome is not None

    @property
    def outcome(self) -> Outcome:
        """What came of it, once :attr:`finished`. Raises the job's :class:`FluxDepthError`."""
        if self._outcome is None:
            raise RuntimeError("the job is not finished")
        if isinstance(self._outcome, FluxDepthError):
            raise self._outcome
        return self._outcome

    def stop(self) -> None:
        """Stops waiting, at once. The thread completes the journal: an id that arrives late is still written."""
        self.cancel.cancel()
        if self._outcome is None:
            self.drain()
        if self._outcome is None:
            if self._taken or self._recovering:
                self._outcome = Cancelled.after_submit()
            elif self._submitted:
                self._outcome = Cancelled.during_submit()
            else:
                self._outcome = Cancelled.before_submit()

    @property
    def submitting(self) -> bool:
        """Whether a submit is under way whose id is not in the journal yet: no moment for the process to end."""
        self.drain()
        return any(event.stage is Stage.SUBMITTING for event in self._last.values())

    @property
    def progress(self) -> Progress:
        """Where the slowest of the variations stands, in the words of the artist."""
        seconds = time.monotonic() - self._stage_since
        events = [event for event in self._last.values() if event.stage is self._stage]
        fractions = [event.fraction for event in events if event.fraction is not None]
        text, fraction = self._stage.value, min(fractions) if fractions else None
        if self._stage is Stage.GENERATING:
            usual = next((event.usual for event in events if event.usual), None)
            text += f" {seconds:.0f} s"
            if usual:
                text += f", usually about {max(1, round(usual))} s"
                fraction = min(0.98, seconds / usual)
        elif fraction is not None:
            text += f" {fraction:.0%}".replace("%", " %")
        if self._variations > 1:
            done = sum(event.stage in (Stage.FINISHED, Stage.FAILED) for event in self._last.values())
            text += f" ({done} of {self._variations} done)" if done else f" ({self._variations} variations)"
        return Progress(text, fraction, self._stage, seconds)

    def _note_submit(self, event: Event) -> None:
        if event.stage is Stage.SUBMITTING:
            self._submitted.add(event.index)
        elif event.stage in (Stage.GENERATING, Stage.DOWNLOADING, Stage.FINISHED):
            self._taken.add(event.index)
        elif event.stage is Stage.FAILED and event.error and event.error.billed is Billed.NO:
            self._submitted.discard(event.index)

    def _follow(self) -> None:
        open_events = [event for event in self._last.values() if event.stage not in (Stage.FINISHED, Stage.FAILED)]
        everyone = open_events or list(self._last.values())
        stage = min((event.stage for event in everyone), key=_ORDER.index)
        if stage is not self._stage:
            self._stage, self._stage_since = stage, time.monotonic()

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds for the thread."""
        self._thread.join(timeout)


def settle(timeout: float) -> None:
    """Waits, at most ``timeout`` seconds, until no job's thread is left; call it when the host lets go of the plug-in.

    A stopped job may be between its submit and the entry of the id that comes back; those moments are worth a wait.
    """
    deadline = time.monotonic() + timeout
    for job in list(_live):
        job.join(max(0.0, deadline - time.monotonic()))


def _client() -> Client:
    """The client in force, its debug log opened."""
    client = Client.from_settings()
    log.start(files.home(), client.secret)
    return client

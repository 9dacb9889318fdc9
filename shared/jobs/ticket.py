"""One job of a host's session: its request, its destination, its progress, its results, its state.

Hosts and windows read a ticket; only the desk changes it. It is used in the host's main thread; the worker reaches it
by a queue of events alone.
"""

from __future__ import annotations

import enum
import queue
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..cancel import CancelToken
from ..errors import Billed, Cancelled, FluxDepthError
from ..language import tr
from ..model.edit import DepthEdit
from ..pictures.encoded import EncodedImage, sniff_or_raw
from ..pictures.imaging import Pixels
from ..pictures.sending import Kept
from ..storage.entries import SENT, Destination, Job
from ..storage.files import Spooled
from .background import Background
from .request import EditRequest, Event, Outcome, Result, Stage, Taken
from .wording import Progress, generating, of_variations, one_line, result_name, staged, submitting

_ORDER = list(Stage)


class State(enum.Enum):
    """Where a ticket stands."""

    PREPARING = "preparing"  # nothing was sent yet
    RUNNING = "running"
    ARRIVING = "arriving"  # the results are here and are put into their document
    ARRIVED = "arrived"
    KEPT = "kept"  # the results are here, and their document is not open
    FAILED = "failed"
    STOPPED = "stopped"
    DISCARDED = "discarded"


ACTIVE = (State.PREPARING, State.RUNNING, State.ARRIVING)


class Ticket:
    """See the module. ``images`` and ``warnings`` may be added to by the host that places the results."""

    def __init__(self, key: str, edits: tuple[DepthEdit, ...], destination: Destination) -> None:
        self.key = key
        self.edits = edits
        self.destination = destination
        self.state = State.PREPARING
        self.job_id = ""
        self.recovered = False
        self.elsewhere = False  # brought into another document than its own, because the artist said so
        self.error: FluxDepthError | None = None
        self.failures: tuple[FluxDepthError, ...] = ()
        self.warnings: list[str] = []
        self.results: tuple[Result, ...] = ()
        self.pictures: dict[int, EncodedImage] = {}  # by index: the result as its document takes it
        self.kept: dict[int, Kept] = {}  # by index: what came of the source's detail, where it was to be kept
        self.notes: dict[int, dict[str, Any]] = {}  # by index: what was found out about it on arrival, for its record
        self.icons: dict[int, Pixels] = {}  # by index: what a host shows of it in a list, where the host makes no own
        self.images: list[Any] = []
        # What the desk works with.
        self.request: EditRequest | None = None
        self.job: Job | None = None  # the entry, of a recovered ticket
        self.preparing = ""  # what the host does meanwhile, in words; "" for the usual ones
        self.taken: Taken | None = None
        self.worker: Background[Outcome] | None = None
        self.cancel = CancelToken()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.placing: Iterator[None] | None = None
        self.together: tuple[Ticket, ...] = ()  # those that are placed at once, this one among them
        self.submit_begun = False  # written by the worker
        self._restart()

    def _restart(self) -> None:
        self._last: dict[int, Event] = {}
        self._stage = Stage.ENCODING
        self._stage_since = time.monotonic()
        self._submitted: set[int] = set()  # the edits whose submit was begun …
        self._taken_by_service: set[int] = set()  # … and those that the service has taken

    def again(self) -> None:
        """The same ticket from the start, with a token of its own."""
        self.state, self.error, self.failures, self.job_id = State.PREPARING, None, (), ""
        self.cancel, self.events, self.submit_begun = CancelToken(), queue.SimpleQueue(), False
        self.warnings, self.results = [], ()
        self.pictures, self.kept, self.notes, self.icons = {}, {}, {}, {}
        self._restart()

    # What hosts read.

    @property
    def active(self) -> bool:
        """Whether something is going on that ends by itself."""
        return self.state in ACTIVE

    @property
    def on_its_way(self) -> bool:
        """Whether its results are still to come."""
        return self.state in (State.PREPARING, State.RUNNING)

    @property
    def title(self) -> str:
        """Its prompt; of one edit with the seed: there may be others of the same prompt, and one is to be stopped."""
        return one_line(self.edits[0].prompt) if len(self.edits) > 1 else result_name(self.edits[0])

    @property
    def can_retry(self) -> bool:
        """Whether the same picture can be sent again: it is here, and the error does not say that it is paid for."""
        if self.state not in (State.FAILED, State.STOPPED) or self.error is None:
            return False
        return self.error.billed is not Billed.YES and (self.taken is not None or self.has_picture)

    @property
    def unpaid(self) -> bool:
        """Whether it has ended, nothing of it has come, and it is known that nothing was billed."""
        return not (self.active or self.images) and self.error is not None and self.error.billed is Billed.NO

    @property
    def has_picture(self) -> bool:
        return self.request is not None and not callable(self.request.picture)

    @property
    def seconds(self) -> float:
        """The longest time from submit to result; 0 when it is not known."""
        return max((result.seconds for result in self.results), default=0.0)

    def companion(self, name: str) -> bytes | None:
        """A companion of the results (``entries.ALPHA`` and so on); None when the job has none of that name."""
        if self.taken is not None:
            waiting = self.taken.companions.get(name)
            return waiting.read() if isinstance(waiting, Spooled) else waiting
        return self.job.companion(name) if self.job else None

    @property
    def sent(self) -> EncodedImage | None:
        """The picture that was sent; None when it is not there any more."""
        if self.taken is not None:
            return self.taken.image
        data = self.job.companion(SENT) if self.job else None
        return sniff_or_raw(data) if data else None

    @property
    def host_settings(self) -> Mapping[str, Any]:
        """What was chosen beside the model's parameters."""
        source = self.request or self.job
        return source.host_settings if source else {}

    def placed_in(self, *, path: str, session: str) -> None:
        """Says in which document the results are now; called by the host that places them."""
        self._document = (path, session)

    _document: tuple[str, str] | None = None

    @property
    def document(self) -> Mapping[str, str]:
        """What is to be written of the document that the results are in."""
        return dict(zip(("path", "session"), self._document, strict=True)) if self._document else {}

    @property
    def progress(self) -> Progress:
        """Where the slowest of the variations stands, in the words of the artist."""
        if self.state is State.ARRIVING:
            return Progress(tr("Bringing in"), 1.0)
        events = [event for event in self._last.values() if event.stage is self._stage]
        fractions = [event.fraction for event in events if event.fraction is not None]
        if self._stage is Stage.ENCODING:
            shown = Progress(self.preparing or tr(self._stage.value), None)
        elif self._stage is Stage.GENERATING:
            usual = next((event.usual for event in events if event.usual), None)
            shown = generating(time.monotonic() - self._stage_since, usual)
        elif self._stage is Stage.SUBMITTING:
            shown = submitting(time.monotonic() - self._stage_since)
        else:
            shown = staged(self._stage.value, min(fractions) if fractions else None)
        done = sum(event.stage in (Stage.FINISHED, Stage.FAILED) for event in self._last.values())
        return of_variations(shown, len(self.edits), done)

    @property
    def submitting(self) -> bool:
        """Whether a submit is under way whose id is not in the journal yet: no moment for the process to end."""
        running = self.worker is not None and not self.worker.finished
        return running and any(event.stage is Stage.SUBMITTING for event in self._last.values())

    @property
    def submitting_indices(self) -> list[int]:
        return [index for index, event in self._last.items() if event.stage is Stage.SUBMITTING]

    # What the worker and the desk do with it.

    def put(self, event: Event) -> None:
        """Called by the pipeline, in the worker."""
        self.submit_begun |= event.stage is Stage.SUBMITTING
        self.events.put(event)

    def remembering(self, take: Callable[[], Taken]) -> Callable[[], Taken]:
        """``take``, its picture kept for a retry. Called in the worker."""

        def taking() -> Taken:
            if self.taken is None:
                self.taken = take()
            return self.taken

        return taking

    def drain(self, budget: float) -> bool:
        """Takes in the events of the worker, for at most about ``budget`` seconds; whether there were any."""
        deadline = time.monotonic() + budget
        any_event = False
        while time.monotonic() < deadline:
            try:
                event = self.events.get_nowait()
            except queue.Empty:
                break
            any_event = True
            self._note(event)
        return any_event

    def _note(self, event: Event) -> None:
        self._last[event.index] = event
        self.job_id = event.job_id or self.job_id
        if event.stage is Stage.SUBMITTING:
            self._submitted.add(event.index)
        elif event.stage in (Stage.GENERATING, Stage.DOWNLOADING, Stage.FINISHED):
            self._taken_by_service.add(event.index)
        elif event.stage is Stage.FAILED and event.error and event.error.billed is Billed.NO:
            self._submitted.discard(event.index)
        if self.state is State.PREPARING and event.stage is not Stage.ENCODING:
            self.state = State.RUNNING
        open_events = [one for one in self._last.values() if one.stage not in (Stage.FINISHED, Stage.FAILED)]
        stage = min((one.stage for one in open_events or self._last.values()), key=_ORDER.index)
        if stage is not self._stage:
            self._stage, self._stage_since = stage, time.monotonic()

    @property
    def finished_so_far(self) -> tuple[Result, ...]:
        return tuple(event.result for _, event in sorted(self._last.items()) if event.result is not None)

    def stopped_error(self) -> Cancelled:
        """What stopping now means for what was paid."""
        if self._taken_by_service or self.recovered:
            return Cancelled.after_submit()
        return Cancelled.during_submit() if self._submitted else Cancelled.before_submit()

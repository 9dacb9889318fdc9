"""The desk: every job of a host's session as a ticket, and every edit on disk that is owed to the artist.

It starts, recovers, stops and discards; it alone decides whose a result is, and changes a ticket's state. A host gives
it four things: it takes the picture (in the request), says whether a document is open, places results, and is told when
something has changed. The methods belong to the host's main thread; what blocks runs in :class:`Background`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

from ..errors import Cancelled, FluxDepthError
from ..model.edit import DepthEdit
from ..pictures.encoded import EncodedImage
from ..service.client import Client
from ..storage import processes
from ..storage.entries import Destination
from ..storage.journal import Journal
from . import owed, pipeline
from .background import Background, Errands, internal_error
from .owed import Held, Owed, Standing
from .request import EditRequest, Outcome, Result, Taken
from .ticket import State, Ticket
from .wording import Why

STOP_WAIT = 0.1  # s: all but a submit ends at once, and then what has come till now is known for certain


class Host(Protocol):
    """What a host gives the desk beside the picture; called in its main thread."""

    name: str

    def is_open(self, destination: Destination) -> bool:
        """Whether results that belong to ``destination`` can be placed now."""

    def place(self, ticket: Ticket) -> Iterator[None]:
        """Puts the ticket's results into their document, a step at each tick. Raises :class:`FluxDepthError`."""

    def changed(self, ticket: Ticket | None) -> None:
        """``ticket``, or with None what is owed, has changed."""


class Desk:
    """See the module. ``compose`` makes, in the worker, of a result what its document takes (its transparency).

    ``process`` is the name (``processes.session_name``) of the process whose documents these are, this one by default.
    """

    def __init__(
        self,
        host: Host,
        journal: Journal | None = None,
        client: Callable[[], Client] | None = None,
        compose: Callable[[Ticket, Result], EncodedImage] | None = None,
        process: str = "",
    ) -> None:
        self.host = host
        self.process = process or processes.session_name()
        self.journal = journal or Journal()
        self.tickets: list[Ticket] = []
        self.standing: Standing | None = None
        self._client = client or Client.from_settings
        self._compose = compose
        self._keys = itertools.count(1)
        self._errands = Errands()
        self._late: list[Ticket] = []  # given up by the artist; their workers complete the journal
        self._held: Held = ()
        self._epoch = 0  # grows whenever what a look under way will say is overtaken

    # Starting.

    def start(self, request: EditRequest, ticket: Ticket | None = None) -> Ticket:
        """Starts an edit; what goes wrong, a missing key included, comes out as the ticket's error."""
        if ticket is None:
            ticket = self._opened(request.all_edits, request.destination, "")
        elif not ticket.active:  # stopped while its picture was made
            return ticket
        ticket.request, ticket.destination = request, request.destination
        self._send(ticket, request)
        return ticket

    def open(self, edit: DepthEdit, variations: int, destination: Destination, preparing: str = "") -> Ticket:
        """A ticket whose picture is still being made by the host, which then calls :meth:`start` or :meth:`fail`."""
        return self._opened(tuple(edit.variations(variations)), destination, preparing)

    def _opened(self, edits: tuple[DepthEdit, ...], destination: Destination, preparing: str) -> Ticket:
        ticket = Ticket(str(next(self._keys)), edits, destination)
        ticket.preparing = preparing
        self.tickets.append(ticket)
        return ticket

    def fail(self, ticket: Ticket, error: FluxDepthError) -> None:
        """The host could not make the picture."""
        if ticket.active:
            self._end(ticket, State.FAILED, error)

    def retry(self, ticket: Ticket, *, confirmed: bool = False) -> None:
        """Sends again what this ticket had sent, in its place."""
        if ticket.can_retry and ticket.request is not None:
            request = ticket.request
            ticket.again()
            self._send(ticket, request, confirmed)

    def _send(self, ticket: Ticket, request: EditRequest, confirmed: bool = False) -> None:
        picture = request.picture
        if callable(picture):
            picture = ticket.remembering(picture)
        elif not isinstance(picture, str):
            ticket.taken = picture = picture if isinstance(picture, Taken) else Taken(picture)
        whole = dataclasses.replace(request, picture=picture, confirmed=request.confirmed or confirmed)
        cancel, put = ticket.cancel, ticket.put

        def work() -> Outcome:
            outcome = pipeline.run(whole, client=self._client(), journal=self.journal, on_event=put, cancel=cancel)
            return self._composed(ticket, outcome)

        self._begin(ticket, work)

    def recover(self, wanted: Owed, here: Destination | None = None) -> Ticket:
        """Brings in what is owed, without paying; ``here``, into another document than its own."""
        job, indices = wanted.job, wanted.indices
        edits = tuple(job.asked(entry) for entry in wanted.entries)
        ticket = Ticket(str(next(self._keys)), edits, here or job.destination)
        ticket.recovered, ticket.elsewhere, ticket.job, ticket.job_id = True, here is not None, job, job.id
        self.tickets.append(ticket)
        cancel, put = ticket.cancel, ticket.put

        def work() -> Outcome:
            outcome = pipeline.recover(
                job, indices, client=self._client, journal=self.journal, on_event=put, cancel=cancel
            )
            return self._composed(ticket, outcome)

        self._begin(ticket, work)
        return ticket

    def bring(self, ticket: Ticket, here: Destination) -> None:
        """What is kept for a document that is not open comes into another one, because the artist says so."""
        if ticket.state is State.KEPT:
            ticket.destination, ticket.elsewhere = here, True
            self._change(ticket, State.ARRIVING)

    def _composed(self, ticket: Ticket, outcome: Outcome) -> Outcome:
        if self._compose:
            for result in outcome.results:
                try:
                    ticket.pictures[result.index] = self._compose(ticket, result)
                except FluxDepthError as exc:
                    ticket.warnings.append(str(pipeline.paid(exc)))
        return outcome

    def _begin(self, ticket: Ticket, work: Callable[[], Outcome]) -> None:
        def whole() -> Outcome:
            try:
                return work()
            finally:
                pipeline.trim(self.journal)

        ticket.worker = Background(whole, "fluxdepth-job", lambda: ticket.submit_begun)
        self.host.changed(ticket)

    # Stopping, discarding.

    def stop(self, ticket: Ticket) -> None:
        """Stops waiting, at once. Results that are here already arrive; an id that comes late is still written."""
        if ticket.state not in (State.PREPARING, State.RUNNING):
            return
        ticket.cancel.cancel()
        if ticket.worker is None:
            self._end(ticket, State.STOPPED, Cancelled.before_submit())
            return
        ticket.worker.join(STOP_WAIT)
        ticket.drain(1.0)
        if ticket.worker.finished:
            self._finish(ticket)
            return
        error = ticket.stopped_error()
        self._late.append(ticket)
        waiting = ticket.submitting_indices
        if ticket.job_id and waiting:
            # For whoever looks at the journal meanwhile: nobody waits for it here any more.
            self._errands.start(
                lambda: self.journal.mark(ticket.job_id, waiting, error=str(error)), lambda _: self.look()
            )
        results = ticket.finished_so_far
        if results and not ticket.recovered:
            ticket.failures = (error,)
            ticket.results = results
            self._change(ticket, State.ARRIVING)
        else:
            self._end(ticket, State.STOPPED, error)
        self.look()

    def stop_paying(self) -> None:
        """Nothing more is submitted from now on; what the service has taken is waited for."""
        for ticket in self.tickets:
            ticket.cancel.close_submits()

    def discard(self, job_id: str, indices: list[int]) -> None:
        """The artist does not want these any more: they are not offered again. Their files stay in the history."""
        self._errands.start(lambda: self.journal.mark(job_id, indices, discarded=True), lambda _: self.look())
        for ticket in self.tickets:
            if ticket.job_id == job_id and not ticket.active:
                ticket.state = State.DISCARDED
        self.tickets = [ticket for ticket in self.tickets if ticket.state is not State.DISCARDED]
        self._dealt_with(job_id, indices)
        self.host.changed(None)

    def dismiss(self, ticket: Ticket) -> None:
        """Takes an ended ticket off the list; what it still owes stays on the disk's."""
        if not ticket.active:
            self.tickets = [one for one in self.tickets if one is not ticket]
            self.host.changed(None)

    # What is owed.

    def look(self, held: Held | None = None) -> None:
        """Reads the data folder in the background; then :attr:`standing` is new and the host is told.

        ``held`` are the results (job id, index) that open documents contain; those of the last look when None.
        """
        if held is not None:
            self._held = held

        epoch = self._epoch

        def then(answer: Any) -> None:
            if isinstance(answer, Standing) and epoch == self._epoch:  # else another look follows
                self.standing = answer
            self.host.changed(None)

        self._errands.start(self._reading(), then)

    def look_now(self, held: Held = ()) -> Standing:
        """The same, at once. Raises nothing: what can't be read is among the problems."""
        self._held = held
        self.standing = self._reading()()
        return self.standing

    def _reading(self) -> Callable[[], Standing]:
        name, process, held, ours = self.host.name, self.process, self._held, self._ours()
        return lambda: owed.read(self.journal, host=name, process=process, held=held, ours=ours)

    def _dealt_with(self, job_id: str, indices: Collection[int]) -> None:
        """What was just brought in or discarded is offered no more, whatever a look that is under way will say."""
        self._epoch += 1
        if self.standing:
            self.standing = self.standing.without(job_id, indices)

    def _ours(self) -> set[str]:
        """The jobs that a ticket here brings in already, or offers."""
        return {one.job_id for one in self.tickets if one.job_id and (one.active or one.state is State.KEPT)}

    def here(self) -> list[Owed]:
        """What Recover brings: what belongs to open documents, or to ones of this host that can't be opened again."""
        return [one for one in self._standing(Why.WAITING, Why.UNSAVED) if self._belongs_here(one.job.destination)]

    def elsewhere(self) -> list[Owed]:
        """What belongs to other documents, to another host, or to the command's files; and what is being submitted."""
        known = self._standing(Why.WAITING, Why.UNSAVED, Why.SUBMITTING)
        return [one for one in known if one.why is Why.SUBMITTING or not self._belongs_here(one.job.destination)]

    def uncertain(self) -> list[Owed]:
        """What may have been billed and can't be found again; :meth:`discard` takes it off the list."""
        return self._standing(Why.UNCERTAIN)

    def _standing(self, *whys: Why) -> list[Owed]:
        ours = self._ours()
        known = self.standing.owed if self.standing else ()
        return [one for one in known if one.why in whys and one.job.id not in ours]

    def _belongs_here(self, destination: Destination) -> bool:
        if destination.host != self.host.name:
            return False
        if self.host.is_open(destination):
            return True
        closed = destination.session.startswith(self.process) or processes.is_alive(destination.session) is not True
        return not destination.path and closed  # it can never be opened again

    def saved(self, held: Held) -> None:
        """A document was saved with these results in it: they are safe."""
        self._held = held
        self._errands.start(lambda: owed.note_saved(self.journal, held), lambda _: self.look())

    # Moving on.

    def advance(self, budget: float = 0.010) -> bool:
        """A tick of the host's main thread, for about ``budget`` seconds; True while there is something going on."""
        deadline = time.monotonic() + budget
        self._errands.advance()
        for ticket in [one for one in self._late if one.worker is None or one.worker.finished]:
            self._late.remove(ticket)
            self.look()
        # Placing comes last: it takes the longest.
        for ticket in sorted(self.tickets, key=lambda one: one.state is State.ARRIVING):
            if time.monotonic() > deadline:
                break
            try:
                self._advance(ticket, budget / 2)
            except Exception as exc:  # noqa: BLE001  a host drops a timer that raises, and every job with it
                error = internal_error(exc, ticket.submit_begun or ticket.recovered)
                ticket.placing = None
                self._end(ticket, State.FAILED, pipeline.paid(error) if ticket.results else error)
                self.look()
        return self._errands.busy or bool(self._late) or any(ticket.active for ticket in self.tickets)

    def _advance(self, ticket: Ticket, budget: float) -> None:
        if ticket.state is State.KEPT and self.host.is_open(ticket.destination):
            self._change(ticket, State.ARRIVING)
        elif ticket.state is State.ARRIVING:
            if not any(one.on_its_way for one in ticket.together):
                self._place(ticket)
        elif ticket.active and ticket.worker is not None:
            finished = ticket.worker.finished
            state = ticket.state
            ticket.drain(budget)
            if finished and ticket.events.empty():
                self._finish(ticket)
            elif state is not ticket.state:
                self.host.changed(ticket)

    def _finish(self, ticket: Ticket) -> None:
        assert ticket.worker is not None
        try:
            outcome = ticket.worker.answer()
        except FluxDepthError as exc:
            self._end(ticket, State.STOPPED if isinstance(exc, Cancelled) else State.FAILED, exc)
            self.look()
            return
        ticket.results, ticket.failures = outcome.results, outcome.failures
        ticket.warnings += list(dict.fromkeys(one.warning for one in outcome.results if one.warning))
        self._change(ticket, State.ARRIVING)

    def _place(self, ticket: Ticket) -> None:
        if ticket.placing is None:
            at_home = ticket.recovered and self._belongs_here(ticket.destination)
            if not (ticket.elsewhere or at_home or self.host.is_open(ticket.destination)):
                self._change(ticket, State.KEPT)
                self.look()
                return
            ticket.placing = self.host.place(ticket)
        try:
            next(ticket.placing)
        except StopIteration:
            ticket.placing = None
            self._arrived(ticket)
        except FluxDepthError as exc:
            ticket.placing = None
            self._end(ticket, State.FAILED, pipeline.paid(exc))
            self.look()

    def _arrived(self, ticket: Ticket) -> None:
        ticket.taken = None
        kept = [result.index for result in ticket.results if result.file is not None]
        self._dealt_with(ticket.job_id, kept)
        if kept:
            note = functools.partial(
                owed.note_arrival, self.journal, ticket.job_id, kept, self.host.name, ticket.elsewhere, ticket.document
            )
            self._errands.start(note, lambda _: self.look())
        self._change(ticket, State.ARRIVED)

    def _change(self, ticket: Ticket, state: State) -> None:
        ticket.state = state
        self.host.changed(ticket)

    def _end(self, ticket: Ticket, state: State, error: FluxDepthError) -> None:
        ticket.error = error
        self._change(ticket, state)

    # The end.

    @property
    def submitting(self) -> bool:
        """Whether a submit is under way whose id is not in the journal yet."""
        for ticket in (*self._late, *self.tickets):
            ticket.drain(0.005)
        return any(ticket.submitting for ticket in (*self._late, *self.tickets))

    def settle(self, timeout: float) -> None:
        """Waits, at most ``timeout`` seconds, for notes on the disk and for stopped submits: before a process ends."""
        deadline = time.monotonic() + timeout
        for ticket in self._late:
            if ticket.worker:
                ticket.worker.join(deadline - time.monotonic())
        self._errands.join(deadline - time.monotonic())

    def close(self, timeout: float) -> None:
        """The host lets go: everything is stopped, and the journal completed."""
        for ticket in list(self.tickets):
            self.stop(ticket)
        self.settle(timeout)
        self.tickets, self._late, self.standing = [], [], None
        self._errands = Errands()

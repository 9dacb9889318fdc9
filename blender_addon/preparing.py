"""Edits that were asked for and not sent yet: their picture is rendered or read, or they wait for their turn.

The prompts of a list share one picture and take turns: a few at once, and each only after the one before it has sent
the picture, so that it is uploaded once. Knows no operator and no panel.
"""

import dataclasses

import bpy

from .pictures import rendering, sources
from .properties import Chosen
from .shared.errors import FluxDepthError
from .shared.jobs.desk import Desk
from .shared.jobs.request import EditRequest
from .shared.jobs.ticket import State, Ticket
from .shared.language import tr
from .shared.storage.entries import Destination

AT_ONCE = 4  # edits of a list: as many as variations run side by side

Source = rendering.Rendering | sources.Snapshot


class Preparing:
    """``tend`` belongs to each tick; everything runs on the main thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[str, tuple[Source, Chosen]] = {}  # by the ticket's key, before it is started
        self._reading: dict[str, sources.Snapshot] = {}  # the same, once it is, as long as it reads its picture
        self._in_line: set[str] = set()  # the tickets of lists

    def add(self, wanted: list[Chosen], source: Source, destination: Destination) -> list[Ticket]:
        """A ticket for each; what can be sent already is on its way then."""
        words = tr("Rendering") if isinstance(source, rendering.Rendering) else tr("Waiting for its turn")
        tickets = [self._desk.open(one.edit, one.variations, destination, preparing=words) for one in wanted]
        self._waiting.update({ticket.key: (source, one) for ticket, one in zip(tickets, wanted, strict=True)})
        if len(tickets) > 1:
            self._in_line.update(ticket.key for ticket in tickets)
        self._begin()
        return tickets

    def tend(self) -> None:
        """Hands over what workers ask for and renders that are done; lets go of what nobody will ask for any more."""
        self._begin()
        for key, snapshot in list(self._reading.items()):
            ticket = self._find(key)
            if ticket and ticket.state is State.PREPARING:
                snapshot.serve()
            else:
                del self._reading[key]
                self._let_go(snapshot)

    def _begin(self) -> None:
        """Starts what can be; its pixels are read at the next tick, and not while the button is pressed."""
        for key in list(self._waiting):
            source, wanted = self._waiting[key]
            ticket = self._find(key)
            if ticket and ticket.active and isinstance(source, rendering.Rendering):
                source = self._rendered(ticket, source)
            if ticket is None or not ticket.active:
                del self._waiting[key]
                self._let_go(source)
            elif isinstance(source, sources.Snapshot) and self._may_begin(key):
                del self._waiting[key]
                self._reading[key] = source
                ticket.preparing = ""
                self._desk.start(_request(wanted, source, ticket.destination), ticket)

    def stopped(self, ticket: Ticket) -> None:
        """After the artist has stopped ``ticket``: so is the render that only it waited for."""
        source, _ = self._waiting.get(ticket.key, (None, None))
        self.tend()
        if isinstance(source, rendering.Rendering) and not self._is_used(source):
            source.stop()

    def waits(self, ticket: Ticket) -> bool:
        """Whether it waits for the others of its list."""
        return ticket.active and ticket.key in self._in_line & self._waiting.keys()

    def close(self) -> None:
        for source in (*self._reading.values(), *(one for one, _ in self._waiting.values())):
            if isinstance(source, sources.Snapshot):
                source.discard()
        self._waiting.clear()
        self._reading.clear()

    def _find(self, key: str) -> Ticket | None:
        return next((ticket for ticket in self._desk.tickets if ticket.key == key), None)

    def _rendered(self, ticket: Ticket, source: rendering.Rendering) -> Source:
        """The picture when the render is done; the ticket fails when there is none."""
        try:
            snapshot = source.snapshot_or_none()
        except FluxDepthError as exc:
            self._desk.fail(ticket, exc)
            return source
        if snapshot is None:
            ticket.preparing = tr("Rendering {seconds} s").format(
                seconds=f"{source.seconds:.0f}"
            )  # Blender tells nobody how far it is
            return source
        for key, (other, wanted) in self._waiting.items():
            if other is source:
                self._waiting[key] = snapshot, wanted
        return snapshot

    def _may_begin(self, key: str) -> bool:
        going = [one for one in self._desk.tickets if one.active and one.key in self._in_line - self._waiting.keys()]
        return key not in self._in_line or (len(going) < AT_ONCE and all(one.submit_begun for one in going))

    def _is_used(self, source: Source) -> bool:
        return any(one is source for one in (*self._reading.values(), *(one for one, _ in self._waiting.values())))

    def _let_go(self, source: Source) -> None:
        if isinstance(source, sources.Snapshot) and not self._is_used(source):
            source.discard()


def _request(wanted: Chosen, snapshot: sources.Snapshot, destination: Destination) -> EditRequest:
    return EditRequest(
        wanted.edit,
        snapshot.taken,
        dataclasses.replace(destination, place=dict(snapshot.origin)),
        wanted.variations,
        wanted.host_settings,
        wanted.confirmed,
        alone=bpy.app.background,
    )

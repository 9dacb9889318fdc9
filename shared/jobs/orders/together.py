"""Several jobs as one order: asked about as one, and placed at once, when none of them is on its way any more."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Hashable, Sequence

from ...errors import SameEditError
from ...language import tr
from ...pictures.encoded import EncodedImage
from ..desk import Desk
from ..request import EditRequest, Taken
from ..ticket import Ticket
from .order import Order


def start(desk: Desk, requests: Sequence[EditRequest], order: Order | None = None) -> list[Ticket]:
    """A ticket for each of ``requests``, part of a larger ``order`` perhaps. Raises :class:`ParameterError`.

    And :class:`SameEditError`, before anything is sent, when some of them ask for the same edit of the same picture and
    nobody has said that this is meant.
    """
    if len(requests) == 1:
        return [desk.start(dataclasses.replace(requests[0], order=order))]
    asked = Counter(one for request in requests if not request.confirmed for one in _asked(request))
    if asked and (most := max(asked.values())) > 1:
        words = tr("{count} layers show the same picture, and would all be edited alike.").format(count=most)
        raise SameEditError(words).with_advice(tr("Select one of them, or edit anyway and pay for each."))
    order = order or Order(sum(len(request.all_edits) for request in requests))
    tickets = [desk.start(dataclasses.replace(request, order=order)) for request in requests]
    for ticket in tickets:
        ticket.together = tuple(tickets)
    return tickets


def _asked(request: EditRequest) -> list[Hashable]:
    """What tells the edits of ``request`` from others; nothing of a picture that is not taken yet."""
    image = request.picture.image if isinstance(request.picture, Taken) else request.picture
    if not isinstance(image, EncodedImage):
        return []
    sha256 = image.sha256
    return [(sha256, edit.model.id, *sorted(edit.values.items())) for edit in request.all_edits]


def retry(desk: Desk, tickets: Sequence[Ticket], *, confirmed: bool = False) -> list[Ticket]:
    """Sends again what of ``tickets`` can be, and returns it; it is an order of its own."""
    again = [ticket for ticket in tickets if ticket.can_retry]
    order = Order(sum(len(ticket.edits) for ticket in again))
    for ticket in again:
        if ticket.together and ticket.request is not None:
            ticket.request = dataclasses.replace(ticket.request, order=order)
            ticket.together = tuple(again)
    for ticket in again:
        desk.retry(ticket, confirmed=confirmed)
    return again

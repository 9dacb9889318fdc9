"""Several jobs as one order: asked about as one, and placed at once, when none of them is on its way any more."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..desk import Desk
from ..request import EditRequest
from ..ticket import Ticket
from .order import Order


def start(desk: Desk, requests: Sequence[EditRequest]) -> list[Ticket]:
    """A ticket for each of ``requests``. Raises :class:`ParameterError`."""
    if len(requests) == 1:
        return [desk.start(requests[0])]
    order = Order(sum(len(request.all_edits) for request in requests))
    tickets = [desk.start(dataclasses.replace(request, order=order)) for request in requests]
    for ticket in tickets:
        ticket.together = tuple(tickets)
    return tickets


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

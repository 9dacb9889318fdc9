"""A list of prompts, an edit for each: in their order, some side by side, and no more once one has failed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import replies
from main_loop import waited
from windows.work.following import Following

from shared.errors import Billed
from shared.jobs import spending
from shared.jobs.background import SIDE_BY_SIDE
from shared.jobs.desk import Desk
from shared.jobs.request import EditRequest
from shared.jobs.ticket import Ticket
from shared.language import tr


def make(
    requests: dict[str, EditRequest], desk: Desk, following: Following, left: Callable[[list[str]], object]
) -> list[Ticket]:
    """All that was started of ``requests`` (at least one), which go by their prompts.

    ``left`` gets the prompts that are still to be made: what may have been paid for is none of them. The whole order is
    checked before anything is sent: raises what :func:`spending.check` raises. The first one goes alone: it uploads the
    picture, and what is wrong with the key or the model comes out once.
    """
    first = next(iter(requests.values()))
    count = len(requests) * first.variations
    waited(lambda: spending.check(desk.journal, first.edit.model, count, first.confirmed))
    waiting, most = dict(requests), 1
    started: list[Ticket] = []
    while waiting and all(ticket.images for ticket in started):
        now = list(waiting)[:most]
        # That it is a large order was said above.
        tickets = [desk.start(dataclasses.replace(waiting[prompt], alone=True)) for prompt in now]
        begin, end = len(started) + 1, len(started) + len(now)
        which = begin if begin == end else f"{begin}–{end}"
        following.watch(tickets, tr("{which} of {count}").format(which=which, count=len(requests)))
        started += tickets
        for prompt, ticket in zip(now, tickets, strict=True):
            error = replies.error_of(ticket)
            if error is None or error.billed is not Billed.NO:
                del waiting[prompt]
        left(list(waiting))
        most = max(1, SIDE_BY_SIDE // first.variations)
    return started

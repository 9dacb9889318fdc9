"""A list of prompts, an edit for each: in their order, some side by side, and no more once one has failed."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from windows.progress.following import Following

from shared.jobs.background import SIDE_BY_SIDE
from shared.jobs.desk import Desk
from shared.jobs.orders import together
from shared.jobs.orders.order import Order
from shared.jobs.request import EditRequest
from shared.jobs.ticket import Ticket
from shared.language import tr


def make(
    requests: dict[str, list[EditRequest]], desk: Desk, following: Following, left: Callable[[list[str]], object]
) -> list[Ticket]:
    """All that was started of ``requests`` (at least one prompt, and for each the layers), which go by their prompts.

    ``left`` gets the prompts that are still to be made: what may have been paid for is none of them. The first one goes
    alone: it asks for the whole order and uploads the picture, and what is wrong with the key or the model comes out
    once.
    """
    each = sum(len(one.all_edits) for one in next(iter(requests.values())))
    order = Order(len(requests) * each)
    waiting, most, done = dict(requests), 1, 0
    started: list[Ticket] = []
    while waiting and all(ticket.images for ticket in started):
        now = list(waiting)[:most]
        of_each = [together.start(desk, waiting[prompt], order) for prompt in now]
        tickets = list(itertools.chain(*of_each))
        begin, end = done + 1, done + len(now)
        which = begin if begin == end else f"{begin}–{end}"
        following.watch(tickets, tr("{which} of {count}").format(which=which, count=len(requests)))
        started += tickets
        done += len(now)
        for prompt, of_prompt in zip(now, of_each, strict=True):
            if not all(ticket.unpaid for ticket in of_prompt):
                del waiting[prompt]
        left(list(waiting))
        most = max(1, SIDE_BY_SIDE // each)
    return started

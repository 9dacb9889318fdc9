"""The recover procedure: bring in what was paid for and belongs here, without paying again; name what does not."""

from __future__ import annotations

import replies
from documents import held
from gi.repository import Gimp
from gimp_host import GimpHost
from main_loop import StatusBar, settle, wait

from shared.language import tr


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """The procedure. It fails only when something was to be had and nothing at all came."""
    desk = GimpHost(interactive=run_mode is not Gimp.RunMode.NONINTERACTIVE).desk()
    status = StatusBar()
    try:
        desk.look_now(held())
        tickets = [desk.recover(owed) for owed in desk.here()]
        wait(desk, tickets, status.show)
        settle(desk)
    finally:
        status.end()
    replies.tell(tickets)
    layers = [layer for ticket in tickets for layer in ticket.images]
    errors = [error for ticket in tickets if (error := replies.error_of(ticket)) is not None]
    rest = replies.not_brought(desk)
    for words in rest:
        replies.say(words)
    if errors and not layers:
        return replies.failed(procedure, errors[0])
    for error in errors:
        replies.say(str(error))
    if not tickets:
        replies.say(tr("There is nothing else to recover.") if rest else tr("There is nothing to recover."))
    return replies.succeeded(procedure, run_mode, image, layers[0] if layers else None)

"""The edit procedure: from the chosen values to the new layers. The dialog and the batch mode both go this way.

Nothing here decides about the service or the result: the desk owns the job.
"""

from __future__ import annotations

import dataclasses

import arguments
import replies
from gi.repository import Gimp
from gimp_host import GimpHost
from main_loop import StatusBar, settle, wait
from pixels.insert import COLOURS_LOST

from shared.errors import FluxDepthError
from shared.jobs.orders import together
from shared.jobs.ticket import Ticket
from shared.language import tr


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
) -> Gimp.ValueArray:
    """The whole procedure, in any run mode."""
    if run_mode is Gimp.RunMode.INTERACTIVE:
        return interactive(procedure, image, drawables, config)
    repeated = run_mode is Gimp.RunMode.WITH_LAST_VALS
    try:
        if repeated:
            chosen = arguments.read(config, variations=1)
        else:
            chosen = arguments.read(config, script=True)
        if chosen.ignored:
            replies.say(
                tr("{model} takes no such {settings}: ignored.").format(
                    model=chosen.edit.model.label, settings=", ".join(chosen.ignored)
                )
            )
        tickets = _edit(image, drawables, chosen, artist=repeated)
    except FluxDepthError as exc:
        return replies.failed(procedure, exc)
    error = replies.error_of_all(tickets)
    layers = [layer for ticket in tickets for layer in ticket.images]
    if error is not None:
        if not layers:
            return replies.failed(procedure, error)
        replies.say(str(error))
    replies.tell(tickets)
    return replies.succeeded(procedure, run_mode, image, layers[0])


def _edit(image: Gimp.Image, drawables: list[Gimp.Drawable], chosen: arguments.Chosen, artist: bool) -> list[Ticket]:
    """The edits without a window, at their end. Raises :class:`FluxDepthError` when there was no picture to send."""
    host = GimpHost(interactive=artist)
    desk = host.desk()
    status = StatusBar()
    try:
        requests = host.take(image, drawables, chosen, confirmed=not artist)
        tickets = together.start(desk, [dataclasses.replace(one, repeated=True) for one in requests])
        wait(desk, tickets, status.show)
        settle(desk)
    finally:
        status.end()
    return tickets


def interactive(
    procedure: Gimp.Procedure,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    again: bool = False,
) -> Gimp.ValueArray:
    """The dialog, until the artist closes it or an edit has arrived; ``again`` when ``drawables`` are one result."""
    from windows import edit_window

    host = GimpHost(interactive=True)
    desk = host.desk()
    tickets = edit_window.show(procedure, image, drawables, config, host, desk, again)
    replies.tell(tickets, known={COLOURS_LOST})  # the dialog has said so
    settle(desk)
    layers = [layer for ticket in tickets for layer in ticket.images]
    if not layers:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    return replies.succeeded(procedure, Gimp.RunMode.INTERACTIVE, image, layers[0])

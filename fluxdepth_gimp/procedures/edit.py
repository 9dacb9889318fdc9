"""The edit procedure: from the chosen values to the new layers. The dialog and the batch mode both go this way.

Nothing here decides about the service or the result: the desk owns the job.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import arguments
import replies
from gi.repository import Gimp, GLib
from gimp_host import GimpHost
from main_loop import StatusBar, settle, wait
from pixels.insert import COLOURS_LOST

from shared.errors import FluxDepthError
from shared.jobs.orders import together
from shared.jobs.ticket import Ticket
from shared.language import tr

NAME = "plug-in-fluxdepth-edit"
BEGIN = "fluxdepth-begin"


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
) -> Gimp.ValueArray:
    """The whole procedure, in any run mode."""
    if run_mode is Gimp.RunMode.INTERACTIVE:
        return _interactive(procedure, image, drawables, config)
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


def opened_by(
    other: Gimp.Procedure, image: Gimp.Image, drawables: list[Gimp.Drawable], begin: dict[str, Any]
) -> Gimp.ValueArray:
    """The dialog for another procedure of ours: what that returns.

    It is called by way of GIMP, which remembers the last settings of what it has called alone: so they are those that
    Depth Edit… and Repeat start from. ``begin`` is what it begins with instead of them, as JSON has it: ``again``
    when ``drawables`` are one result, else the ``host_settings``, ``settings`` and ``model`` of an edit.
    """
    pdb = Gimp.get_pdb()
    procedure = pdb.lookup_procedure(NAME) if pdb else None
    assert pdb is not None and procedure is not None  # the one that does not know its own procedures is no GIMP
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    # As arguments GIMP would overwrite them with the last ones.
    Gimp.attach_parasite(Gimp.Parasite.new(BEGIN, 0, json.dumps(begin).encode("ascii")))
    status = procedure.run(config).index(0)
    failed = status is Gimp.PDBStatusType.EXECUTION_ERROR
    return other.new_return_values(status, GLib.Error(pdb.get_last_error()) if failed else None)


def _begin(image: Gimp.Image, config: Gimp.ProcedureConfig) -> bool:
    """Set what the dialog begins with; whether that is a result, to be edited again."""
    parasite = Gimp.get_parasite(BEGIN)
    if parasite is None:
        # What was remembered is not there any more.
        if config.get_property("source") == "selection" and Gimp.Selection.is_empty(image):
            config.set_property("source", "layer")
        return False
    Gimp.detach_parasite(BEGIN)
    begin = json.loads(bytes(parasite.get_data()))
    arguments.reset(config)
    if "settings" in begin:
        arguments.write(config, begin["host_settings"])
        arguments.write_edit(config, begin["settings"], begin["model"])
    return "again" in begin


def _interactive(
    procedure: Gimp.Procedure, image: Gimp.Image, drawables: list[Gimp.Drawable], config: Gimp.ProcedureConfig
) -> Gimp.ValueArray:
    """The dialog, until the artist closes it or an edit has arrived."""
    from windows import edit_window

    again = _begin(image, config)
    host = GimpHost(interactive=True)
    desk = host.desk()
    tickets = edit_window.show(procedure, image, drawables, config, host, desk, again)
    replies.tell(tickets, known={COLOURS_LOST})  # the dialog has said so
    settle(desk)
    layers = [layer for ticket in tickets for layer in ticket.images]
    if not layers:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    return replies.succeeded(procedure, Gimp.RunMode.INTERACTIVE, image, layers[0])

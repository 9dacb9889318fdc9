"""The desk of this Blender: its pictures, its handlers, and what the panels show of the data folder.

The core owns the jobs; this module hands over the pictures, and lets the desk move on at every tick of the timer.
"""

import dataclasses
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import bpy
from bpy.app.handlers import persistent

from . import host, problem, properties, ticker
from .host import HOST, document
from .pictures import beside, comparing, rendering, results, sizes
from .pictures.depth import eye, taking
from .preparing import Preparing
from .shared.errors import FluxDepthError, NextStep, PictureError, SameEditError
from .shared.jobs import spending
from .shared.jobs.desk import Desk
from .shared.jobs.owed import Owed
from .shared.jobs.ticket import State, Ticket
from .shared.jobs.wording import Why, where
from .shared.language import tr, trn
from .shared.pictures import imaging
from .shared.storage import credentials
from .shared.storage.journal import Journal

WAIT = 0.02  # s between two looks in background mode
QUIT_WAIT = 10.0  # s for a submit that is under way when the extension goes: its id has to reach the journal

desk: Desk = None  # type: ignore[assignment]  # made when the extension is registered
preparing: Preparing = None  # type: ignore[assignment]  # the same
_held: frozenset[tuple[str, int]] = frozenset()  # the results in the file, as the desk knows it
_last_states: dict[str, State] = {}


@dataclass(frozen=True)
class Info:
    """What the panel shows of the key and of this Python; read in the background: a draw must not wait for a disk."""

    known: bool = False  # whether it has been read at all
    key_source: str = ""
    problem: str = ""
    pillow: str = ""
    spent: tuple[str, ...] = ()  # credits, in lines


info: Info | None = None


# What operators call.


def submit(context: bpy.types.Context, chosen: properties.SceneSettings, confirmed: bool = False) -> list[Ticket]:
    """Starts what ``chosen`` (a scene's settings) describes: one edit, or one for each prompt of a list.

    Raises FluxDepthError when it can't start.
    """
    wanted = properties.chosen_of(chosen, confirmed)
    credentials.key_or_error()
    if pillow := imaging.missing():
        raise PictureError(tr("Pictures can't be encoded."), pillow)
    if len(wanted) > 1:  # one order, whose parts would pass the question and the limit
        count = sum(one.variations for one in wanted)
        spending.check(desk.journal, wanted[0].edit.model, count, confirmed or bpy.app.background)
    _forget_finished()
    if chosen.source == "RENDER_NOW":
        begun = rendering.start(context, chosen)
        tickets = preparing.add(wanted, begun, document(begun.place))
    else:
        snapshot = taking.take(context, chosen)
        tickets = preparing.add(wanted, snapshot, document(snapshot.origin))
    ticker.wake()
    return tickets


def retry(ticket: Ticket, confirmed: bool = False) -> None:
    """Sends what this row had sent once more."""
    desk.retry(ticket, confirmed=confirmed)
    ticker.wake()


def stop(ticket: Ticket) -> None:
    """Stops waiting, and the render that is waited for. What the service has taken can be brought in later."""
    desk.stop(ticket)
    preparing.stopped(ticket)
    ticker.wake()


def recover() -> list[Ticket]:
    """Starts to bring in what belongs to this file, or to one that can't be opened any more."""
    started = _brought_here(lambda ticket: not ticket.destination.path)  # closed before it had a name
    desk.look_now(held())
    started += [desk.recover(owed) for owed in desk.here()]
    ticker.wake()
    return started


def bring_in_here(job_id: str) -> list[Ticket]:
    """Starts to bring what belongs to another Blender file into this one, as images of its own."""
    started = _brought_here(lambda ticket: ticket.job_id == job_id)
    desk.look_now(held())
    wanted = [owed for owed in desk.elsewhere() if owed.job.id == job_id and can_come_here(owed)]
    started += [desk.recover(owed, here=document(dict(owed.job.destination.place))) for owed in wanted]
    ticker.wake()
    return started


def _brought_here(wanted: Callable[[Ticket], bool]) -> list[Ticket]:
    """The kept tickets of this session that come into the open file now."""
    kept = [ticket for ticket in desk.tickets if ticket.state is State.KEPT and wanted(ticket)]
    for ticket in kept:
        desk.bring(ticket, document(dict(ticket.destination.place)))
    return kept


def is_letting_go() -> bool:
    """Whether the worker of an edit that was just stopped may still be writing down what is to be recovered."""
    return any(_reminds(ticket) for ticket in desk.tickets)


def can_come_here(owed: Owed) -> bool:
    """Whether this Blender may be told to take what belongs to another file: not the command's, nor GIMP's."""
    return owed.job.destination.host == HOST and owed.why in (Why.WAITING, Why.UNSAVED)


def discard(job_id: str) -> None:
    """What is owed of this job is not wanted any more, or can't be had: it is never offered again."""
    for owed in (*desk.here(), *desk.elsewhere(), *desk.uncertain()):
        if owed.job.id == job_id and owed.discardable:
            desk.discard(job_id, owed.indices)
    ticker.wake()


def finish(tickets: list[Ticket]) -> None:
    """In background mode: works until the tickets and all that runs beside them are done."""
    while ticker.step() or any(ticket.active for ticket in tickets):
        time.sleep(WAIT)


def find(key: str) -> Ticket | None:
    return next((ticket for ticket in desk.tickets if ticket.key == key), None)


def dismiss(key: str) -> None:
    if not key:
        problem.note(None)
    ticket = find(key)
    if ticket and not ticket.active:
        desk.dismiss(ticket)
    ticker.settle_panels()


def held() -> frozenset[tuple[str, int]]:
    """The results that the open file holds, as the desk counts them: job and index."""
    return frozenset(results.key_of(record) for _, record in results.all_results())


def look() -> None:
    """Reads anew, in the background, what is owed to whom."""
    global _held
    _held = held()
    desk.look(_held)
    ticker.wake()


def refresh() -> None:
    """Reads anew, in the background, all that the panel shows of the data folder."""
    global info
    info = info or Info()
    look()

    def read() -> Info:
        pillow = imaging.missing()
        try:
            key = credentials.find_key()
        except FluxDepthError as exc:
            return Info(True, problem=str(exc), pillow=pillow)
        spent = tuple(spending.spent(Journal()).lines())
        return Info(True, key.source.value if key else "", pillow=pillow, spent=spent)

    def then(answer: object) -> None:
        global info
        info = answer if isinstance(answer, Info) else Info(problem=str(answer))
        ticker.settle_panels()

    ticker.after(read, then)


# Moving on.


def _advance() -> bool:
    preparing.tend()
    busy = desk.advance()
    states = {ticket.key: ticket.state for ticket in desk.tickets}
    if states != _last_states:
        ended = [one for one in desk.tickets if not one.active and _last_states.get(one.key) is not one.state]
        if ended:
            look()
        for ticket in ended:
            _tell_of(ticket)
        _last_states.clear()
        _last_states.update(states)
        _forget_what_came()
        ticker.settle_panels()
    return busy


def tell(words: str, warning: bool = False) -> None:
    """Says something in the status bar: the panels may be closed."""
    if not bpy.app.background:
        bpy.ops.fluxdepth.tell("INVOKE_DEFAULT", words=words, warning=warning)  # type: ignore[attr-defined]  # ours


def _tell_of(ticket: Ticket) -> None:
    """What came of a ticket; whoever stopped it knows."""
    count = len(ticket.images)
    if ticket.state is State.ARRIVED:
        words = trn("New image: {names}", "{count} new images: {names}", count)
        tell(words.format(count=count, names=", ".join(ticket.images)))
    elif ticket.state is State.KEPT:
        tell(tr("A result is here for {where}").format(where=where(ticket.destination)))
    elif ticket.state is State.FAILED:
        tell(str(ticket.error), warning=True)


def _forget_finished() -> None:
    for ticket in list(desk.tickets):
        if (ticket.state is State.ARRIVED and not ticket.failures) or _asks(ticket):
            desk.dismiss(ticket)


def _asks(ticket: Ticket) -> bool:
    """Whether the row is a question before anything was sent; who goes on has answered it."""
    return ticket.error is not None and ticket.error.next_step is NextStep.EDIT_ANYWAY and not ticket.active


def _reminds(ticket: Ticket) -> bool:
    """Whether the row says that there is something to recover."""
    return ticket.error is not None and ticket.error.next_step is NextStep.RECOVER and not ticket.active


def _forget_what_came() -> None:
    """A row of something that is still to come goes when that has arrived by another way, and not before.

    Of several rows of one job that remind of the same, the newest stays.
    """
    came = [ticket for ticket in desk.tickets if ticket.state is State.ARRIVED]
    arrived = {ticket.job_id for ticket in came}
    owed = {one.job.id for one in desk.standing.owed} if desk.standing else set()
    newest = {ticket.job_id: ticket for ticket in desk.tickets if _reminds(ticket)}
    for ticket in list(desk.tickets):
        here = ticket.job_id in arrived - owed and (_reminds(ticket) or ticket.state is State.KEPT)
        # “On its way already” is over when that one is here.
        over = isinstance(ticket.error, SameEditError) and any(other.edits == ticket.edits for other in came)
        if here or (over and _asks(ticket)) or (_reminds(ticket) and newest[ticket.job_id] is not ticket):
            desk.dismiss(ticket)


def _shown() -> list[object]:
    """What the panels say of the tickets, as coarse as an eye sees it."""
    return [
        (ticket.key, ticket.state, said.text, round((said.fraction or 0) * 50))
        for ticket in desk.tickets
        for said in [ticket.progress]
    ]


# Blender's handlers.


@persistent
def _file_loaded(*_args: object) -> None:
    host.another_file()
    problem.note(None)
    sizes.forget()
    look()


@persistent
def _file_saved(*_args: object) -> None:
    _follow_the_name()
    # What nothing uses is not in the file.
    desk.saved(frozenset(results.key_of(record) for image, record in results.all_results() if image.users))
    ticker.wake()


def _follow_the_name() -> None:
    """What is under way for the open file belongs to it under the name that it was just saved by."""
    here = document()
    for ticket in desk.tickets:
        told = ticket.destination
        if not ticket.active or told.session != here.session or told.path == here.path:
            continue
        ticket.destination = dataclasses.replace(told, path=here.path, title=here.title)
        if ticket.job_id:
            named = {"path": here.path, "session": here.session, "title": here.title}
            ticker.after(functools.partial(desk.journal.mark, ticket.job_id, (), named), lambda _: None)


@persistent
def _undone(*_args: object) -> None:
    if held() != _held:
        look()


_HANDLERS = (
    ("load_post", _file_loaded),
    ("save_post", _file_saved),
    ("undo_post", _undone),
    ("redo_post", _undone),
    *((name, persistent(handler)) for one in (rendering, sizes, eye) for name, handler in one.HANDLERS),
    *((name, persistent(handler)) for one in (beside, comparing) for name, handler in one.HANDLERS),
)


def register() -> None:
    global desk, preparing
    FluxDepthError.settings_name = "Preferences"
    desk = Desk(host.BlenderHost(), compose=host.composed)
    preparing = Preparing(desk)
    ticker.advance, ticker.shown, ticker.told = _advance, _shown, problem.note
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Lets go of everything; Blender calls this when it quits as well. Nothing that was paid for is lost."""
    global info
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    preparing.close()
    desk.close(QUIT_WAIT)
    ticker.stop()
    ticker.advance = ticker.shown = ticker.told = None
    _last_states.clear()
    info = None

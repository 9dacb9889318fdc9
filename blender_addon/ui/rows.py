"""The rows of jobs, and what is owed to this file and to others. Draws what the desk says; decides nothing."""

from typing import TYPE_CHECKING

import bpy

from .. import problem, session
from ..pictures import results
from ..shared.errors import FluxDepthError, NextStep
from ..shared.jobs import wording
from ..shared.jobs.owed import Owed
from ..shared.jobs.ticket import State, Ticket
from ..shared.language import N_, tr, trn
from . import texts

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

NAME_LINES = 3  # of a prompt that was cut, and its seed
BUTTON = 22  # px at scale 1
OWED_SHOWN = 4  # of each kind; a panel is no history

_ICONS: dict[State, "IconItems"] = {
    State.ARRIVED: "CHECKMARK",
    State.KEPT: "FILE_BLEND",
    State.FAILED: "ERROR",
    State.STOPPED: "CANCEL",
}
_NEXT_STEPS: dict[NextStep, tuple[str, str, "IconItems"]] = {
    NextStep.OPEN_SETTINGS: ("fluxdepth.preferences", N_("Preferences"), "PREFERENCES"),
    NextStep.RECOVER: ("fluxdepth.recover", N_("Recover"), "IMPORT"),
}


def draw_jobs(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The rows of this session, the newest first, below why the last press did nothing."""
    error = problem.standing(context)
    if error:
        box = layout.box()
        _head(box, context, problem.heading(), "ERROR", "", alert=True)
        texts.paragraph(box, str(error), texts.width_of(context))
        _next_step(box, error)
    waiting = [ticket for ticket in session.desk.tickets if session.preparing.waits(ticket)]
    if len(waiting) > 1:
        _draw_waiting(layout.box(), context, len(waiting))
    for ticket in reversed(session.desk.tickets):
        if ticket.state is not State.DISCARDED and (ticket not in waiting or len(waiting) == 1):
            _draw_ticket(layout.box(), context, ticket)


def _draw_waiting(box: bpy.types.UILayout, context: bpy.types.Context, count: int) -> None:
    """Those of a list whose turn has not come, in one row."""
    row = _head(box, context, tr("{count} more edits wait for their turn").format(count=count), "SORTTIME")
    row.operator("fluxdepth.cancel_waiting", text="", icon="X", emboss=False)


def _draw_ticket(box: bpy.types.UILayout, context: bpy.types.Context, ticket: Ticket) -> None:
    if ticket.active:
        row = _head(box, context, ticket.title, "SORTTIME")
        row.operator("fluxdepth.cancel", text="", icon="X", emboss=False).job = ticket.key
        said = ticket.progress
        texts.paragraph(box, said.text, texts.width_of(context))
        if said.fraction is not None:  # a bar of what can't be known would stand still
            box.progress(text="", factor=said.fraction)
        return
    wrong = ticket.state in (State.FAILED, State.STOPPED)
    _head(box, context, ticket.title, _ICONS[ticket.state], ticket.key, alert=ticket.state is State.FAILED)
    if ticket.images:
        texts.paragraph(box, _what_came(ticket), texts.width_of(context), icon="BLANK1")
        for words in dict.fromkeys(map(wording.returned, ticket.kept.values())):
            texts.paragraph(box, words, texts.width_of(context), icon="BLANK1")
        first = bpy.data.images.get(ticket.images[0])
        if first and first not in results.shown():
            box.operator("fluxdepth.show", icon="HIDE_OFF").name = first.name
    if ticket.state is State.KEPT:
        where = wording.where(ticket.destination)
        words = tr("The result is here. It belongs to {where}, and comes in by itself when that is opened.").format(
            where=where
        )
        if not ticket.destination.path:
            words = tr("The result is here, and the file that it was made for was closed before it had a name.")
        texts.paragraph(box, words, texts.width_of(context))
        box.operator("fluxdepth.bring_in_here", icon="IMPORT").job = ticket.job_id
    elif wrong and ticket.error:
        texts.paragraph(box, str(ticket.error), texts.width_of(context))
        _next_step(box, ticket.error, ticket)
    for error in ticket.failures:
        texts.paragraph(
            box, tr("One variation failed: {reason}").format(reason=error), texts.width_of(context), icon="ERROR"
        )
    for warning in ticket.warnings:
        texts.paragraph(box, warning, texts.width_of(context), icon="ERROR")


def _head(
    box: bpy.types.UILayout,
    context: bpy.types.Context,
    title: str,
    icon: "IconItems",
    dismisses: str | None = None,
    alert: bool = False,
) -> bpy.types.UILayout:
    """The first lines of a box; with what its cross takes away."""
    row = box.row()
    row.alert = alert
    texts.paragraph(row, title, texts.width_of(context), icon=icon, most=NAME_LINES, beside=BUTTON)
    if dismisses is not None:
        row.operator("fluxdepth.dismiss", text="", icon="X", emboss=False).job = dismisses
    return row


def _what_came(ticket: Ticket) -> str:
    count = sum(name in bpy.data.images for name in ticket.images)
    if not count:
        return tr("Not in this file any more")
    if ticket.recovered:
        words = trn("Result recovered", "{count} results recovered", count)
    else:
        words = trn("Result in {seconds} s", "{count} results in {seconds} s", count)
    return words.format(count=count, seconds=f"{ticket.seconds:.0f}")


def _next_step(box: bpy.types.UILayout, error: FluxDepthError, ticket: Ticket | None = None) -> None:
    """The button that helps. What was not even started has nothing to send again: the large button is for that."""
    if error.next_step in _NEXT_STEPS:
        name, words, icon = _NEXT_STEPS[error.next_step]
        box.operator(name, text=tr(words), icon=icon)
    if ticket is None and error.next_step is NextStep.EDIT_ANYWAY:
        box.operator("fluxdepth.edit", text=tr("Edit Anyway"), icon="FILE_REFRESH").confirmed = True
    if ticket is None or not ticket.can_retry:
        return
    if error.next_step is NextStep.EDIT_ANYWAY:
        again = box.operator("fluxdepth.retry", text=tr("Edit Anyway"), icon="FILE_REFRESH")
        again.job, again.confirmed = ticket.key, True
    elif error.next_step is NextStep.TRY_AGAIN:
        box.operator("fluxdepth.retry", icon="FILE_REFRESH").job = ticket.key


def draw_owed(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What was paid for and is in no file; what may have been billed; what belongs elsewhere."""
    desk, width = session.desk, texts.width_of(context)
    # A stopped job's own row has the button already.
    stopped = {ticket.job_id for ticket in desk.tickets if ticket.state is State.STOPPED}
    here = [owed for owed in desk.here() if owed.job.id not in stopped]
    if here:
        box = layout.box()
        count = sum(len(owed.indices) for owed in here)
        words = trn("{count} edit to bring in, paid for already", "{count} edits to bring in, paid for already", count)
        texts.paragraph(box, words.format(count=count), width, icon="INFO")
        for owed in here[:OWED_SHOWN]:
            _draw_owed(box, width, owed, "RENDER_RESULT")
        _draw_rest(box, len(here))
        box.operator("fluxdepth.recover", icon="IMPORT")
    uncertain = desk.uncertain()
    if uncertain:
        box = layout.box()
        for owed in uncertain[:OWED_SHOWN]:
            _draw_owed(box, width, owed, "QUESTION")
        _draw_rest(box, len(uncertain))
    elsewhere = desk.elsewhere()
    if elsewhere:
        box = layout.box()
        texts.paragraph(box, tr("Belongs elsewhere"), width, icon="INFO")
        for owed in elsewhere[:OWED_SHOWN]:
            _draw_owed(box, width, owed, "FILE_BLEND", elsewhere=True)
            if session.can_come_here(owed):
                box.operator("fluxdepth.bring_in_here", icon="IMPORT").job = owed.job.id
        _draw_rest(box, len(elsewhere))


def _draw_owed(box: bpy.types.UILayout, width: int, owed: Owed, icon: "IconItems", elsewhere: bool = False) -> None:
    row = box.row()
    # What lies on the disk already is not the vendor's to find.
    ids = [entry.uuid for entry in owed.entries if entry.uuid and not entry.result_file]
    name = wording.result_name(owed.job.asked(owed.entries[0]))  # with its seed: several may have one prompt
    beside = BUTTON * (bool(ids) + owed.discardable)
    texts.paragraph(row, name, width, icon=icon, most=NAME_LINES, beside=beside)
    buttons = row.row(align=True)
    buttons.alignment = "RIGHT"
    if ids:
        buttons.operator("fluxdepth.copy_id", text="", icon="COPYDOWN", emboss=False).ids = " ".join(ids)
    if owed.discardable:
        buttons.operator("fluxdepth.discard", text="", icon="TRASH", emboss=False).job = owed.job.id
    why = tr(owed.why.value)
    words = trn("{why} ({when}).", "{why} ({when}, {count} edits).", len(owed.entries)).format(
        why=why[0].upper() + why[1:], when=wording.when(owed.job), count=len(owed.entries)
    )
    if elsewhere:
        words = tr("For {where}. {sentence}").format(where=wording.where(owed.job.destination), sentence=words)
    texts.paragraph(box, words, width)
    if ids:
        texts.paragraph(box, tr("Id {id}").format(id=", ".join(ids)), width)


def _draw_rest(box: bpy.types.UILayout, count: int) -> None:
    if count > OWED_SHOWN:
        box.label(text=and_more(count - OWED_SHOWN))


def and_more(count: int) -> str:
    """What stands below the first of many."""
    return tr("and {count} more").format(count=count)

"""Starting an edit, stopping the wait, and what its row offers. Reads what the artist chose, calls the session."""

from collections.abc import Callable

import bpy

from .. import problem, properties, session, ticker
from ..shared.errors import FluxDepthError
from ..shared.jobs.ticket import Ticket
from ..shared.language import N_, tr, trn
from . import service
from .access import Answer, Online

JOB = {"options": {"HIDDEN", "SKIP_SAVE"}}


class FLUXDEPTH_OT_edit(Online, bpy.types.Operator):
    bl_description = N_(
        "Send the picture to the service and bring the edited one in as a new image. Each variation is a paid edit"
    )
    bl_idname = "fluxdepth.edit"
    bl_label = N_("Depth Edit")
    bl_options = {"REGISTER"}  # not UNDO: redo would submit, and pay, again

    confirmed: bpy.props.BoolProperty(
        name=N_("Confirmed"), description=N_("For scripts: pay, although the same edit is on its way already"), **JOB
    )

    def execute(self, context: bpy.types.Context) -> Answer:
        return started(self, lambda: session.submit(context, properties.of(context.scene), self.confirmed))


class FLUXDEPTH_OT_retry(Online, bpy.types.Operator):
    bl_description = N_(
        "Send once more what this row had sent, whatever the panel says now. Each variation is a paid edit"
    )
    bl_idname = "fluxdepth.retry"
    bl_label = N_("Try Again")
    bl_options = {"REGISTER", "INTERNAL"}

    job: bpy.props.StringProperty(name=N_("Job"), description=N_("The row's key"), **JOB)
    confirmed: bpy.props.BoolProperty(name=N_("Confirmed"), description=N_("Pay, although there is a question"), **JOB)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        if properties.confirmed:
            return tr("Send this edit all the same. Each variation is a paid edit")
        return tr(cls.bl_description)

    def execute(self, _context: bpy.types.Context) -> Answer:
        ticket = session.find(self.job)
        if ticket is None or not ticket.can_retry:
            self.report({"WARNING"}, tr("There is nothing to send again"))
            return {"CANCELLED"}

        def retry() -> list[Ticket]:
            session.retry(ticket, confirmed=self.confirmed)
            return [ticket]

        return started(self, retry)


class FLUXDEPTH_OT_cancel(bpy.types.Operator):
    bl_description = N_(
        "Stop waiting. What the service has taken is finished and billed all the same, and can be brought in later"
    )
    bl_idname = "fluxdepth.cancel"
    bl_label = N_("Stop Waiting")
    bl_options = {"REGISTER"}

    job: bpy.props.StringProperty(name=N_("Job"), description=N_("Which job; all of them when empty"), **JOB)

    def execute(self, _context: bpy.types.Context) -> Answer:
        for ticket in list(session.desk.tickets):
            if ticket.active and self.job in {"", ticket.key}:
                session.stop(ticket)
        ticker.settle_panels()
        return {"FINISHED"}


class FLUXDEPTH_OT_cancel_waiting(bpy.types.Operator):
    bl_description = N_("Take back the edits of the list whose turn has not come. Nothing of them was sent or billed")
    bl_idname = "fluxdepth.cancel_waiting"
    bl_label = N_("Take Back What Waits")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        for ticket in [one for one in session.desk.tickets if session.preparing.waits(one)]:
            session.stop(ticket)
            session.desk.dismiss(ticket)
        ticker.settle_panels()
        return {"FINISHED"}


class FLUXDEPTH_OT_dismiss(bpy.types.Operator):
    bl_description = N_("Take this message away")
    bl_idname = "fluxdepth.dismiss"
    bl_label = N_("Dismiss")
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(**JOB)

    def execute(self, _context: bpy.types.Context) -> Answer:
        session.dismiss(self.job)
        return {"FINISHED"}


class FLUXDEPTH_OT_tell(bpy.types.Operator):
    bl_description = N_("Say something in the status bar, for as long as Blender shows a report")
    bl_idname = "fluxdepth.tell"
    bl_label = N_("Tell")
    bl_options = {"INTERNAL"}

    words: bpy.props.StringProperty(**JOB)
    warning: bpy.props.BoolProperty(**JOB)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        if context.window is None:
            return {"CANCELLED"}
        # Blender shows what an operator reports to it, and not what one reports to the script that called it. So this
        # one reports at the next event, which is its timer's.
        self._timer = context.window_manager.event_timer_add(0.01, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        context.window_manager.event_timer_remove(self._timer)
        self.report({"WARNING" if self.warning else "INFO"}, self.words)
        return {"FINISHED", "PASS_THROUGH"}


def started(operator: bpy.types.Operator, start: Callable[[], list[Ticket]]) -> Answer:
    """Runs ``start``, which gives tickets; in background mode to their end. What went wrong is reported."""
    problem.note(None)
    try:
        tickets = start()
    except FluxDepthError as exc:
        problem.note(exc, bpy.context)
        # An ERROR raises in a script, and opens a window over the panel that says the same.
        operator.report({"WARNING" if getattr(operator, "by_hand", False) else "ERROR"}, str(exc))
        return {"CANCELLED"}
    service.fresh = False
    if not bpy.app.background:
        return {"FINISHED"}
    session.finish(tickets)
    return _reported(operator, tickets)


def _reported(operator: bpy.types.Operator, tickets: list[Ticket]) -> Answer:
    """What came of tickets that are done; in a script an ERROR raises RuntimeError."""
    images = [name for ticket in tickets for name in ticket.images]
    errors = [error for ticket in tickets for error in ((ticket.error,) if ticket.error else ticket.failures)]
    for ticket in tickets:
        for warning in ticket.warnings:
            operator.report({"WARNING"}, warning)
    if images:
        words = trn("New image: {names}", "{count} new images: {names}", len(images))
        operator.report({"INFO"}, words.format(count=len(images), names=", ".join(images)))
    for error in errors:
        operator.report({"WARNING"} if images else {"ERROR"}, str(error))
    return {"FINISHED"} if images else {"CANCELLED"}


CLASSES = (
    *(FLUXDEPTH_OT_edit, FLUXDEPTH_OT_retry, FLUXDEPTH_OT_cancel, FLUXDEPTH_OT_cancel_waiting),
    *(FLUXDEPTH_OT_dismiss, FLUXDEPTH_OT_tell),
)

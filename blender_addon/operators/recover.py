"""Bringing in what was paid for and is in no file, here or where the artist says, and letting go of it."""

import bpy

from .. import problem, session
from ..shared.errors import FluxDepthError
from ..shared.jobs.ticket import Ticket
from ..shared.language import N_, tr
from .access import Answer, Online
from .edits import JOB, started


class FLUXDEPTH_OT_recover(Online, bpy.types.Operator):
    bl_description = N_("Bring in the edits that were paid for and are not in this file yet. Costs nothing")
    bl_idname = "fluxdepth.recover"
    bl_label = N_("Recover")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        tickets: list[Ticket] = []

        def recover() -> list[Ticket]:
            tickets.extend(session.recover())
            return tickets

        state = started(self, recover)
        if not tickets and problem.standing(context) is None:
            late = tr("What was stopped is still being written down; try again in a moment")
            self.report({"INFO"}, late if session.is_letting_go() else tr("There is no unfinished edit of this file"))
            return {"CANCELLED"}
        return state


class FLUXDEPTH_OT_bring_in_here(Online, bpy.types.Operator):
    bl_description = N_(
        "Bring this result, which was made for another file, into the one that is open now. Costs nothing"
    )
    bl_idname = "fluxdepth.bring_in_here"
    bl_label = N_("Bring In Here")
    bl_options = {"REGISTER", "INTERNAL"}

    job: bpy.props.StringProperty(name=N_("Job"), description=N_("The job's id"), **JOB)

    def execute(self, _context: bpy.types.Context) -> Answer:
        return started(self, lambda: session.bring_in_here(self.job))


def ask_to_discard(operator: bpy.types.Operator, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
    """The question before an edit is never offered again."""
    return context.window_manager.invoke_confirm(
        operator,
        event,
        title=tr("Discard this edit?"),
        message=tr("It is never offered again. What it has cost stays spent."),
        confirm_text=tr("Discard"),
    )


class FLUXDEPTH_OT_discard(bpy.types.Operator):
    bl_description = N_("Take this edit off the list for good. What it has cost stays spent")
    bl_idname = "fluxdepth.discard"
    bl_label = N_("Discard")
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(name=N_("Job"), description=N_("The job's id"), **JOB)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return ask_to_discard(self, context, event)

    def execute(self, _context: bpy.types.Context) -> Answer:
        try:
            session.discard(self.job)
        except FluxDepthError as exc:
            problem.note(exc)
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        return {"FINISHED"}


class FLUXDEPTH_OT_copy_id(bpy.types.Operator):
    bl_description = N_("Copy the id of this edit, for a question to the vendor's support")
    bl_idname = "fluxdepth.copy_id"
    bl_label = N_("Copy Id")
    bl_options = {"INTERNAL"}

    ids: bpy.props.StringProperty(name=N_("Ids"), **JOB)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return f"{tr(cls.bl_description)}: {properties.ids}"

    def execute(self, context: bpy.types.Context) -> Answer:
        context.window_manager.clipboard = self.ids
        self.report({"INFO"}, tr("Copied {ids}").format(ids=self.ids))
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_recover, FLUXDEPTH_OT_bring_in_here, FLUXDEPTH_OT_discard, FLUXDEPTH_OT_copy_id)

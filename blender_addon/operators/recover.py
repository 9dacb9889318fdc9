"""Bringing in what was paid for and is in no file, here or where the artist says, and letting go of it."""

import bpy

from .. import problem, session
from ..shared.errors import FluxDepthError
from ..shared.jobs.ticket import Ticket
from .access import Answer, Online
from .edits import JOB, started


class FLUXDEPTH_OT_recover(Online, bpy.types.Operator):
    """Bring in the edits that were paid for and are not in this file yet. Costs nothing"""

    bl_idname = "fluxdepth.recover"
    bl_label = "Recover"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        tickets: list[Ticket] = []

        def recover() -> list[Ticket]:
            tickets.extend(session.recover())
            return tickets

        state = started(self, recover)
        if not tickets and problem.standing(context) is None:
            late = "What was stopped is still being written down; try again in a moment"
            self.report({"INFO"}, late if session.is_letting_go() else "There is no unfinished edit of this file")
            return {"CANCELLED"}
        return state


class FLUXDEPTH_OT_bring_in_here(Online, bpy.types.Operator):
    """Bring this result, which was made for another file, into the one that is open now. Costs nothing"""

    bl_idname = "fluxdepth.bring_in_here"
    bl_label = "Bring In Here"
    bl_options = {"REGISTER", "INTERNAL"}

    job: bpy.props.StringProperty(name="Job", description="The job's id", **JOB)

    def execute(self, _context: bpy.types.Context) -> Answer:
        return started(self, lambda: session.bring_in_here(self.job))


class FLUXDEPTH_OT_discard(bpy.types.Operator):
    """Take this edit off the list for good. What it has cost stays spent"""

    bl_idname = "fluxdepth.discard"
    bl_label = "Discard"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(name="Job", description="The job's id", **JOB)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Discard this edit?",
            message="It is never offered again. What it has cost stays spent.",
            confirm_text="Discard",
        )

    def execute(self, _context: bpy.types.Context) -> Answer:
        try:
            session.discard(self.job)
        except FluxDepthError as exc:
            problem.note(exc)
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        return {"FINISHED"}


class FLUXDEPTH_OT_copy_id(bpy.types.Operator):
    """Copy the id of this edit, for a question to the vendor's support"""

    bl_idname = "fluxdepth.copy_id"
    bl_label = "Copy Id"
    bl_options = {"INTERNAL"}

    ids: bpy.props.StringProperty(name="Ids", **JOB)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return f"{cls.__doc__}: {properties.ids}"

    def execute(self, context: bpy.types.Context) -> Answer:
        context.window_manager.clipboard = self.ids
        self.report({"INFO"}, f"Copied {self.ids}")
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_recover, FLUXDEPTH_OT_bring_in_here, FLUXDEPTH_OT_discard, FLUXDEPTH_OT_copy_id)

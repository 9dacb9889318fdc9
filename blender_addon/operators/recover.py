"""Bringing in what was paid for and is in no file."""

import bpy

from .. import session as jobs
from ..shared.errors import FluxDepthError
from .access import Online
from .edits import report_rows


class FLUXDEPTH_OT_recover(Online, bpy.types.Operator):
    """Bring in the edits that were paid for and are in no file yet. Costs nothing"""

    bl_idname = "fluxdepth.recover"
    bl_label = "Recover"
    bl_options = {"REGISTER"}

    def execute(self, _context):
        jobs.note_problem(None)
        try:
            started = jobs.recover()
        except FluxDepthError as exc:
            jobs.note_problem(exc)
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        if not started:
            self.report({"INFO"}, "There is no unfinished edit")
            jobs.refresh()
            return {"CANCELLED"}
        if not bpy.app.background:
            return {"FINISHED"}
        jobs.finish(started)
        return report_rows(self, started)


CLASSES = (FLUXDEPTH_OT_recover,)

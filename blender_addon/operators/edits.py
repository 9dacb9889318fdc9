"""Starting an edit, stopping the wait, and what its row offers. Reads what the artist chose, calls the session."""

import bpy

from .. import session as jobs, ticker
from ..shared.errors import FluxDepthError
from .access import Online


class FLUXDEPTH_OT_edit(Online, bpy.types.Operator):
    """Send the picture to the service and bring the edited one in as a new image. Each variation is a paid edit"""

    bl_idname = "fluxdepth.edit"
    bl_label = "Depth Edit"
    bl_options = {"REGISTER"}  # not UNDO: redo would submit, and pay, again

    def execute(self, context):
        jobs.note_problem(None)
        try:
            row = jobs.submit(context, context.scene.fluxdepth)
        except FluxDepthError as exc:
            jobs.note_problem(exc)
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        if not bpy.app.background:
            return {"FINISHED"}
        jobs.finish([row])
        return report_rows(self, [row])


class FLUXDEPTH_OT_cancel(bpy.types.Operator):
    """Stop waiting. What the service has taken is finished and billed all the same, and can be brought in later"""

    bl_idname = "fluxdepth.cancel"
    bl_label = "Stop Waiting"
    bl_options = {"REGISTER"}

    job: bpy.props.StringProperty(
        name="Job", description="Which job; all of them when empty", options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, _context):
        for row in list(jobs.rows):
            if row.state in jobs.ACTIVE and self.job in {"", row.key}:
                row.stop()
        ticker.settle_panels()
        return {"FINISHED"}


class FLUXDEPTH_OT_dismiss(bpy.types.Operator):
    """Take this message away"""

    bl_idname = "fluxdepth.dismiss"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context):
        jobs.dismiss(self.job)
        return {"FINISHED"}


class FLUXDEPTH_OT_bring_in_here(bpy.types.Operator):
    """Bring this result into the file that is open now"""

    bl_idname = "fluxdepth.bring_in_here"
    bl_label = "Bring In Here"
    bl_options = {"INTERNAL"}

    job: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context):
        row = jobs.find(self.job)
        if row and row.state is jobs.State.KEPT:
            row.bring_in_here()
        return {"FINISHED"}


def report_rows(operator, started) -> set[str]:
    """Reports what came of rows that are done; in a script an ERROR raises RuntimeError."""
    images = [name for row in started for name in row.images]
    errors = [error for row in started for error in ((row.error,) if row.error else row.failures)]
    for row in started:
        if row.warning:
            operator.report({"WARNING"}, row.warning)
    if images:
        operator.report({"INFO"}, "New image: " + ", ".join(images))
    for error in errors:
        operator.report({"WARNING"} if images else {"ERROR"}, str(error))
    return {"FINISHED"} if images else {"CANCELLED"}


CLASSES = (FLUXDEPTH_OT_edit, FLUXDEPTH_OT_cancel, FLUXDEPTH_OT_dismiss, FLUXDEPTH_OT_bring_in_here)

"""The operators: each reads what the artist chose, calls the jobs or the results, and reports. No HTTP, no pixels."""

import random
from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import properties, session as jobs, ticker
from ..pictures import results
from ..shared.errors import FluxDepthError
from ..shared.model import presets

ONLINE_ACCESS = "Online access is switched off. Allow it in Preferences > System > Network"
ONLINE_ACCESS_FORCED = "Blender was started with --offline-mode; start it without"
ONLINE_ACCESS_BACKGROUND = "Online access is switched off. Start Blender with --online-mode"


def online_access_problem() -> str:
    """Why nothing may be sent, and where to allow it; empty when it may."""
    if bpy.app.online_access:
        return ""
    if bpy.app.background:
        return ONLINE_ACCESS_BACKGROUND
    return ONLINE_ACCESS_FORCED if bpy.app.online_access_override else ONLINE_ACCESS


class Online:
    """For operators that reach the service."""

    @classmethod
    def poll(cls, _context):
        reason = online_access_problem()
        if reason:
            cls.poll_message_set(reason)
        return not reason


class _OnResult:
    """For operators that work on one result; without a name, the newest or the one that the image editor shows."""

    name: bpy.props.StringProperty(name="Image", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context):
        if not any(results.record_of(image) for image in bpy.data.images):
            cls.poll_message_set("There is no result in this file yet")
            return False
        return True

    def image(self, context):
        """The result that is meant, or None after it was reported that there is none of that name."""
        if self.name:
            image = bpy.data.images.get(self.name)
            if image is None or not results.record_of(image):
                self.report({"ERROR"}, f"“{self.name}” is not a result of Flux Depth in this file")
                return None
            return image
        space = context.space_data
        shown = space.image if space and space.type == "IMAGE_EDITOR" else None
        return shown if shown and results.record_of(shown) else results.all_results()[0][0]


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


class FLUXDEPTH_OT_reuse_settings(_OnResult, bpy.types.Operator):
    """Take over the prompt and all settings that made this result"""

    bl_idname = "fluxdepth.reuse_settings"
    bl_label = "Use These Settings"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        known = {parameter.name for parameter in properties.FLUX_DEPTH_PRO.parameters}
        made_with = results.record_of(image)["settings"]
        try:
            edit = properties.DepthEdit.checked({name: made_with[name] for name in known & set(made_with)})
        except FluxDepthError as exc:  # a record of another version, or one that somebody changed
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        properties.apply(context.scene.fluxdepth, edit.values)
        self.report({"INFO"}, f"Settings of “{image.name}” taken over")
        return {"FINISHED"}


class FLUXDEPTH_OT_show(_OnResult, bpy.types.Operator):
    """Show this result in an image editor; in a new window when none is open"""

    bl_idname = "fluxdepth.show"
    bl_label = "Show"
    bl_options = {"REGISTER"}

    def execute(self, context):
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        if not results.show(image):
            if bpy.app.background:
                self.report({"ERROR"}, "There is no window to show it in")
                return {"CANCELLED"}
            results.show_in_new_window(image)
        return {"FINISHED"}


class FLUXDEPTH_OT_compare(_OnResult, bpy.types.Operator):
    """Change between this result and the picture that was edited, in the image editor"""

    bl_idname = "fluxdepth.compare"
    bl_label = "Compare with Source"
    bl_options = {"REGISTER"}

    def execute(self, context):
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        source = results.source_of(image)
        if source is None:
            self.report({"WARNING"}, "The picture that was edited is not in this file")
            return {"CANCELLED"}
        shown = [area.spaces.active.image for area in results.editors()]
        wanted = source if image in shown else image
        if not results.show(wanted):
            results.show_in_new_window(wanted)
        return {"FINISHED"}


class FLUXDEPTH_OT_save_as(_OnResult, ExportHelper, bpy.types.Operator):
    """Write this result to a file, the exact bytes that the service sent"""

    bl_idname = "fluxdepth.save_as"
    bl_label = "Save Result As"
    bl_options = {"REGISTER"}

    filename_ext = ""
    check_extension = None

    def invoke(self, context, event):
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        self.name = image.name
        self.filepath = bpy.path.basename(image.filepath_raw) or bpy.path.clean_name(image.name)
        return ExportHelper.invoke(self, context, event)

    def execute(self, context):
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        path = Path(bpy.path.abspath(self.filepath))
        try:
            if image.packed_file:
                path.write_bytes(image.packed_file.data)
            else:
                image.save(filepath=str(path))
        except (OSError, RuntimeError) as exc:
            self.report({"ERROR"}, f"“{path}” can't be written: {getattr(exc, 'strerror', None) or exc}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Saved “{path.name}”")
        return {"FINISHED"}


class FLUXDEPTH_OT_dice(bpy.types.Operator):
    """Choose another seed at random"""

    bl_idname = "fluxdepth.dice"
    bl_label = "Random Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context):
        settings = context.scene.fluxdepth
        settings.seed_exact = ""
        settings.seed = random.randrange(properties.LARGEST_INT + 1)
        return {"FINISHED"}


class FLUXDEPTH_OT_apply_preset(bpy.types.Operator):
    """Take over the prompt and settings of one of the model's use cases"""

    bl_idname = "fluxdepth.apply_preset"
    bl_label = "Use Case"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(
        name="Use case", items=[(preset.name, preset.label, preset.help) for preset in presets.PRESETS]
    )

    def execute(self, context):
        values = next(preset.values for preset in presets.PRESETS if preset.name == self.preset)
        properties.apply(context.scene.fluxdepth, values)
        return {"FINISHED"}


class FLUXDEPTH_OT_recent_prompt(bpy.types.Operator):
    """Use this prompt again"""

    bl_idname = "fluxdepth.recent_prompt"
    bl_label = "Recent Prompt"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    prompt: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context):
        properties.apply(context.scene.fluxdepth, {"prompt": self.prompt})
        return {"FINISHED"}


class FLUXDEPTH_OT_preferences(bpy.types.Operator):
    """Open the preferences of Flux Depth: the API key, a test, the service address"""

    bl_idname = "fluxdepth.preferences"
    bl_label = "Open Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        bpy.ops.preferences.addon_show(module=__package__)
        return {"FINISHED"}


class FLUXDEPTH_OT_allow_online(bpy.types.Operator):
    """Open Blender's own switch for online access"""

    bl_idname = "fluxdepth.online_preferences"
    bl_label = "Open System Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context):
        bpy.ops.screen.userpref_show()
        context.preferences.active_section = "SYSTEM"
        return {"FINISHED"}


CLASSES = (
    FLUXDEPTH_OT_edit,
    FLUXDEPTH_OT_recover,
    FLUXDEPTH_OT_cancel,
    FLUXDEPTH_OT_dismiss,
    FLUXDEPTH_OT_bring_in_here,
    FLUXDEPTH_OT_reuse_settings,
    FLUXDEPTH_OT_show,
    FLUXDEPTH_OT_compare,
    FLUXDEPTH_OT_save_as,
    FLUXDEPTH_OT_dice,
    FLUXDEPTH_OT_apply_preset,
    FLUXDEPTH_OT_recent_prompt,
    FLUXDEPTH_OT_preferences,
    FLUXDEPTH_OT_allow_online,
)

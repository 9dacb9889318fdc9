"""What can be done with a result in the file: show, compare, use its settings, save. Knows no job."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import problem, properties, session, ticker
from ..pictures import results
from ..shared.errors import FluxDepthError, PictureError
from ..shared.model.edit import DepthEdit
from ..shared.model.models import FLUX_DEPTH_PRO
from ..shared.pictures.encoded import EncodedImage, sniff
from ..shared.storage.entries import SENT
from .access import Answer, Mixin


class _OnResult(Mixin):
    """For operators that work on one result; without a name, the newest or the one that the image editor shows."""

    name: bpy.props.StringProperty(name="Image", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not any(results.record_of(image) for image in bpy.data.images):
            cls.poll_message_set("There is no result in this file yet")
            return False
        return True

    def image(self, context: bpy.types.Context) -> bpy.types.Image | None:
        """The result that is meant, or None after it was reported that there is none of that name."""
        if self.name:
            image = bpy.data.images.get(self.name)
            if image is None or not results.record_of(image):
                self.report({"ERROR"}, f"“{self.name}” is not a result of Flux Depth in this file")
                return None
            return image
        space = context.space_data
        shown = space.image if isinstance(space, bpy.types.SpaceImageEditor) else None
        return shown if shown and results.record_of(shown) else results.all_results()[0][0]


class FLUXDEPTH_OT_reuse_settings(_OnResult, bpy.types.Operator):
    """Take over the prompt and all settings that made this result"""

    bl_idname = "fluxdepth.reuse_settings"
    bl_label = "Use These Settings"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        record = results.record_of(image) if image else None
        if image is None or record is None:
            return {"CANCELLED"}
        known = {parameter.name for parameter in FLUX_DEPTH_PRO.parameters}
        made_with = record["settings"]
        try:
            edit = DepthEdit.checked({name: made_with[name] for name in known & set(made_with)})
        except FluxDepthError as exc:  # a record of another version, or one that somebody changed
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        properties.apply(properties.of(context.scene), edit.values)
        self.report({"INFO"}, f"Settings of “{image.name}” taken over")
        return {"FINISHED"}


class FLUXDEPTH_OT_show(_OnResult, bpy.types.Operator):
    """Show this result in an image editor; in a new window when none is open"""

    bl_idname = "fluxdepth.show"
    bl_label = "Show"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not _has_window(self):
            return {"CANCELLED"}
        _show(image)
        return {"FINISHED"}


class FLUXDEPTH_OT_compare(_OnResult, bpy.types.Operator):
    """Change between this result and the picture that was sent, in the image editor"""

    bl_idname = "fluxdepth.compare"
    bl_label = "Compare with Source"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not _has_window(self):
            return {"CANCELLED"}
        job_id, _ = results.key_of(results.record_of(image) or {})
        if image not in results.shown():
            _show(image)
        elif sent := results.sent_in(job_id):
            _show(sent)
        else:
            _show_from_history(job_id)
        return {"FINISHED"}


def _has_window(operator: bpy.types.Operator) -> bool:
    if bpy.app.background:
        operator.report({"ERROR"}, "There is no window to show it in")
    return not bpy.app.background


def _show(image: bpy.types.Image) -> None:
    if not results.show(image):
        results.show_in_new_window(image)


def _show_from_history(job_id: str) -> None:
    """Reads the picture that was sent, off the main thread, and shows it."""

    def read() -> EncodedImage:
        job = session.desk.journal.job(job_id)
        data = job.companion(SENT) if job else None
        if data is None:
            raise PictureError("The picture that was sent is not in this computer's history, or not any more.")
        return sniff(data)

    def then(answer: EncodedImage | FluxDepthError) -> None:
        if isinstance(answer, FluxDepthError):
            problem.note(answer)
        else:
            _show(results.sent_in(job_id) or results.bring_in_sent(job_id, answer))

    ticker.after(read, then)


class FLUXDEPTH_OT_save_as(  # type: ignore[misc]  # the stubs of ExportHelper return nothing, here and below
    _OnResult, ExportHelper, bpy.types.Operator
):
    """Write this result to a file, the exact bytes that the service sent"""

    bl_idname = "fluxdepth.save_as"
    bl_label = "Save Result As"
    bl_options = {"REGISTER"}

    filename_ext = ""
    check_extension = None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:  # type: ignore[override]
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        self.name = image.name
        self.filepath = bpy.path.basename(image.filepath_raw) or bpy.path.clean_name(image.name)
        return ExportHelper.invoke(self, context, event)  # type: ignore[return-value]

    def execute(self, context: bpy.types.Context) -> Answer:
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


CLASSES = (FLUXDEPTH_OT_reuse_settings, FLUXDEPTH_OT_show, FLUXDEPTH_OT_compare, FLUXDEPTH_OT_save_as)

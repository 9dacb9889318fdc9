"""What can be done with a result in the file: show, compare, use its settings, save. Knows no job."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import problem, properties, session, ticker
from ..pictures import results
from ..shared.errors import FluxDepthError, PictureError
from ..shared.model import models
from ..shared.model.edit import DepthEdit
from ..shared.pictures import imaging
from ..shared.pictures.encoded import EncodedImage, sniff, sniff_or_raw
from ..shared.storage import files
from ..shared.storage.entries import SENT
from .access import Answer, Mixin

KINDS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp"}  # by the ending of a name


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
    """Take over the prompt, the variations and all else that this result was made with. The source stays as it is"""

    bl_idname = "fluxdepth.reuse_settings"
    bl_label = "Use These Settings"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        record = results.record_of(image) if image else None
        if image is None or record is None:
            return {"CANCELLED"}
        made_with, beside = record["settings"], record.get("host_settings")
        beside = beside if isinstance(beside, dict) else {}  # version 0.1.0 kept none on the image
        model = models.recorded(str(record.get("model", models.DEFAULT.id)))
        if model not in models.MODELS:
            self.report({"ERROR"}, f"{model.label} is a model that this version does not know")
            return {"CANCELLED"}
        try:
            known = {one.name: made_with[one.name] for one in model.parameters if one.name in made_with}
            edit = DepthEdit.checked(known, model)
            kept = {one.name: one.checked(beside[one.name]) for one in properties.KEPT_PARAMETERS if one.name in beside}
        except FluxDepthError as exc:  # a record of another version, or one that somebody changed
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        settings = properties.of(context.scene)
        properties.apply(settings, {properties.MODEL.name: model.name})
        properties.apply(settings, {**edit.values, **kept})
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
    """Write this result to a file: as it came, or converted when the name's ending asks for PNG, JPEG or WebP"""

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
        packed = bytes(image.packed_file.data) if image.packed_file else None
        unpacked = Path(bpy.path.abspath(image.filepath))
        answers: list[Path | FluxDepthError] = []

        def write() -> Path:
            return _written(path, _read(unpacked) if packed is None else packed)

        def then(answer: Path | FluxDepthError) -> None:
            answers.append(answer)
            if isinstance(answer, FluxDepthError):
                problem.note(answer)
            else:
                session.tell(f"Saved “{answer.name}”")

        ticker.after(write, then)
        if not bpy.app.background:
            return {"FINISHED"}
        session.finish([])
        (answer,) = answers
        if isinstance(answer, FluxDepthError):
            self.report({"ERROR"}, str(answer))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Saved “{answer.name}”")
        return {"FINISHED"}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise PictureError(f"“{path}” can't be read: {exc.strerror or exc}.", "") from exc


def _written(path: Path, data: bytes) -> Path:
    """In the background: writes ``data``, a picture, to ``path`` in the kind that its ending says.

    An ending that says none of the kinds that the service makes gets the picture's own behind it. Returns the path.
    """
    picture = sniff_or_raw(data)
    kind = KINDS.get(path.suffix.lower())
    if kind:
        picture = imaging.as_kind(picture, kind)
    elif path.suffix.lower() != picture.suffix:
        path = path.with_name(path.name + picture.suffix)
    files.write_by_rename(path, picture.data, private=False)
    return path


CLASSES = (FLUXDEPTH_OT_reuse_settings, FLUXDEPTH_OT_show, FLUXDEPTH_OT_compare, FLUXDEPTH_OT_save_as)

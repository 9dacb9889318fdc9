"""What can be done with a result in the file: show, save. Knows no job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import problem, session, ticker
from ..pictures import results
from ..shared.errors import FluxDepthError, PictureError
from ..shared.language import N_, tr
from ..shared.pictures import embedded, imaging
from ..shared.pictures.encoded import sniff_or_raw
from ..shared.storage import files
from .access import Answer, Mixin

KINDS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp"}  # by the ending of a name


class OnResult(Mixin):
    """For operators that work on one result; without a name, the newest or the one that the image editor shows."""

    name: bpy.props.StringProperty(name=N_("Image"), options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not any(results.record_of(image) for image in bpy.data.images):
            cls.poll_message_set(tr("There is no result in this file yet"))
            return False
        return True

    def image(self, context: bpy.types.Context) -> bpy.types.Image | None:
        """The result that is meant, or None after it was reported that there is none of that name."""
        if self.name:
            image = bpy.data.images.get(self.name)
            if image is None or not results.record_of(image):
                self.report({"ERROR"}, tr("“{name}” is not a result of Flux Depth in this file").format(name=self.name))
                return None
            return image
        space = context.space_data
        shown = space.image if isinstance(space, bpy.types.SpaceImageEditor) else None
        return shown if shown and results.record_of(shown) else results.all_results()[0][0]


listed = LISTED = 8  # results that the panel lists, the newest first


class FLUXDEPTH_OT_list_more(bpy.types.Operator):
    bl_description = N_("List older results of this file as well")
    bl_idname = "fluxdepth.list_more"
    bl_label = N_("Show Older Results")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        global listed
        listed += LISTED
        ticker.settle_panels()
        return {"FINISHED"}


class FLUXDEPTH_OT_show(OnResult, bpy.types.Operator):
    bl_description = N_("Show this result in an image editor; in a new window when none is open")
    bl_idname = "fluxdepth.show"
    bl_label = N_("Show")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not has_window(self):
            return {"CANCELLED"}
        show(image)
        return {"FINISHED"}


def has_window(operator: bpy.types.Operator) -> bool:
    if bpy.app.background:
        operator.report({"ERROR"}, tr("There is no window to show it in"))
    return not bpy.app.background


def show(image: bpy.types.Image) -> None:
    """In an open image editor, else in a new window."""
    if not results.show(image):
        results.show_in_new_window(image)


class FLUXDEPTH_OT_save_as(  # type: ignore[misc]  # the stubs of ExportHelper return nothing, here and below
    OnResult, ExportHelper, bpy.types.Operator
):
    bl_description = N_(
        "Write this result to a file, with its settings inside; converted when the name ends in another kind's way"
    )
    bl_idname = "fluxdepth.save_as"
    bl_label = N_("Save Result As")
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
        record = results.record_of(image) or {}
        answers: list[str | FluxDepthError] = []

        def write() -> str:
            return _written(path, read_file(unpacked) if packed is None else packed, record)

        def then(answer: str | FluxDepthError) -> None:
            answers.append(answer)
            if isinstance(answer, FluxDepthError):
                problem.note(answer)
            else:
                session.tell(answer)

        ticker.after(write, then)
        if not bpy.app.background:
            return {"FINISHED"}
        session.finish([])
        (answer,) = answers
        if isinstance(answer, FluxDepthError):
            self.report({"ERROR"}, str(answer))
            return {"CANCELLED"}
        self.report({"INFO"}, answer)
        return {"FINISHED"}


def read_file(path: Path) -> bytes:
    """Raises PictureError."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise PictureError(
            tr("“{path}” can't be read: {reason}.").format(path=path, reason=exc.strerror or exc), ""
        ) from exc


def _written(path: Path, data: bytes, record: Mapping[str, Any]) -> str:
    """In the background: writes ``data``, a picture, to ``path`` in the kind that its ending says, with the settings
    of ``record`` inside.

    An ending that says none of the kinds that the service makes gets the picture's own behind it. Returns what is to
    be said of it.
    """
    picture = sniff_or_raw(data)
    kind = KINDS.get(path.suffix.lower())
    if kind:
        picture = imaging.as_kind(picture, kind)
    elif path.suffix.lower() != picture.suffix:
        path = path.with_name(path.name + picture.suffix)
    written, more = picture.data, ""
    try:
        written = embedded.with_settings(picture.data, record)
    except PictureError as exc:
        more = f". {exc}"
    files.write_by_rename(path, written, private=False)
    return tr("Saved “{name}”{more}").format(name=path.name, more=more)


CLASSES = (FLUXDEPTH_OT_list_more, FLUXDEPTH_OT_show, FLUXDEPTH_OT_save_as)

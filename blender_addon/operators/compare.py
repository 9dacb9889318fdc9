"""A result beside the picture that it was made of: by turns, by a divider that is dragged, or in two editors."""

from collections.abc import Callable, Iterable

import bpy

from .. import problem, session, ticker, translation
from ..pictures import beside, comparing, results
from ..shared.errors import FluxDepthError, PictureError
from ..shared.language import N_, tr
from ..shared.pictures.encoded import EncodedImage, sniff
from ..shared.storage.entries import SENT
from .access import Answer
from .results import OnResult, has_window, show

GRIP = 8  # px at scale 1, on either side of the divider


class FLUXDEPTH_OT_compare(OnResult, bpy.types.Operator):
    bl_description = N_("Change between this result and the picture that was sent, in the image editor")
    bl_idname = "fluxdepth.compare"
    bl_label = N_("Change Between Result and Source")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not has_window(self):
            return {"CANCELLED"}
        if image not in results.shown():
            show(image)
        else:
            _with_source(image, show)
        return {"FINISHED"}


class FLUXDEPTH_OT_compare_divided(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Divide the image editor: the picture that was sent left of a line that you drag, this result right of it"
    )
    bl_idname = "fluxdepth.compare_divided"
    bl_label = N_("Compare by a Divider")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not has_window(self):
            return {"CANCELLED"}
        there = comparing.compared()
        if there and there[0] == image:
            comparing.end()
            return {"FINISHED"}
        name = image.name

        def divide(source: bpy.types.Image) -> None:
            result = bpy.data.images.get(name)
            if result:
                show(result)
                comparing.begin(result, source)
                ticker.settle_panels()

        _with_source(image, divide)
        return {"FINISHED"}


class FLUXDEPTH_OT_compare_beside(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Show the picture that was sent and this result beside each other, in two image editors; once more ends it"
    )
    bl_idname = "fluxdepth.compare_beside"
    bl_label = N_("Compare Side by Side")
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None or not has_window(self):
            return {"CANCELLED"}
        comparing.end()
        if beside.is_on(image):
            _end_beside()
            return {"FINISHED"}
        name = image.name

        def show_both(source: bpy.types.Image) -> None:
            result = bpy.data.images.get(name)
            if result:
                beside.begin(source, result)
                ticker.settle_panels()

        _with_source(image, show_both)
        return {"FINISHED"}


class FLUXDEPTH_OT_end_compare(bpy.types.Operator):
    bl_description = N_("Take the divider away, or show one picture again instead of two")
    bl_idname = "fluxdepth.end_compare"
    bl_label = N_("End Comparing")
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return comparing.is_in(context.area) or beside.is_in(context.area)

    def execute(self, _context: bpy.types.Context) -> Answer:
        comparing.end()
        _end_beside()
        return {"FINISHED"}


def _end_beside() -> None:
    """At the next tick: the operator may run in an editor that is closed then."""

    def end() -> None:
        beside.end()
        ticker.settle_panels()

    bpy.app.timers.register(end)


class FLUXDEPTH_GT_divider(bpy.types.Gizmo):
    """The line between source and result, to be dragged. The draw handler draws it"""

    bl_idname = "FLUXDEPTH_GT_divider"

    def draw(self, context: bpy.types.Context) -> None:
        pass

    def test_select(self, context: bpy.types.Context, location: Iterable[int]) -> int:
        where = comparing.place(context)
        if not where:
            return -1
        left, bottom, right, top = where
        at = left + (right - left) * comparing.divider(context)
        x, y = location
        near = abs(x - at) <= GRIP * context.preferences.system.ui_scale
        return 0 if near and bottom <= y <= top else -1

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, _tweak: object) -> Answer:
        where = comparing.place(context)
        if where:
            left, _, right, _ = where
            share = (event.mouse_region_x - left) / (right - left)
            setattr(context.window_manager, comparing.DIVIDER, min(max(share, 0.0), 1.0))
        return {"RUNNING_MODAL"}

    def exit(self, context: bpy.types.Context, cancel: bool | None) -> None:
        pass


class FLUXDEPTH_GGT_divider(bpy.types.GizmoGroup):
    """The divider in image editors, while there is one"""

    bl_idname = "FLUXDEPTH_GGT_divider"
    bl_label = N_("Divider")
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT", "SHOW_MODAL_ALL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return comparing.is_in(context.area)

    def setup(self, _context: bpy.types.Context) -> None:
        gizmo = self.gizmos.new(FLUXDEPTH_GT_divider.bl_idname)
        gizmo.use_draw_modal = True


def _with_source(image: bpy.types.Image, then: Callable[[bpy.types.Image], None]) -> None:
    """Calls ``then`` with the picture that was sent for ``image``: at once, or when it was read from the history."""
    job_id, _ = results.key_of(results.record_of(image) or {})
    if sent := results.sent_in(job_id):
        then(sent)
        return

    def read() -> EncodedImage:
        job = session.desk.journal.job(job_id)
        data = job.companion(SENT) if job else None
        if data is None:
            raise PictureError(tr("The picture that was sent is not in this computer's history, or not any more."))
        return sniff(data)

    def take(answer: EncodedImage | FluxDepthError) -> None:
        if isinstance(answer, FluxDepthError):
            problem.note(answer)
        else:
            then(results.sent_in(job_id) or results.bring_in_sent(job_id, answer))

    ticker.after(read, take)


_keys: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    setattr(
        bpy.types.WindowManager,
        comparing.DIVIDER,
        bpy.props.FloatProperty(
            name=N_("Divider"),
            description=N_(
                "How much of the picture shows the source; the line in the image editor can be dragged as well"
            ),
            default=0.5,
            min=0.0,
            max=1.0,
            subtype="FACTOR",
            translation_context=translation.CONTEXT,
            update=lambda _manager, _context: comparing.redraw(),
        ),
    )
    config = bpy.context.window_manager.keyconfigs.addon
    if config:  # background Blender has none
        keymap = config.keymaps.new("Image", space_type="IMAGE_EDITOR")
        _keys.append((keymap, keymap.keymap_items.new(FLUXDEPTH_OT_end_compare.bl_idname, "ESC", "PRESS")))


def unregister() -> None:
    comparing.end()
    while _keys:
        keymap, item = _keys.pop()
        keymap.keymap_items.remove(item)
    delattr(bpy.types.WindowManager, comparing.DIVIDER)


CLASSES = (
    *(FLUXDEPTH_OT_compare, FLUXDEPTH_OT_compare_divided, FLUXDEPTH_OT_compare_beside, FLUXDEPTH_OT_end_compare),
    *(FLUXDEPTH_GT_divider, FLUXDEPTH_GGT_divider),
)

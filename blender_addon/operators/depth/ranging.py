"""The depth range: shown in the viewport, and its ends picked by a click."""

from typing import Any

import bpy
from bpy_extras import view3d_utils

from ... import properties, translation
from ...pictures.depth import overlay
from ...properties import DEPTH_RANGE
from ...shared.language import N_, tr
from ..access import Answer

ENDS = [(one.name, one.label, one.help) for one in DEPTH_RANGE[1:3]]


class FLUXDEPTH_OT_show_range(bpy.types.Operator):
    bl_description = N_("Cover in the 3D viewport what lies outside the depth range, as the edit will leave it alone")
    bl_idname = "fluxdepth.show_range"
    bl_label = N_("Show Range")
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        manager = context.window_manager
        setattr(manager, overlay.SHOWN, not getattr(manager, overlay.SHOWN))
        return {"FINISHED"}


class FLUXDEPTH_OT_pick_distance(bpy.types.Operator):
    bl_description = N_("Take the distance from what you click in a 3D viewport, measured along the camera's view")
    bl_idname = "fluxdepth.pick_distance"
    bl_label = N_("Pick Distance")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    end: bpy.props.EnumProperty(name=N_("End"), items=ENDS, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        if context.window is None or context.workspace is None:
            return {"CANCELLED"}
        context.window.cursor_modal_set("EYEDROPPER")
        context.workspace.status_text_set(tr("Click a surface in a 3D viewport; Esc: cancel"))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        if event.type in {"ESC", "RIGHTMOUSE"}:
            return self._done(context, {"CANCELLED"})
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            return (
                {"PASS_THROUGH"}
                if event.type in {"MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}
                else {"RUNNING_MODAL"}
            )
        distance = self._distance(context, event)
        if distance is None:
            self.report({"INFO"}, tr("There is no surface"))
            return self._done(context, {"CANCELLED"})
        setattr(properties.of(context.scene), self.end, max(distance, 0.0))
        overlay.redraw()  # Blender does it for what is typed, and not for what a script sets
        unit = context.scene.unit_settings
        shown = bpy.utils.units.to_string(unit.system, "LENGTH", distance * unit.scale_length, precision=4)
        self.report({"INFO"}, tr("Distance {distance}").format(distance=shown))
        return self._done(context, {"FINISHED"})

    def _done(self, context: bpy.types.Context, answer: Answer) -> Answer:
        if context.window and context.workspace:
            context.window.cursor_modal_restore()
            context.workspace.status_text_set(None)
        return answer

    def _distance(self, context: bpy.types.Context, event: bpy.types.Event) -> float | None:
        """Of the surface under the mouse, in whichever 3D viewport of the window that is."""
        found = _viewport_at(context.screen, event.mouse_x, event.mouse_y) if context.screen else None
        if found is None:
            return None
        region, view = found
        settings = properties.of(context.scene)
        eye = overlay.eye_of(context.scene, settings, region, view)
        if eye is None:
            return None
        at = (event.mouse_x - region.x, event.mouse_y - region.y)
        origin = view3d_utils.region_2d_to_origin_3d(region, view, at)
        way = view3d_utils.region_2d_to_vector_3d(region, view, at)
        cast: Any = context.scene.ray_cast  # the stub has no result
        hit, place, *_ = cast(context.evaluated_depsgraph_get(), origin, way)
        return float(-(eye.matrix.inverted() @ place).z) if hit else None


def _viewport_at(screen: bpy.types.Screen, x: int, y: int) -> tuple[bpy.types.Region, Any] | None:
    for area in screen.areas:
        if area.type != "VIEW_3D":
            continue
        for region in area.regions:
            inside = region.x <= x < region.x + region.width and region.y <= y < region.y + region.height
            if region.type == "WINDOW" and inside:
                return region, region.data
    return None


def register() -> None:
    setattr(
        bpy.types.WindowManager,
        overlay.SHOWN,
        bpy.props.BoolProperty(
            name=N_("Show Range"),
            description=FLUXDEPTH_OT_show_range.bl_description,
            default=True,
            translation_context=translation.CONTEXT,
            update=lambda _manager, _context: overlay.redraw(),
        ),
    )
    overlay.begin()


def unregister() -> None:
    overlay.end()
    delattr(bpy.types.WindowManager, overlay.SHOWN)


CLASSES = (FLUXDEPTH_OT_show_range, FLUXDEPTH_OT_pick_distance)

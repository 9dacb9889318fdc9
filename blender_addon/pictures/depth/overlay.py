"""The depth range in 3D viewports, before anything is paid: what lies outside of it is covered by a colour.

Sheets across the eye's view do it without a look at any pixel: one at the far end covers what is seen through it, one
at the near end what is before it, and a soft edge is several of them. From the camera that is just what the edit will
leave alone; from anywhere else the sheets show where it is cut. Knows no operator.
"""

from typing import Any

import bpy
import gpu as plain_gpu
from mathutils import Vector

from ... import properties
from ...properties import SceneSettings
from .eye import Eye, of_camera, of_view

gpu: Any = plain_gpu  # the stubs have functions without results
SHOWN = "fluxdepth_range_shown"  # the property of the window manager
COLOUR = (0.05, 0.09, 0.16)
ALPHA = 0.78  # of what is wholly outside
STEPS = 8  # of a soft edge
LEAST = 1e-3  # of the way from the eye to its near clip: a sheet before that is not seen

_handle: Any = None


def begin() -> None:
    global _handle
    if _handle is None and not bpy.app.background:
        _handle = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW")


def end() -> None:
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None


def redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def eye_of(scene: bpy.types.Scene, settings: SceneSettings, region: bpy.types.Region, view: Any) -> Eye | None:
    """Along whose view distances are measured, for what is chosen as the source; None where there is none."""
    if settings.source == "VIEWPORT":
        return of_view(view, region.width, region.height)
    eye = of_camera(scene)
    return eye if isinstance(eye, Eye) else None


def _draw() -> None:
    context = bpy.context
    space = context.space_data
    if not isinstance(space, bpy.types.SpaceView3D) or not space.overlay.show_overlays:
        return
    settings = properties.of(context.scene)
    if not (settings.depth_range and getattr(context.window_manager, SHOWN)):
        return
    region, view = context.region, context.region_data
    eye = eye_of(context.scene, settings, region, view) if region and view else None
    if eye is None:
        return
    kept = gpu.state.depth_test_get(), gpu.state.depth_mask_get(), gpu.state.blend_get()
    gpu.state.blend_set("ALPHA")
    gpu.state.depth_mask_set(False)
    try:
        for distance, alpha in _sheets(settings.depth_to, settings.depth_soft):
            _draw_sheet(eye, distance, alpha, "LESS")
        for distance, alpha in _sheets(settings.depth_from, -settings.depth_soft):
            _draw_sheet(eye, distance, alpha, "GREATER")
    finally:
        gpu.state.depth_test_set(kept[0])
        gpu.state.depth_mask_set(kept[1])
        gpu.state.blend_set(kept[2])


def _sheets(end: float, soft: float) -> list[tuple[float, float]]:
    """Distances with the alpha of each, so that all that lie over each other are as much as the mask leaves away."""
    if not soft:
        return [(end, ALPHA)]
    sheets, before = [], 0.0
    for step in range(1, STEPS + 1):
        share = step / STEPS
        now = ALPHA * share * share * (3 - 2 * share)
        sheets.append((end + soft * (share - 0.5 / STEPS), (now - before) / (1 - before)))
        before = now
    return sheets


def _draw_sheet(eye: Eye, distance: float, alpha: float, depth_test: str) -> None:
    from gpu_extras.batch import batch_for_shader

    near = eye.near * (1 + LEAST) if eye.perspective else eye.near
    if not near < distance < eye.far:
        return
    size = distance if eye.perspective else 1.0
    left, right, bottom, top = (side * size for side in eye.frame)
    corners = [(left, bottom), (right, bottom), (left, top), (right, top)]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "TRI_STRIP", {"pos": [eye.matrix @ Vector((x, y, -distance)) for x, y in corners]})
    gpu.state.depth_test_set(depth_test)
    shader.bind()
    shader.uniform_float("color", (*COLOUR, alpha))
    batch.draw(shader)

"""How large the pictures are that would be taken now, for the panel. Takes none.

Blender does not tell the size of a Render Result (its ``size`` is 0, 0), so each render is watched. One that was made
before the extension was switched on is not known.
"""

import bpy

from ..properties import Settings
from .sources import render_result, viewport_of

Size = tuple[int, int]

DEPTH = 2048  # px: the longest side in which depth is taken …
DEPTH_BY_RAYS = 1024  # … without a window: some 0.6 million rays, 1.5 s

_rendered: dict[int, Size] = {}  # by the slot of the Render Result
_rendering: tuple[int, Size] | None = None


def size_of(context: bpy.types.Context, settings: Settings) -> Size | None:
    """In pixels; None while there is nothing to take, or nothing is known of it."""
    if settings.source == "VIEWPORT":
        region = viewport_of(context)[1]
        return (region.width, region.height) if region else None
    if settings.source == "RENDER_NOW":
        return of_next_render(context.scene.render)
    if settings.source == "DEPTH":
        return of_depth(of_next_render(context.scene.render))
    image = settings.image if settings.source == "IMAGE" else render_result()
    if image is not None and image.type == "RENDER_RESULT":
        return _rendered.get(slot_of(image))
    if image is None:
        return None
    if not image.has_data:  # to ask for the size would load it
        return (image.generated_width, image.generated_height) if image.source == "GENERATED" else None
    width, height = image.size
    return (width, height) if width and height else None


def state_of(context: bpy.types.Context, settings: Settings) -> tuple[object, ...]:
    """What decides beside the settings whether there is a picture to take; to see whether that has changed."""
    if settings.source != "VIEWPORT":
        return (size_of(context, settings),)
    area = viewport_of(context)[0]
    space = area.spaces.active if area else None
    shading = space.shading.type if isinstance(space, bpy.types.SpaceView3D) else None
    return shading, context.scene.render.engine


def forget() -> None:
    """Another file was opened: its Render Result is empty."""
    _rendered.clear()


def _frame_begins(scene: bpy.types.Scene, *_args: object) -> None:
    global _rendering
    image = render_result()
    _rendering = (slot_of(image) if image else 0, of_next_render(scene.render))


def _frame_ends(*_args: object) -> None:
    if _rendering:
        slot, size = _rendering
        _rendered[slot] = size


HANDLERS = (("render_pre", _frame_begins), ("render_post", _frame_ends), ("render_cancel", _frame_ends))
"""For the session to hang into ``bpy.app.handlers``; Blender may call them in its render thread."""


def slot_of(image: bpy.types.Image) -> int:
    return image.render_slots.active_index or 0


def of_depth(picture: Size) -> Size:
    """In which the depth of a picture of that size is taken."""
    factor = min(1.0, (DEPTH_BY_RAYS if bpy.app.background else DEPTH) / max(picture))
    return max(1, round(picture[0] * factor)), max(1, round(picture[1] * factor))


def of_next_render(render: bpy.types.RenderSettings) -> Size:
    """In pixels; the border counts when it crops."""
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    if render.use_border and render.use_crop_to_border:
        width = int(render.border_max_x * width) - int(render.border_min_x * width)
        height = int(render.border_max_y * height) - int(render.border_min_y * height)
    return width, height

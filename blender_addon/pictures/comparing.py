"""A result and its source in one image editor: the source left of a divider, the result, as the editor shows it, right.

The editor draws the result itself; only the source is drawn over a part of it, by the GPU, where the editor's zoom and
place put it. Both are sRGB pictures, which editors show as they are. Knows no job and no service.
"""

import contextlib
import functools
from dataclasses import dataclass
from typing import Any

import blf
import bpy
import gpu

from ..shared.language import tr
from . import results

DIVIDER = "fluxdepth_divider"  # the property of the window manager: 0–1 of the picture's width
LOOK = 0.5  # s between two looks at whether an editor still shows the result
LINE = 2  # px at scale 1
TEXT = 11  # points
MARGIN = 8  # px at scale 1

VERTEX = """
void main()
{
  uv = where;
  gl_Position = projection * vec4(place, 0.0, 1.0);
}
"""
# Enlarged, an editor shows pixels and not what lies between them. The GPU reads sRGB pictures as linear light, and what
# is drawn over an editor reaches the screen raised to 1/2.2, which is not quite how sRGB is encoded: in 4.3 26 became
# 32 and 204 became 203 where this was not undone; in 5.2 dark and light were off in the same way.
FRAGMENT = """
void main()
{
  ivec2 size = textureSize(source, 0);
  vec2 step = fwidth(uv) * vec2(size);
  vec4 found = max(step.x, step.y) < 1.0 ? texelFetch(source, min(ivec2(uv * vec2(size)), size - 1), 0)
                                         : texture(source, uv);
  vec3 low = found.rgb * 12.92;
  vec3 high = 1.055 * pow(max(found.rgb, vec3(0.0)), vec3(1.0 / 2.4)) - 0.055;
  vec3 encoded = mix(high, low, lessThan(found.rgb, vec3(0.0031308)));
  color = vec4(pow(encoded, vec3(2.2)), 1.0);
}
"""


@dataclass
class _Comparison:
    """By numbers that no other image has, also after an undo."""

    result_uid: int
    source_uid: int


_comparison: _Comparison | None = None
_handle: Any = None


def begin(result: bpy.types.Image, source: bpy.types.Image) -> None:
    """Compares them wherever an image editor shows ``result``."""
    global _comparison, _handle
    _comparison = _Comparison(result.session_uid, source.session_uid)
    if _handle is None:
        _handle = bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")
        bpy.app.timers.register(_look, first_interval=LOOK)
    redraw()


def end(*_args: object) -> None:
    """Can be called at any time, but while an image editor draws."""
    global _comparison, _handle
    _comparison = None
    if _handle is not None:
        bpy.types.SpaceImageEditor.draw_handler_remove(_handle, "WINDOW")
        _handle = None
        redraw()


def _look() -> float | None:
    """Ends it when the result, or the editor that showed it, is gone."""
    if _comparison and compared():
        return LOOK
    end()
    return None


HANDLERS = (("load_pre", end),)
"""For the session to hang into ``bpy.app.handlers``."""


def compared() -> tuple[bpy.types.Image, bpy.types.Image] | None:
    """Result and source, as long as both are in the file and an editor shows the result."""
    found = _images()
    return found if found and found[0] in results.shown() else None


def is_in(area: bpy.types.Area | None) -> bool:
    """Whether the divider is in this editor."""
    space = area.spaces.active if area else None
    found = _images()
    return found is not None and isinstance(space, bpy.types.SpaceImageEditor) and space.image == found[0]


def place(context: bpy.types.Context) -> tuple[float, float, float, float] | None:
    """Where the picture is in the region that is drawn, in its pixels: left, bottom, right, top."""
    region = context.region
    if region is None or not is_in(context.area):
        return None
    # The way there gives whole pixels only, and the editor draws between them. What lies in the view from the first
    # pixel to the last one, the editor spreads over the whole region.
    x0, y0 = region.view2d.region_to_view(0, 0)
    x1, y1 = region.view2d.region_to_view(region.width - 1, region.height - 1)
    if x1 <= x0 or y1 <= y0:
        return None
    across, up = region.width / (x1 - x0), region.height / (y1 - y0)
    return -x0 * across, -y0 * up, (1 - x0) * across, (1 - y0) * up


def divider(context: bpy.types.Context) -> float:
    return float(getattr(context.window_manager, DIVIDER))


def redraw() -> None:
    for area in results.editors():
        area.tag_redraw()


def _images() -> tuple[bpy.types.Image, bpy.types.Image] | None:
    if _comparison is None:
        return None
    by_uid = {image.session_uid: image for image in bpy.data.images}
    found = by_uid.get(_comparison.result_uid), by_uid.get(_comparison.source_uid)
    return (found[0], found[1]) if found[0] and found[1] else None


def _draw() -> None:
    context = bpy.context
    found, where = _images(), place(context)
    if not found or not where:
        return
    left, bottom, right, top = where
    share = divider(context)
    at = left + (right - left) * share
    with contextlib.suppress(RuntimeError):  # its file is gone
        _draw_source(found[1], (left, bottom, at, top), share)
    scale = context.preferences.system.ui_scale
    _draw_line(at, bottom, top, LINE * scale)
    _draw_words(at, max(bottom, 0.0) + MARGIN * scale, scale)


def _draw_source(image: bpy.types.Image, to: tuple[float, float, float, float], share: float) -> None:
    from gpu_extras.batch import batch_for_shader

    shader = _made_shader()
    left, bottom, right, top = to
    corners = [(left, bottom), (right, bottom), (left, top), (right, top)]
    in_picture = [(0.0, 0.0), (share, 0.0), (0.0, 1.0), (share, 1.0)]
    batch = batch_for_shader(shader, "TRI_STRIP", {"place": corners, "where": in_picture})
    gpu.state.blend_set("NONE")
    shader.bind()
    shader.uniform_float("projection", gpu.matrix.get_projection_matrix() @ gpu.matrix.get_model_view_matrix())
    shader.uniform_sampler("source", gpu.texture.from_image(image))
    batch.draw(shader)


@functools.cache
def _made_shader() -> Any:
    between = gpu.types.GPUStageInterfaceInfo("fluxdepth_between")  # type: ignore[call-arg]  # the stub has none
    between.smooth("VEC2", "uv")
    info = gpu.types.GPUShaderCreateInfo()
    info.push_constant("MAT4", "projection")
    info.sampler(0, "FLOAT_2D", "source")
    info.vertex_in(0, "VEC2", "place")
    info.vertex_in(1, "VEC2", "where")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "color")
    info.vertex_source(VERTEX)
    info.fragment_source(FRAGMENT)
    return gpu.shader.create_from_info(info)


def _draw_line(at: float, bottom: float, top: float, width: float) -> None:
    """Light in the middle and dark at its edges: it is seen on any picture, in any theme."""
    from gpu_extras.batch import batch_for_shader

    shader: Any = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.bind()
    for half, colour in ((width, (0.0, 0.0, 0.0, 1.0)), (width / 2, (1.0, 1.0, 1.0, 1.0))):
        corners = [(at - half, bottom), (at + half, bottom), (at - half, top), (at + half, top)]
        batch = batch_for_shader(shader, "TRI_STRIP", {"pos": corners})
        shader.uniform_float("color", colour)
        batch.draw(shader)


def _draw_words(at: float, bottom: float, scale: float) -> None:
    blf.size(0, TEXT * scale)
    blf.color(0, 1.0, 1.0, 1.0, 1.0)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 5, 0.0, 0.0, 0.0, 1.0)
    for words, side in ((tr("Source"), -1), (tr("Result"), 1)):
        width: float = blf.dimensions(0, words)[0]  # type: ignore[index]  # the stub knows no result
        blf.position(0, at + side * MARGIN * scale - (width if side < 0 else 0), bottom, 0)
        blf.draw(0, words)
    blf.disable(0, blf.SHADOW)

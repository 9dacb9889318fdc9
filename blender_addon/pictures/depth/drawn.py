"""True depth by the GPU, in Blender's window: the triangles of what is rendered, drawn into a picture of distances.

Drawn by ourselves and not as a viewport draws: no viewport has to be open, none changes its shading for it (which stops
a render that it shows), and the distances come as 32-bit numbers without a look back through a clip range.
"""

import functools
from array import array
from typing import Any

import bpy
import gpu as plain_gpu

from ...shared.pictures.depth import DRAWN_NOTHING
from . import visible
from .eye import Eye

gpu: Any = plain_gpu  # the stubs have no constructors, and functions without results

VERTEX = """
void main()
{
  vec4 seen = to_eye * vec4(place, 1.0);
  away = -seen.z;
  gl_Position = projection * seen;
}
"""
FRAGMENT = """
void main()
{
  found = away;
}
"""
SURFACES = {"CURVE", "SURFACE", "FONT", "META"}


def distances(eye: Eye, view_layer: bpy.types.ViewLayer, width: int, height: int) -> Any:
    """A buffer of float32, bottom-up rows; ``DRAWN_NOTHING`` where nothing is. On the main thread of a window."""
    found = gpu.types.GPUTexture((width, height), format="R32F")
    hidden = gpu.types.GPUTexture((width, height), format="DEPTH_COMPONENT32F")
    frame = gpu.types.GPUFrameBuffer(depth_slot=hidden, color_slots=found)
    kept = gpu.state.depth_test_get(), gpu.state.depth_mask_get(), gpu.state.blend_get()
    with visible.as_rendered(view_layer, hiding=False), frame.bind():
        frame.clear(color=(DRAWN_NOTHING,) * 4, depth=1.0)
        try:
            gpu.state.depth_test_set("LESS_EQUAL")
            gpu.state.depth_mask_set(True)
            gpu.state.blend_set("NONE")
            gpu.state.face_culling_set("NONE")
            _draw(eye, view_layer)
        finally:
            gpu.state.depth_test_set(kept[0])
            gpu.state.depth_mask_set(kept[1])
            gpu.state.blend_set(kept[2])
    buffer: Any = found.read()
    buffer.dimensions = width * height
    return buffer


def _draw(eye: Eye, view_layer: bpy.types.ViewLayer) -> None:
    depsgraph: Any = view_layer.depsgraph
    wanted = visible.rendered(view_layer)
    to_eye, projection = eye.matrix.inverted(), eye.projection()
    shader = _made_shader()
    shader.bind()
    shader.uniform_float("projection", projection)
    batches: dict[int | str, Any] = {}
    for instance in depsgraph.object_instances:
        if not instance.show_self:
            continue
        thing = instance.object
        owner = instance.parent if instance.is_instance else thing
        if owner is None or owner.original.name not in wanted or (instance.is_instance and thing.hide_render):
            continue
        # A mesh is the object's own where a modifier has changed it; other kinds have their modifiers beside.
        key = thing.data.as_pointer() if isinstance(thing.data, bpy.types.Mesh) else thing.name_full
        if key not in batches:
            batches[key] = _batch(thing)
        if batches[key] is not None:
            shader.uniform_float("to_eye", to_eye @ instance.matrix_world)
            batches[key].draw(shader)


def _batch(thing: bpy.types.Object) -> Any:
    """Its triangles, or a hair's lines; None where it has none."""
    if thing.type == "MESH":
        return _of_mesh(thing.data)
    if thing.type == "CURVES":
        return _of_hair(thing.data)
    if thing.type not in SURFACES:
        return None
    mesh = thing.to_mesh()
    try:
        return _of_mesh(mesh) if mesh else None
    finally:
        thing.to_mesh_clear()


def _of_mesh(mesh: Any) -> Any:
    mesh.calc_loop_triangles()
    if not len(mesh.loop_triangles):
        return None
    places = array("f", bytes(12 * len(mesh.vertices)))
    mesh.vertices.foreach_get("co", places)
    corners = array("i", bytes(12 * len(mesh.loop_triangles)))
    mesh.loop_triangles.foreach_get("vertices", corners)
    return _filled("TRIS", places, corners)


def _of_hair(curves: Any) -> Any:
    count = len(curves.points)
    if not count:
        return None
    places = array("f", bytes(12 * count))
    curves.points.foreach_get("position", places)
    ends = array("i", bytes(4 * len(curves.curve_offset_data)))
    curves.curve_offset_data.foreach_get("value", ends)
    last = set(ends)
    lines = array("i", [end for at in range(1, count) if at not in last for end in (at - 1, at)])
    return _filled("LINES", places, lines) if lines else None


def _filled(kind: str, places: array, order: array) -> Any:  # type: ignore[type-arg]  # of Python 3.12
    count = len(places) // 3
    form = gpu.types.GPUVertFormat()  # the shader's own does not know its attribute in 5.2
    form.attr_add(id="place", comp_type="F32", len=3, fetch_mode="FLOAT")
    vertices = gpu.types.GPUVertBuf(form, count)
    vertices.attr_fill("place", memoryview(places).cast("B").cast("f", (count, 3)))
    size = 3 if kind == "TRIS" else 2
    indices = gpu.types.GPUIndexBuf(
        type=kind,
        seq=memoryview(order).cast("B").cast("i", (len(order) // size, size)),
    )
    return gpu.types.GPUBatch(type=kind, buf=vertices, elem=indices)


@functools.cache
def _made_shader() -> Any:
    between = gpu.types.GPUStageInterfaceInfo("fluxdepth_depth")
    between.smooth("FLOAT", "away")
    info = gpu.types.GPUShaderCreateInfo()
    info.push_constant("MAT4", "projection")
    info.push_constant("MAT4", "to_eye")
    info.vertex_in(0, "VEC3", "place")
    info.vertex_out(between)
    info.fragment_out(0, "FLOAT", "found")
    info.vertex_source(VERTEX)
    info.fragment_source(FRAGMENT)
    return gpu.shader.create_from_info(info)

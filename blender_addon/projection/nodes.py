"""The node group "Flux Depth Projection": a picture over a surface, as far as the eye that it was seen from saw that.

In the eye's space, which an Empty stands for, a point is divided by its distance: every pixel lies where it was seen,
without a UV map, on whatever a mesh has become. The true depth of that moment is compared with the point's own: what
something stood before was not seen. One group for each projection, since neither an image nor an object can be a
group's input. Knows no material.
"""

from __future__ import annotations

import math
from typing import Any

import bpy

from ..pictures.depth.eye import Eye
from ..shared.pictures.depth import NOTHING, Kept

NAME = "Flux Depth Projection"
MARK = "fluxdepth_projection"  # on all that a projection has made
SURFACE, STRENGTH, EMISSION, FALLOFF = "Surface", "Strength", "Emission", "Falloff"  # of sockets
TOLERANCE = 0.005  # of the distance by which a point may lie behind or before what was seen: rounding, modifiers
SLOPE = 1.5  # px by which what was seen may have been sampled beside the point, on a surface that runs away
FLAT = 1e-3  # the least cosine that is divided by


def group_of(
    image: bpy.types.Image, distances: bpy.types.Image, kept: Kept, eye: Eye, empty: bpy.types.Object, gain: float
) -> bpy.types.NodeTree:
    """A new group. ``distances`` is the image of the kept depth that ``kept`` is about; colours are multiplied by
    ``gain``, which takes back the exposure of the scene's view."""
    groups: Any = bpy.data.node_groups
    tree = groups.new(NAME, "ShaderNodeTree")
    tree[MARK] = True
    tree.interface.new_socket(SURFACE, in_out="OUTPUT", socket_type="NodeSocketShader")
    tree.interface.new_socket(SURFACE, in_out="INPUT", socket_type="NodeSocketShader")
    for name, default in ((STRENGTH, 1.0), (EMISSION, 1.0), (FALLOFF, 0.05)):
        socket = tree.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
        socket.default_value, socket.min_value, socket.max_value = default, 0.0, 1.0
        socket.subtype = "FACTOR"
    made = _Making(tree)
    place = made.node("ShaderNodeTexCoord", object=empty).outputs["Object"]
    across, up, back = made.node("ShaderNodeSeparateXYZ", place).outputs
    distance = made.math("MULTIPLY", back, -1.0)
    left, right, bottom, top = eye.frame
    in_picture = [
        made.math(
            "MULTIPLY_ADD", made.math("DIVIDE", side, distance) if eye.perspective else side, 1 / (b - a), -a / (b - a)
        )
        for side, a, b in ((across, left, right), (up, bottom, top))
    ]
    where = made.node("ShaderNodeCombineXYZ", *in_picture, 0.0).outputs[0]
    picture = made.node("ShaderNodeTexImage", where, image=image, extension="CLIP")
    facing = _facing(made, eye)
    factors = [
        picture.outputs["Alpha"],
        _unhidden(made, where, distances, distance, facing, kept, eye),
        _turned(made, facing),
        made.inputs[STRENGTH],
    ]
    if eye.perspective:  # behind it, everything would be seen once more, upside down
        factors.append(made.math("GREATER_THAN", distance, kept.scale.low / 2))
    share = factors[0]
    for factor in factors[1:]:
        share = made.math("MULTIPLY", share, factor)
    colour = picture.outputs["Color"]
    if gain != 1.0:
        scaled = made.node("ShaderNodeVectorMath", colour, operation="SCALE")
        scaled.inputs["Scale"].default_value = gain
        colour = scaled.outputs[0]
    lit = made.node("ShaderNodeBsdfPrincipled")
    own_light = made.node("ShaderNodeEmission", colour)
    tree.links.new(colour, lit.inputs["Base Color"])
    lit.inputs["Roughness"].default_value = 1.0
    projected = made.node("ShaderNodeMixShader", made.inputs[EMISSION], lit.outputs[0], own_light.outputs[0])
    mixed = made.node("ShaderNodeMixShader", share, made.inputs[SURFACE], projected.outputs[0])
    made.node("NodeGroupOutput", mixed.outputs[0])
    made.arrange()
    return tree  # type: ignore[no-any-return]


class _Making:
    """Nodes with what they take: another's output, or a value."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self.inputs = tree.nodes.new("NodeGroupInput").outputs

    def node(self, kind: str, *takes: Any, **has: Any) -> Any:
        node = self._tree.nodes.new(kind)
        for name, value in has.items():
            setattr(node, name, value)
        for socket, one in zip(node.inputs, takes, strict=False):
            if isinstance(one, bpy.types.NodeSocket):
                self._tree.links.new(one, socket)
            else:
                socket.default_value = one
        return node

    def math(self, operation: str, *takes: Any) -> Any:
        return self.node("ShaderNodeMath", *takes, operation=operation).outputs[0]

    def vector(self, operation: str, *takes: Any) -> Any:
        return self.node("ShaderNodeVectorMath", *takes, operation=operation)

    def arrange(self) -> None:
        """In the order in which they were made, which is that of the calculation."""
        for number, node in enumerate(self._tree.nodes):
            node.location = (number // 4 * 200, -(number % 4) * 260)


def _facing(made: _Making, eye: Eye) -> Any:
    """The cosine between the surface as it is looked at and the way to the eye; below 0 the eye saw its other side."""
    geometry = made.node("ShaderNodeNewGeometry").outputs
    if eye.perspective:
        away = made.vector("SUBTRACT", eye.matrix.translation[:], geometry["Position"]).outputs[0]
        way = made.vector("NORMALIZE", away).outputs[0]
    else:
        way = eye.matrix.to_3x3().col[2][:]
    return made.vector("DOT_PRODUCT", geometry["True Normal"], way).outputs["Value"]


def _turned(made: _Making, facing: Any) -> Any:
    """1 where the surface was looked at, fading to 0 where it turns away."""
    fading = made.node("ShaderNodeMapRange", facing, interpolation_type="SMOOTHSTEP")
    fading.inputs["From Min"].default_value = 0.0
    made._tree.links.new(made.math("MAXIMUM", made.inputs[FALLOFF], FLAT), fading.inputs["From Max"])
    return fading.outputs[0]


def _unhidden(
    made: _Making, where: Any, distances: bpy.types.Image, distance: Any, facing: Any, kept: Kept, eye: Eye
) -> Any:
    """1 where the eye saw this point, and nothing before it or instead of it, within a pixel of the map.

    What lies just beside an edge of depth has its own distance in one of the pixels around, not always in its own:
    looked at there alone, such edges would be seen as dotted lines of the own material.
    """
    scale = kept.scale
    pixel = (eye.frame[1] - eye.frame[0]) / kept.width
    if scale.logarithmic:
        here = made.math("LOGARITHM", made.math("DIVIDE", distance, scale.low), scale.high / scale.low)
        whole, tolerance = math.log(scale.high / scale.low), TOLERANCE
    else:
        here = made.math("MULTIPLY_ADD", distance, 1 / (scale.high - scale.low), -scale.low / (scale.high - scale.low))
        whole = scale.high - scale.low
        tolerance = TOLERANCE * whole
    sloped = made.math("DIVIDE", SLOPE * pixel, made.math("MAXIMUM", facing, FLAT))
    allowed = made.math("ADD", sloped, tolerance)

    def at(right: int, up: int) -> Any:
        beside = made.vector("ADD", where, (right / kept.width, up / kept.height, 0.0)).outputs[0]
        texture = made.node("ShaderNodeTexImage", beside, image=distances, extension="CLIP", interpolation="Closest")
        seen = made.node("ShaderNodeSeparateXYZ", texture.outputs["Color"]).outputs[0]
        off = made.math("MULTIPLY", made.math("ABSOLUTE", made.math("SUBTRACT", here, seen)), whole)
        any_seen = made.math("GREATER_THAN", seen, (NOTHING + 0.5) / 65535)
        return made.math("MULTIPLY", made.math("LESS_THAN", off, allowed), any_seen)

    found = at(0, 0)
    for right, up in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        found = made.math("MAXIMUM", found, at(right, up))
    return found

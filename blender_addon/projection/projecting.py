"""A result onto the scene that it was made from, and all of it taken back. Knows no job and no service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy
from mathutils import Vector

from ..pictures import results
from ..pictures.depth import visible
from ..pictures.depth.eye import Eye
from ..shared.language import tr
from ..shared.pictures import depth
from . import baking, materials, nodes
from .nodes import MARK

SURFACES = {"MESH", "CURVE", "SURFACE", "FONT", "META", "CURVES"}
# The colour spaces that are a view backwards: what is seen through the view is the picture then.
BACK_FROM = {"Standard": "sRGB", "AgX": "AgX Base sRGB", "Filmic": "Filmic sRGB"}


@dataclass
class Done:
    """What came of a projection: the objects that have it, those that can't, and what is to be said beside."""

    covered: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def project(
    context: bpy.types.Context,
    image: bpy.types.Image,
    eye: Eye,
    kept: bytes,
    things: list[bpy.types.Object],
    *,
    emission: bool,
    falloff: float,
) -> Done:
    """Makes ``image``, seen from ``eye`` with the depth ``kept``, the surface of ``things``. Raises PictureError."""
    done = Done()
    about = depth.about(kept)
    picture, gain = _for_view(image, context.scene, emission, done.warnings)
    distances = results.packed("Flux Depth Distance", kept, ".png")
    distances.colorspace_settings.name = "Non-Color"
    distances.use_half_precision = False
    distances[MARK] = True
    empty = _empty_at(eye, context.scene)
    group = nodes.group_of(picture, distances, about, eye, empty, gain)
    covering = materials.Covering(group, emission=emission, falloff=falloff)
    for thing in things:
        (done.covered if covering.cover(thing) else done.left).append(thing.name)
    _remove_unused()  # materials of earlier projections, which are in the new copies as well
    return done


def _empty_at(eye: Eye, scene: bpy.types.Scene) -> bpy.types.Object:
    empty = bpy.data.objects.new("Flux Depth Eye", None)
    empty[MARK] = True
    empty.empty_display_type = "ARROWS"
    empty.empty_display_size = 0.25
    scene.collection.objects.link(empty)
    empty.matrix_world = eye.matrix
    empty.hide_select = True
    for lock in (empty.lock_location, empty.lock_rotation, empty.lock_scale):
        lock[:] = (True, True, True)
    return empty


def _for_view(
    image: bpy.types.Image, scene: bpy.types.Scene, emission: bool, warnings: list[str]
) -> tuple[bpy.types.Image, float]:
    """The picture as it must be read to be seen through the scene's view as it is, and by what it is multiplied.

    Base colours are lit and are no matter of the view.
    """
    view: Any = scene.view_settings
    if not emission:
        return image, 1.0
    space = BACK_FROM.get(view.view_transform)
    differs = tr("The scene's view changes colours in a way that can't be taken back, so they will differ")
    plain = space and view.look == "None" and view.gamma == 1
    if not plain or view.use_curve_mapping or getattr(view, "use_white_balance", False):
        warnings.append(differs)
    gain = float(2**-view.exposure)
    if space is None or space == image.colorspace_settings.name:
        return image, gain
    copy = image.copy()
    del copy[results.PROPERTY]
    copy[MARK] = True
    copy.use_fake_user = False
    try:
        copy.colorspace_settings.name = space
    except TypeError:  # a colour configuration of the artist's own
        bpy.data.images.remove(copy)
        warnings.append(differs)
        return image, gain
    return copy, gain


# Which objects.


def seen(context: bpy.types.Context, eye: Eye) -> list[bpy.types.Object]:
    """All that a render shows in the eye's picture, whatever stands before it; instanced objects as well."""
    names = visible.rendered(context.view_layer)
    shown = [one for one in context.view_layer.objects if one.name in names]
    found = {one: None for one in shown if one.type in SURFACES and _is_in_picture(one, eye)}
    for one in shown:
        found.update(dict.fromkeys(_instanced(one, 0)))
    return list(found)


def selected(context: bpy.types.Context) -> list[bpy.types.Object]:
    """What is selected and can have a surface."""
    return [one for one in context.selected_objects if one.type in SURFACES]


def _instanced(thing: bpy.types.Object, level: int) -> Iterator[bpy.types.Object]:
    if thing.instance_type != "COLLECTION" or thing.instance_collection is None or level > 8:
        return
    for one in thing.instance_collection.all_objects:
        if one.type in SURFACES and not one.hide_render:
            yield one
        yield from _instanced(one, level + 1)


def _is_in_picture(thing: bpy.types.Object, eye: Eye) -> bool:
    """By its box: whether that is not beyond one of the picture's sides."""
    to_clip = eye.projection() @ eye.matrix.inverted() @ thing.matrix_world
    corners = [to_clip @ Vector((*corner, 1)) for corner in thing.bound_box]
    return not any(all(sign * corner[axis] > corner[3] for corner in corners) for axis in range(3) for sign in (-1, 1))


# The way back.


def any_projection() -> bool:
    return any(one.get(MARK) for kind in (bpy.data.node_groups, bpy.data.materials) for one in kind)


def remove_all() -> int:
    """Takes every projection of the file back. Returns how many objects had one."""
    count = materials.uncover(bpy.data.objects)
    baking.remove_maps()
    own = {one for one in bpy.data.materials if one.node_tree and one.library is None}
    for material in own - _unused(own):
        materials.strip(material)
    _remove_unused()
    return count


def _remove_unused() -> None:
    """What projections have made and nothing needs any more."""
    data: Any = bpy.data
    for kind in (data.materials, data.node_groups, data.images):
        for one in _unused({one for one in kind if one.get(MARK)}):
            kind.remove(one)
    used = {node.object for group in bpy.data.node_groups if group.get(MARK) for node in _textures(group)}
    for empty in [one for one in bpy.data.objects if one.get(MARK) and one.type == "EMPTY" and one not in used]:
        bpy.data.objects.remove(empty)


def _unused(blocks: set[Any]) -> set[Any]:
    """Those that have no user. In 4.2 ``users`` is too high for what a copied material's nodes use."""
    user_map: Any = bpy.data.user_map  # the stub asks for all of its filters
    users = user_map(subset=blocks) if blocks else {}
    return {one for one in blocks if not (one.use_fake_user or users[one])}


def _textures(group: bpy.types.NodeTree) -> Iterator[bpy.types.ShaderNodeTexCoord]:
    return (node for node in group.nodes if isinstance(node, bpy.types.ShaderNodeTexCoord))

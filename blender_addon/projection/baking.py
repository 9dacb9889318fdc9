"""Projections written into a UV map and images of each mesh, as other programs read them. Knows no picture and no eye.

Base colour and light are baked apart, into the two textures that glTF has for them: what a projection covers with its
own light shines, and what it left alone keeps its colour. Cycles bakes, whatever the scene renders with.
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterator
from typing import Any, Literal

import bpy

from ..shared.errors import PictureError
from ..shared.language import tr
from .materials import SLOTS
from .nodes import MARK

UV_MAP = "Flux Depth Bake"
BAKED = "fluxdepth_uv"  # on a mesh that has such a map
MARGIN = 8  # px beside islands, so that a texture's smaller copies have no seams
BLACK = 1 / 255
PASSES: tuple[tuple[Literal["DIFFUSE", "EMIT"], str, str], ...] = (
    ("DIFFUSE", "Base Color", "color"),
    ("EMIT", "Emission Color", "light"),
)


def covered() -> list[bpy.types.Object]:
    """The meshes that have a projection."""
    return [one for one in bpy.data.objects if one.type == "MESH" and one.get(SLOTS) is not None and _projected(one)]


def bake(
    context: bpy.types.Context, things: list[bpy.types.Object], size: int, told: Callable[[int], None]
) -> list[str]:
    """Bakes ``things`` into images of ``size`` px a side; ``told`` is called with how many are done.

    Returns the names of those that can't be baked: linked data, and what is not in the scene. Raises PictureError.
    """
    left = []
    with _borrowed(context), _as_stored():
        for number, thing in enumerate(things):
            told(number)
            if (
                not isinstance(thing.data, bpy.types.Mesh)
                or thing.data.library
                or not thing.visible_get(view_layer=context.view_layer)
            ):
                left.append(thing.name)
                continue
            _only(context, thing)
            with _mapped(thing):
                textures = [(socket, _baked(thing, kind, name, size)) for kind, socket, name in PASSES]
            _replace(thing, textures)
    return left


def _projected(thing: bpy.types.Object) -> bool:
    return any(True for slot in thing.material_slots if slot.material for _ in _groups(slot.material))


def _groups(material: bpy.types.Material) -> Iterator[Any]:
    for node in material.node_tree.nodes if material.node_tree else ():
        if isinstance(node, bpy.types.ShaderNodeGroup) and node.node_tree and node.node_tree.get(MARK):
            yield node


@contextlib.contextmanager
def _borrowed(context: bpy.types.Context) -> Iterator[None]:
    """Cycles, quick and exact; and afterwards all as it was: engine, settings, selection, mode."""
    scene: Any = context.scene
    objects = context.view_layer.objects
    selected, active = list(context.selected_objects), objects.active
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    kept_engine, bake = scene.render.engine, scene.render.bake
    wanted = {
        "use_selected_to_active": False,
        "margin": MARGIN,
        "target": "IMAGE_TEXTURES",
        "use_clear": True,
        "use_pass_direct": False,
        "use_pass_indirect": False,
        "use_pass_color": True,
        "save_mode": "INTERNAL",
    }
    kept = {name: getattr(bake, name) for name in wanted}
    try:
        scene.render.engine = "CYCLES"
    except TypeError as exc:
        raise PictureError(tr("Cycles bakes, and this Blender has none."), tr("Switch its add-on on.")) from exc
    quick = {"samples": 4, "use_denoising": False, "use_adaptive_sampling": False}
    kept_cycles = {name: getattr(scene.cycles, name) for name in quick}
    try:
        for name, value in wanted.items():
            setattr(bake, name, value)
        for name, value in quick.items():
            setattr(scene.cycles, name, value)
        yield
    finally:
        for name, value in kept.items():
            setattr(bake, name, value)
        for name, value in kept_cycles.items():
            setattr(scene.cycles, name, value)
        scene.render.engine = kept_engine
        bpy.ops.object.select_all(action="DESELECT")
        for one in selected:
            one.select_set(True)
        objects.active = active


@contextlib.contextmanager
def _as_stored() -> Iterator[None]:
    """Pictures that are read backwards through the scene's view are read as they are: another program has no such."""
    copies = [
        one for one in bpy.data.images if one.get(MARK) and one.colorspace_settings.name not in ("sRGB", "Non-Color")
    ]
    spaces = [one.colorspace_settings.name for one in copies]
    try:
        for one in copies:
            one.colorspace_settings.name = "sRGB"
        yield
    finally:
        for one, space in zip(copies, spaces, strict=True):
            one.colorspace_settings.name = space


def _only(context: bpy.types.Context, thing: bpy.types.Object) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    thing.select_set(True)
    context.view_layer.objects.active = thing


@contextlib.contextmanager
def _mapped(thing: bpy.types.Object) -> Iterator[None]:
    """A UV map of its own is the active one meanwhile: as the one that was is, else a new layout."""
    mesh: Any = thing.data
    layers = mesh.uv_layers
    active = layers.active.name if layers.active else ""
    if mesh.get(BAKED) is None:
        mesh[BAKED] = True
        layers.new(name=UV_MAP, do_init=True)
        if not active:
            bpy.ops.object.mode_set(mode="EDIT")
            bpy.ops.mesh.reveal(select=False)
            bpy.ops.mesh.select_all(action="SELECT")
            bpy.ops.uv.smart_project(island_margin=0.02)
            bpy.ops.object.mode_set(mode="OBJECT")
    layers.active = layers[UV_MAP]
    try:
        yield
    finally:
        if active in layers:
            layers.active = layers[active]


def _baked(thing: bpy.types.Object, kind: Literal["DIFFUSE", "EMIT"], name: str, size: int) -> bpy.types.Image | None:
    """What the surface has of ``kind``; None where that is black everywhere."""
    image = bpy.data.images.new(f"{thing.name} {name}", size, size)
    image[MARK] = True
    targets = []
    try:
        for material in {slot.material for slot in thing.material_slots if slot.material}:
            tree: Any = material.node_tree
            node = tree.nodes.new("ShaderNodeTexImage")
            node.image = image
            targets.append((tree, node, tree.nodes.active))
            tree.nodes.active = node
        bpy.ops.object.bake(type=kind)
    except RuntimeError as exc:
        bpy.data.images.remove(image)
        raise PictureError(tr("“{name}” could not be baked.").format(name=thing.name), str(exc).strip()) from exc
    finally:
        for tree, node, active in targets:
            tree.nodes.remove(node)
            tree.nodes.active = active
    values = array("f", bytes(4 * len(image.pixels)))
    image.pixels.foreach_get(values)
    if max(max(values[channel::4]) for channel in range(3)) < BLACK:
        bpy.data.images.remove(image)
        return None
    image.pack()
    return image


def _replace(thing: bpy.types.Object, textures: list[tuple[str, bpy.types.Image | None]]) -> None:
    """One material of the images in place of the projected ones."""
    material = bpy.data.materials.new(f"{thing.name} baked")
    material[MARK] = True
    if material.node_tree is None:
        material.use_nodes = True
    tree: Any = material.node_tree
    tree.nodes.clear()
    shader, output = tree.nodes.new("ShaderNodeBsdfPrincipled"), tree.nodes.new("ShaderNodeOutputMaterial")
    place = tree.nodes.new("ShaderNodeUVMap")
    place.uv_map = UV_MAP
    shader.inputs["Base Color"].default_value = (0, 0, 0, 1)
    shader.inputs["Roughness"].default_value = 1.0
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    for socket, image in textures:
        if image is None:
            continue
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        tree.links.new(place.outputs[0], node.inputs[0])
        tree.links.new(node.outputs["Color"], shader.inputs[socket])
        if socket == "Emission Color":
            shader.inputs["Emission Strength"].default_value = 1.0
    for number, node in enumerate((place, *(one for one in tree.nodes if one.type == "TEX_IMAGE"), shader, output)):
        node.location = (number * 300, 0)
    for slot in thing.material_slots:
        if slot.material and slot.material.get(MARK):
            slot.material = material


def remove_maps() -> None:
    """Takes the UV maps away that baking has made."""
    for mesh in [one for one in bpy.data.meshes if one.get(BAKED)]:
        layer = mesh.uv_layers.get(UV_MAP)
        if layer:
            mesh.uv_layers.remove(layer)
        del mesh[BAKED]

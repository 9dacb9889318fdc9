"""Whose surface a projection becomes: materials as copies of the artist's, and every slot's way back.

The artist's own materials are never touched: they may be shared with what is not meant, or linked from another file. An
object gets its projected copy by a slot of its own (link: Object), and remembers on itself what was in the slot.
Knows no picture and no eye.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bpy

from ..pictures.depth import visible
from .nodes import EMISSION, FALLOFF, MARK, SURFACE

SLOTS = "fluxdepth_slots"  # on an object: what its slots held
SLOT_ADDED = "fluxdepth_slot"  # on object data that had none


class Covering:
    """Puts ``group`` over the surfaces of objects; a material that several of them share stays shared."""

    def __init__(self, group: bpy.types.NodeTree, *, emission: bool, falloff: float) -> None:
        self._group = group
        self._values = {EMISSION: float(emission), FALLOFF: falloff}
        self._copies: dict[Any, bpy.types.Material | None] = {}

    def cover(self, thing: bpy.types.Object) -> bool:
        """Whether it has a surface of its own that could be covered; False for what is linked and can't be changed."""
        try:
            return self._covered(thing)
        except (AttributeError, RuntimeError, TypeError):  # Blender's answer to a change of linked data
            return False

    def _covered(self, thing: bpy.types.Object) -> bool:
        if thing.library is not None:
            return False
        if not thing.material_slots:
            if thing.data.library is not None:
                return False
            thing.data.materials.append(None)
            thing.data[SLOT_ADDED] = True
        copies = {index: self._copy_of(slot.material) for index, slot in enumerate(thing.material_slots)}
        copies = {index: copy for index, copy in copies.items() if copy}
        if not copies:
            return False
        before = thing.get(SLOTS)
        record: dict[str, Any] = dict(before) if before is not None else {}
        slots = thing.material_slots
        thing[SLOTS] = {str(index): _remembered(slots[index]) for index in copies} | record
        for index, copy in copies.items():
            slots[index].link = "OBJECT"
            slots[index].material = copy
        return True

    def _copy_of(self, material: bpy.types.Material | None) -> bpy.types.Material | None:
        """A projected one; None where the material has no surface, but a volume."""
        if material not in self._copies:
            self._copies[material] = self._made(material)
        return self._copies[material]

    def _made(self, material: bpy.types.Material | None) -> bpy.types.Material | None:
        if material is None:
            copy = bpy.data.materials.new(self._group.name)
            _make_plain(copy)
        else:
            if visible.is_volume(material):
                return None
            copy = material.copy()
            if copy.asset_data:
                copy.asset_clear()
            copy.use_fake_user = False
            if visible.nodes_of(material) is None:
                _make_plain(copy, material)
        copy[MARK] = True
        tree: Any = copy.node_tree
        for output in list(_outputs(tree)):
            node = tree.nodes.new("ShaderNodeGroup")
            node.node_tree = self._group
            node.name = node.label = self._group.name
            for name, value in self._values.items():
                node.inputs[name].default_value = value
            node.location = (output.location.x, output.location.y + 220)
            surface = output.inputs[SURFACE]
            if surface.is_linked:
                tree.links.new(surface.links[0].from_socket, node.inputs[SURFACE])
            tree.links.new(node.outputs[SURFACE], surface)
        return copy


def _outputs(tree: bpy.types.NodeTree) -> Iterator[Any]:
    """The outputs that make a surface; those of a volume alone are left out."""
    for node in tree.nodes:
        if isinstance(node, bpy.types.ShaderNodeOutputMaterial) and not visible.is_of_volume(node):
            yield node


def _make_plain(copy: bpy.types.Material, like: bpy.types.Material | None = None) -> None:
    """Nodes that look as what has no material does, or as ``like``, which has no nodes and shows its colour alone."""
    if visible.nodes_of(copy) is None:
        copy.use_nodes = True
    tree: Any = copy.node_tree
    tree.nodes.clear()
    shader, output = tree.nodes.new("ShaderNodeBsdfPrincipled"), tree.nodes.new("ShaderNodeOutputMaterial")
    if like:
        shader.inputs["Base Color"].default_value = like.diffuse_color
        shader.inputs["Roughness"].default_value = like.roughness
        shader.inputs["Metallic"].default_value = like.metallic
    tree.links.new(shader.outputs[0], output.inputs[SURFACE])


def _remembered(slot: bpy.types.MaterialSlot) -> dict[str, Any]:
    """How the slot was linked, and the object's own material in it, also where the data's was shown."""
    link = slot.link
    slot.link = "OBJECT"
    own = {"own": slot.material} if slot.material else {}
    slot.link = link
    return {"link": link, **own}


# The way back.


def uncover(things: Iterable[bpy.types.Object]) -> int:
    """Gives every slot of ``things`` back what it held, unless the artist has put something else there since."""
    count = 0
    for thing in things:
        record = thing.get(SLOTS)
        if record is None:
            continue
        for index, slot in enumerate(thing.material_slots):
            held = record.get(str(index))
            if held is not None and slot.link == "OBJECT" and slot.material and slot.material.get(MARK):
                slot.material = held.get("own")
                slot.link = held["link"]
        del thing[SLOTS]
        count += 1
        if thing.data.get(SLOT_ADDED) and not any(thing.data.materials):
            del thing.data[SLOT_ADDED]
            thing.data.materials.clear()
    return count


def strip(material: bpy.types.Material) -> None:
    """Takes projections out of a material that the artist uses elsewhere; what they were laid over is left."""
    tree: Any = material.node_tree
    for node in [one for one in tree.nodes if one.type == "GROUP" and one.node_tree and one.node_tree.get(MARK)]:
        under = node.inputs[SURFACE].links[0].from_socket if node.inputs[SURFACE].is_linked else None
        for link in list(node.outputs[SURFACE].links):
            if under:
                tree.links.new(under, link.to_socket)
        tree.nodes.remove(node)
    if material.get(MARK):
        del material[MARK]

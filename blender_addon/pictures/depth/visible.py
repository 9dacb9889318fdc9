"""What a render shows, which is not what a viewport shows: the one is asked for, and the other is what can be read.

Blender hands its render's own state of a scene to render engines alone. So the viewport's is made like it for the
moment, where the two differ: by objects and collections; a modifier counts as the viewport has it.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import bpy


def rendered(view_layer: bpy.types.ViewLayer) -> set[str]:
    """The names of its objects that the camera sees in a render, as far as nothing stands before them.

    Those that are nothing but smoke or fog are not among them: what is in them is seen through them.
    """
    names: set[str] = set()
    _gather(view_layer.layer_collection, names)
    return names


def _gather(layer: bpy.types.LayerCollection, names: set[str]) -> None:
    if layer.exclude or layer.collection.hide_render:
        return
    names.update(
        one.name
        for one in layer.collection.objects
        if not one.hide_render and one.visible_camera and not _is_volume(one)
    )
    for child in layer.children:
        _gather(child, names)


def _is_volume(thing: bpy.types.Object) -> bool:
    kinds = [slot.material and is_volume(slot.material) for slot in thing.material_slots]
    return bool(kinds) and all(kinds)


def nodes_of(material: bpy.types.Material) -> bpy.types.NodeTree | None:
    """The nodes that it is made of; None where it has but a colour. From 5.0 every material has nodes."""
    always = getattr(material.bl_rna.properties["use_nodes"], "is_deprecated", False)  # to ask it would warn
    return material.node_tree if always or material.use_nodes else None


def is_volume(material: bpy.types.Material) -> bool:
    """Whether it has a volume and no surface."""
    tree = nodes_of(material)
    outputs = [node for node in tree.nodes if isinstance(node, bpy.types.ShaderNodeOutputMaterial)] if tree else []
    return any(is_of_volume(one) for one in outputs) and all(is_of_volume(one) for one in outputs)


def is_of_volume(output: bpy.types.ShaderNodeOutputMaterial) -> bool:
    """Whether a volume goes into it, and no surface."""
    inputs: Any = output.inputs
    return inputs["Volume"].is_linked and not inputs["Surface"].is_linked


@contextlib.contextmanager
def as_rendered(view_layer: bpy.types.ViewLayer, hiding: bool) -> Iterator[None]:
    """The viewport shows what a render does; with ``hiding`` nothing else either. Costs nothing where it is so."""
    wanted = rendered(view_layer)
    missing = [one for one in view_layer.objects if one.name in wanted and not one.visible_get(view_layer=view_layer)]
    extra = [
        one
        for one in view_layer.objects
        if hiding and one.name not in wanted and one.visible_get(view_layer=view_layer)
    ]
    if not (missing or extra):
        yield
        return
    layers = list(_layers(view_layer.layer_collection)) if missing else []
    kept_layers = [(one, one.hide_viewport, one.collection, one.collection.hide_viewport) for one in layers]
    kept = [(one, one.hide_viewport, one.hide_get(view_layer=view_layer)) for one in (*missing, *extra)]
    selected = [one for one in view_layer.objects if one.select_get(view_layer=view_layer)]  # what is hidden loses it
    active = view_layer.objects.active
    # A collection that is shown shows all in it: what a render does not show is hidden one by one then.
    others = [one for one in view_layer.objects if layers and hiding and one.name not in wanted and one not in extra]
    kept += [(one, one.hide_viewport, one.hide_get(view_layer=view_layer)) for one in others]
    try:
        for layer in layers:
            layer.hide_viewport = layer.collection.hide_viewport = False
        for one in missing:
            one.hide_viewport = False
            one.hide_set(False, view_layer=view_layer)
        for one in (*extra, *others):
            one.hide_viewport = True
        view_layer.update()
        yield
    finally:
        for layer, hidden, collection, collection_hidden in kept_layers:
            layer.hide_viewport, collection.hide_viewport = hidden, collection_hidden
        for one, hidden, hidden_here in kept:
            one.hide_viewport = hidden
            one.hide_set(hidden_here, view_layer=view_layer)
        for one in selected:
            one.select_set(True, view_layer=view_layer)
        view_layer.objects.active = active
        view_layer.update()


def _layers(layer: bpy.types.LayerCollection) -> Iterator[bpy.types.LayerCollection]:
    """Those that are hidden in the viewport and seen in a render."""
    if layer.exclude or layer.collection.hide_render:
        return
    if layer.hide_viewport or layer.collection.hide_viewport:
        yield layer
    for child in layer.children:
        yield from _layers(child)

"""Runs inside Blender: true depth with a picture, and results as the surface of the scene. Notes figures."""

import io
import json
import math
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from harness import OUT, edit, module
from mathutils import Vector

harness.set_up()  # the extension brings Pillow
from PIL import Image  # noqa: E402

WIDTH, HEIGHT = 240, 136


def scene_of(kind: str = "PERSP", view: str = "Standard"):
    """A wall far behind, a floor, and a box before the wall that hides a part of it."""
    scene = bpy.context.scene
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 8
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 0
    scene.cycles.pixel_filter_type = "BOX"
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.dither_intensity = 0
    scene.view_settings.view_transform = view
    things = {}
    for name, size, place, turn in (
        ("floor", 60, (0, 20, 0), (0, 0, 0)),
        ("wall", 12, (0, 8, 3), (math.pi / 2, 0, 0)),
    ):
        bpy.ops.mesh.primitive_plane_add(size=size, location=place, rotation=turn)
        things[name] = bpy.context.object
    bpy.ops.mesh.primitive_cube_add(size=1.5, location=(0.4, 2, 0.75), rotation=(0, 0, 0.5))
    things["box"] = bpy.context.object
    for name, thing in things.items():
        thing.name = name
        material = glowing(name, {"floor": (0.05, 0.1, 0.6), "wall": (0.6, 0.05, 0.05), "box": (0.1, 0.5, 0.1)}[name])
        thing.data.materials.append(material)
    camera = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (-1.5, -6, 2.4), (math.radians(82), 0, math.radians(-12))
    camera.data.type, camera.data.ortho_scale = kind, 9
    scene.camera = camera
    bpy.ops.object.select_all(action="DESELECT")
    bpy.data.orphans_purge(do_recursive=True)
    bpy.context.view_layer.update()
    return scene, things


def glowing(name: str, colour):
    """An own material that is the same in every light: what is unseen can be compared."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    shader, output = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    shader.inputs["Color"].default_value = (*colour, 1)
    tree.links.new(shader.outputs[0], output.inputs["Surface"])
    return material


def shot(name: str) -> np.ndarray:
    """The scene rendered, H×W×3 in 0–255, and kept as a picture to look at."""
    scene = bpy.context.scene
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(OUT / f"{name}.png")
    bpy.ops.render.render(write_still=True)
    return np.asarray(Image.open(scene.render.filepath).convert("RGB")).astype(float)


def drawn() -> np.ndarray:
    """A picture that no scene looks like: patches of all colours with soft steps between them."""
    rng = np.random.default_rng(5)
    patches = Image.fromarray(rng.integers(30, 225, (HEIGHT // 17, WIDTH // 20, 3), np.uint8))
    return np.asarray(patches.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def edited(scene):
    """The render, edited: its result is made another picture than the render, with the record that it has."""
    bpy.ops.render.render()
    (result,) = edit(source="RENDER")
    stream = io.BytesIO()
    Image.fromarray(drawn()).save(stream, "PNG")
    result.pack(data=stream.getvalue(), data_len=len(stream.getvalue()))
    return result


def companion(result) -> tuple:
    """The depth that was kept with it, H×W from the bottom up, and its file."""
    record = json.loads(result["fluxdepth_edit"])
    path = Path(module("session").desk.journal.home) / "jobs" / record["job"] / "depth.png"
    kept = path.read_bytes()
    return module("shared.pictures.depth").decode(kept).distances[::-1], kept


def depth_error(scene, result, count=4000) -> dict:
    """Of depth where Blender's own projection puts points of the floor and of the box that nothing hides."""
    distances, _ = companion(result)
    rng = np.random.default_rng(3)
    camera, depsgraph = scene.camera, bpy.context.evaluated_depsgraph_get()
    height, width = distances.shape
    wrong, known = [], 0
    for x, y in rng.uniform((-20, -6), (20, 40), (count, 2)):
        point = Vector((x, y, 0))
        across, up, away = world_to_camera_view(scene, camera, point)
        if not (0 < across < 1 and 0 < up < 1 and away > camera.data.clip_start):
            continue
        if camera.data.type == "PERSP":
            way = camera.matrix_world.translation - point
        else:
            way = camera.matrix_world.to_3x3().col[2] * 100
        hit = scene.ray_cast(depsgraph, point + way.normalized() * 1e-3, way, distance=way.length)[0]
        if hit:
            continue
        # Between four samples, since a floor runs away within one.
        column, row = across * width - 0.5, up * height - 0.5
        if not (1 <= column < width - 2 and 1 <= row < height - 2):
            continue
        left, low = int(column), int(row)
        around = distances[low : low + 2, left : left + 2]
        if not np.isfinite(around).all():
            continue
        s, t = column - left, row - low
        inverse = 1 / around if camera.data.type == "PERSP" else around  # linear across a plane
        if abs(inverse[0, 0] + inverse[1, 1] - inverse[0, 1] - inverse[1, 0]) > 2e-3 * inverse.mean():
            continue  # no plane: at the edge of something
        between = (inverse[0, 0] * (1 - s) + inverse[0, 1] * s) * (1 - t) + (
            inverse[1, 0] * (1 - s) + inverse[1, 1] * s
        ) * t
        found = 1 / between if camera.data.type == "PERSP" else between
        wrong.append(abs(found - away) / away)
        known += 1
    return {
        "points": known,
        "p99": float(np.percentile(wrong, 99)),
        "worst": float(max(wrong)),
        "size": [width, height],
    }


def _depth_of(scene) -> dict:
    bpy.ops.render.render()
    (result,) = edit(source="RENDER")
    return depth_error(scene, result)


def check_depth_perspective():
    return _depth_of(scene_of()[0])


def check_depth_shifted_upright_other_aspect():
    scene, _ = scene_of()
    scene.camera.data.shift_x, scene.camera.data.shift_y = 0.13, -0.08
    scene.camera.data.sensor_fit = "VERTICAL"
    scene.render.pixel_aspect_x = 1.4
    scene.camera.scale = (2, 3, 0.5)
    return _depth_of(scene)


def check_depth_orthographic():
    scene, _ = scene_of("ORTHO")
    scene.camera.location.z = 8  # or the picture's lower rows begin below the floor
    scene.camera.rotation_euler.x = math.radians(60)
    return _depth_of(scene)


def check_project_same_eye():
    return _same_eye("PERSP", "Standard")


def check_project_same_eye_agx():
    return _same_eye("PERSP", "AgX")


def check_project_same_eye_filmic():
    return _same_eye("PERSP", "Filmic")


def check_project_same_eye_orthographic():
    return _same_eye("ORTHO", "Standard")


def _same_eye(kind: str, view: str) -> dict:
    scene, things = scene_of(kind, view)
    result = edited(scene)
    own = shot(f"own-{kind}-{view}")
    assert bpy.ops.fluxdepth.project(falloff=0) == {"FINISHED"}
    again = shot(f"same-{kind}-{view}")
    seen = np.isfinite(companion(result)[0][::-1])
    difference = np.abs(again - drawn().astype(float)).mean(axis=2)
    beside = np.pad(seen, 1)  # a pixel at an edge shows both
    near = beside[:-2, 1:-1] | beside[2:, 1:-1] | beside[1:-1, :-2] | beside[1:-1, 2:] | seen
    sky = np.abs(again - own).mean(axis=2)[~near]
    return {
        "mean": float(difference[seen].mean()),
        "p99": float(np.percentile(difference[seen], 99)),
        "not_covered": int((difference[seen] > 40).sum()),
        "seen": float(seen.mean()),
        "sky": float(sky.mean()) if sky.size else 0.0,
    }


def _looked_at_from_beside(scene):
    camera = bpy.data.objects.new("beside", bpy.data.cameras.new("beside"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (4.5, -5, 4), (math.radians(66), 0, math.radians(35))
    scene.camera = camera
    bpy.context.view_layer.update()
    return camera


def _was_seen(scene, eye_camera, camera) -> tuple:
    """For every pixel of `camera`: whether `eye_camera` saw what is there (-1: nothing is), and where that was."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    corners = camera.data.view_frame(scene=scene)
    x0, x1 = min(one.x for one in corners), max(one.x for one in corners)
    y0, y1 = min(one.y for one in corners), max(one.y for one in corners)
    seen, where = np.full((HEIGHT, WIDTH), -1), np.zeros((HEIGHT, WIDTH, 2))
    turn, origin = camera.matrix_world.to_3x3(), camera.matrix_world.translation
    for row in range(HEIGHT):
        for column in range(WIDTH):
            x, y = x0 + (x1 - x0) * (column + 0.5) / WIDTH, y1 - (y1 - y0) * (row + 0.5) / HEIGHT
            hit, point, normal, *_ = scene.ray_cast(depsgraph, origin, turn @ Vector((x, y, corners[0].z)))
            if not hit:
                continue
            across, up, away = world_to_camera_view(scene, eye_camera, point)
            way = eye_camera.matrix_world.translation - point
            there = 0 < across < 1 and 0 < up < 1 and away > 0.1
            # Both are on the same side of the surface, and nothing is between it and the eye.
            facing = normal.dot(way) * normal.dot(origin - point) > 0
            free = (
                there
                and facing
                and not scene.ray_cast(depsgraph, point + way.normalized() * 1e-3, way, distance=way.length)[0]
            )
            seen[row, column], where[row, column] = int(free), (across, 1 - up)
    return seen, where


def _inner(mask: np.ndarray, by: int = 2) -> np.ndarray:
    """Without what lies within `by` px of its edge."""
    padded = np.pad(mask, by, constant_values=True)
    out = mask.copy()
    for down in range(2 * by + 1):
        for across in range(2 * by + 1):
            out &= padded[down : down + HEIGHT, across : across + WIDTH]
    return out


def check_project_from_beside():
    scene, _ = scene_of()
    eye_camera = scene.camera
    edited(scene)
    camera = _looked_at_from_beside(scene)
    own = shot("beside-own")
    assert bpy.ops.fluxdepth.project(falloff=0) == {"FINISHED"}
    again = shot("beside")
    seen, where = _was_seen(scene, eye_camera, camera)
    hidden, found = _inner(seen == 0), _inner(seen == 1)
    picture = drawn().astype(float)
    rows = np.clip((where[..., 1] * HEIGHT).astype(int), 0, HEIGHT - 1)
    columns = np.clip((where[..., 0] * WIDTH).astype(int), 0, WIDTH - 1)
    return {
        "hidden": int(hidden.sum()),
        "found": int(found.sum()),
        "hidden_wrong": int((np.abs(again - own).max(axis=2)[hidden] > 3).sum()),
        "found_mean": float(np.abs(again - picture[rows, columns]).mean(axis=2)[found].mean()),
        "found_own": int((np.abs(again - own).max(axis=2)[found] <= 1).sum()),
    }


# What is left behind.


def walked() -> dict:
    """All data that a projection could touch, as plain text."""
    found = {}
    for kind in (
        *("materials", "node_groups", "objects", "meshes", "images", "worlds", "collections", "curves", "textures"),
        *("cameras", "lights", "scenes", "texts", "actions", "libraries"),
    ):
        for one in getattr(bpy.data, kind):
            found[f"{kind}/{one.name_full}"] = _of_block(one)
    return found


def _of_block(block) -> dict:
    data = {
        # 4.2 itself counts those of a copied material's nodes twice.
        "users": sorted(one.name_full for one in bpy.data.user_map(subset={block})[block] - {block}),
        "fake": block.use_fake_user,
        "own": sorted(str(key) for key in [*block.keys()] if key not in ("cycles", "fluxdepth")),
    }
    tree = block if isinstance(block, bpy.types.NodeTree) else getattr(block, "node_tree", None)
    if tree:
        data["nodes"] = sorted(
            (node.bl_idname, node.name, tuple(node.location), [_value(socket) for socket in node.inputs])
            for node in tree.nodes
        ).__repr__()
        data["links"] = sorted(
            f"{one.from_node.name}.{one.from_socket.name} > {one.to_node.name}.{one.to_socket.name}"
            for one in tree.links
        )
    if isinstance(block, bpy.types.Object):
        data["place"] = [round(value, 6) for row in block.matrix_world for value in row]
        data["slots"] = []
        for slot in block.material_slots:
            link, shown = slot.link, slot.material and slot.material.name_full
            slot_says = [link, shown]
            if block.library is None:
                slot.link = "OBJECT"
                slot_says.append(slot.material and slot.material.name_full)
                slot.link = link
            data["slots"].append(slot_says)
    if isinstance(block, bpy.types.Mesh):
        data["uv"] = [(layer.name, layer.active, layer.active_render) for layer in block.uv_layers]
        data["materials"] = [one and one.name_full for one in block.materials]
    if isinstance(block, bpy.types.Material):
        data["uses_nodes"] = block.use_nodes
    if isinstance(block, bpy.types.Collection):
        data["objects"] = sorted(one.name_full for one in block.objects)
    return data


def _value(socket) -> str:
    value = getattr(socket, "default_value", None)
    return (
        str([round(one, 6) for one in value])
        if hasattr(value, "__len__") and not isinstance(value, str)
        else str(value)
    )


def differences(before: dict, after: dict) -> list:
    keys = sorted(set(before) | set(after))
    return [f"{key}: {before.get(key)} → {after.get(key)}" for key in keys if before.get(key) != after.get(key)]


def every_kind_of_material():
    """Objects with what a projection has to cope with, beside each other; by name."""
    scene, things = scene_of()
    scene.camera.location, scene.camera.rotation_euler = (0, -9, 1.5), (math.radians(85), 0, 0)
    scene.camera.data.lens = 28
    kinds = {}

    def plane(name, x, data=None):
        if data is None:
            bpy.ops.mesh.primitive_plane_add(size=0.8, location=(x, 0.5, 1), rotation=(math.pi / 2, 0, 0))
            thing = bpy.context.object
        else:
            thing = bpy.data.objects.new(name, data)
            thing.location, thing.rotation_euler = (x, 0.5, 1), (math.pi / 2, 0, 0)
            scene.collection.objects.link(thing)
        thing.name = name
        kinds[name] = thing
        return thing

    plane("nothing", -4)
    shared = plane("shared", -3.1)
    shared.data.materials.append(bpy.data.materials["box"])
    plane("shares it", -2.2, shared.data)
    several = plane("several slots", -1.3)
    for name in ("floor", "wall"):
        several.data.materials.append(bpy.data.materials[name])
    several.data.materials.append(None)
    of_object = plane("of the object", -0.4)
    of_object.data.materials.append(bpy.data.materials["box"])
    of_object.material_slots[0].link = "OBJECT"
    of_object.material_slots[0].material = bpy.data.materials["wall"]
    both = plane("of both", 0.5)
    both.data.materials.append(bpy.data.materials["box"])
    both.material_slots[0].link = "OBJECT"
    both.material_slots[0].material = bpy.data.materials["floor"]
    both.material_slots[0].link = "DATA"
    plain = plane("without nodes", 1.4)
    plain.data.materials.append(bpy.data.materials.new("plain"))
    fog = plane("a volume", 2.3)
    fog.data.materials.append(bpy.data.materials.new("fog"))
    fog.active_material.use_nodes = True
    tree = fog.active_material.node_tree
    tree.nodes.clear()
    scatter, output = tree.nodes.new("ShaderNodeVolumeScatter"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(scatter.outputs[0], output.inputs["Volume"])
    grouped = plane("of a group", 3.2)
    inner = bpy.data.node_groups.new("surface", "ShaderNodeTree")
    inner.interface.new_socket("Surface", in_out="OUTPUT", socket_type="NodeSocketShader")
    inner.links.new(inner.nodes.new("ShaderNodeEmission").outputs[0], inner.nodes.new("NodeGroupOutput").inputs[0])
    grouped.data.materials.append(bpy.data.materials.new("grouped"))
    grouped.active_material.use_nodes = True
    tree = grouped.active_material.node_tree
    tree.nodes.clear()
    node, output = tree.nodes.new("ShaderNodeGroup"), tree.nodes.new("ShaderNodeOutputMaterial")
    node.node_tree = inner
    tree.links.new(node.outputs[0], output.inputs["Surface"])
    colour = plane("a colour, no surface", 4.1)
    colour.data.materials.append(bpy.data.materials.new("colour"))
    colour.active_material.use_nodes = True
    tree = colour.active_material.node_tree
    tree.nodes.clear()
    node, output = tree.nodes.new("ShaderNodeRGB"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(node.outputs[0], output.inputs["Surface"])
    library = str(OUT / "library.blend")
    linked_mesh = bpy.data.meshes.new("far away")
    linked_mesh.from_pydata([(-0.4, -0.4, 0), (0.4, -0.4, 0), (0.4, 0.4, 0), (-0.4, 0.4, 0)], [], [(0, 1, 2, 3)])
    linked_mesh.materials.append(glowing("linked", (0.4, 0.4, 0.1)))
    bpy.data.libraries.write(library, {linked_mesh}, fake_user=True)
    bpy.data.materials.remove(bpy.data.materials["linked"])
    bpy.data.meshes.remove(linked_mesh)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.meshes = ["far away"]
    plane("linked data", -4.9, wanted.meshes[0])
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.update()
    return scene, kinds


def check_every_kind_of_material():
    scene, kinds = every_kind_of_material()
    edited(scene)
    own = shot("kinds-own")
    before = walked()
    for thing in kinds.values():
        thing.select_set(True)
    assert bpy.ops.fluxdepth.project(falloff=0) == {"FINISHED"}
    again = shot("kinds")
    covered = sorted(name for name, thing in kinds.items() if "fluxdepth_slots" in thing)
    touched = [name for name in ("floor", "wall", "box") if "fluxdepth_slots" in bpy.data.objects[name]]
    untouched = differences(
        {key: one for key, one in before.items() if key.startswith("materials/")},
        {key: one for key, one in walked().items() if key in before and key.startswith("materials/")},
    )
    picture = drawn().astype(float)
    wrong = {}
    for name, thing in kinds.items():
        across, up, _ = world_to_camera_view(scene, scene.camera, thing.matrix_world.translation)
        if 0.02 < across < 0.98 and 0.02 < up < 0.98:
            at = (int((1 - up) * HEIGHT), int(across * WIDTH))
            wrong[name] = float(np.abs(again[at] - picture[at]).max())
    assert bpy.ops.fluxdepth.remove_projections() == {"FINISHED"}
    for thing in kinds.values():
        thing.select_set(False)
    return {
        "covered": covered,
        "kinds": sorted(kinds),
        "touched": touched,
        "own_materials": [one for one in untouched if "'users'" not in one],
        "wrong": wrong,
        "left": differences(before, walked()),
        "as_it_was": float(np.abs(shot("kinds-after") - own).max()),
    }


def check_stack_save_reload_remove():
    scene, _ = every_kind_of_material()
    result = edited(scene)
    before = walked()
    eye_camera = scene.camera
    assert bpy.ops.fluxdepth.project(name=result.name, falloff=0) == {"FINISHED"}
    first = shot("stack-1")
    _looked_at_from_beside(scene)
    second = edited(scene)
    second_seen = np.isfinite(companion(second)[0][::-1])
    assert bpy.ops.fluxdepth.project(name=second.name, falloff=0) == {"FINISHED"}
    on_top = np.abs(shot("stack-2") - drawn().astype(float)).mean(axis=2)[second_seen].mean()
    scene.camera = eye_camera
    below = shot("stack-3")
    path = str(OUT / "projected.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    reloaded = shot("stack-4")
    assert bpy.ops.fluxdepth.remove_projections() == {"FINISHED"}
    for name in ("beside",):
        bpy.data.objects.remove(bpy.data.objects[name])
        bpy.data.cameras.remove(bpy.data.cameras[name])
    left = [one for one in differences(before, walked()) if not one.startswith(("images/", "scenes/", "libraries/"))]
    marked = [
        one.name
        for kind in ("materials", "node_groups", "objects", "images", "meshes")
        for one in getattr(bpy.data, kind)
        if {"fluxdepth_projection", "fluxdepth_slots", "fluxdepth_slot"} & {*one.keys()}
    ]
    return {
        "on_top": float(on_top),
        "changed_below": float(np.abs(below - first).mean()),
        "reloaded": float(np.abs(reloaded - below).max()),
        "left": left,
        "marked": marked,
    }


def check_undo():
    scene, _ = scene_of()
    edited(scene)
    bpy.ops.ed.undo_push(message="before")
    before = walked()
    bpy.ops.fluxdepth.project()
    bpy.ops.ed.undo_push(message="projected")  # without a window an operator leaves that to the script
    projected = walked()
    bpy.ops.ed.undo()
    undone = walked()
    bpy.ops.ed.redo()
    return {
        "undone": differences(before, undone),
        "redone": differences(projected, walked()),
        "projected": len(differences(before, projected)),
    }


def check_panorama_is_refused_with_a_word():
    scene, _ = scene_of()
    scene.camera.data.type = "PANO"
    bpy.ops.render.render()
    (result,) = edit(source="RENDER")
    try:
        bpy.ops.fluxdepth.project()
    except RuntimeError as exc:
        return str(exc)
    raise AssertionError("it was projected")


def check_render_visibility_counts():
    """Hidden in the viewport and rendered, and the other way round; by object, by eye and by collection."""
    scene, things = scene_of()
    layer = bpy.context.view_layer
    things["box"].hide_set(True)
    bpy.ops.mesh.primitive_plane_add(size=30, location=(0, -3, 3), rotation=(math.pi / 2, 0, 0))
    curtain = bpy.context.object
    curtain.hide_render = True
    group = bpy.data.collections.new("group")
    scene.collection.children.link(group)
    bpy.ops.mesh.primitive_cube_add(size=1, location=(-2, 1, 0.5))
    grouped = bpy.context.object
    for one in list(grouped.users_collection):
        one.objects.unlink(grouped)
    group.objects.link(grouped)
    layer.layer_collection.children["group"].hide_viewport = True
    layer.update()

    def flags():
        return [
            [
                one.name,
                one.hide_get(),
                one.hide_viewport,
                one.hide_render,
                one.select_get(),
                one == layer.objects.active,
            ]
            for one in scene.objects
        ] + [[layer.layer_collection.children["group"].hide_viewport, group.hide_viewport]]

    bpy.ops.render.render()
    kept = flags()
    (result,) = edit(source="RENDER")
    distances = companion(result)[0]
    found = {}
    for name, thing in (("box", things["box"]), ("grouped", grouped)):
        across, up, away = world_to_camera_view(scene, scene.camera, thing.location)
        found[name] = [float(distances[int(up * HEIGHT), int(across * WIDTH)]), away]
    return {"kept": kept == flags(), "found": found, "nearest": float(distances.min())}


def check_rays_leave_the_main_thread_to_others():
    """Processor time of each slice, in seconds: the machine may be busy with something else."""
    scene, _ = scene_of()
    scene.render.resolution_x, scene.render.resolution_y = 1024, 576
    taking, eye = module("pictures.depth.taking"), module("pictures.depth.eye")
    depth = taking.Depth(eye.of_camera(scene), scene, bpy.context.view_layer)
    held = []
    while not depth._served.is_set():
        begun = time.thread_time()
        depth.serve()
        held.append(time.thread_time() - begun)
    return {"slices": len(held), "longest": max(held), "kept": len(depth.kept(0.0) or b"")}


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])

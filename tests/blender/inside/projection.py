"""Runs inside Blender: true depth with a picture, and results as the surface of the scene. Notes figures."""

import io
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from harness import OUT, edit, module
from mathutils import Matrix, Vector
from PIL import Image

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
        if not np.isfinite(around).all() or around.max() > 1.3 * around.min():
            continue  # at the edge of something
        s, t = column - left, row - low
        inverse = 1 / around if camera.data.type == "PERSP" else around  # linear across a plane
        between = (inverse[0, 0] * (1 - s) + inverse[0, 1] * s) * (1 - t) + (
            inverse[1, 0] * (1 - s) + inverse[1, 1] * s
        ) * t
        found = 1 / between if camera.data.type == "PERSP" else between
        wrong.append(abs(found - away) / away)
        known += 1
    return {"points": known, "worst": max(wrong), "size": [width, height]}


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
    return _depth_of(scene_of("ORTHO")[0])


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
    sky = np.abs(again - own).mean(axis=2)[~seen]
    return {
        "mean": float(difference[seen].mean()),
        "p99": float(np.percentile(difference[seen], 99)),
        "seen": float(seen.mean()),
        "sky": float(sky.mean()) if sky.size else 0.0,
    }


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])

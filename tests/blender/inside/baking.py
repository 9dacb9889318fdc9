"""Runs inside Blender: projections baked, exported and taken away. Notes figures."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
import numpy as np
from harness import OUT
from projection import differences, edited, scene_of, shot, walked


def check_bake_export_remove():
    """One mesh with a UV map and one without, two slots, and an own material that is lit."""
    scene, things = scene_of("PERSP", "AgX")
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.6, location=(-1.5, 1, 1.4))
    ball = bpy.context.object
    while ball.data.uv_layers:
        ball.data.uv_layers.remove(ball.data.uv_layers[0])
    ball.data.materials.append(bpy.data.materials.new("lit"))
    ball.data.materials.append(bpy.data.materials["box"])
    for polygon in list(ball.data.polygons)[::2]:
        polygon.material_index = 1
    for one in bpy.context.selected_objects:
        one.select_set(False)
    result = edited(scene)
    scene.view_settings.view_transform = "Standard"
    before = walked()
    assert bpy.ops.fluxdepth.project(name=result.name, falloff=0) == {"FINISHED"}
    projected = shot("bake-projected")
    samples = scene.cycles.samples
    scene.render.engine = "BLENDER_WORKBENCH"
    assert bpy.ops.fluxdepth.bake_projections(size=1024) == {"FINISHED"}
    assert scene.render.engine == "BLENDER_WORKBENCH"
    scene.render.engine = "CYCLES"
    assert scene.cycles.samples == samples
    baked = shot("baked")
    images = sorted(one.name for one in bpy.data.images if one.get("fluxdepth_projection") and one.packed_file)
    path = OUT / "baked.gltf"
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLTF_SEPARATE")
    told = json.loads(path.read_text())
    materials = [one for one in told["materials"] if "baked" in one["name"]]
    assert bpy.ops.fluxdepth.remove_projections() == {"FINISHED"}
    return {
        "mean": float(np.abs(projected - baked).mean()),
        "p90": float(np.percentile(np.abs(projected - baked).max(axis=2), 90)),
        "images": images,
        "exported": len(told.get("images", [])),
        "light": sum("emissiveTexture" in one for one in materials),
        "colour": sum("baseColorTexture" in one.get("pbrMetallicRoughness", {}) for one in materials),
        "coordinates": all(
            any(name.startswith("TEXCOORD") for name in part["attributes"])
            for mesh in told["meshes"]
            for part in mesh["primitives"]
        ),
        "left": differences(before, walked()),
    }


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
    sys.stdout.flush()
    os._exit(0)  # the bpy module of 4.2 crashes at its end once it has exported a glTF, any

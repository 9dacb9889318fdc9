"""Runs inside Blender: edits that stay in a range of depth, depth as the picture, and what is said of depth."""

import io
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
import numpy as np
from harness import OUT, edit, module, refusal
from projection import companion, scene_of, shot

harness.set_up()  # the extension brings Pillow
from PIL import Image  # noqa: E402

FROM, TO, SOFT = 7.0, 10.0, 1.5


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def record_of(image) -> dict:
    return json.loads(image["fluxdepth_edit"])


def job_of(image):
    return module("session").desk.journal.job(record_of(image)["job"])


def ranged(**values):
    """A render, edited between the floor's nearer part and the wall; with what the render was."""
    scene, things = scene_of()
    for thing in things.values():  # of plain colours an edit that blurs would leave nothing to be seen
        tree = thing.active_material.node_tree
        checker = tree.nodes.new("ShaderNodeTexChecker")
        checker.inputs["Scale"].default_value = 9 / thing.dimensions.x * 8
        shader = next(node for node in tree.nodes if node.type == "EMISSION")
        tree.links.new(checker.outputs["Color"], shader.inputs["Color"])
        tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Object"], checker.inputs["Vector"])
    source = shot("source")
    values = {"depth_range": True, "depth_from": FROM, "depth_to": TO, "depth_soft": SOFT, **values}
    images = edit(source="RENDER", **values)
    return source, images


def compared(source: np.ndarray, image) -> dict:
    """What lies outside the range against the source, and inside against the result as it came."""
    data = pixels(image.packed_file.data)
    entry = job_of(image).edits[record_of(image)["index"]]
    raw = pixels(entry.result_file.read_bytes())[..., :3].astype(int)
    distances = companion(image)[0][::-1]
    outside = (distances < FROM - SOFT - 0.01) | (distances > TO + SOFT + 0.01)
    inside = (distances > FROM) & (distances < TO)
    made = data[..., :3].astype(int)
    between = ~(outside | inside) & np.isfinite(distances)
    low, high = np.minimum(raw, source), np.maximum(raw, source)
    return {
        "outside": int(outside.sum()),
        "inside": int(inside.sum()),
        "between": int(between.sum()),
        "outside_wrong": int((made != source)[outside].sum()),
        "inside_wrong": int((made != raw)[inside].sum()),
        "between_wrong": int(((made < low - 1) | (made > high + 1))[between].sum()),
        "edited": float(np.abs(raw - source)[inside].mean()),
        "format": Image.open(io.BytesIO(image.packed_file.data)).format,
    }


def check_range_first_arrival():
    source, (image,) = ranged()
    Path(OUT / "ranged.png").write_bytes(image.packed_file.data)
    return compared(source, image)


def check_range_from_the_history():
    source, (image,) = ranged(seed=2)
    record = record_of(image)
    bpy.data.images.remove(image)
    assert bpy.ops.fluxdepth.history_import(job=record["job"], index=0) == {"FINISHED"}
    (image,) = [one for one in bpy.data.images if "fluxdepth_edit" in one]
    return compared(source, image)


def check_range_recovered():
    shutil.rmtree(module("session").desk.journal.home / "jobs")  # what other checks made was never saved either
    source, (image,) = ranged(seed=3)
    path = job_of(image).folder / "job.json"
    bpy.data.images.remove(image)
    job = json.loads(path.read_text())
    for entry in job["edits"]:
        entry.update(arrived=None, safe=False)
    path.write_text(json.dumps(job))
    assert bpy.ops.fluxdepth.recover() == {"FINISHED"}
    (image,) = [one for one in bpy.data.images if "fluxdepth_edit" in one]
    return compared(source, image)


def check_range_is_recorded_and_reused():
    _, (image,) = ranged(seed=4)
    chosen = bpy.context.scene.fluxdepth
    chosen.depth_range, chosen.depth_from, chosen.depth_to = False, 1, 2
    bpy.ops.fluxdepth.reuse_settings(name=image.name)
    return [chosen.depth_range, chosen.depth_from, chosen.depth_to, round(chosen.depth_soft, 3)]


def check_range_that_ends_before_it_begins():
    scene_of()
    bpy.ops.render.render()
    return refusal(source="RENDER", depth_range=True, depth_from=5, depth_to=4)


def check_range_needs_depth():
    image = bpy.data.images.new("grid", 64, 36)
    image.generated_type = "COLOR_GRID"
    return refusal(source="IMAGE", image=image, depth_range=True, depth_from=1, depth_to=4)


def check_depth_as_the_picture():
    scene, _ = scene_of()
    (image,) = edit(source="DEPTH", depth_range=False)
    data = pixels(job_of(image).companion("sent"))[..., :3]
    distances = companion(image)[0][::-1]
    seen = np.isfinite(distances)
    order = np.argsort(distances[seen])
    gray = data[..., 0].astype(int)[seen][order]
    (OUT / "depth-source.png").write_bytes(job_of(image).companion("sent"))
    return {
        "gray": bool((data[..., 0] == data[..., 1]).all() and (data[..., 0] == data[..., 2]).all()),
        "falls": bool((np.diff(gray) <= 0).all()),
        "span": [int(gray[0]), int(gray[-1])],
        "nothing": int(data[..., 0][~seen].max()) if (~seen).any() else 0,
        "projects": sorted(bpy.ops.fluxdepth.project()),
    }


def check_depth_without_a_camera():
    scene, _ = scene_of()
    scene.camera = None
    return refusal(source="DEPTH", depth_range=False)


def check_depth_check():
    scene_of()
    bpy.ops.render.render()
    (image,) = edit(source="RENDER", depth_range=False)
    assert bpy.ops.fluxdepth.depth_check(name=image.name) == {"FINISHED"}
    (overlay,) = [one for one in bpy.data.images if one.name.startswith("Depth check")]
    (OUT / "check.png").write_bytes(overlay.packed_file.data)
    return {"share": record_of(image).get("depth_check"), "size": list(overlay.size)}


def check_variations_are_sorted():
    results = module("pictures.results")
    scene_of()
    bpy.ops.render.render()
    images = edit(source="RENDER", depth_range=False, variations=3)
    for image, share in zip(images, (0.2, 0.9, 0.5), strict=True):
        image["fluxdepth_edit"] = json.dumps({**record_of(image), "depth_check": share})
    (older,) = edit(source="RENDER", depth_range=False, variations=1, seed=9)
    plain = [results.check_of(record) for _, record in results.all_results()]
    best = [results.check_of(record) for _, record in results.best_first(results.all_results())]
    return {"plain": plain[1:], "best": best[1:], "first": [plain[0] == best[0]]}


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])

"""Runs inside Blender: how long the main thread is held while a 4K picture is taken, in milliseconds. For the bench.

Notes `image_*` (byte and float image data-blocks), `render` and, side by side, `jpeg`: one save_render of the same
Render Result as JPEG of quality 90. Medians of three.
"""

import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from harness import OUT, settings, small_render

WIDTH, HEIGHT = 3840, 2160


def _sources():
    return sys.modules["bl_ext.user_default.fluxdepth.pictures.sources"]


def _image(float_buffer: bool) -> dict:
    image = bpy.data.images.new("4K", WIDTH, HEIGHT, alpha=True, float_buffer=float_buffer)
    image.generated_type = "COLOR_GRID"
    assert len(image.pixels)  # made now: what an artist edits is loaded already
    chosen = settings(source="IMAGE", image=image, upload_format="jpg", longest_side=2048)
    longest = []
    for _ in range(3):
        started = time.perf_counter()
        snapshot = _sources().take(bpy.context, chosen)
        held = [time.perf_counter() - started]
        worker = threading.Thread(target=snapshot.encode)
        worker.start()
        while worker.is_alive():  # as the timer does
            started = time.perf_counter()
            snapshot.serve()
            held.append(time.perf_counter() - started)
            worker.join(0.02)
        longest.append(max(held) * 1000)
    return {"longest_ms": statistics.median(longest)}


def check_image_byte():
    return _image(False)


def check_image_float():
    return _image(True)


def check_render():
    scene = small_render(WIDTH, HEIGHT)
    scene.cycles.samples = 1
    bpy.ops.render.render()
    image = next(image for image in bpy.data.images if image.type == "RENDER_RESULT")
    chosen = settings(source="RENDER", upload_format="jpg", longest_side=2048)
    image_settings = scene.render.image_settings
    if hasattr(image_settings, "media_type"):
        image_settings.media_type = "IMAGE"
    image_settings.file_format, image_settings.quality = "JPEG", 90
    ours, jpeg = [], []
    for _ in range(3):
        started = time.perf_counter()
        snapshot = _sources().take(bpy.context, chosen)
        ours.append((time.perf_counter() - started) * 1000)
        snapshot.discard()
        started = time.perf_counter()
        image.save_render(str(OUT / "jpeg.jpg"), scene=scene)
        jpeg.append((time.perf_counter() - started) * 1000)
    return {"render_ms": statistics.median(ours), "jpeg_ms": statistics.median(jpeg)}


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])

"""Runs inside Blender: a photo that is sent smaller comes back at its own size, on every way into the file.

`FLUXDEPTH_TEST_PHOTO` is its file.
"""

import json
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from harness import edit, keep, module

HOME = Path(os.environ["FLUXDEPTH_HOME"])
SMALL = {"source": "IMAGE", "longest_side": 256}


def _photo():
    return bpy.data.images.load(os.environ["FLUXDEPTH_TEST_PHOTO"])


def _record(image):
    return json.loads(image["fluxdepth_edit"])


def _results():
    return [image for image in bpy.data.images if "fluxdepth_edit" in image]


def check_first():
    (image,) = edit(image=_photo(), **SMALL)
    keep(image, "first.png")
    record = _record(image)
    assert tuple(image.size) == (600, 400)
    job = module("shared.storage.journal").Journal().job(record["job"])
    assert job.edits[0].width == 256, "the history keeps it as it came"
    return record["kept"]


def check_it_is_told_before_and_after():
    chosen = harness.settings(image=bpy.data.images.new("large", 6000, 4000), **SMALL)
    wording = module("shared.jobs.wording")
    assert "detail is kept" in module("ui.panels")._what_is_sent(bpy.context, chosen)
    chosen.keep_detail = False
    assert module("ui.panels")._what_is_sent(bpy.context, chosen).endswith(wording.expected(6000, 4000, False, False))
    (image,) = edit(image=_photo(), **{**SMALL, "keep_detail": True})
    (ticket,) = module("session").desk.tickets[-1:]
    words = [wording.returned(kept) for kept in ticket.kept.values()]
    assert len(words) == 1 and words[0].startswith("The service returned 256×171; enlarged 2.3×; detail kept on ")
    assert tuple(image.size) == (600, 400)


def check_left_out():
    (image,) = edit(image=_photo(), keep_detail=False, **SMALL)
    assert tuple(image.size) == (256, 171)
    assert "kept" not in _record(image)


def check_half_as_strong():
    (image,) = edit(image=_photo(), detail_strength=50, keep_detail=True, **SMALL)
    keep(image, "half.png")


def check_from_the_history_and_recovered():
    shutil.rmtree(HOME / "jobs")
    (first,) = edit(image=_photo(), detail_strength=100, keep_detail=True, **SMALL)
    expected, record = bytes(first.packed_file.data), _record(first)
    assert bpy.ops.fluxdepth.history_import(job=record["job"], index=0) == {"FINISHED"}
    (again,) = [image for image in _results() if image != first]
    assert bytes(again.packed_file.data) == expected
    assert _record(again)["kept"] == record["kept"]
    bpy.data.images.remove(again)
    bpy.data.images.remove(first)
    assert bpy.ops.fluxdepth.recover() == {"FINISHED"}
    (again,) = _results()
    assert bytes(again.packed_file.data) == expected


def check_transparent():
    width, height = 600, 400
    image = bpy.data.images.new("clear", width, height, alpha=True)
    photo = _photo()
    pixels = list(photo.pixels)
    if photo.channels == 3:
        pixels = [value for at in range(0, len(pixels), 3) for value in (*pixels[at : at + 3], 1.0)]
    for at in range(width * height):
        pixels[4 * at + 3] = (at % width) / width
    image.pixels.foreach_set(pixels)
    (made,) = edit(image=image, **SMALL)
    keep(made, "clear.png")
    assert tuple(made.size) == (width, height)


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])

"""Runs inside GIMP: times the plug-in's export of a large photo beside what GIMP itself offers for it.

Reads its settings from the JSON file that FLUXDEPTH_BENCH names, and writes its notes beside it.
"""

import json
import os
import sys
import time
from pathlib import Path

import gi

gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

SETUP = json.loads(Path(os.environ["FLUXDEPTH_BENCH"]).read_text("utf-8"))
OUT = Path(SETUP["out"])
sys.path.insert(0, SETUP["plug_in"])


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def timed(work):
    started = time.monotonic()
    value = work()
    return time.monotonic() - started, value


def save(image, path):
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(path)), None)


def duplicated(photo):
    copy = photo.duplicate()
    Gimp.context_set_interpolation(Gimp.InterpolationType.LINEAR)
    copy.scale(*SETUP["size"])
    save(copy, OUT / "linear.jpg")
    copy.delete()


photo = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(SETUP["photo"]))
Gegl.init(None)
from pixels.export import export  # noqa: E402
from pixels.source import find_sources  # noqa: E402

notes = {}
before = peak()
(source,) = find_sources(photo, photo.get_layers(), "layer")
way = {"longest_side": 2048, "upload_format": "jpg", "keep_transparency": True, "keep_detail": False}
notes["ours"], outgoing = timed(lambda: export(source, **way))
notes["memory"] = peak() - before
(OUT / "ours.jpg").write_bytes(outgoing.picture.data)
del outgoing
if SETUP["compare"]:
    notes["linear"], _ = timed(lambda: duplicated(photo))
    notes["jpeg"], _ = timed(lambda: save(photo, OUT / "full.jpg"))
    notes["png"], _ = timed(lambda: save(photo, OUT / "full.png"))
photo.delete()
(OUT / "notes.json").write_text(json.dumps(notes))

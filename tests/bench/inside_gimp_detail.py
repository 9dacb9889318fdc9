"""Runs inside GIMP: times the detail of a large source in a small result beside GIMP's plain enlargement, with memory.

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


def peak():
    """The most memory that this process has held so far, in bytes."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def timed(work):
    started = time.monotonic()
    value = work()
    return time.monotonic() - started, value


def load(path):
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path)))


Gegl.init(None)
from pixels.export import export  # noqa: E402
from pixels.result import detail, edge  # noqa: E402
from pixels.result.transparency import scaled  # noqa: E402
from pixels.scratch import loaded  # noqa: E402
from pixels.source import find_sources  # noqa: E402

notes = {}
photo = load(SETUP["photo"])
before = peak()
(source,) = find_sources(photo, photo.get_layers(), "layer")
way = {"longest_side": 2048, "upload_format": "jpg", "keep_transparency": True}
notes["sent"], outgoing = timed(lambda: export(source, **way, keep_detail=False))
notes["sent and kept"], outgoing = timed(lambda: export(source, **way, keep_detail=True))
notes["bytes"], notes["memory of sending"] = len(outgoing.source), peak() - before
full = photo.get_width(), photo.get_height()
photo.delete()
came = load(SETUP["came"])
copy = came.duplicate()
notes["plain"], _ = timed(lambda: scaled(copy.get_layers()[0], full))
copy.delete()
before = peak()


def arrive():
    with loaded(outgoing.source, ".jpg") as whole, loaded(outgoing.picture.data, ".jpg") as sent:
        began, worked = time.monotonic(), time.process_time()
        layers = came.get_layers()[0], whole.get_layers()[0]
        _, share = detail.kept(*layers, edge.pixels_of(sent), detail.Wanted(), came)
        return time.monotonic() - began, time.process_time() - worked, share


notes["arrived"], (notes["kept"], notes["worked"], notes["share"]) = timed(arrive)
notes["memory of arriving"] = peak() - before
came.delete()
(OUT / "notes.json").write_text(json.dumps(notes))

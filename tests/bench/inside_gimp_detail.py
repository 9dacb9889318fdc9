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
from pixels.source import find_sources  # noqa: E402

notes = {}
came, whole = load(SETUP["came"]), load(SETUP["source"])
full = whole.get_layers()[0].get_width(), whole.get_layers()[0].get_height()
before, worked = peak(), time.process_time()
layers = came.get_layers()[0], whole.get_layers()[0]
notes["kept"], _ = timed(lambda: detail.kept(*layers, edge.pixels_of(came), detail.Wanted(), came))
notes["worked"], notes["memory of arriving"] = time.process_time() - worked, peak() - before
came.delete()
came = load(SETUP["came"])
notes["plain"], _ = timed(lambda: scaled(came.get_layers()[0], full))
came.delete()

before = peak()
(source,) = find_sources(whole, whole.get_layers(), "layer")
way = {"longest_side": 2048, "upload_format": "jpg", "keep_transparency": True}
notes["sent"], outgoing = timed(lambda: export(source, **way, keep_detail=False))
notes["sent and kept"], outgoing = timed(lambda: export(source, **way, keep_detail=True))
notes["bytes"], notes["memory of sending"] = len(outgoing.source), peak() - before
whole.delete()
(OUT / "notes.json").write_text(json.dumps(notes))

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


def memory(what):
    """``VmRSS``, what this process holds, or ``VmHWM``, the most that it has held; in bytes."""
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(what))
    return int(line.split()[1]) * 1024


def measured(work):
    """Its value; and how long it took, how long this process's processors worked, and what memory it took beside."""
    Path("/proc/self/clear_refs").write_text("5")  # the most that was held is what is held now
    held, worked, began = memory("VmRSS"), time.process_time(), time.monotonic()
    value = work()
    seconds, worked = time.monotonic() - began, time.process_time() - worked
    return value, {"seconds": seconds, "worked": worked, "memory": memory("VmHWM") - held}


def load(path):
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path)))


Gegl.init(None)
from pixels.export import export  # noqa: E402
from pixels.result import detail, edge  # noqa: E402
from pixels.result.transparency import scaled  # noqa: E402
from pixels.source import find_sources  # noqa: E402

notes = {}
whole = load(SETUP["source"])
(source,) = find_sources(whole, whole.get_layers(), "layer")
way = {"longest_side": 2048, "upload_format": "jpg", "keep_transparency": True}
outgoing, notes["sent and kept"] = measured(lambda: export(source, **way, keep_detail=True))
notes["bytes"] = len(outgoing.source)
outgoing, notes["sent"] = measured(lambda: export(source, **way, keep_detail=False))
outgoing, again = measured(lambda: export(source, **way, keep_detail=True))
notes["sent and kept"] |= {"seconds": again["seconds"], "worked": again["worked"]}  # the first one warms up

came = load(SETUP["came"])
full = whole.get_layers()[0].get_width(), whole.get_layers()[0].get_height()
layers = came.get_layers()[0], whole.get_layers()[0]
_, notes["kept"] = measured(lambda: detail.kept(*layers, edge.pixels_of(came), detail.Wanted(), came))
came.delete()
came = load(SETUP["came"])
_, notes["plain"] = measured(lambda: scaled(came.get_layers()[0], full))
came.delete()
whole.delete()
(OUT / "notes.json").write_text(json.dumps(notes))

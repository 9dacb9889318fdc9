"""Inside GIMP: the source's detail put back into smaller results by GEGL; the test outside does the same by numpy."""

import sys
import time
from pathlib import Path

from gi.repository import Gimp, Gio
from kit import SETUP, Notes, pixels

sys.path.insert(0, SETUP["plug_in"])
from pixels import coverage
from pixels.result import detail, edge

notes = Notes()
for name, case in SETUP["cases"].items():
    coverage.STRIP_PIXELS = case["strip"]
    folder = Path(SETUP["pictures"])
    came, source, sent = (
        Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(folder / f"{name}.{what}.png")))
        for what in ("came", "source", "sent")
    )
    wanted = detail.Wanted(case["strength"], case["grain"])
    began = time.monotonic()
    layer, share = detail.kept(came.get_layers()[0], source.get_layers()[0], edge.pixels_of(sent), wanted, came)
    notes.add(name, share=share, seconds=time.monotonic() - began)
    notes.picture(name, pixels(layer, "R'G'B' u8"))
    for image in (came, source, sent):
        image.delete()

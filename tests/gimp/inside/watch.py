"""Inside windowed GIMP: opens the test's image when it is told to, and keeps writing down what is open."""

import json
import time

from gi.repository import Gimp
from kit import OUT, SETUP, photo, record

END = time.monotonic() + SETUP["seconds"]


def told(sign):
    if (OUT / sign).exists():
        (OUT / sign).unlink()
        return True
    return False


def layers(parent):
    return [
        {
            "name": layer.get_name(),
            "visible": layer.get_visible(),
            "settings": (record(layer) or {}).get("settings"),
            "children": layers(layer.get_children()) if layer.is_group() else [],
        }
        for layer in parent
    ]


before = None
while time.monotonic() < END and not told("end"):
    if told("open"):
        image, _ = photo(600, 400)
        Gimp.Display.new(image)
        Gimp.displays_flush()
    # Scratch images of an edit come and go in between; what has no layer or no record of ours is told all the same.
    now = [layers(image.get_layers()) for image in Gimp.get_images()]
    if now != before:
        half = OUT / ".images.json"
        half.write_text(json.dumps(now))
        half.rename(OUT / "images.json")
        before = now
    time.sleep(0.2)

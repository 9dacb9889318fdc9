"""Inside windowed GIMP: does to images what the test tells it to, and keeps writing down what is open."""

import importlib
import json
import time
import traceback

from gi.repository import Gimp
from kit import OUT, SETUP, close_photos, layers, photo

END = time.monotonic() + SETUP["seconds"]


def told(sign):
    if (OUT / sign).exists():
        (OUT / sign).unlink()
        return True
    return False


def answered():
    """Answer what the test has asked the module that it named."""
    file = OUT / "asked.json"
    if file.exists():
        asked = json.loads(file.read_text())
        file.unlink()
        try:
            reply = importlib.import_module(SETUP["answers"]).answer(asked)
        except Exception:  # noqa: BLE001  the test fails with it
            reply = {"failed": traceback.format_exc()}
        write("answer.json", reply)


def write(name, content):
    half = OUT / f".{name}"
    half.write_text(json.dumps(content))
    half.rename(OUT / name)


# Scratch images go while we look: GIMP is not to open a window for that.
Gimp.get_plug_in().set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
before = None
image = None
while time.monotonic() < END and not told("end"):
    answered()
    if told("open"):
        image, _ = photo(600, 400)
        close_photos()
        Gimp.Display.new(image)
        Gimp.displays_flush()
    if told("select"):
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 100, 80, 300, 200)
        Gimp.displays_flush()
    if told("gray"):
        image.convert_grayscale()
        Gimp.displays_flush()
    if told("plain"):
        layer = Gimp.Layer.new(image, "Plain", 600, 400, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        layer.fill(Gimp.FillType.WHITE)
        image.set_selected_layers([layer])
        Gimp.displays_flush()
    if told("close"):
        for number in range(1, 100):
            if Gimp.Display.id_is_valid(number):
                Gimp.Display.get_by_id(number).delete()  # and with its last window the image
    # Scratch images of an edit come and go in between; what has no layer or no record of ours is told all the same.
    now = [layers(one.get_layers() or []) for one in Gimp.get_images()]
    if now != before:
        write("images.json", now)
        before = now
    time.sleep(0.2)

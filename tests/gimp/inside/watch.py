"""Inside windowed GIMP: does to images what the test tells it to, and keeps writing down what is open."""

import time

from gi.repository import Gimp
from kit import OUT, SETUP, answer_what_was_asked, close_photos, layers, photo, write

END = time.monotonic() + SETUP["seconds"]


def told(sign):
    if (OUT / sign).exists():
        (OUT / sign).unlink()
        return True
    return False


# Scratch images go while we look: GIMP is not to open a window for that.
Gimp.get_plug_in().set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
before = None
image = None
while time.monotonic() < END and not told("end"):
    answer_what_was_asked()
    if told("open"):
        image, _ = photo(600, 400)
        close_photos()
        Gimp.Display.new(image)
        Gimp.displays_flush()
    if told("select"):
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 100, 80, 300, 200)
        Gimp.displays_flush()
    if told("top"):
        image.set_selected_layers(image.get_layers()[:1])
        Gimp.displays_flush()
    if told("unselect"):
        Gimp.Selection.none(image)
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

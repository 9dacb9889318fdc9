"""Inside windowed GIMP: layers that are copies, images that come and go, and Repeat."""

from gi.repository import Gimp
from kit import call, close_photos, photo


class Open:
    """The image that was opened last, and the windows of all."""

    image = None
    displays = []


def answer(asked):
    known = {"open": open_, "close": close, "select": select, "mirror": mirror, "repeat": repeat}
    return known[asked.pop("what")](**asked) or {}


def open_(copies=()):
    """Another image; ``copies`` of its layer lie above it, and all are selected."""
    Open.image, whole = photo(600, 400)
    close_photos()
    layers = [whole]
    for name in copies:
        copy = whole.copy()
        copy.set_name(name)
        Open.image.insert_layer(copy, None, 0)
        layers.append(copy)
    Open.image.set_selected_layers(layers)
    Open.image.clean_all()
    Open.displays.append(Gimp.Display.new(Open.image))
    Gimp.displays_flush()


def close(left=0):
    """All images but the newest ones, as many as are ``left``."""
    while len(Open.displays) > left:
        Open.displays.pop(0).delete()


def select(selected):
    if selected:
        Open.image.select_rectangle(Gimp.ChannelOps.REPLACE, 150, 100, 240, 160)
    else:
        Gimp.Selection.none(Open.image)
    Gimp.displays_flush()


def mirror(layer):
    """So that it is no copy any more."""
    Open.image.get_layers()[layer].transform_flip_simple(Gimp.OrientationType.HORIZONTAL, True, 0)
    Gimp.displays_flush()


def repeat():
    """As GIMP's own Repeat: without a window, with the values that it remembers."""
    layers = Open.image.get_layers()[-1:]
    status, message, _ = call("plug-in-fluxdepth-edit", Open.image, layers, run_mode=Gimp.RunMode.WITH_LAST_VALS)
    return {"status": status, "message": message}

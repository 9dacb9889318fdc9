"""Inside windowed GIMP: an image of three layers, and what is selected in it."""

from gi.repository import Gimp
from kit import close_photos, photo


class Open:
    """The image in the window."""

    image = None


def answer(asked):
    return {"open": open_, "choose": choose, "select": select}[asked.pop("what")](**asked)


def open_(selected):
    """From the top: Sky, Sea, Photo; the layers ``selected`` are selected."""
    Open.image, whole = photo(600, 400)
    close_photos()
    for name, place in (("Sea", (60, 220, 300, 150)), ("Sky", (200, 20, 350, 160))):
        layer = whole.copy()
        layer.set_name(name)
        Open.image.insert_layer(layer, None, 0)
        layer.scale(place[2], place[3], False)
        layer.set_offsets(*place[:2])
    Open.image.set_selected_layers([one for one in Open.image.get_layers() if one.get_name() in selected])
    Open.image.clean_all()
    Gimp.Display.new(Open.image)
    Gimp.displays_flush()
    return {}


def choose(layers):
    """Undo and redo choose layers of their own."""
    Open.image.set_selected_layers([one for one in Open.image.get_layers() if one.get_name() in layers])
    Gimp.displays_flush()
    return {}


def select(x, y, width, height):
    """A rectangle of the lowest layer, which alone is selected."""
    Open.image.set_selected_layers([Open.image.get_layers()[-1]])
    Open.image.select_rectangle(Gimp.ChannelOps.REPLACE, x, y, width, height)
    Gimp.displays_flush()
    return {}

"""Inside GIMP: several selected layers as one order, and what is left of it when one fails or all are killed."""

from gi.repository import Gimp
from kit import NORMAL, SETUP, Notes, call, close_photos, edit, layers, photo, pixels, record, stopping, use_service

notes = Notes()
services = SETUP["services"]


def scene():
    """From the top: Small (moved), Group with Inner in it, Photo."""
    image, whole = photo()
    group = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(group, None, 0)
    inner = whole.copy()
    inner.set_name("Inner")
    image.insert_layer(inner, group, 0)
    inner.scale(90, 70, False)
    inner.set_offsets(120, 60)
    small = whole.copy()
    small.set_name("Small")
    image.insert_layer(small, None, 0)
    small.scale(100, 80, False)
    small.set_offsets(20, 30)
    small.set_mode(NORMAL)
    image.set_selected_layers([small, inner, whole])
    return image, small, group, inner, whole


use_service(*services["good"])
image, small, group, inner, whole = scene()
status, message, new = edit(image, [small, inner, whole], variations=2)
(first,) = (one for one in new.get_parent().get_children() if one.get_id() == new.get_id())
notes.add(
    "three",
    status=status,
    message=message,
    layers=layers(image.get_layers()),
    first=[record(first)["settings"]["seed"], *list(first.get_offsets())[1:]],
    same=pixels(new, "R'G'B' u8") == pixels(small, "R'G'B' u8"),
    selected=[one.get_name() for one in image.get_selected_layers()],
)
image.delete()

image, small, group, inner, whole = scene()
status, message, new = edit(image, [group, whole])
notes.add("group", status=status, message=message, layers=layers(image.get_layers()))
image.delete()

image, small, group, inner, whole = scene()
image.select_rectangle(Gimp.ChannelOps.REPLACE, 40, 50, 60, 40)
status, message, new = edit(image, [small, whole], source="selection", selection_context=10)
notes.add("selection", status=status, message=message, layers=layers(image.get_layers()))
status, message, new = edit(image, [inner, whole], source="selection", selection_context=10)
notes.add("outside", status=status, message=message)
image.delete()

use_service(*services["one fails"])
image, small, group, inner, whole = scene()
status, message, new = edit(image, [small, inner, whole])
notes.add("one fails", status=status, message=message, layers=layers(image.get_layers()))
image.delete()

use_service(*services["all fail"])
image, small, group, inner, whole = scene()
status, message, new = edit(image, [small, whole])
notes.add("all fail", status=status, message=message, layers=len(image.get_layers()))
image.delete()

# Repeat has nobody to ask, and five are more than are paid for without a question.
use_service(*services["asked"])
image, whole = photo()
for number in range(4):
    copy = whole.copy()
    copy.set_name(f"Copy {number}")
    image.insert_layer(copy, None, 0)
    copy.set_offsets(number, 0)
for case in ("copies", "asked"):
    status, message, new = call(
        "plug-in-fluxdepth-edit",
        image,
        image.get_layers(),
        run_mode=Gimp.RunMode.WITH_LAST_VALS,
        prompt="Fog far behind",
        variations=4,
        format="png",
    )
    notes.add(case, status=status, message=message, layers=len(image.get_layers()))
    for number, layer in enumerate(image.get_layers()):
        layer.scale(240 - number, 160, False)  # no copies any more
image.delete()

use_service(*services["slow"], "async")
image, small, group, inner, whole = scene()
with stopping("taken", "SIGKILL", count=3):
    edit(image, [small, inner, whole])
killed = layers(image.get_layers())
status, message, new = call("plug-in-fluxdepth-recover", image, [whole])
notes.add("recovered", status=status, message=message, killed=killed, layers=layers(image.get_layers()))
image.delete()

close_photos()

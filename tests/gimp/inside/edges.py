"""Inside GIMP: edits of a selection whose colours change; the test outside looks at edge, centre and mask."""

from gi.repository import Gegl, Gimp
from kit import HOME, SETUP, Notes, call, close_photos, edit, photo, pixels, seen, stopping, use_service

EFFECTS = {"haze": "Haze far behind", "light": "Warm light from one side"}
SIZE = (480, 320)
notes = Notes()
use_service(SETUP["service"], SETUP["key"], "async")
image, layer = photo(*SIZE)
notes.picture("source", seen(image))


def jobs():
    return {path.name for path in (HOME / "jobs").glob("*")}


def edited(case, **values):
    """The whole image with the new layer in it, the new layer alone, and its mask; then it is taken away again."""
    known = jobs()
    selected = pixels(image.get_selection(), "Y u8")
    status, message, new = edit(image, [layer], source="selection", **values)
    told(case, status, message, new, known, pixels(image.get_selection(), "Y u8") == selected)


def told(case, status, message, new, known, same_selection):
    facts = {"status": status, "message": message, "same selection": same_selection, "jobs": sorted(jobs() - known)}
    if new is not None:
        facts["place"] = [*list(new.get_offsets())[1:], new.get_width(), new.get_height()]
        notes.picture(f"{case} seen", seen(image))
        notes.picture(f"{case} layer", pixels(new, "R'G'B' u8"))
        notes.picture(f"{case} mask", pixels(new.get_mask(), "Y u8"))
        image.remove_layer(new)
    notes.add(case, **facts)


def mask_of_selection(x, y, width, height):
    at = Gegl.Rectangle.new(x, y, width, height)
    return bytes(image.get_selection().get_buffer().get(at, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))


def ellipse():
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 120, 80, 240, 160)


def rectangle():
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 120, 80, 240, 160)


for effect, select in (("haze", ellipse), ("light", rectangle)):
    select()
    for match in (False, True):
        edited(f"{effect} {'matched' if match else 'as it came'}", prompt=EFFECTS[effect], match_edge=match)

# Without context the border of what was sent is the edge.
for match in (False, True):
    case = f"no context {'matched' if match else 'as it came'}"
    edited(case, prompt=EFFECTS["light"], match_edge=match, selection_context=0)

# Where all of the layer is selected, there is no edge.
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, *SIZE)
edited("all of it", prompt=EFFECTS["light"])

# A soft edge, as GIMP's own Feather makes it of the selection.
ellipse()
edited("feathered", prompt=EFFECTS["haze"], selection_feather=40, selection_context=50)
place = notes.all["feathered"]["place"]
Gimp.Selection.feather(image, 40)
notes.picture("feathered by GIMP mask", mask_of_selection(*place))

# What is recovered is what would have come.
ellipse()
known = jobs()
with stopping("taken", "SIGKILL"):
    edit(image, [layer], source="selection", prompt=EFFECTS["haze"])
status, message, new = call("plug-in-fluxdepth-recover", image, [layer])
told("recovered", status, message, new, known, True)
image.delete()
close_photos()

"""Inside GIMP: a selection of a photo of 24 megapixels comes back smaller; the test looks at its edge."""

from gi.repository import Gegl, Gimp
from kit import SETUP, Notes, close_photos, edit, photo, record, use_service

SIZE = (6000, 4000)
X, Y, WIDE, HIGH = 1000, 700, 3600, 2500
notes = Notes()
use_service(SETUP["service"], SETUP["key"], "async")
image, layer = photo(*SIZE)
image.select_ellipse(Gimp.ChannelOps.REPLACE, X, Y, WIDE, HIGH)
PARTS = {"left": (X - 100, Y + HIGH // 2), "top": (X + WIDE // 2, Y - 100), "right": (X + WIDE - 500, Y + HIGH // 2)}


def part(name, of):
    place = Gegl.Rectangle.new(*PARTS[name], 600, 600)
    return bytes(of.get_buffer().get(place, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE))


for name in PARTS:
    notes.picture(f"{name} before", part(name, layer))
status, message, new = edit(image, [layer], source="selection", selection_feather=200)
notes.add("edit", status=status, message=message, kept=record(new)["kept"])
seen = Gimp.Layer.new_from_visible(image, image, "seen")
image.insert_layer(seen, None, 0)
for name in PARTS:
    notes.picture(f"{name} after", part(name, seen))
image.delete()
close_photos()

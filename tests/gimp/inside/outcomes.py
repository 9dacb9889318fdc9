"""Inside GIMP: what each way of ending leaves behind. One service per case; the test outside reads the notes."""

from gi.repository import Gegl, Gimp
from kit import SETUP, Notes, call, close_photos, edit, fade, photo, pixels, record, saved, state, tree, use_service

notes = Notes()
services = SETUP["services"]  # name → (address, key)


def failing(case, service, waiting="sync", **values):
    """An edit that must not succeed, and what it changed."""
    use_service(*service, waiting)
    image, layer = photo()
    before = state(image)
    status, message, _ = edit(image, values.pop("drawables", [layer]), **values)
    after = state(image)
    notes.add(case, status=status, message=message, changed=[part for part in before if before[part] != after[part]])
    image.delete()


# Nothing to recover.
use_service(*services["good"])
image, layer = photo()
status, message, new = call("plug-in-fluxdepth-recover", image, [layer])
notes.add("nothing to recover", status=status, message=message, layer=new is not None)
image.delete()

failing("no key", (services["good"][0], None))
failing("wrong key", (services["good"][0], services["nobody"][1]))
failing("no network", services["nobody"])
failing("failure record", services["failure"], waiting="async")
failing("no credits", services["no credits"])
failing("result is no image", services["result is no image"])
failing("empty prompt", services["good"], prompt="  ")
failing("longest side", services["good"], longest_side=100)
failing("no selection", services["good"], source="selection")
failing("no layer", services["good"], drawables=[])

use_service(*services["good"])

# A number out of range and an unknown choice keep the default: GIMP's own convention.
image, layer = photo()
status, message, new = edit(image, [layer], steps=51, format="gif")
notes.add("out of range", status=status, settings=record(new)["settings"])
image.delete()

# Variations.
image, layer = photo()
status, message, new = edit(image, [layer], variations=3, seed=4294967295.0, prompt="Fog\nfar behind " * 20)
group = new.get_parent()
notes.add(
    "variations",
    status=status,
    message=message,
    layers=tree(image.get_layers()),
    seeds=[record(one)["settings"]["seed"] for one in group.get_children()],
    first=group.get_children()[0].get_id() == new.get_id(),
)
image.delete()

# A result as a new image.
image, layer = photo()
image.clean_all()
open_before = {one.get_id() for one in Gimp.get_images()}
status, message, new = edit(image, [layer], result="image")
other = new.get_image()
notes.add(
    "new image",
    status=status,
    source_dirty=image.is_dirty(),
    source_layers=len(image.get_layers()),
    is_new=other.get_id() not in open_before,
    size=[other.get_width(), other.get_height()],
    same=pixels(new, "R'G'B' u8") == pixels(layer, "R'G'B' u8"),
)
other.delete()
image.delete()

# Two of them, from a precise image with a file: like it, not saved, and no name twice: Save would write over the other.
image, layer = photo()
image.convert_precision(Gimp.Precision.U16_NON_LINEAR)
image.set_resolution(120, 72)
image, layer = saved(image, "precise.xcf")
made = [edit(image, [layer], result="image", seed=7)[2].get_image() for _ in range(2)]
notes.add(
    "new images",
    precisions=[one.get_precision().value_nick for one in made],
    resolutions=[list(one.get_resolution())[1:] for one in made],
    dirty=[one.is_dirty() for one in made],
    files=[one.get_file().get_basename() for one in made],
    beside=all(one.get_file().get_parent().equal(image.get_file().get_parent()) for one in made),
)
for one in (*made, image):
    one.delete()

# Down-scaling, with transparency: place and size hold, and no white fringe comes in at the edge of the hole.
image, layer = photo(1200, 800)
dark = Gimp.Layer.new(image, "Dark", 1200, 800, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(dark, None, 0)
buffer = dark.get_buffer()
buffer.set(Gegl.Rectangle.new(0, 0, 1200, 800), "R'G'B'A u8", bytes((20, 20, 20, 0)) * (1200 * 800))
buffer.set(Gegl.Rectangle.new(300, 200, 600, 400), "R'G'B'A u8", bytes((20, 20, 20, 255)) * (600 * 400))
buffer.flush()
status, message, new = edit(image, [dark], longest_side=300)
data = pixels(new)
inside_ = [data[4 * (y * 1200 + x) : 4 * (y * 1200 + x) + 4] for y in range(201, 599, 7) for x in (300, 301, 302, 899)]
notes.add(
    "down-scaled",
    status=status,
    message=message,
    size=[new.get_width(), new.get_height()],
    alpha_same=data[3::4] == pixels(dark)[3::4],
    brightest=max(max(pixel[:3]) for pixel in inside_),
)
image.delete()

# Without transparency when the artist does not want it.
image, layer = photo()
fade(layer)
status, message, new = edit(image, [layer], keep_transparency=False)
notes.add("opaque", status=status, has_alpha=new.has_alpha())
image.delete()

# Another size and aspect, fitted and as it came.
use_service(*services["other size"])
image, layer = photo()
for case, fit in (("fitted inside", True), ("not fitted", False)):
    status, message, new = edit(image, [layer], fit_to_source=fit)
    notes.add(case, status=status, layer=[*new.get_offsets()[1:], new.get_width(), new.get_height()])
image.delete()

# With the last values: one variation, whatever was set.
use_service(*services["good"])
image, layer = photo()
status, message, new = call(
    "plug-in-fluxdepth-edit",
    image,
    [layer],
    run_mode=Gimp.RunMode.WITH_LAST_VALS,
    prompt="Again, far",
    variations=4,
    format="png",
)
notes.add("repeat", status=status, message=message, layers=len(image.get_layers()))
image.delete()

close_photos()

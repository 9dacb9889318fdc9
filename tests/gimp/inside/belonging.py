"""Inside GIMP: edits that were stopped, and into which image Recover brings them."""

from gi.repository import Gimp
from kit import (
    SETUP,
    Notes,
    call,
    close_photos,
    cut_out,
    edit,
    forget_jobs,
    opened,
    photo,
    saved,
    stopping,
    tree,
    use_service,
)

notes = Notes()
use_service(SETUP["service"], SETUP["key"], "async")


def selected(name=None):
    """An image with a transparent layer and a feathered selection, with a file of that name or without any."""
    image, layer = photo(600, 400)
    cut_out(layer)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 100, 80, 300, 200)
    Gimp.Selection.feather(image, 40)
    return saved(image, name) if name else (image, layer)


def recover(case, image, *others, **facts):
    """What Recover brings into ``image``, what it does to the ``others``, and what is open afterwards."""
    before = {one.get_id() for one in Gimp.get_images()}
    untouched = [tree(one.get_layers()) for one in others]
    status, message, new = call("plug-in-fluxdepth-recover", image, image.get_layers()[-1:] if image else ())
    notes.add(
        case,
        status=status,
        message=message,
        came=new is not None,
        layers=tree(image.get_layers()) if image else [],
        others_untouched=untouched == [tree(one.get_layers()) for one in others],
        new_images=[tree(one.get_layers()) for one in Gimp.get_images() if one.get_id() not in before],
        **facts,
    )
    for one in Gimp.get_images():
        if one.get_id() not in before:
            one.delete()


# An edit of photo A that is stopped, and the same one undisturbed.
a, layer = selected("a.xcf")
status, message, new = edit(a, [layer], source="selection")
notes.add("undisturbed", status=status, message=message, layers=tree(a.get_layers()))
a.delete()
forget_jobs()
a, layer = opened("a.xcf")
with stopping():
    status, message, new = edit(a, [layer], source="selection", prompt="Fog far behind")
notes.add("stopped", status=status)
a.delete()

c, _ = selected("c.xcf")
recover("another image is open", c)
a, layer = opened("a.xcf")
recover("its own image is open too", a, c)
recover("again", a, c)
a.delete()

# The layer it was made from has moved into a group, under another layer.
forget_jobs()
a, layer = opened("a.xcf")
with stopping():
    edit(a, [layer], source="layer")
group = Gimp.GroupLayer.new(a, "Group")
a.insert_layer(group, None, 0)
a.reorder_item(layer, group, 0)
layer.set_name("Renamed")
recover("beside its layer", a)
a.delete()

# An image without a file that was closed: it can't be opened any more.
forget_jobs()
n, layer = selected()
notes.add("no file", file=str(n.get_file() or n.get_imported_file()))
with stopping():
    edit(n, [layer], source="selection")
recover("its image without a file is open", n, c)
forget_jobs()
with stopping():
    edit(n, [layer], source="selection")
n.delete()
recover("its image without a file is closed", c)

# A submit that nobody heard the answer of.
forget_jobs()
use_service(SETUP["service"], SETUP["key"], "sync")  # the answer to the submit is the result
with stopping("submitting", "SIGKILL"):
    edit(c, [c.get_layers()[-1]], prompt="Nobody knows of this")
recover("uncertain", c)

# Stopped when one of three is there already.
forget_jobs()
use_service(*SETUP["one at a time"], "async")
with stopping("done"):
    status, message, new = edit(c, [c.get_layers()[-1]], variations=3)
notes.add("stopped in the middle", status=status, message=message, layers=tree(c.get_layers()))
recover("the others", c)
c.delete()
close_photos()

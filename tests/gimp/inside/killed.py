"""Inside GIMP: an edit that GIMP itself does not survive, the same one undisturbed, and what Recover brings back."""

from gi.repository import Gimp
from kit import (
    OUT,
    SETUP,
    Notes,
    call,
    close_photos,
    cut_out,
    edit,
    forget_jobs,
    opened,
    photo,
    pixels,
    saved,
    stopping,
    tree,
    use_service,
)

notes = Notes()
use_service(SETUP["service"], SETUP["key"], "async")
width, height = SETUP["size"]


def facts(image, name):
    """The new layer's pixels are in a file: they are compared, and not only their checksum."""
    (OUT / name).write_bytes(pixels(image.get_layers()[0]))
    new, *rest = tree(image.get_layers())
    del new["pixels"]
    return {"new": new, "rest": rest}


if SETUP["part"] == "killed":
    image, layer = photo(width, height)
    cut_out(layer)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, width // 6, height // 6, width // 2, height // 2)
    Gimp.Selection.feather(image, width // 10)
    image, layer = saved(image, "photo.xcf")
    close_photos()
    status, message, _ = edit(image, [layer], source="selection", upload_format="png")
    notes.add("undisturbed", status=status, message=message, **facts(image, "undisturbed"))
    image.delete()
    forget_jobs()
    image, layer = opened("photo.xcf")
    with stopping(signal="SIGKILL", target="gimp"):
        edit(image, [layer], source="selection", upload_format="png")
else:
    image, _ = opened("photo.xcf")
    status, message, _ = call("plug-in-fluxdepth-recover", image, image.get_layers())
    notes.add("recovered", status=status, message=message, **facts(image, "recovered"))
    image.delete()

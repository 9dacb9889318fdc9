"""Inside GIMP: edits of pictures that carry something besides bytes, Recover, and all that is to be seen afterwards."""

import time

from gi.repository import Gimp, Gio
from kit import OUT, call, close_photos, edit, fade, opened, photo, pixels, saved, state, temporary_files, tree

# Kind of picture → what the edit is asked for.
KINDS = {
    "plain": {},
    "feathered selection": {"source": "selection"},
    "transparent layer": {},
    "one of three variations failed": {"variations": 3},
    "new image": {"result": "image"},
    "half a JPEG": {"format": "jpg", "upload_format": "png"},
    # Sent without loss: what a JPEG loses depends on the conversions that babl takes, and those on how fast they were.
    "feathered selection, 24 megapixels": {"source": "selection", "upload_format": "png"},
}


def answer(asked):
    return globals()[f"_{asked.pop('what')}"](**asked)


def _open(kind, folder=""):
    """Open the file of that kind, which is made when there is none; ``folder`` is another place for it, in OUT."""
    name = f"{folder}{kind}.xcf"
    if not (OUT / name).exists():
        (OUT / name).parent.mkdir(exist_ok=True)
        _make(kind, name)
    else:
        opened(name)
    return {}


def _make(kind, name):
    big = "megapixels" in kind
    image, layer = photo(*((6000, 4000) if big else (240, 160)))
    if not big and kind != "plain":
        fade(layer)
    if "selection" in kind:
        width, height = image.get_width(), image.get_height()
        image.select_ellipse(Gimp.ChannelOps.REPLACE, width // 6, height // 6, width // 2, height // 2)
        Gimp.Selection.feather(image, width // 10)
    saved(image, name)
    close_photos()


def _edit(kind, **values):
    """The edit of the open image, to its end; ``changed`` is what is another than before."""
    image = Gimp.get_images()[0]
    before = state(image)
    started = time.monotonic()
    status, message, _ = edit(image, [image.get_layers()[-1]], **KINDS[kind], **values)
    seconds = time.monotonic() - started
    after = state(image) if image.is_valid() else {}
    return {
        "status": status,
        "message": message,
        "seconds": seconds,
        "changed": [part for part in before if before[part] != after.get(part)],
    }


def _recover():
    image = next(iter(Gimp.get_images()), None)
    status, message, layer = call("plug-in-fluxdepth-recover", image, image.get_layers()[:1] if image else ())
    return {"status": status, "message": message, "came": layer is not None}


def _look(name):
    """Every image that an artist would see; the pixels of the layers are in OUT/``name``-N.rgba, in their order."""
    images, count = [], 0
    # A killed plug-in leaves its scratch images, which have none.
    seen = [image for image in Gimp.get_images() if image.get_file()]
    for image in sorted(seen, key=lambda one: one.get_id()):
        for layer in _flat(image.get_layers()):
            (OUT / f"{name}-{count}.rgba").write_bytes(pixels(layer))
            count += 1
        layers = tree(image.get_layers())
        for layer in layers:
            _without_pixels(layer)
        images.append({"file": image.get_file().get_basename(), "layers": layers})
    return {"images": images, "count": count, "temporary": temporary_files()}


def _without_pixels(layer):
    del layer["pixels"]
    for child in layer["children"]:
        _without_pixels(child)


def _flat(layers):
    for layer in layers:
        if layer.is_group():
            yield from _flat(layer.get_children())
        else:
            yield layer


def _save(name):
    """Write the first image as OUT/``name``, with what has come into it."""
    file = Gio.File.new_for_path(str(OUT / name))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, Gimp.get_images()[0], file, None)
    return {}


def _close():
    """Everything, also what a killed plug-in has left in GIMP."""
    for image in Gimp.get_images():
        image.delete()
    return {}

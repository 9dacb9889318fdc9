"""Runs inside GIMP's batch interpreter: pictures to edit, the call of the procedure, and notes of what came of it.

Standard library and GIMP alone. The test outside passes a JSON file in FLUXDEPTH_TEST and reads the notes.
"""

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

from gi.repository import Gegl, Gimp, Gio

Gegl.init(None)
SETUP = json.loads(Path(os.environ["FLUXDEPTH_TEST"]).read_text("utf-8"))
OUT = Path(SETUP["out"])
HOME = Path(os.environ["FLUXDEPTH_HOME"])
PDB = Gimp.get_pdb()
NORMAL = Gimp.LayerMode.NORMAL
RGBA = "R'G'B'A u8"


def use_service(address, key, waiting="sync"):
    """From now on edits go there; the plug-in reads its settings anew for each."""
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "settings.json").write_text(json.dumps({"service_address": address, "waiting": waiting}))
    if key is None:
        (HOME / "key").unlink(missing_ok=True)
    else:
        (HOME / "key").write_text(key)


def call(name, image=None, drawables=(), run_mode=Gimp.RunMode.NONINTERACTIVE, **values):
    """Run a procedure of ours. Returns (status name, message, layer or None)."""
    procedure = PDB.lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", run_mode)
    if image is not None:
        config.set_property("image", image)
    if drawables:
        config.set_core_object_array("drawables", list(drawables))
    for key, value in values.items():
        config.set_property(key.replace("_", "-"), value)
    reply = procedure.run(config)
    status = reply.index(0).value_nick
    layer = reply.index(1) if status == "success" and reply.length() > 1 else None
    return status, "" if status == "success" else PDB.get_last_error(), layer


def edit(image, drawables=(), **values):
    values = {"prompt": "Fog far behind", "format": "png", **values}
    return call("plug-in-fluxdepth-edit", image, drawables, **values)


@contextmanager
def stopping(state="taken", signal="SIGTERM", target="plug-in", count=1):
    """What is edited in this block is sent ``signal`` as soon as the journal says ``state`` of ``count`` jobs."""
    script = Path(__file__).with_name("stopper.py")
    stopper = subprocess.Popen(["python3", script, HOME, state, signal, target, str(count)], stdout=subprocess.PIPE)
    stopper.stdout.readline()
    yield
    assert stopper.wait(60) == 0


_photos = {}


def photo(width=240, height=160):
    """A real photograph of that size, as an image with one layer named Photo."""
    if (width, height) not in _photos:
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(SETUP["photo"]))
        image.scale(width, height)
        image.get_layers()[0].set_name("Photo")
        _photos[width, height] = image
    image = _photos[width, height].duplicate()
    image.clean_all()
    return image, image.get_layers()[0]


def close_photos():
    """Before the end of the script: GIMP complains about images that were left."""
    while _photos:
        _photos.popitem()[1].delete()


def pixels(drawable, pixel=RGBA):
    rectangle = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    return bytes(drawable.get_buffer().get(rectangle, 1.0, pixel, Gegl.AbyssPolicy.NONE))


def paint(drawable, function, pixel="Y u8"):
    """Set each pixel of a one-byte drawable to ``function(x, y)``."""
    width, height = drawable.get_width(), drawable.get_height()
    data = bytes(function(x, y) for y in range(height) for x in range(width))
    buffer = drawable.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), pixel, data)
    buffer.flush()
    drawable.update(0, 0, width, height)


def fade(layer):
    """Give the layer a transparency that runs from left to right, with a hole in it."""
    layer.add_alpha()
    width, height = layer.get_width(), layer.get_height()
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    paint(mask, lambda x, y: 0 if (x - 60) ** 2 + (y - 60) ** 2 < 900 else min(255, x * 255 * 2 // width))
    layer.remove_mask(Gimp.MaskApplyMode.APPLY)
    assert (layer.get_width(), layer.get_height()) == (width, height)


def cut_out(layer):
    """Give the layer a transparency of noise: no compression makes that small."""
    layer.add_alpha()
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    width, height = layer.get_width(), layer.get_height()
    buffer = mask.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), "Y u8", os.urandom(width * height))
    buffer.flush()
    mask.update(0, 0, width, height)
    layer.remove_mask(Gimp.MaskApplyMode.APPLY)


def saved(image, name):
    """Write the image as OUT/``name``, close it, and open it from there: it has a file then."""
    file = Gio.File.new_for_path(str(OUT / name))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
    image.delete()
    return opened(name)


def opened(name):
    """OUT/``name`` and its lowest layer."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(OUT / name)))
    return image, image.get_layers()[-1]


def forget_jobs():
    shutil.rmtree(HOME / "jobs", ignore_errors=True)


def seen(image, layer=None):
    """What the artist sees, RGBA 8-bit sRGB: the whole image, or one layer alone in its rectangle at full opacity."""
    copy = image.duplicate()
    try:
        if layer is not None:
            alone = _same(copy, image, layer)
            copy.reorder_item(alone, None, 0)
            for other in copy.get_layers():
                if other.get_id() != alone.get_id():
                    copy.remove_layer(other)
            alone.set_visible(True)
            alone.set_opacity(100)
            alone.set_mode(NORMAL)
            _, x, y = alone.get_offsets()
            copy.resize(alone.get_width(), alone.get_height(), -x, -y)
        flat = Gimp.Layer.new_from_visible(copy, copy, "seen")
        copy.insert_layer(flat, None, 0)
        return pixels(flat)
    finally:
        copy.delete()


def _same(copy, image, layer):
    path = []
    while layer is not None:
        path.insert(0, image.get_item_position(layer))
        layer = layer.get_parent()
    found = copy.get_layers()[path[0]]
    for position in path[1:]:
        found = found.get_children()[position]
    return found


def state(image):
    """All that an edit must leave alone when it does not succeed."""
    return {
        "layers": tree(image.get_layers()),
        "selected": [layer.get_name() for layer in image.get_selected_layers()],
        "selection": list(Gimp.Selection.bounds(image))[1:],
        "selection pixels": hashlib.sha256(pixels(image.get_selection(), "Y u8")).hexdigest(),
        "channels": len(image.get_channels()),
        "dirty": image.is_dirty(),
        "images": len(Gimp.get_images()),
        "background": str(Gimp.context_get_background().get_rgba()),
        "interpolation": Gimp.context_get_interpolation().value_nick,
        "temporary files": temporary_files(),
    }


def tree(layers):
    return [
        {
            "name": layer.get_name(),
            "offsets": list(layer.get_offsets())[1:],
            "size": [layer.get_width(), layer.get_height()],
            "visible": layer.get_visible(),
            "pixels": hashlib.sha256(pixels(layer)).hexdigest(),
            "mask": hashlib.sha256(pixels(layer.get_mask(), "Y u8")).hexdigest() if layer.get_mask() else None,
            "children": tree(layer.get_children()) if layer.is_group() else [],
        }
        for layer in layers
    ]


def temporary_files():
    folders = {tempfile.gettempdir(), Gimp.temp_directory()}
    names = (path.name for folder in folders for path in Path(folder).iterdir())
    return sorted(name for name in names if name.startswith("fluxdepth-picture"))


class Notes:
    """What the test outside reads: JSON by name, pictures as raw files."""

    def __init__(self):
        self.all = {}

    def add(self, case, **facts):
        self.all[case] = facts
        (OUT / "notes.json").write_text(json.dumps(self.all))

    @staticmethod
    def picture(name, data):
        (OUT / f"{name}.rgba").write_bytes(data)


def answer_what_was_asked():
    """Answer what the test has asked the module that SETUP["answers"] names; at once when it has asked nothing."""
    file = OUT / "asked.json"
    if file.exists():
        asked = json.loads(file.read_text())
        file.unlink()
        try:
            reply = importlib.import_module(SETUP["answers"]).answer(asked)
        except Exception:  # noqa: BLE001  the test fails with it
            reply = {"failed": traceback.format_exc()}
        write("answer.json", reply)


def write(name, content):
    """OUT/``name``, whole at once."""
    half = OUT / f".{name}"
    half.write_text(json.dumps(content))
    half.rename(OUT / name)


def wait_for_file(path, timeout=60):
    """Wait for a sign of the test outside."""
    deadline = time.monotonic() + timeout
    while not Path(path).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.05)


def record(layer):
    parasite = layer.get_parasite("fluxdepth-edit")
    return json.loads(bytes(parasite.get_data()).decode("ascii")) if parasite else None


def layers(parent):
    """What there is to be said about each layer."""
    return [
        {
            "name": layer.get_name(),
            "visible": layer.get_visible(),
            "settings": (record(layer) or {}).get("settings"),
            "place": [*list(layer.get_offsets())[1:], layer.get_width(), layer.get_height()],
            "mask": layer.get_mask() is not None,
            "children": layers(layer.get_children()) if layer.is_group() else [],
        }
        for layer in parent
    ]

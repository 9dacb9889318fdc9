"""Inside GIMP: single rooms of the plug-in, for what no way through the procedures can bring about."""

import base64
import sys
import traceback
import zlib
from pathlib import Path
from types import SimpleNamespace

from gi.repository import Gegl, Gimp
from kit import SETUP, Notes, close_photos, paint, photo, pixels, tree

sys.path.insert(0, SETUP["plug_in"])
import arguments
from pixels import coverage as coverage_module, scaling
from pixels.coverage import SELECTION, Coverage
from pixels.insert import Companions, insert
from pixels.place import Place
from pixels.preview import preview
from pixels.scratch import scratch_image
from pixels.source import find_sources

from shared.errors import FluxDepthError
from shared.model.edit import DepthEdit
from shared.pictures.encoded import sniff

notes = Notes()
notes.add("kept in a preset", names=[one.name for one in arguments.KEPT])
coverage_module.STRIP_PIXELS = 7 * 61  # several strips, the last one shorter
scaling.STRIP_BYTES = 7 * 61 * 256


def values(coverage):
    return b"".join(data for _, data in coverage.strips())


image, layer = photo(61, 50)
mask = layer.create_mask(Gimp.AddMaskType.WHITE)
layer.add_mask(mask)
paint(mask, lambda x, y: (x * y) % 256)
ours = Coverage.read(mask, SELECTION)
same = pixels(mask, "Y u8")
(Path(SETUP["out"]) / "ours.png").write_bytes(ours.png)
notes.add(
    "coverage",
    read=values(ours) == same,
    from_ours=values(Coverage.from_png(ours.png)) == same,
    is_ours=Coverage.from_png(ours.png).png == ours.png,
    from_theirs={
        name: list(values(Coverage.from_png(Path(file).read_bytes()))) for name, file in SETUP["theirs"].items()
    },
)

# What version 1 of the journal held.
strips = [zlib.compress(data, 1) for _, data in ours.strips()]
version_1 = {"width": 61, "height": 50, "strips": [base64.b64encode(one).decode("ascii") for one in strips]}
notes.add(
    "version 1", same=values(Coverage.from_version_1(version_1)) == same, none=Coverage.from_version_1(None) is None
)

broken = {}
for name, data in {"half": ours.png[: len(ours.png) // 2], "text": b"no picture", "nothing": b""}.items():
    try:
        Coverage.from_png(data)
    except ValueError as exc:
        broken[name] = str(exc)
notes.add("broken", **broken)
image.delete()


def corner(width, height, edge, see_through):
    """White up to ``edge`` from the right and from below; beyond it black, or transparent black."""
    image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    layer = Gimp.Layer.new(image, "Corner", width, height, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    beyond = b"\0\0\0\0" if see_through else b"\0\0\0\xff"
    white = b"\xff\xff\xff\xff" * (width - edge) + beyond * edge
    buffer = layer.get_buffer()
    data = white * (height - edge) + beyond * width * edge
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), "R'G'B'A u8", data)
    buffer.flush()
    return image, layer


for name, (size, small, edge) in SETUP["scaled"].items():
    for see_through in (False, True):
        image, layer = corner(*size, edge, see_through)
        with scratch_image(*small) as scratch:
            kind = Gimp.ImageType.RGBA_IMAGE if see_through else Gimp.ImageType.RGB_IMAGE
            target = Gimp.Layer.new(scratch, "small", *small, kind, 100, Gimp.LayerMode.NORMAL)
            scratch.insert_layer(target, None, 0)
            pixel = "R'G'B'A u8" if see_through else "R'G'B' u8"
            scaling.fill(target, scaling.read_scaled(layer, tuple(small), pixel, pixel, see_through))
            notes.picture(f"{name} {see_through}", pixels(target))
        image.delete()

# What will be sent, small: the left half is gray, the right half transparent.
kinds = {
    "gray": (Gimp.ImageBaseType.GRAY, Gimp.ImageType.GRAYA_IMAGE),
    "colour": (Gimp.ImageBaseType.RGB, Gimp.ImageType.RGBA_IMAGE),
}
precisions = {
    "8": Gimp.Precision.U8_NON_LINEAR,
    "16": Gimp.Precision.U16_NON_LINEAR,
    "16 linear": Gimp.Precision.U16_LINEAR,
    "half": Gimp.Precision.HALF_LINEAR,
    "float": Gimp.Precision.FLOAT_LINEAR,
    "double": Gimp.Precision.DOUBLE_PERCEPTUAL,
}
for name, (base, kind), bits in ((*one, bits) for one in kinds.items() for bits in precisions):
    image = Gimp.Image.new_with_precision(400, 200, base, precisions[bits])
    layer = Gimp.Layer.new(image, "half", 400, 200, kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    half = Gegl.Rectangle.new(0, 0, 200, 200)
    layer.get_buffer().set(half, "Y'A u8", bytes((180, 255)) * (200 * 200))
    layer.update(0, 0, 400, 200)
    for chosen in ("layer", "visible"):
        (source,) = find_sources(image, [layer], chosen)
        small = preview(source, 100)
        shown, each = small.get_pixels(), small.get_n_channels()
        row = 25 * small.get_rowstride()
        left, right = (list(shown[row + each * x : row + each * x + 3]) for x in (25, 75))
        notes.add(
            f"preview {name} {bits} {chosen}", size=[small.get_width(), small.get_height()], left=left, right=right
        )
    image.delete()

# GIMP refuses the new layer, and says so by False alone.
image, layer = photo()
result = SimpleNamespace(
    image=sniff(Path(SETUP["photo"]).read_bytes()),
    edit=DepthEdit.checked({"prompt": "Fog far behind"}),
    record=lambda: {"job": "none", "index": 0},
)
place = Place("layer", 0, 0, 240, 160, fit=True, new_image=False, layer_name="Photo")
before = tree(image.get_layers())
really = Gimp.Image.insert_layer
for number, case in ((1, "refused"), (2, "refused in a group")):
    Gimp.Image.insert_layer = lambda self, *rest: False if self.get_id() == image.get_id() else really(self, *rest)
    try:
        insert([result] * number, place, Companions(), image)
        notes.add(case, message="", billed="", same=False)
    except FluxDepthError as exc:
        notes.add(case, message=str(exc), billed=exc.billed.value, same=before == tree(image.get_layers()))
    except Exception:  # noqa: BLE001  the test outside fails with it
        notes.add(case, message=traceback.format_exc(), billed="", same=False)
    finally:
        Gimp.Image.insert_layer = really
image.delete()
close_photos()

"""Inside GIMP: the source's detail put back into smaller results by GEGL; the test outside does the same by numpy."""

import sys
import time
from pathlib import Path

from gi.repository import Gimp, Gio
from kit import SETUP, Notes, call, close_photos, edit, layers, photo, pixels, record, seen, stopping, use_service

sys.path.insert(0, SETUP["plug_in"])
from pixels import coverage
from pixels.export import export
from pixels.result import detail, edge
from pixels.source import find_sources

from shared.pictures import encoded

notes = Notes()
for name, case in SETUP["cases"].items():
    coverage.STRIP_PIXELS = case["strip"]
    folder = Path(SETUP["pictures"])
    came, source, sent = (
        Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(folder / f"{name}.{what}.png")))
        for what in ("came", "source", "sent")
    )
    wanted = detail.Wanted(case["strength"], case["grain"])
    began = time.monotonic()
    layer, share = detail.kept(came.get_layers()[0], source.get_layers()[0], edge.pixels_of(sent), wanted, came)
    notes.add(name, share=share, seconds=time.monotonic() - began)
    notes.picture(name, pixels(layer, "R'G'B' u8"))
    for image in (came, source, sent):
        image.delete()

# The file of the source, joined of strips, of all kinds of layers.
longest = encoded._LONGEST
assigned = Gimp.ColorProfile.new_from_icc_profile(Path(SETUP["table"]).read_bytes())
WAY = {"longest_side": 256, "upload_format": "png", "keep_transparency": True, "keep_detail": True}
for kind, convert in (
    ("plain", lambda image, layer: None),
    ("gray", lambda image, layer: image.convert_grayscale()),
    ("16-bit", lambda image, layer: image.convert_precision(Gimp.Precision.U16_NON_LINEAR)),
    ("alpha", lambda image, layer: image.select_ellipse(Gimp.ChannelOps.REPLACE, 50, 60, 400, 300)),
    ("table", lambda image, layer: image.set_color_profile(assigned)),
):
    image, layer = photo(*SETUP["size"])
    convert(image, layer)
    if kind == "alpha":
        layer.add_alpha()
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    (source,) = find_sources(image, [layer], "layer")
    for name, most in (("strips", 75 * 5), ("whole", longest)):
        encoded._LONGEST = most
        outgoing = export(source, **WAY)
        (Path(SETUP["out"]) / f"{kind} {name}.jpg").write_bytes(outgoing.source.read())
        (Path(SETUP["out"]) / f"{kind} sent.png").write_bytes(outgoing.picture.data)
    encoded._LONGEST = longest
    image.delete()

# Every way of arrival, of a photo that is sent smaller.
coverage.STRIP_PIXELS = 2 * 1024 * 1024
use_service(SETUP["service"], SETUP["key"], "async")
SMALL = {"longest_side": 256}
image, layer = photo(*SETUP["size"])
notes.picture("the photo", pixels(layer, "R'G'B' u8"))


def arrived(case, status, message, new):
    facts = {"status": status, "message": message}
    if new is not None:
        facts |= {"size": [new.get_width(), new.get_height()], "place": list(new.get_offsets())[1:]}
        facts |= {"kept": record(new).get("kept"), "alpha": new.has_alpha()}
        notes.picture(case, pixels(new, "R'G'B' u8"))
        notes.picture(f"{case} seen", seen(new.get_image()))
        if new.get_image().get_id() == image.get_id():
            image.remove_layer(new)
        else:
            new.get_image().delete()
    notes.add(case, **facts)


arrived("first", *edit(image, [layer], **SMALL))
arrived("without", *edit(image, [layer], keep_detail=False, **SMALL))
arrived("not fitted", *edit(image, [layer], fit_to_source=False, **SMALL))
arrived("new image", *edit(image, [layer], result="image", **SMALL))
arrived("half", *edit(image, [layer], detail_strength=50, **SMALL))
arrived("grain", *edit(image, [layer], grain=100, **SMALL))
status, message, new = edit(image, [layer], detail_as="layer", variations=2, **SMALL)
notes.add("apart", status=status, message=message, layers=layers(image.get_layers()))
for name, one in zip(("detailed", "plain"), image.get_layers()[0].get_children(), strict=False):
    notes.picture(f"apart {name}", pixels(one, "R'G'B' u8"))
image.remove_layer(image.get_layers()[0])
with stopping("taken", "SIGKILL"):
    edit(image, [layer], **SMALL)
image.get_layers()[0].set_offsets(0, 0)
arrived("recovered", *call("plug-in-fluxdepth-recover", image, [layer]))
image.select_ellipse(Gimp.ChannelOps.REPLACE, 150, 100, 300, 200)
arrived("selection", *edit(image, [layer], source="selection", selection_feather=40, **SMALL))
image.delete()

# What other kinds of images keep of it.
GENERATE, INTENT = Gimp.ConvertPaletteType.GENERATE, Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC
for kind, convert in (
    ("gray", lambda one: one.convert_grayscale()),
    ("indexed", lambda one: one.convert_indexed(Gimp.ConvertDitherType.NONE, GENERATE, 255, False, False, "")),
    ("linear float", lambda one: one.convert_precision(Gimp.Precision.FLOAT_LINEAR)),
    ("AdobeRGB", lambda one: one.convert_color_profile(Gimp.ColorProfile.new_rgb_adobe(), INTENT, True)),
):
    image, layer = photo(*SETUP["size"])
    convert(image)
    notes.picture(f"{kind} source", pixels(layer, "R'G'B' u8"))
    arrived(kind, *edit(image, [layer], result="image", **SMALL))
    image.delete()

image, layer = photo(*SETUP["size"])
layer.add_alpha()
mask = layer.create_mask(Gimp.AddMaskType.WHITE)
layer.add_mask(mask)
image.select_ellipse(Gimp.ChannelOps.REPLACE, 150, 100, 300, 200)
Gimp.Selection.feather(image, 60)
layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
layer.remove_mask(Gimp.MaskApplyMode.APPLY)
Gimp.Selection.none(image)
notes.picture("see-through source", pixels(layer))
status, message, new = edit(image, [layer], **SMALL)
notes.add("see-through", status=status, message=message)
notes.picture("see-through", pixels(new))
image.delete()
close_photos()

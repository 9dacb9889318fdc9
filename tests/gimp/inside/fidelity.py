"""Inside GIMP: every kind of image and layer goes through an edit that changes nothing, and is compared outside."""

import traceback

from gi.repository import Gegl, Gimp
from kit import SETUP, Notes, close_photos, edit, fade, paint, photo, pixels, record, seen, state, use_service


def rgb8():
    return photo()


def precision(value):
    def make():
        image, layer = photo()
        image.convert_precision(value)
        return image, layer

    return make


def gray():
    image, layer = photo()
    image.convert_grayscale()
    return image, layer


def gray_alpha():
    image, layer = gray()
    fade(layer)
    return image, layer


def indexed():
    image, layer = photo()
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 64, False, False, "")
    return image, layer


def indexed_alpha():
    image, layer = photo()
    fade(layer)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 64, False, False, "")
    return image, layer


def adobe():
    image, layer = photo()
    image.convert_color_profile(
        Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
    )
    return image, layer


def alpha():
    image, layer = photo()
    fade(layer)
    return image, layer


def float_alpha():
    image, layer = alpha()
    image.convert_precision(Gimp.Precision.FLOAT_LINEAR)
    return image, layer


def mask():
    image, layer = photo()
    one = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(one)
    paint(one, lambda x, y: min(255, y * 2))
    return image, layer


def mask_being_edited():
    image, layer = mask()
    return image, layer.get_mask()


def offsets():
    image, layer = photo()
    layer.scale(120, 90, False)
    layer.set_offsets(37, 41)
    return image, layer


def larger_than_canvas():
    image, layer = photo()
    image.resize(150, 100, -31, -17)
    return image, layer


def group():
    image, layer = photo()
    group = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(group, None, 0)
    copy = layer.copy()
    image.insert_layer(copy, group, 0)
    copy.scale(100, 80, False)
    copy.set_offsets(11, 13)
    dot = Gimp.Layer.new(image, "Dot", 40, 30, Gimp.ImageType.RGBA_IMAGE, 60, Gimp.LayerMode.MULTIPLY)
    dot.fill(Gimp.FillType.WHITE)
    image.insert_layer(dot, group, 0)
    dot.set_offsets(90, 20)
    return image, group


def inside_group():
    image, layer = photo()
    group = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    return image, layer


def text():
    image, _ = photo()
    layer = Gimp.TextLayer.new(image, "Depth", Gimp.context_get_font(), 40, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    layer.set_offsets(20, 30)
    return image, layer


def filtered():
    image, layer = photo()
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", "Invert"))
    return image, layer


def opacity_and_mode():
    image, layer = photo()
    layer.add_alpha()
    layer.set_opacity(40)
    layer.set_mode(Gimp.LayerMode.MULTIPLY)
    layer.set_visible(False)
    return image, layer


def rectangle():
    image, layer = photo()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 50, 80, 60)
    return image, layer


def feathered():
    image, layer = photo()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 60, 50, 100, 80)
    Gimp.Selection.feather(image, 12)
    return image, layer


def composite():
    image, layer = photo()
    top = layer.copy()
    image.insert_layer(top, None, 0)
    top.set_mode(Gimp.LayerMode.SCREEN)
    top.set_opacity(55)
    top.scale(100, 100, False)
    image.resize(260, 180, 10, 10)  # a transparent frame
    return image, layer


def odd_sizes():
    return photo(97, 61)


# name → (maker, values, what is compared: the layer alone or the whole image)
CASES = {
    "RGB 8-bit": (rgb8, {}),
    "RGB 16-bit": (precision(Gimp.Precision.U16_NON_LINEAR), {}),
    "RGB 32-bit float linear": (precision(Gimp.Precision.FLOAT_LINEAR), {}),
    "GRAY": (gray, {}),
    "GRAY with alpha": (gray_alpha, {}),
    "INDEXED": (indexed, {}),
    "INDEXED with alpha": (indexed_alpha, {}),
    "AdobeRGB": (adobe, {}),
    "alpha": (alpha, {}),
    "float with alpha": (float_alpha, {}),
    "layer mask": (mask, {}),
    "mask being edited": (mask_being_edited, {}),
    "offsets": (offsets, {}),
    "larger than the canvas": (larger_than_canvas, {}),
    "layer group": (group, {}),
    "inside a group": (inside_group, {}),
    "text layer": (text, {}),
    "non-destructive filter": (filtered, {}),
    "opacity and mode": (opacity_and_mode, {}),
    "odd sizes": (odd_sizes, {}),
    "rectangular selection": (rectangle, {"source": "selection"}),
    "feathered selection": (feathered, {"source": "selection"}),
    "visible": (composite, {"source": "visible"}),
    "sent as JPEG": (rgb8, {"upload_format": "jpg"}),
    "sent as WebP": (rgb8, {"upload_format": "webp"}),
}

notes = Notes()
use_service(SETUP["echo"], SETUP["key"])
for name, (make, values) in CASES.items():
    if SETUP["only"] and name not in SETUP["only"]:
        continue
    image, drawable = make()
    source = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
    try:
        whole = values.get("source", "layer") != "layer"
        image.clean_all()
        before, looked = state(image), seen(image, None if whole else source)
        position = 0 if values.get("source") == "visible" else image.get_item_position(source)
        status, message, layer = edit(image, [drawable], **values)
        facts = {"status": status, "message": message}
        if layer is not None:
            selection = image.get_selection()
            _, x, y = layer.get_offsets()
            rectangle_ = Gegl.Rectangle.new(x, y, layer.get_width(), layer.get_height())
            chosen = bytes(selection.get_buffer().get(rectangle_, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))
            facts |= {
                "source": [*source.get_offsets()[1:], source.get_width(), source.get_height()],
                "canvas": [image.get_width(), image.get_height()],
                "layer": [x, y, layer.get_width(), layer.get_height()],
                "name": layer.get_name(),
                "position": image.get_item_position(layer),
                "expected position": position,
                "same parent": values.get("source") == "visible"
                or (layer.get_parent() and layer.get_parent().get_id())
                == (source.get_parent() and source.get_parent().get_id()),
                "record": record(layer),
                "mask is the selection": bool(layer.get_mask()) and pixels(layer.get_mask(), "Y u8") == chosen,
                "has mask": bool(layer.get_mask()),
                "has alpha": layer.has_alpha(),
            }
            notes.picture(f"{name}.before", looked)
            notes.picture(f"{name}.after", seen(image, None if whole else layer))
            image.remove_layer(layer)
            image.set_selected_layers([image.get_layer_by_name(one) for one in before["selected"]])
            after = state(image)
            before["dirty"] = after["dirty"]  # it was changed and changed back
            facts["changed"] = [key for key in before if before[key] != after[key]]
        notes.add(name, **facts)
    except Exception:  # noqa: BLE001  the other cases still run; the test outside fails with this one's traceback
        notes.add(name, status="exception", message=traceback.format_exc())
    finally:
        image.delete()
close_photos()

"""Inside windowed GIMP: brings one kind of image after another onto the canvas, and sends it when it is told to."""

from pathlib import Path

from gi.repository import Gegl, Gimp, Gio
from kit import HOME, NORMAL, SETUP, cut_out, edit, fade, layers, paint

PROFILES = {
    "srgb": Gimp.ColorProfile.new_rgb_srgb,
    "srgb_linear": Gimp.ColorProfile.new_rgb_srgb_linear,
    "adobe": Gimp.ColorProfile.new_rgb_adobe,
    "gray_srgb": Gimp.ColorProfile.new_d65_gray_srgb_trc,
    "gray_linear": Gimp.ColorProfile.new_d65_gray_linear,
    "gray_lab": Gimp.ColorProfile.new_d50_gray_lab_trc,
}
RELATIVE = Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC


def answer(asked):
    known = {"open": open_, "send": send, "alone": alone, "select": select, "look": look, "close": close}
    return known[asked.pop("what")](**asked)


class Canvas:
    """The image in the window, and the layer that is selected in it."""

    image = layer = display = None


# What the test asks for.


def open_(picture, steps):
    """Make the kind, show it without a selection, and tell the size of the canvas."""
    Canvas.image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(picture))
    (Canvas.layer,) = Canvas.image.get_layers()
    Canvas.layer.set_name("Photo")
    for name, *values in steps:
        STEPS[name](*values)
    Canvas.image.set_selected_layers([Canvas.layer])
    Canvas.image.clean_all()
    Canvas.display = Gimp.Display.new(Canvas.image)
    Gimp.displays_flush()
    return {"size": [Canvas.image.get_width(), Canvas.image.get_height()]}


def send(sources, values, change=None):
    """Send the image by each of the sources; what comes back is an image of its own, so that this one stays as it is.

    ``change`` is a step that is done before.
    """
    image, layer = Canvas.image, Canvas.layer
    jobs = HOME / "jobs"
    sent = {}
    if change:
        STEPS[change]()
    for source in sources:
        known = set(jobs.iterdir()) if jobs.exists() else set()
        if source == "selection" and not change:
            select()
        status, message, new = edit(
            image,
            image.get_selected_layers() if change else [layer],
            **{"upload_format": "png", "result": "image", "source": source, **values},
        )
        if new is not None:
            new.get_image().delete()
        if not change:
            Gimp.Selection.none(image)
        made = [path.name for path in (jobs.iterdir() if jobs.exists() else ()) if path not in known]
        sent[source] = {"status": status, "message": message, "jobs": made}
    return sent


def select():
    """A soft ellipse in the middle of the part of the layer that is on the canvas."""
    image, layer = Canvas.image, Canvas.layer
    _, x, y = layer.get_offsets()
    left, top = max(0, x), max(0, y)
    width = min(image.get_width(), x + layer.get_width()) - left
    height = min(image.get_height(), y + layer.get_height()) - top
    image.select_ellipse(Gimp.ChannelOps.REPLACE, left + width // 5, top + height // 5, 3 * width // 5, 3 * height // 5)
    Gimp.Selection.feather(image, 9)
    return {}


def alone():
    """Show the layer's own content alone: nothing else, at full opacity in normal mode, the canvas as large as it."""
    image, layer = Canvas.image, Canvas.layer
    image.reorder_item(layer, None, 0)
    for other in image.get_layers():
        other.set_visible(other.get_id() == layer.get_id())
    for channel in image.get_channels():
        channel.set_visible(False)
    layer.set_opacity(100)
    layer.set_mode(NORMAL)
    _, x, y = layer.get_offsets()
    image.resize(layer.get_width(), layer.get_height(), -x, -y)
    Gimp.displays_flush()
    return {"size": [layer.get_width(), layer.get_height()], "at": [x, y]}


def look():
    """The layers of the image, and what else is open."""
    others = [one for one in Gimp.get_images() if one.get_id() != Canvas.image.get_id()]
    return {**described(Canvas.image), "others": [described(one) for one in others]}


def described(image):
    return {
        "name": image.get_name(),
        "size": [image.get_width(), image.get_height()],
        "precision": image.get_precision().value_nick,
        "type": image.get_base_type().value_nick.upper(),
        "dirty": image.is_dirty(),
        "layers": layers(image.get_layers()),
    }


def close():
    for number in range(Canvas.display.get_id(), Canvas.display.get_id() + 5):  # a result can have a window of its own
        if Gimp.Display.id_is_valid(number):
            Gimp.Display.get_by_id(number).delete()  # and with it the image
    return {}


# The steps of ``kinds.py``.


def precision(name):
    Canvas.image.convert_precision(getattr(Gimp.Precision, name))


def profile(name):
    if name in PROFILES:
        return PROFILES[name]()
    return Gimp.ColorProfile.new_from_icc_profile(Path(SETUP["profiles"], name).read_bytes())


def assign(name):
    assert Canvas.image.set_color_profile(profile(name))


def convert(name):
    assert Canvas.image.convert_color_profile(profile(name), RELATIVE, True)


def gray():
    Canvas.image.convert_grayscale()


def indexed(colours):
    Canvas.image.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, colours, False, False, ""
    )


def alpha():
    fade(Canvas.layer)


def cut_out_of_black():
    """Light stripes of the layer, and transparent black between them.

    GIMP itself, zoomed out, lets the black bleed in. In light colours it makes no difference whether white was put
    under before or after scaling.
    """
    layer = Canvas.layer
    layer.add_alpha()
    width, height = layer.get_width(), layer.get_height()
    everything = Gegl.Rectangle.new(0, 0, width, height)
    buffer = layer.get_buffer()
    data = bytearray(buffer.get(everything, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE))
    for y in range(height):
        for x in range(width):
            at = 4 * (y * width + x)
            stripe = (x + y) // 7 % 2
            data[at : at + 4] = bytes([*(204 + value // 5 for value in data[at : at + 3]), 255]) if stripe else bytes(4)
    buffer.set(everything, "R'G'B'A u8", bytes(data))
    buffer.flush()
    layer.update(0, 0, width, height)


def mask():
    layer = Canvas.layer
    one = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(one)
    paint(one, lambda x, y: min(255, y * 2))


def mask_off():
    Canvas.layer.set_apply_mask(False)


def mask_shown():
    Canvas.layer.set_show_mask(True)


def filter_(operation, values=None, mode="REPLACE", opacity=1.0):
    layer = Canvas.layer
    one = Gimp.DrawableFilter.new(layer, operation, "Filter")
    for name, value in (values or {}).items():
        one.get_config().set_property(name, value)
    one.set_blend_mode(getattr(Gimp.LayerMode, mode))
    one.set_opacity(opacity)
    layer.append_filter(one)
    one.update()


def filter_off():
    Canvas.layer.get_filters()[0].set_visible(False)


def group():
    """The layer with a half-transparent one over it, in a group that takes the layer's part."""
    image, layer = Canvas.image, Canvas.layer
    new = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(new, None, 0)
    image.reorder_item(layer, new, 0)
    dot = Gimp.Layer.new(image, "Dot", 90, 60, Gimp.ImageType.RGBA_IMAGE, 60, Gimp.LayerMode.MULTIPLY)
    Gimp.context_push()
    Gimp.context_set_foreground(Gegl.Color.new("orange"))
    dot.fill(Gimp.FillType.FOREGROUND)
    Gimp.context_pop()
    image.insert_layer(dot, new, 0)
    dot.set_offsets(70, 20)
    cut_out(dot)
    Canvas.layer = new


def inside():
    """The layer is in a group that is half transparent, and stays the selected one."""
    image, layer = Canvas.image, Canvas.layer
    new = Gimp.GroupLayer.new(image, "Group")
    image.insert_layer(new, None, 0)
    image.reorder_item(layer, new, 0)
    new.set_opacity(50)


def mode(name, opacity):
    Canvas.layer.set_mode(getattr(Gimp.LayerMode, name))
    Canvas.layer.set_opacity(opacity)


def blend(space):
    Canvas.layer.set_blend_space(getattr(Gimp.LayerColorSpace, space))
    Canvas.layer.set_composite_space(getattr(Gimp.LayerColorSpace, space))


def above(name, opacity):
    """Another layer over a part of it."""
    image = Canvas.image
    other = turned("Above")
    image.insert_layer(other, None, 0)
    other.set_mode(getattr(Gimp.LayerMode, name))
    other.set_opacity(opacity)
    other.set_offsets(40, 30)
    fade(other)


def beneath():
    """Another layer under it, and transparency in both."""
    image, layer = Canvas.image, Canvas.layer
    other = turned("Beneath")
    image.insert_layer(other, None, 1)
    fade(layer)


def turned(name):
    """A copy of the layer, mirrored."""
    other = Canvas.layer.copy()
    other.set_name(name)
    return flipped(other)


def flipped(layer):
    width, height = layer.get_width(), layer.get_height()
    everything = Gegl.Rectangle.new(0, 0, width, height)
    data = bytes(layer.get_buffer().get(everything, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE))
    rows = [data[3 * width * row : 3 * width * (row + 1)] for row in reversed(range(height))]
    buffer = layer.get_buffer()
    buffer.set(everything, "R'G'B' u8", b"".join(rows))
    buffer.flush()
    layer.update(0, 0, width, height)
    return layer


def offset_layer():
    layer = Canvas.layer
    layer.scale(layer.get_width() - 90, layer.get_height() - 70, False)
    layer.set_offsets(37, 29)


def larger():
    Canvas.image.resize(Canvas.image.get_width() - 61, Canvas.image.get_height() - 43, -31, -17)


def hidden():
    Canvas.layer.set_visible(False)


def text():
    image = Canvas.image
    layer = Gimp.TextLayer.new(image, "Depth", Gimp.context_get_font(), 60, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    layer.set_offsets(20, 30)
    Canvas.layer = layer


def channel():
    image = Canvas.image
    one = Gimp.Channel.new(image, "Channel", image.get_width(), image.get_height(), 50, Gegl.Color.new("red"))
    image.insert_channel(one, None, 0)
    paint(one, lambda x, y: 255 if (x - 90) ** 2 + (y - 70) ** 2 < 2500 else 0)
    one.set_visible(True)


def link():
    """The picture as a layer that follows its file."""
    image = Canvas.image
    layer = Gimp.LinkLayer.new(image, image.get_file() or image.get_imported_file())
    image.insert_layer(layer, None, 0)
    Canvas.layer = layer


def vector():
    image = Canvas.image
    path = Gimp.Path.new(image, "Path")
    image.insert_path(path, None, 0)
    path.bezier_stroke_new_ellipse(120, 80, 90, 50, 0.3)
    layer = Gimp.VectorLayer.new(image, path)
    image.insert_layer(layer, None, 0)
    layer.refresh()
    Canvas.layer = layer


# What can't be sent.


def floating():
    select()
    Gimp.edit_copy([Canvas.layer])
    Gimp.edit_paste(Canvas.layer, True)


def nothing():
    Gimp.Selection.none(Canvas.image)


def beside():
    layer = Canvas.layer
    layer.set_offsets(layer.get_width() // 2, 0)
    Canvas.image.select_rectangle(Gimp.ChannelOps.REPLACE, 5, 5, 30, 30)


STEPS = {
    one.__name__.rstrip("_"): one
    for one in (
        *(
            precision,
            assign,
            convert,
            gray,
            indexed,
            alpha,
            cut_out_of_black,
            mask,
            mask_off,
            mask_shown,
            filter_,
            filter_off,
        ),
        *(group, inside, mode, blend, above, beneath, offset_layer, larger, hidden, text, channel, link, vector),
        *(floating, nothing, beside),
    )
}

"""The history's small pictures, made without Pillow: by GdkPixbuf in a worker; what it has no loader for, by GIMP.

GdkPixbuf reads PNG and JPEG everywhere. WebP needs a loader that many systems lack; GIMP has one, in its main thread.
"""

from __future__ import annotations

from pathlib import Path

from documents import quietly
from gi.repository import GdkPixbuf, Gimp, GLib
from pixels.scratch import loaded

from shared.errors import PictureError
from shared.language import tr

QUALITY = "85"  # of the JPEG
WHITE = 0xFFFFFF


def can_be_read(file: Path) -> bool:
    """Whether GdkPixbuf has a loader for it. In any thread."""
    return GdkPixbuf.Pixbuf.get_file_info(str(file))[0] is not None


def read(file: Path, side: int) -> GdkPixbuf.Pixbuf | None:
    """The picture in ``file`` with its longest side ``side`` px; None when it can't be read. In any thread."""
    try:
        return GdkPixbuf.Pixbuf.new_from_file_at_size(str(file), side, side)
    except GLib.Error:
        return None


def made(file: Path, side: int) -> bytes:
    """As ``thumbnails.Make`` has it. In any thread."""
    _, width, height = GdkPixbuf.Pixbuf.get_file_info(str(file))
    small = read(file, min(side, max(width, height)))
    if small is None:
        raise PictureError(tr("The result can't be read as a picture."))
    return _jpeg(small)


def made_by_gimp(file: Path, side: int) -> bytes:
    """The same, of what GIMP reads. In the main thread, which it takes for as long as GIMP opens the file."""
    try:
        with quietly(), loaded(file.read_bytes(), file.suffix) as image:
            width, height = image.get_width(), image.get_height()
            scale = min(1.0, side / max(width, height))
            size = max(1, round(width * scale)), max(1, round(height * scale))
            small = image.get_thumbnail(*size, Gimp.PixbufTransparency.KEEP_ALPHA)
    except (OSError, ValueError) as exc:
        raise PictureError(tr("The result can't be read as a picture: {reason}.").format(reason=exc)) from exc
    if small is None:
        raise PictureError(tr("The result can't be read as a picture."))
    return _jpeg(small)


def _jpeg(small: GdkPixbuf.Pixbuf) -> bytes:
    """Over white where it is transparent, as it was sent."""
    width, height = small.get_width(), small.get_height()
    if small.get_has_alpha():
        over = small.composite_color_simple(
            width, height, GdkPixbuf.InterpType.NEAREST, 255, max(width, height), WHITE, WHITE
        )
        if over is None:
            raise PictureError(tr("There is no memory for a small picture."))
        small = over
    try:
        ok, data = small.save_to_bufferv("jpeg", ["quality"], [QUALITY])
    except GLib.Error as exc:
        raise PictureError(tr("A small picture can't be written: {reason}.").format(reason=exc.message)) from exc
    return bytes(data) if ok else b""

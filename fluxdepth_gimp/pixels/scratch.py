"""Images that exist for a moment: made, used and deleted in one ``with``, so that GIMP never keeps one of ours.

And GIMP's refusals: its procedures answer False or None, which nobody would see, so :func:`checked` raises.

Knows GIMP's images and files, nothing of edits.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gi.repository import Gimp, Gio

from shared.language import tr

T = TypeVar("T")

PNG = b"\x89PNG\r\n\x1a\n"


class Refused(Exception):
    """GIMP did not do what it was asked for; the text is its own."""


def checked(answer: T) -> T:
    """``answer``, unless GIMP answered False or None. Raises :class:`Refused`."""
    if answer is None or answer is False:
        raise Refused(last_error())
    return answer


def last_error() -> str:
    """GIMP's words for why its last procedure failed."""
    return pdb().get_last_error()


def pdb() -> Gimp.PDB:
    """GIMP's procedures; a plug-in that runs has them."""
    found = Gimp.get_pdb()
    assert found is not None
    return found


@contextmanager
def scratch_image(
    width: int, height: int, like: Gimp.Image | None = None, *, gray: bool = False, linear_gray: bool = False
) -> Iterator[Gimp.Image]:
    """An empty image without undo; 8-bit sRGB, or of the precision, the profile and the colours of ``like``.

    ``gray`` makes it 8-bit gray, ``linear_gray`` 8-bit linear gray, which holds a mask's values exactly.
    """
    if linear_gray:
        image = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.GRAY, Gimp.Precision.U8_LINEAR)
    elif like is None:
        image = Gimp.Image.new(width, height, Gimp.ImageBaseType.GRAY if gray else Gimp.ImageBaseType.RGB)
    else:
        base = like.get_base_type()
        if base is not Gimp.ImageBaseType.GRAY:
            base = Gimp.ImageBaseType.RGB  # an INDEXED layer becomes RGB
        image = Gimp.Image.new_with_precision(width, height, base, like.get_precision())
        profile = like.get_color_profile()
        if profile is not None:
            image.set_color_profile(profile)
    try:
        image.undo_disable()
        yield image
    finally:
        image.delete()


@contextmanager
def duplicate(image: Gimp.Image) -> Iterator[Gimp.Image]:
    """A copy of ``image`` without undo."""
    copy = checked(image.duplicate())
    try:
        copy.undo_disable()
        yield copy
    finally:
        copy.delete()


@contextmanager
def loaded(data: bytes, suffix: str) -> Iterator[Gimp.Image]:
    """The picture file ``data`` opened as an image without undo. Raises ValueError with what is wrong with it."""
    _refuse_half_a_png(data)
    with scratch_folder() as folder:
        path = folder / f"picture{suffix}"
        path.write_bytes(data)
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(path)))
    if image is None:
        raise ValueError(last_error())
    try:
        image.undo_disable()
        yield image
    finally:
        image.delete()


def _refuse_half_a_png(data: bytes) -> None:
    """Raises ValueError: GIMP's own loader fails too, and leaves what it has read in GIMP for as long as that runs."""
    if not data.startswith(PNG):
        return
    view, at = memoryview(data), len(PNG)
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        is_whole = zlib.crc32(view[at + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big")
        if kind[:1].isupper() and not is_whole:  # a damaged one that is not needed is left out by the loader
            break
        if kind == b"IEND":
            return
        at = end
    raise ValueError(tr("the file is damaged, or its end is missing"))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that only this user can read, removed at the end with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="fluxdepth-picture-") as folder:
        yield Path(folder)

"""A result and its source in two image editors beside each other, and the way back. Knows no job and no service."""

import functools
from dataclasses import dataclass

import bpy

from . import results

DRAWN = 0.1  # s after which a new area has been drawn


@dataclass(frozen=True)
class _Editor:
    """One that takes part: the address of its area, what it showed before, and whether it was opened for this."""

    address: int
    before: str
    made: bool


_editors: list[_Editor] = []
_compared: tuple[int, int] | None = None  # numbers that no other image has: of what is left and what is right


def begin(left: bpy.types.Image, right: bpy.types.Image) -> None:
    """Shows both in two of the editors that are open. A single one is divided, and without any a new window."""
    there = [area for area in results.editors() if is_in(area)]
    if len(there) == 2:  # of another result: no area is closed while the operator may run in it
        _show(there, left, right)
        return
    forget()
    before = {one.as_pointer(): _name_in(one) for one in results.editors()}
    if not before:
        results.show_in_new_window(left)
    if len(before) < 2:
        area = results.editors()[0]
        window = next(one for one in bpy.context.window_manager.windows if area in one.screen.areas.values())
        with bpy.context.temp_override(window=window, screen=window.screen, area=area):
            bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    # An area knows its new place when it has been drawn.
    bpy.app.timers.register(functools.partial(_fill, left.name, right.name, before), first_interval=DRAWN)


def _fill(left: str, right: str, before: dict[int, str]) -> None:
    images = bpy.data.images.get(left), bpy.data.images.get(right)
    if images[0] is None or images[1] is None:  # another file was opened meanwhile
        return
    areas = results.editors()[:2]
    for area in areas:
        address = area.as_pointer()
        _editors.append(_Editor(address, before.get(address, ""), address not in before))
    _show(areas, images[0], images[1])


def _show(areas: list[bpy.types.Area], left: bpy.types.Image, right: bpy.types.Image) -> None:
    global _compared
    # Fewer areas where one was closed meanwhile.
    for area, image in zip(sorted(areas, key=lambda one: one.x), (left, right), strict=False):
        _show_in(area, image)
    _compared = left.session_uid, right.session_uid


def is_on(result: bpy.types.Image) -> bool:
    """Whether ``result`` is shown beside its source by :func:`begin`."""
    return _compared is not None and _compared[1] == result.session_uid and _is_shown()


def is_in(area: bpy.types.Area | None) -> bool:
    """Whether this editor takes part. Not any more, once the artist has shown something else in one of the two."""
    return area is not None and any(one.address == area.as_pointer() for one in _editors) and _is_shown()


def _is_shown() -> bool:
    return _compared is not None and {image.session_uid for image in results.shown() if image}.issuperset(_compared)


def end() -> None:
    """Closes what was opened for it; the others show again what they showed. Not while an operator runs in them."""
    for one in _editors:
        found = [
            (window, area)
            for window in bpy.context.window_manager.windows
            for area in window.screen.areas
            if area.as_pointer() == one.address and area.type == "IMAGE_EDITOR"
        ]
        for window, area in found:
            if not one.made:
                _show_in(area, bpy.data.images.get(one.before))
                continue
            with bpy.context.temp_override(window=window, screen=window.screen, area=area):
                if len(window.screen.areas) > 1:
                    bpy.ops.screen.area_close()
                else:
                    bpy.ops.wm.window_close()
    forget()


def forget(*_args: object) -> None:
    """The editors stay as they are."""
    global _compared
    _editors.clear()
    _compared = None


HANDLERS = (("load_pre", forget),)
"""For the session to hang into ``bpy.app.handlers``."""


def _name_in(area: bpy.types.Area) -> str:
    space = area.spaces.active
    return space.image.name if isinstance(space, bpy.types.SpaceImageEditor) and space.image else ""


def _show_in(area: bpy.types.Area, image: bpy.types.Image | None) -> None:
    space = area.spaces.active
    if isinstance(space, bpy.types.SpaceImageEditor):
        space.image = image

"""What makes a window's picture worthless: another program's message over it, a cut text, a part off the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .desk import Box, Seen

TOLERANCE = 1  # px: GTK places letters between pixels
MESSAGES = ("GIMP Message", "GIMP Error", "GIMP Warning")


def faults(seen: Sequence[Seen], titles: Iterable[str], screen: tuple[int, int]) -> list[str]:
    """In words, what is wrong with what is ``seen`` of our windows on a ``screen`` of that size; none is fine."""
    wrong = [f"a message lies over it: {title}" for title in titles if title.startswith(MESSAGES)]
    for window in (one for one in seen if one.role in ("dialog", "alert", "frame")):
        if not _within(window.box, (0, 0, *screen)):
            wrong.append(f"the window {window.name!r} at {window.box} is larger than the screen, {screen}")
        wrong += [
            f"the button {one.name!r} at {one.box} lies outside of its window"
            for one in seen
            if one.role == "button" and one.window == window.name and not _within(one.box, window.box)
        ]
    wrong += [
        f"{one.name or one.label!r} and {other.name or other.label!r} have the same key {one.key}"
        for number, one in enumerate(seen)
        for other in seen[number + 1 :]
        if one.key and one.key == other.key and one.window == other.window
        if "SENSITIVE" in one.states and "SENSITIVE" in other.states
    ]
    labels = [one for one in seen if one.role == "label" and one.words.strip()]
    if labels and not any(one.ink[2] for one in labels):
        wrong.append("where the letters are is not known")
    wrong += [
        f"the text {one.words[:60]!r} is cut: {one.ink} in {one.box} in {one.around}"
        for one in labels
        if one.ink[2] and not (_within(one.ink, one.box) and _within(one.ink, one.around))
    ]
    return wrong


def _within(inner: Box, outer: Box) -> bool:
    return (
        inner[0] >= outer[0] - TOLERANCE
        and inner[1] >= outer[1] - TOLERANCE
        and inner[0] + inner[2] <= outer[0] + outer[2] + TOLERANCE
        and inner[1] + inner[3] <= outer[1] + outer[3] + TOLERANCE
    )

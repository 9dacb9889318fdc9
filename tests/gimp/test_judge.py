"""The judge of pictures finds what it is there for."""

from __future__ import annotations

import dataclasses

import pytest

from . import judge
from .desk import Box, Seen

SCREEN = (1366, 768)
ROOM: Box = (10, 10, 500, 600)


def one(role: str, box: Box, **more: Box) -> Seen:
    return Seen(
        role,
        "It",
        "",
        *box,
        states=("SENSITIVE",),
        window="It",
        label="",
        key="",
        **{"ink": (0, 0, 0, 0), "around": ROOM, **more},
    )


WINDOW = one("dialog", ROOM)
LABEL = one("label", (20, 20, 100, 40), ink=(20, 20, 90, 36))
BUTTON = one("button", (20, 500, 80, 30))


def test_nothing_is_wrong_with_what_fits() -> None:
    assert judge.faults([WINDOW, LABEL, BUTTON], ["Depth Edit", "It – GIMP"], SCREEN) == []


@pytest.mark.parametrize(
    ("spoiled", "titles", "words"),
    [
        (dataclasses.replace(LABEL, ink=(20, 20, 90, 54)), [], "is cut"),
        (dataclasses.replace(LABEL, around=(10, 10, 500, 30)), [], "is cut"),
        (dataclasses.replace(BUTTON, y=600), [], "outside of its window"),
        (dataclasses.replace(WINDOW, height=800), [], "larger than the screen"),
        (dataclasses.replace(LABEL, name="", text="No letters", ink=(0, 0, 0, 0)), [], "not known"),
        (LABEL, ["GIMP Message"], "a message lies over it"),
    ],
)
def test_what_spoils_a_picture_is_named(spoiled: Seen, titles: list[str], words: str) -> None:
    (fault,) = judge.faults([WINDOW, spoiled], titles, SCREEN)
    assert words in fault


def test_two_controls_with_one_key_are_named() -> None:
    """GTK then only moves between them: neither is pressed."""
    again = dataclasses.replace(BUTTON, key="<Alt>m")
    (fault,) = judge.faults([WINDOW, again, dataclasses.replace(again, name="More")], [], SCREEN)
    assert "have the same key <Alt>m" in fault
    assert judge.faults([WINDOW, again, dataclasses.replace(again, states=())], [], SCREEN) == []

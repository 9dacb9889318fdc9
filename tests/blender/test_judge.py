"""The judge of pictures finds what it is there for."""

from __future__ import annotations

import numpy as np

from . import judge
from .controls import Spot

WANTED = [("operator", "fluxdepth.edit"), ("property", "steps")]
SPOTS = [Spot(60, 20, "bpy.ops.fluxdepth.edit()", ""), Spot(60, 60, "", "steps")]
TITLES = ["(Unsaved) - Blender 4.3.2", "Preferences"]


def drawn() -> np.ndarray:
    """Two buttons with some letters."""
    shot = np.full((100, 120, 3), 60, np.uint8)
    for spot in SPOTS:
        shot[spot.y - 3 : spot.y + 3, spot.x - 8 : spot.x + 8 : 2] = 220
    return shot


def test_nothing_is_wrong_with_what_is_seen() -> None:
    assert judge.faults([], TITLES, WANTED, SPOTS, drawn()) == []


def test_what_spoils_a_picture_is_named() -> None:
    blank = drawn()
    blank[:40] = 60
    cases = [
        ((["Longest side: 90 > 80 px"], TITLES, WANTED, SPOTS, drawn()), "cut: Longest side"),
        (([], [*TITLES, "A message"], WANTED, SPOTS, drawn()), "lies over it: A message"),
        (([], TITLES, WANTED, SPOTS[1:], drawn()), "fluxdepth.edit is not there, or something lies over it"),
        (([], TITLES, WANTED, SPOTS, blank), "fluxdepth.edit was not drawn"),
    ]
    for arguments, words in cases:
        (fault,) = judge.faults(*arguments)
        assert words in fault

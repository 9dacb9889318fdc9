"""What makes a picture of Blender worthless: a cut word, a control that was not drawn, something that lies over one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .controls import Spot

OURS = ("Blender", "Preferences")  # in the titles of its windows
AROUND = 6  # px at scale 1 from the middle of a control, where its letters or its icon are
PLAIN = 12  # of 255: a surface without letters changes by less


def faults(
    cut: Iterable[str],
    titles: Iterable[str],
    wanted: Sequence[tuple[str, str]],
    spots: Sequence[Spot],
    shot: np.ndarray,
    scale: int = 1,
) -> list[str]:
    """In words, what is wrong with the picture ``shot`` (H×W×3, 0–255); none is fine.

    ``cut`` are the words that have too little room, ``titles`` those of all windows on the screen, ``wanted`` the kind
    and name of each control that has to be seen, ``spots`` what the mouse has found.
    """
    wrong = [f"cut: {words}" for words in cut]
    wrong += [f"a window lies over it: {title}" for title in titles if not any(one in title for one in OURS)]
    for kind, name in wanted:
        places = [(spot.x, spot.y) for spot in spots if spot.shows(kind, name)]
        if not places:
            wrong.append(f"{name} is not there, or something lies over it")
        elif not any(_has_letters(shot, x, y, scale) for x, y in places):
            wrong.append(f"{name} was not drawn")
    return wrong


def _has_letters(shot: np.ndarray, x: int, y: int, scale: int) -> bool:
    reach = AROUND * scale
    around = shot[max(0, y - reach) : y + reach, max(0, x - 4 * reach) : x + 4 * reach].astype(int)
    return bool(around.size and (around.max(axis=(0, 1)) - around.min(axis=(0, 1))).max() > PLAIN)

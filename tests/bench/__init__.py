"""Speed and memory as figures: ratios measured side by side in one run, printed beside their goal, never asserted.

``core.py`` measures the client against the sandbox, ``gimp.py`` and ``blender.py`` the plug-ins in the real hosts. Each
has a ``MEASUREMENTS`` table of name -> function; a function yields :class:`Figure`s.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value. ``goal`` is its upper bound, or with ``at_least`` its lower one."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        line = f"{self.what:<74}{self.value:>10.3g} {self.unit}"
        if self.goal is None:
            return line
        met = self.value >= self.goal if self.at_least else self.value <= self.goal
        return f"{line:<96} goal {'≥' if self.at_least else '≤'} {self.goal:g}{'' if met else '   MISSED'}"

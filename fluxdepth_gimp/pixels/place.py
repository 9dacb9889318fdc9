"""Where a result goes, as plain data that outlives GIMP: the rectangle, the layer below, how it is to fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pixels.coverage import Coverage

COVERAGE_IN_JOURNAL = 64 * 1024  # characters; a selection or a cut-out fits, a noisy mask does not


@dataclass(frozen=True)
class Place:
    """Where results go, as plain data: what is needed after the wait, or after GIMP was killed, from the journal.

    ``x``, ``y``, ``width``, ``height`` are the source's rectangle in its image, in pixels.
    """

    kind: str
    x: int
    y: int
    width: int
    height: int
    fit: bool
    new_image: bool
    layer_name: str = ""
    alpha: Coverage | None = None
    mask: Coverage | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {key: getattr(self, key) for key in ("x", "y", "width", "height", "fit")}
        data |= {"source": self.kind, "layer": self.layer_name, "result": "image" if self.new_image else "layer"}
        for name, coverage in (("alpha", self.alpha), ("mask", self.mask)):
            data[name] = coverage.to_json(COVERAGE_IN_JOURNAL) if coverage else None
        return data

    def at_origin(self) -> Place:
        """The same place in an image of its own."""
        return dataclasses.replace(self, x=0, y=0)

    def overlaps(self, width: int, height: int) -> bool:
        """Whether anything of it lies on a canvas of that size."""
        return self.x < width and self.y < height and self.x + self.width > 0 and self.y + self.height > 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any], size: tuple[int, int]) -> Place:
        """What :meth:`to_json` gave; for another host's job, a place of ``size`` in the corner."""
        try:
            x, y, width, height = (int(data[key]) for key in ("x", "y", "width", "height"))
        except (KeyError, TypeError, ValueError):
            return cls("visible", 0, 0, *size, fit=True, new_image=False)
        return cls(
            str(data.get("source", "")),
            x,
            y,
            max(1, width),
            max(1, height),
            fit=data.get("fit") is True,
            new_image=data.get("result") == "image",
            layer_name=str(data.get("layer", "")),
            alpha=Coverage.from_json(data.get("alpha")),
            mask=Coverage.from_json(data.get("mask")),
        )

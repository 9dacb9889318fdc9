"""Where a result goes, as plain data that outlives GIMP: the rectangle, the layer below it, how it is to fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp

from pixels.source import Source

NUMBERS = ("x", "y", "width", "height", "fit", "tattoo", "precision", "match_edge", "at_border")


@dataclass(frozen=True)
class Place:
    """A source's rectangle in its image, in pixels, and what was asked for.

    ``width`` and ``height`` are 0 when nothing is known of the source: then the result has its own size. With
    ``match_edge`` a result goes over into what is around the selection; ``at_border`` as in :class:`Source`.
    """

    kind: str = "visible"
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    fit: bool = False
    new_image: bool = True
    layer_name: str = ""
    tattoo: int = 0  # GIMP's number of the layer within its image, which an .xcf file keeps
    precision: int = 0  # of the source's image, a value of Gimp.Precision; 0 is not known
    resolution: tuple[float, float] = (0.0, 0.0)  # of the source's image, pixels per inch across and down
    match_edge: bool = False
    at_border: bool = False

    @classmethod
    def of(cls, source: Source, *, fit: bool, new_image: bool, match_edge: bool) -> Place:
        layer = source.layer
        _, across, down = source.image.get_resolution()
        return cls(
            source.kind,
            source.x,
            source.y,
            source.width,
            source.height,
            fit=fit,
            new_image=new_image,
            layer_name=layer.get_name() if layer else "",
            tattoo=layer.get_tattoo() if layer else 0,
            precision=int(source.image.get_precision()),
            resolution=(across, down),
            match_edge=match_edge and source.kind == "selection",
            at_border=source.at_border,
        )

    @property
    def known(self) -> bool:
        return self.width > 0

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {key: getattr(self, key) for key in NUMBERS}
        return data | {
            "source": self.kind,
            "layer": self.layer_name,
            "resolution": list(self.resolution),
            "result": "image" if self.new_image else "layer",
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Place:
        """What :meth:`to_json` gave, of this version or the first; anything else is an image of its own."""
        try:
            x, y, width, height = (int(data[key]) for key in ("x", "y", "width", "height"))
        except (KeyError, TypeError, ValueError):
            return cls()
        tattoo, precision, resolution = (data.get(key) for key in ("tattoo", "precision", "resolution"))
        return cls(
            str(data.get("source", "")),
            x,
            y,
            max(1, width),
            max(1, height),
            fit=data.get("fit") is True,
            new_image=data.get("result") == "image",
            layer_name=str(data.get("layer", "")),
            tattoo=tattoo if isinstance(tattoo, int) else 0,
            precision=precision if isinstance(precision, int) else 0,
            resolution=_pair(resolution),
            match_edge=data.get("match_edge") is True,
            at_border=data.get("at_border") is True,
        )

    def at_origin(self) -> Place:
        """The same place in an image of its own."""
        return dataclasses.replace(self, x=0, y=0)

    def overlaps(self, width: int, height: int) -> bool:
        """Whether anything of it lies on a canvas of that size."""
        return self.x < width and self.y < height and self.x + self.width > 0 and self.y + self.height > 0

    def layer_in(self, image: Gimp.Image) -> Gimp.Layer | None:
        """The layer that the picture was taken from: by number and name, else by name, else by number."""
        if self.kind == "visible":
            return None
        numbered = image.get_layer_by_tattoo(self.tattoo) if self.tattoo else None
        if numbered is not None and numbered.get_name() == self.layer_name:
            return numbered
        return image.get_layer_by_name(self.layer_name) or numbered


def _pair(value: object) -> tuple[float, float]:
    """Two numbers as JSON holds them; else (0, 0)."""
    match value:
        case [int() | float() as across, int() | float() as down]:
            return float(across), float(down)
    return 0.0, 0.0

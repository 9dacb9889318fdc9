"""True depth beside a picture: kept as a 16-bit PNG, shown, compared with a result, and as the mask of a range.

For hosts that know it (Blender). A second file with numpy and Pillow beside :mod:`imaging`, imported when first needed:
what is calculated here is no way between pixels and files. Everything may run in a worker thread; it touches no host.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from ..language import tr
from .encoded import EncodedImage
from .imaging import Pixels

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    Array = np.ndarray[Any, np.dtype[Any]]

RANGE = "fluxdepth-range"  # the PNG's text with what its values mean
NOTHING = 0  # the value of a pixel in which nothing was seen
DRAWN_NOTHING = -1e30  # the distance that stands for it where there is no infinity
MOST = 65535
MARGIN = 1e-3  # by which the range is wider than what was seen, so that nothing seen has the value NOTHING

EDGE_STEP = 0.06  # of relative depth between neighbours that is an edge: a hand before a wall, and no floor
FAR_SHARE = 0.02  # of the nearest thing's 1 / distance, that is added: among what is far away there are no edges
RESULT_SHARE = 0.08  # of a result's pixels that count as its edges, the strongest ones …
LEAST_STRENGTH = 8.0  # … of so many levels
NEAR = 2  # px at MEASURED by which an edge may be off
MEASURED = 512  # px of the longer side at which edges are compared: the service paints about a megapixel
SHOWN_FOUND = (60, 220, 120)  # of the overlay: an edge of depth that the result has …
SHOWN_LOST = (255, 40, 90)  # … and one that it has not


@dataclass(frozen=True)
class Scale:
    """What the values of a kept map mean: distance = ``low`` · (``high`` / ``low``)^(value / 65535) where it is
    ``logarithmic``, else ``low`` + (``high`` − ``low``) · value / 65535. In scene units."""

    low: float
    high: float
    logarithmic: bool

    def value(self, distance: float) -> float:
        """0–1 for ``distance``, not cut."""
        if self.logarithmic:
            return math.log(max(distance, 1e-9) / self.low) / math.log(self.high / self.low)
        return (distance - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class DepthMap:
    """``distances``: H×W float32, top-down, along the view's axis from the eye's plane, in scene units; inf: nothing.

    ``perspective``: all are above 0, and precision is wanted in proportion; else they may be of any sign.
    """

    distances: Array
    perspective: bool

    @property
    def span(self) -> tuple[float, float] | None:
        """The nearest and the farthest thing; None where nothing was seen at all."""
        import numpy as np

        seen = self.distances[np.isfinite(self.distances)]
        return (float(seen.min()), float(seen.max())) if seen.size else None


def from_rows(data: Any, width: int, height: int, *, perspective: bool) -> DepthMap:
    """The map of ``data``, a buffer of float32, bottom-up, inf or at most :data:`DRAWN_NOTHING` is nothing."""
    import numpy as np

    rows = np.frombuffer(data, np.float32).reshape(height, width)[::-1].copy()
    nothing = ~np.isfinite(rows) | (rows <= (0 if perspective else DRAWN_NOTHING))
    rows[nothing] = np.inf
    return DepthMap(rows, perspective)


def scale_of(depth: DepthMap) -> Scale:
    """The range in which all of ``depth`` has values above :data:`NOTHING`."""
    low, high = depth.span or (1.0, 2.0)
    if depth.perspective:
        return Scale(low / (1 + MARGIN), high * (1 + MARGIN), True)
    edge = max(MARGIN * (high - low), MARGIN)
    return Scale(low - edge, high + edge, False)


def encode(depth: DepthMap) -> bytes:
    """``depth`` as a gray 16-bit PNG that says its range; one part in some ten thousand is lost."""
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    scale = scale_of(depth)
    seen = np.isfinite(depth.distances)
    known = np.where(seen, depth.distances, np.float32(scale.low))
    if scale.logarithmic:
        shares = np.log(known / np.float32(scale.low)) / np.float32(math.log(scale.high / scale.low))
    else:
        shares = (known - np.float32(scale.low)) / np.float32(scale.high - scale.low)
    values = np.clip(np.rint(shares * MOST), NOTHING + 1, MOST)
    values[~seen] = NOTHING
    notes = PngInfo()
    kind = "log" if scale.logarithmic else "linear"
    notes.add_text(RANGE, json.dumps({"low": scale.low, "high": scale.high, "scale": kind}))
    stream = io.BytesIO()
    Image.fromarray(values.astype(np.uint16)).save(stream, "PNG", compress_level=4, pnginfo=notes)
    return stream.getvalue()


def decode(data: bytes) -> DepthMap:
    """What :func:`encode` wrote. Raises :class:`PictureError`."""
    import numpy as np

    values, scale = _read(data)
    shares = values.astype(np.float32) / np.float32(MOST)
    if scale.logarithmic:
        distances = np.float32(scale.low) * np.exp(shares * np.float32(math.log(scale.high / scale.low)))
    else:
        distances = np.float32(scale.low) + shares * np.float32(scale.high - scale.low)
    distances[values == NOTHING] = np.inf
    return DepthMap(distances, scale.logarithmic)


@dataclass(frozen=True)
class Kept:
    """What a kept map says of itself: its size in pixels, and what its values mean."""

    width: int
    height: int
    scale: Scale


def about(data: bytes) -> Kept:
    """What :func:`encode` wrote, without its pixels. Raises :class:`PictureError`."""
    with _opened(data) as (opened, scale):
        return Kept(*opened.size, scale)


def _read(data: bytes) -> tuple[Array, Scale]:
    import numpy as np

    with _opened(data) as (opened, scale):
        return np.asarray(opened).astype(np.uint16), scale


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[tuple[Image.Image, Scale]]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as opened:
            note = json.loads(opened.info[RANGE])
            scale = Scale(float(note["low"]), float(note["high"]), note["scale"] == "log")
            if not opened.mode.startswith("I") or scale.low >= scale.high or (scale.logarithmic and scale.low <= 0):
                raise ValueError("no depth")
            yield opened, scale
    except Exception as exc:  # damaged files make the decoder raise whatever comes of them
        raise PictureError(tr("The depth that was kept with this edit can't be read."), str(exc)) from exc


# As a picture.


def shown(depth: DepthMap) -> Pixels:
    """Near light and far dark, and black where nothing is: for models that are steered by such a picture.

    Of 1 / distance, as depth is shown to such models: what is near has most of the steps.
    """
    import numpy as np

    span = depth.span
    if span is None:
        shares = np.zeros(depth.distances.shape, np.float32)
    else:
        near, far = span
        seen = np.isfinite(depth.distances)
        known = np.where(seen, depth.distances, np.float32(far))
        with_near = 1 / known if depth.perspective else -known
        low, high = (1 / far, 1 / near) if depth.perspective else (-far, -near)
        # The farthest thing is still told from nothing.
        shares = np.where(seen, 0.06 + 0.94 * (with_near - low) / max(high - low, 1e-9), 0)
    gray = np.clip(np.rint(255 * shares), 0, 255).astype(np.uint8)
    rows = np.ascontiguousarray(np.repeat(gray[..., None], 3, axis=2))
    return Pixels(rows.tobytes(), gray.shape[1], gray.shape[0], "RGB")


# A range.


def range_mask(depth: DepthMap, near: float, far: float, soft: float) -> Image.Image:
    """Mode L: 255 between ``near`` and ``far``, 0 outside, smooth over ``soft`` beyond each end; in scene units."""
    import numpy as np
    from PIL import Image

    distances = depth.distances
    outside = np.maximum(np.maximum(near - distances, distances - far), 0)
    if soft > 0:
        share = np.clip(outside / np.float32(soft), 0, 1)
        share = 1 - share * share * (3 - 2 * share)
    else:
        share = (outside <= 0).astype(np.float32)
    return Image.fromarray(np.rint(255 * share).astype(np.uint8))


def within(result: EncodedImage, source: bytes, depth: bytes, near: float, far: float, soft: float) -> EncodedImage:
    """``result`` inside the range of ``depth``, ``source`` outside it: a PNG of the source's size.

    ``source`` is a picture as a file, ``depth`` what :func:`encode` wrote, of the same view in any size. Where the mask
    is 0, every pixel is the source's own. Raises :class:`PictureError`.
    """
    from PIL import Image

    from . import imaging

    under = imaging.decode(source)
    over = imaging.decode(result.data).convert(under.mode)
    if over.size != under.size:
        over = over.resize(under.size, Image.Resampling.LANCZOS)
    mask = range_mask(decode(depth), near, far, soft)
    if mask.size != under.size:
        # Halfway values at the edges of things would be neither near nor far: the mask is scaled, and not the depth.
        mask = mask.resize(under.size, Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    Image.composite(over, under, mask).save(stream, "PNG", compress_level=4)
    return EncodedImage(stream.getvalue(), "png", *under.size)


# A check.


@dataclass(frozen=True)
class Check:
    """``kept``: the share, 0–1, of the edges of true depth that the result has as well, less what a picture as full of
    edges would have of them by chance; None without any edge."""

    kept: float | None
    overlay: bytes  # a PNG of the result, its edges of depth marked


def check(result: EncodedImage, depth: bytes) -> Check:
    """Whether the edges of ``depth`` (what :func:`encode` wrote) are edges of ``result``. Raises PictureError.

    An edge of the result that is none of depth is a texture, a shadow or a reflection, and says nothing.
    """
    import numpy as np
    from PIL import Image

    from . import imaging

    picture = imaging.decode(result.data).convert("RGB")
    width, height = _measured(*picture.size)
    true = _depth_edges(decode(depth).distances, width, height)
    small = picture.resize((width, height), Image.Resampling.BOX)
    painted = _widened(_picture_edges(small), NEAR)
    found, lost = true & painted, true & ~painted
    share, by_chance = (float(where.mean()) for where in (painted[true] if true.any() else painted, painted))
    kept = max((share - by_chance) / max(1 - by_chance, 1e-6), 0.0)
    drawn = np.asarray(small, np.float32) * np.float32(0.35) + np.float32(40)
    for where, colour in ((_widened(found, 1) & ~_widened(lost, 1), SHOWN_FOUND), (_widened(lost, 1), SHOWN_LOST)):
        drawn[where] = colour
    overlay = Image.fromarray(np.clip(drawn, 0, 255).astype(np.uint8))
    stream = io.BytesIO()
    overlay.save(stream, "PNG")
    return Check(kept if true.any() else None, stream.getvalue())


def _measured(width: int, height: int) -> tuple[int, int]:
    factor = min(1.0, MEASURED / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _depth_edges(distances: Array, width: int, height: int) -> Array:
    """Where depth leaps, height×width: by the second difference of 1 / distance, which is 0 on every plane."""
    import numpy as np
    from PIL import Image

    seen = np.isfinite(distances)
    nearest = max(float(distances[seen].min()), 1e-6) if seen.any() else 1.0
    inverse = np.where(seen, nearest / np.maximum(distances, nearest), np.float32(0)).astype(np.float32)
    inverse = np.asarray(Image.fromarray(inverse).resize((width, height), Image.Resampling.BOX))
    edges = np.zeros(inverse.shape, bool)
    for axis in (0, 1):
        values = np.moveaxis(inverse, axis, 0)
        bend = np.abs(values[2:] - 2 * values[1:-1] + values[:-2])
        np.moveaxis(edges, axis, 0)[1:-1] |= bend > EDGE_STEP * (values[1:-1] + FAR_SHARE)
    return edges


def _picture_edges(picture: Image.Image) -> Array:
    """The strongest edges of ``picture``, of any of its colours; no noise."""
    import numpy as np
    from PIL import ImageFilter

    smooth = np.asarray(picture.filter(ImageFilter.GaussianBlur(1)), np.float32)
    strength = np.zeros(smooth.shape[:2], np.float32)
    strength[1:-1] = np.abs(smooth[2:] - smooth[:-2]).max(axis=2)
    strength[:, 1:-1] = np.maximum(strength[:, 1:-1], np.abs(smooth[:, 2:] - smooth[:, :-2]).max(axis=2))
    return strength >= max(float(np.quantile(strength, 1 - RESULT_SHARE)), LEAST_STRENGTH)


def _widened(mask: Array, by: int) -> Array:
    """``mask`` and all within ``by`` px of it, by a square."""
    import numpy as np

    padded = np.pad(mask, by)
    out = np.zeros_like(mask)
    for down in range(2 * by + 1):
        for across in range(2 * by + 1):
            out |= padded[down : down + mask.shape[0], across : across + mask.shape[1]]
    return out

"""A result as its document takes it: with the source's detail and transparency. For hosts with numpy and Pillow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PictureError
from ..language import tr
from ..model.parameters import DETAIL_STRENGTH, GRAIN, KEEP_DETAIL
from . import detail, imaging
from .encoded import EncodedImage
from .sending import Kept, lacks_detail


@dataclass(frozen=True)
class Finished:
    """``kept`` is what came of the source's detail, None where there was none to put back.

    ``problem`` says, in words, why it was not.
    """

    image: EncodedImage
    kept: Kept | None = None
    problem: str = ""


def finished(
    result: EncodedImage,
    settings: Mapping[str, Any],
    *,
    alpha: bytes | None = None,
    source: bytes | None = None,
    sent: EncodedImage | None = None,
) -> Finished:
    """``result`` as the job's host ``settings`` want it; its exact bytes where there is nothing to be done.

    ``alpha``, ``source`` and ``sent`` are the job's companions; without a ``source`` what was ``sent`` has its size.
    In a worker. Raises :class:`PictureError` when the result can't be decoded, or the transparency.
    """
    image, kept, problem = None, None, ""
    if settings.get(KEEP_DETAIL.name) is True and sent is not None:
        came = imaging.decode(result.data).convert("RGB")
        try:
            small = imaging.decode(sent.data).convert("RGB")
            whole = imaging.decode(source).convert("RGB") if source else small
        except PictureError as exc:
            words = tr("The source's detail is not kept: the source can't be read ({reason}).")
            problem = words.format(reason=exc.advice or exc.message)
        else:
            if lacks_detail(came.size, whole.size):
                strength, grain = (float(settings.get(one.name, one.default)) / 100 for one in (DETAIL_STRENGTH, GRAIN))
                image, kept = detail.keep(came, whole, small, strength=strength, grain=grain)
    if alpha:
        opaque = imaging.decode(result.data).convert("RGB") if image is None else image
        image = imaging.with_alpha(opaque, imaging.read_alpha(alpha))
    if image is None:
        return Finished(result, problem=problem)
    kind = result.format if result.format == "jpg" and not alpha else "png"
    return Finished(imaging.filed(image, kind), kept, problem)

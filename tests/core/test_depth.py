"""True depth beside a picture: kept without loss that matters, as a picture, as a mask, and against a result."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from shared.errors import PictureError
from shared.pictures import depth
from shared.pictures.depth import DepthMap
from shared.pictures.encoded import EncodedImage

RNG = np.random.default_rng(2)


def scene(width: int = 160, height: int = 90) -> DepthMap:
    """A floor that runs away, a box in front of it and the sky."""
    rows = np.linspace(1, 0, height)[:, None] * np.ones((1, width))
    distances = (1.5 / np.maximum(rows - 0.3, 1e-6)).astype(np.float32)
    distances[rows <= 0.32] = np.inf
    distances = distances[::-1].copy()
    distances[30:70, 60:110] = 2.5
    return DepthMap(distances, perspective=True)


def as_file(pixels: np.ndarray) -> EncodedImage:
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return EncodedImage(stream.getvalue(), "png", pixels.shape[1], pixels.shape[0])


@pytest.mark.parametrize("perspective", [True, False])
def test_what_is_kept_is_what_was_seen(perspective: bool) -> None:
    distances = RNG.uniform(0.2, 900, (40, 70)).astype(np.float32)
    if not perspective:
        distances -= 450
    distances[3:9, 5:20] = np.inf
    kept = depth.encode(DepthMap(distances, perspective))
    again = depth.decode(kept)
    assert again.perspective is perspective
    assert (np.isinf(again.distances) == np.isinf(distances)).all()
    seen = np.isfinite(distances)
    off = np.abs(again.distances[seen] - distances[seen])
    if perspective:
        assert (off / distances[seen]).max() < 2e-4
    else:
        assert off.max() < 900 / 65535
    about = depth.about(kept)
    assert (about.width, about.height) == (70, 40)
    near = float(distances[seen].min())
    assert about.scale.value(near) > 0.5 / 65535, "what was seen is not taken for nothing"


def test_nothing_at_all_can_be_kept() -> None:
    again = depth.decode(depth.encode(DepthMap(np.full((4, 5), np.inf, np.float32), True)))
    assert again.span is None
    assert bytes(depth.shown(again).data) == bytes(60)


@pytest.mark.parametrize("nothing", [depth.DRAWN_NOTHING, float("inf"), float("nan")])
def test_a_host_s_rows_are_turned_over(nothing: float) -> None:
    rows = np.array([[1, 2], [3, nothing]], np.float32)
    found = depth.from_rows(rows.tobytes(), 2, 2, perspective=False)
    assert found.distances.tolist() == [[3, np.inf], [1, 2]]


def test_a_picture_that_is_no_depth_is_refused() -> None:
    for data in (b"", as_file(np.zeros((4, 4, 3))).data, depth.encode(scene())[:200]):
        with pytest.raises(PictureError, match="can't be read"):
            depth.decode(data)


def test_as_a_picture_near_is_light_and_the_farthest_is_not_nothing() -> None:
    shown = depth.shown(scene())
    gray = np.frombuffer(shown.data, np.uint8).reshape(90, 160, 3)[..., 0]
    assert gray.max() > 250
    assert gray[np.isinf(scene().distances)].max() == 0
    assert gray[np.isfinite(scene().distances)].min() > 10
    column = gray[:30, 0].astype(int)
    assert (np.diff(column) <= 0).all() or (np.diff(column) >= 0).all()


# The range.


def test_a_range_is_smooth_beyond_its_ends() -> None:
    distances = np.linspace(0, 10, 1001, dtype=np.float32)[None]
    mask = np.asarray(depth.range_mask(DepthMap(distances, True), 3, 6, 2))[0].astype(int)
    at = {round(float(where), 2): int(value) for where, value in zip(distances[0], mask, strict=True)}
    assert [at[one] for one in (0.5, 1.0, 3.0, 4.5, 6.0, 8.0, 9.0)] == [0, 0, 255, 255, 255, 0, 0]
    assert abs(at[2.0] - 128) <= 1 and abs(at[7.0] - 128) <= 1
    assert np.abs(np.diff(mask)).max() <= 3
    hard = np.asarray(depth.range_mask(DepthMap(distances, True), 3, 6, 0))[0]
    assert set(hard.tolist()) == {0, 255}


@pytest.mark.parametrize("scale", [1, 2])
def test_outside_the_range_the_picture_is_the_source_to_the_byte(scale: int) -> None:
    source = RNG.integers(0, 255, (90 * scale, 160 * scale, 3))
    result = RNG.integers(0, 255, (90, 160, 3))
    found = scene()
    made = depth.within(as_file(result), as_file(source).data, depth.encode(found), 2, 4, 0.5)
    assert (made.width, made.height) == (160 * scale, 90 * scale)
    pixels = np.asarray(Image.open(io.BytesIO(made.data)))
    mask = np.asarray(depth.range_mask(found, 2, 4, 0.5).resize((160 * scale, 90 * scale), Image.Resampling.BILINEAR))
    assert (mask == 0).mean() > 0.2 and (mask == 255).mean() > 0.2
    assert (pixels[mask == 0] == source[mask == 0]).all()
    if scale == 1:
        assert (pixels[mask == 255] == result[mask == 255]).all()


def test_a_range_leaves_transparency_as_it_is() -> None:
    source = RNG.integers(0, 255, (90, 160, 4))
    result = source.copy()
    result[..., :3] = 255 - result[..., :3]
    made = depth.within(as_file(result), as_file(source).data, depth.encode(scene()), 2, 4, 0)
    pixels = np.asarray(Image.open(io.BytesIO(made.data)))
    assert (pixels[..., 3] == source[..., 3]).all()


# The check.


def painted(found: DepthMap) -> np.ndarray:
    """A picture whose edges are those of depth, with a texture on the floor."""
    colour = np.full((*found.distances.shape, 3), (90, 120, 60), float)
    colour[np.isinf(found.distances)] = (150, 190, 240)
    colour[found.distances == 2.5] = (200, 70, 40)
    return colour + RNG.normal(0, 3, colour.shape)


def test_a_result_that_kept_the_edges_is_told_from_one_that_did_not() -> None:
    found = scene(640, 360)
    found.distances[120:280, 240:440] = 2.5
    kept = depth.encode(found)
    right = painted(found).clip(0, 255)
    moved = np.roll(right, (25, 40), axis=(0, 1))
    shares = [depth.check(as_file(one), kept).kept for one in (right, moved)]
    flat = depth.check(as_file(np.full((360, 640, 3), 120)), kept)
    assert shares[0] is not None and shares[1] is not None and flat.kept is not None
    assert shares[0] > 0.9
    assert shares[1] < 0.6
    assert flat.kept < 0.1
    noise = depth.check(as_file(RNG.integers(0, 255, (360, 640, 3))), kept).kept
    assert noise is not None and noise < 0.2, "edges everywhere are none"
    overlay = np.asarray(Image.open(io.BytesIO(flat.overlay)))
    assert overlay.shape[2] == 3
    assert (overlay == depth.SHOWN_LOST).all(axis=2).any()
    assert not (overlay == depth.SHOWN_FOUND).all(axis=2).any()


def test_a_softer_result_of_another_size_keeps_its_edges() -> None:
    found = scene(640, 360)
    soft = Image.fromarray(painted(found).clip(0, 255).astype(np.uint8)).resize((500, 281))
    share = depth.check(as_file(np.asarray(soft.filter(ImageFilter.GaussianBlur(1)))), depth.encode(found)).kept
    assert share is not None and share > 0.8


def test_without_an_edge_there_is_no_figure() -> None:
    level = DepthMap(np.full((90, 160), 4, np.float32), True)
    assert depth.check(as_file(painted(scene())), depth.encode(level)).kept is None

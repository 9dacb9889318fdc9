"""The depth effect: the same for the same wish, another for another, and it treats near and far apart."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sandbox.effect import depth_edit

BLUR = "Add realistic depth blur to background while keeping subject sharp"
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def scene() -> Picture:
    """240×320×3: a finely grained grey background and before it, low in the middle, a red disc of the same grain."""
    y, x = np.mgrid[0:240, 0:320]
    grain = np.random.default_rng(1).integers(-25, 26, (240, 320, 1))
    disc = (((x - 160) / 70) ** 2 + ((y - 150) / 70) ** 2 < 1)[:, :, None]
    return np.clip(np.where(disc, [170, 40, 30], [120, 125, 130]) + grain, 0, 255).astype(np.uint8)


def grain(picture: Picture, y: int, x: int) -> float:
    """How much neighbours differ in a square of 40 px there: it falls with blur and with haze."""
    return float(np.abs(np.diff(picture[y : y + 40, x : x + 40].astype(float), axis=1)).mean())


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("prompt", [BLUR, "thick fog in the distance", "golden cinematic light", "moonlit night", ""])
def test_the_same_wish_gives_the_same_picture_and_another_seed_another(scene: Picture, prompt: str) -> None:
    once = depth_edit(scene, prompt, 3.5, 42)
    assert (once.shape, once.dtype) == (scene.shape, np.uint8)
    assert np.array_equal(once, depth_edit(scene, prompt, 3.5, 42))
    assert difference(once, depth_edit(scene, prompt, 3.5, 43)) > 0
    assert difference(once, scene) > 2


def test_depth_of_field_keeps_the_subject_and_blurs_the_background(scene: Picture) -> None:
    edited = depth_edit(scene, BLUR, 3.5, 42)
    assert grain(edited, 130, 140) > 0.9 * grain(scene, 130, 140)
    assert grain(edited, 5, 5) < 0.35 * grain(scene, 5, 5)


def test_the_focus_can_be_put_into_the_background(scene: Picture) -> None:
    edited = depth_edit(scene, "background sharp, foreground blurred", 3.5, 42)
    assert grain(edited, 130, 140) < 0.5 * grain(scene, 130, 140)
    assert grain(edited, 5, 5) > 0.9 * grain(scene, 5, 5)


def test_haze_lies_over_what_is_far(scene: Picture) -> None:
    edited = depth_edit(scene, "morning mist between the layers", 3.5, 42)
    assert grain(edited, 5, 5) < 0.5 * grain(scene, 5, 5)
    assert grain(edited, 130, 140) > 0.8 * grain(scene, 130, 140)


def test_light_is_warm_or_cold_as_the_words_are(scene: Picture) -> None:
    warm, cold = (depth_edit(scene, words, 3.5, 42).astype(float) for words in ("golden sunlight", "moonlight"))
    assert (warm[:, :, 0] - warm[:, :, 2]).mean() > (cold[:, :, 0] - cold[:, :, 2]).mean() + 20


def test_more_guidance_does_more(scene: Picture) -> None:
    done = [difference(depth_edit(scene, "fog", guidance, 42), scene) for guidance in (1, 3.5, 8)]
    assert done == sorted(done) and done[0] < 0.8 * done[2]


def test_words_are_whole_words(scene: Picture) -> None:
    assert np.array_equal(depth_edit(scene, "split quality", 3.5, 1), depth_edit(scene, "", 3.5, 1))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (300, 1), (17, 15), (255, 257)])
@pytest.mark.parametrize("prompt", [BLUR, "fog and moonlight"])
def test_any_size_is_taken(height: int, width: int, prompt: str) -> None:
    flat = np.full((height, width, 3), 128, np.uint8)
    edited = depth_edit(flat, prompt, 20, 4294967295)
    assert edited.shape == flat.shape
    if prompt == BLUR:
        assert difference(edited, flat) < 1.5

"""The edge of a selection: with colours that the edit has changed no seam is seen, and the heart of the edit stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.sandbox import Sandbox
from tests.telling import tell_at_the_end

from .conftest import Inside
from .delta_e import delta_e

WIDTH, HEIGHT = 480, 320
X, Y, WIDE, HIGH = 120, 80, 240, 160  # the selection
SEAM = 1.5  # mean ΔE2000
TITLE = "The edge of a selection, mean ΔE2000 from what is around it"
Notes = dict[str, dict[str, Any]]
Mask = npt.NDArray[np.bool_]


@pytest.fixture(scope="module")
def notes(inside: Inside) -> Iterator[Notes]:
    with Sandbox(effect="depth", latency=0.3) as service:
        yield inside.run("edges.py", service=service.base_url, key=service.api_key)
        assert service.contract_violations == []


def image(inside: Inside, name: str) -> npt.NDArray[np.uint8]:
    """The whole image as it was seen."""
    data = (inside.out / f"{name}.rgba").read_bytes()
    return np.frombuffer(data, np.uint8).reshape(HEIGHT, WIDTH, 4)[..., :3]


def layer(inside: Inside, notes: Notes, case: str, what: str) -> npt.NDArray[np.uint8]:
    """The pixels of the new layer, or its mask."""
    _, _, width, height = notes[case]["place"]
    data = np.frombuffer((inside.out / f"{case} {what}.rgba").read_bytes(), np.uint8)
    return data.reshape(height, width, -1)


def selected(inside: Inside, notes: Notes, case: str) -> Mask:
    """Where the new layer is seen, in the whole image."""
    x, y, width, height = notes[case]["place"]
    found = np.zeros((HEIGHT, WIDTH), bool)
    found[y : y + height, x : x + width] = layer(inside, notes, case, "mask")[..., 0] > 127
    return found


def inner_edge(inside: Mask) -> Mask:
    """The pixels of it that touch what is not in it."""
    padded = np.pad(inside, 1)
    all_around = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return inside & ~all_around


def seam(inside: Inside, notes: Notes, case: str) -> float:
    """How far the picture jumps at the edge: the innermost pixels beside what goes on around them, as it was there."""
    edge = inner_edge(selected(inside, notes, case))
    return float(delta_e(image(inside, f"{case} seen")[edge], image(inside, "source")[edge]).mean())


@pytest.mark.parametrize("effect", ["haze", "light", "no context"])
def test_no_seam_is_seen(effect: str, notes: Notes, inside: Inside) -> None:
    for case in (f"{effect} as it came", f"{effect} matched"):
        assert notes[case]["status"] == "success", notes[case]["message"]
    before, after = (seam(inside, notes, f"{effect} {how}") for how in ("as it came", "matched"))
    tell_at_the_end(TITLE, effect, f"as it came {before:.2f}, matched {after:.2f}")
    assert before > 2 * SEAM  # else the sandbox's effect would prove nothing
    assert after <= SEAM


@pytest.mark.parametrize("effect", ["haze", "light", "no context"])
def test_the_heart_of_the_edit_stays_as_it_came(effect: str, notes: Notes, inside: Inside) -> None:
    came, matched = (image(inside, f"{effect} {how} seen").astype(int) for how in ("as it came", "matched"))
    middle_x, middle_y = X + WIDE // 2, Y + HIGH // 2
    half = HIGH // 4 - 2  # of the way from the edge to the middle
    middle = np.s_[middle_y - half : middle_y + half, middle_x - half : middle_x + half]
    edit = np.abs(came[middle] - image(inside, "source").astype(int)[middle]).mean()
    assert edit > 1  # it did change something there; haze leaves alone what is near
    rows = slice(Y + HIGH // 4 + 2, Y + 3 * HIGH // 4 - 2)
    core = np.s_[rows, middle_x - 20 : middle_x + 20]
    assert np.abs(came[core] - matched[core]).max() <= 1


def test_nothing_beyond_the_selection_is_touched(notes: Notes, inside: Inside) -> None:
    outside = ~selected(inside, notes, "haze matched")
    assert (image(inside, "haze matched seen")[outside] == image(inside, "source")[outside]).all()


def test_what_the_service_gave_is_kept_as_it_came(notes: Notes, inside: Inside) -> None:
    files = []
    for how in ("as it came", "matched", "recovered"):
        (job,) = notes["recovered" if how == "recovered" else f"haze {how}"]["jobs"]
        (file,) = (inside.data_folder / "jobs" / job).glob("result*")
        files.append(file.read_bytes())
    assert files[0] == files[1] == files[2]


def test_where_all_is_selected_there_is_no_edge(notes: Notes, inside: Inside) -> None:
    (file,) = (inside.data_folder / "jobs" / notes["all of it"]["jobs"][0]).glob("result*")
    with Image.open(file) as came:
        assert (np.asarray(came) == layer(inside, notes, "all of it", "layer")).all()


def test_what_is_recovered_is_what_would_have_come(notes: Notes, inside: Inside) -> None:
    assert notes["recovered"]["status"] == "success", notes["recovered"]["message"]
    assert notes["recovered"]["place"] == notes["haze matched"]["place"]
    for what in ("layer", "mask"):
        there, here = (layer(inside, notes, case, what).astype(int) for case in ("haze matched", "recovered"))
        # GEGL's blurs round a value in a hundred thousand the other way, as its threads share the work.
        assert abs(there - here).max() <= 1 and (there != here).mean() < 1e-4
    assert (layer(inside, notes, "haze as it came", "layer") != layer(inside, notes, "recovered", "layer")).any()


def test_context_is_a_share_of_the_longer_side(notes: Notes) -> None:
    assert notes["haze matched"]["place"] == [X - 60, Y - 60, WIDE + 120, HIGH + 120]
    assert notes["no context matched"]["place"] == [X, Y, WIDE, HIGH]
    assert notes["feathered"]["place"] == [0, 0, WIDTH, HEIGHT]


def test_feather_is_gimps_own_and_leaves_the_selection_alone(notes: Notes, inside: Inside) -> None:
    ours = layer(inside, notes, "feathered", "mask").astype(int)
    data = (inside.out / "feathered by GIMP mask.rgba").read_bytes()
    theirs = np.frombuffer(data, np.uint8).reshape(ours.shape).astype(int)
    assert ((theirs > 20) & (theirs < 235)).mean() > 0.1
    assert np.abs(ours - theirs).max() <= 2
    assert all(facts["same selection"] for facts in notes.values())

"""What an artist does not expect: the wheel that changes a setting, words that are not so, settings that are forgotten.

Here in GIMP 3.0; ``test_surprises_32.py`` runs the same in GIMP 3.2. One GIMP serves the tests in their order; each
begins with an image of its own and leaves no window of ours open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import installed
from .desk import Desk, Seen
from .test_windows import AGAIN, EDIT, HISTORY, SETTINGS, finished, start_edit

pytestmark = pytest.mark.full

OF_SELECTION = {"Selection context", "Selection feather", "Match the edge"}


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp) -> Gimp:
    """The version that this module looks at."""
    return gimp30


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture(scope="module")
def desk(gimp: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A screen on which the dialog has to scroll."""
    inside = installed(gimp, package, tmp_path_factory.mktemp("surprises"))
    inside.data_folder.mkdir()
    (inside.data_folder / "key").write_text(service.api_key)
    env = {"FLUXDEPTH_BASE_URL": service.base_url}
    with Desk(inside, setup={"answers": "surprises"}, size=(1366, 768), env=env) as desk:
        yield desk


@pytest.fixture(autouse=True)
def own_image(desk: Desk, service: Sandbox) -> Iterator[None]:
    service.fault, service.latency = None, 0.0
    desk.ask("open")
    desk.wait_for(lambda: desk.layers() == ["Photo"], "the image")
    yield
    desk.close_messages()
    for title in (SETTINGS, HISTORY, AGAIN, EDIT):  # left by a test that has failed
        if title.removeprefix("^") in desk.screen.windows():
            desk.press_in(title, "Escape")
    desk.ask("close")
    desk.wait_for(lambda: desk.images() == [], "the images to close")


def opened(desk: Desk, title: str = EDIT, label: str = "Depth Edit…") -> None:
    desk.command(label)
    desk.window(title)
    desk.see("label", "Sent as PNG")


def field(desk: Desk, role: str, name: str) -> Seen:
    return next(one for one in desk.look() if one.role == role and name in (one.label, one.name))


def settings(desk: Desk) -> dict[str, Seen]:
    """The fields that are in sight, by role and name, from above."""
    seen = [one for one in desk.look() if one.role in ("slider", "spin button", "combo box")]
    return {f"{one.role} {one.label or one.name}": one for one in sorted(seen, key=lambda one: one.y)}


def wheel(desk: Desk, at: Seen, button: int) -> None:
    """Turn the mouse's wheel twice, up (4) or down (5)."""
    desk.screen.xdotool("mousemove", *at.middle, "sleep", 0.2, "click", button, "sleep", 0.1, "click", button)


def test_the_wheel_scrolls_and_changes_nothing(desk: Desk) -> None:
    opened(desk)
    desk.press_in(EDIT, "alt+m")
    desk.see("label", "Longest side sent")
    for role in ("slider", "spin button", "combo box"):
        for button in (4, 5):  # up, and down again to the end
            before = settings(desk)
            fields = [one for name, one in before.items() if name.startswith(role)]
            wheel(desk, fields[len(fields) // 2], button)

            def moved(before: dict[str, Seen] = before) -> bool:
                return any(name in before and before[name].y != one.y for name, one in settings(desk).items())

            desk.wait_for(moved, f"the wheel over {role} to scroll")
            both = [(before[name], one) for name, one in settings(desk).items() if name in before]
            assert [one.words for one, _ in both] == [one.words for _, one in both]
            assert any(one.role == role for one, _ in both)
    desk.window_picture(f"wheel-{desk.gimp.series}", EDIT)


def test_the_wheel_turns_the_number_that_has_the_keyboard(desk: Desk) -> None:
    opened(desk)
    steps = field(desk, "spin button", "Steps")
    desk.screen.click(steps.x + 10, steps.middle[1])
    desk.wait_for(lambda: "FOCUSED" in field(desk, "spin button", "Steps").states, "the keyboard")
    wheel(desk, field(desk, "spin button", "Steps"), 4)
    desk.wait_for(lambda: field(desk, "spin button", "Steps").text != steps.text, "another number")
    desk.click("button", "Reset")
    desk.click("button", "Reset to Factory Defaults")
    desk.close(EDIT, "Depth Edit")


def red_of(picture: Path, sign: Seen, window: Seen) -> float:
    """The share of red pixels of a sign in the picture of its window."""
    x, y = sign.x - window.x, sign.y - window.y
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))[y : y + sign.height, x : x + sign.width]
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return float(((red > 150) & (green < 90) & (blue < 90)).mean())


def sign_of(desk: Desk, name: str, words: str) -> float:
    """How red the sign beside the ``words`` is."""
    told = desk.see("label", words)
    picture = desk.window_picture(f"{name}-{desk.gimp.series}", EDIT)
    seen = desk.look()
    window = next(one for one in seen if one.role in ("dialog", "frame") and one.name == "Depth Edit")
    signs = [one for one in seen if one.role in ("icon", "image") and one.x < told.x and abs(one.y - told.y) < 20]
    assert len(signs) == 1, signs
    return red_of(picture, signs[0], window)


def test_layers_that_are_copies_are_asked_about_before_anything_is_sent(desk: Desk, service: Sandbox) -> None:
    desk.ask("open", copies=["Photo copy"])
    desk.ask("close", left=1)
    desk.wait_for(lambda: desk.layers() == ["Photo copy", "Photo"], "the copies")
    requests = len(service.at("upload")) + len(service.at("submit"))
    start_edit(desk, "Of copies, far")
    assert "Nothing was billed." in desk.see("label", "2 layers show the same picture").words
    assert sign_of(desk, "copies", "2 layers show the same picture") < 0.02
    assert len(service.at("upload")) + len(service.at("submit")) == requests
    submits = len(service.at("submit"))
    desk.click("button", "Edit Anyway")
    finished(desk, 4)
    assert len(service.at("submit")) == submits + 2


def test_what_is_made_of_an_order_is_told_with_what_is_not(desk: Desk, service: Sandbox) -> None:
    desk.ask("open", copies=["Sky"])
    desk.ask("close", left=1)
    desk.ask("mirror", layer=0)
    service.fault = "submit:unauthorized*1"
    start_edit(desk, "A part of it, far")
    told = desk.see("label", "did not accept the key").words
    assert "1 of 2 paid edits is made and billed." in told
    assert "Nothing more was billed." in told and "Nothing was billed" not in told
    assert sign_of(desk, "part", "1 of 2 paid edits") > 0.1
    desk.wait_for(lambda: len(desk.layers()) == 3, "the other one")
    desk.close(EDIT, "Depth Edit")


def test_a_large_order_is_a_question(desk: Desk) -> None:
    opened(desk)
    desk.click("text", "Prompt")
    desk.write("Five of it, far", EDIT)
    desk.press_in(EDIT, "alt+i", "ctrl+a", "5", "Tab")
    desk.press_in(EDIT, "ctrl+Return")
    assert sign_of(desk, "large-order", "These are 5 paid edits") < 0.02
    desk.press_in(EDIT, "alt+i", "ctrl+a", "1", "Tab")
    desk.close(EDIT, "Depth Edit")


def test_the_address_of_the_environment_is_told(desk: Desk, service: Sandbox) -> None:
    desk.command("Settings…")
    desk.window(SETTINGS)
    desk.see("label", f"FLUXDEPTH_BASE_URL is set, so {service.base_url} is used")
    assert "SENSITIVE" not in field(desk, "text", "Service address").states
    desk.window_picture(f"settings-environment-{desk.gimp.series}", SETTINGS)
    desk.close(SETTINGS, "Flux Depth Settings")


def test_an_edit_from_the_history_or_made_again_is_the_last_one(desk: Desk) -> None:
    start_edit(desk, "From the dialog, far")
    finished(desk, 2)
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item", "From the dialog, far")
    desk.press_in(HISTORY, "alt+u")
    desk.window(EDIT)
    desk.see("text", "From the dialog, far")
    desk.click("text", "Prompt")
    desk.write("From the history, far", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, 3)
    opened(desk)
    desk.see("text", "From the history, far")
    desk.close(EDIT, "Depth Edit")
    assert desk.ask("repeat") == {"status": "success", "message": ""}
    desk.wait_for(lambda: len(desk.layers()) == 4, "the repeated edit")
    assert all(name.startswith("From the history, far") for name in desk.layers()[:2])
    opened(desk, AGAIN, "Edit Again…")
    desk.see("text", "From the history, far")
    desk.window_picture(f"again-title-{desk.gimp.series}", AGAIN)
    desk.press_in(AGAIN, "ctrl+Return")
    desk.gone(AGAIN)
    desk.wait_for(lambda: len(desk.layers()) == 5, "the edit made again")
    opened(desk)
    assert field(desk, "spin button", "Seed").text == "1"
    desk.close(EDIT, "Depth Edit")


def test_without_a_selection_the_layer_is_the_source(desk: Desk) -> None:
    desk.ask("select", selected=True)
    opened(desk)
    desk.click("text", "Prompt")
    desk.write("Of a selection, far", EDIT)
    assert not OF_SELECTION & {one.label or one.name for one in desk.look()}
    desk.press_until(lambda: desk.find("label", "Selection of layer"), EDIT, "alt+u", "Home", "Down")
    shown = {one.label or one.name: one for one in desk.look() if one.role in ("spin button", "check box", "combo box")}
    assert set(shown) >= OF_SELECTION
    assert shown["Source"].y < min(shown[name].y for name in OF_SELECTION)
    assert max(shown[name].y for name in OF_SELECTION) < shown["Steps"].y
    for name, unit in (("Selection context", "%"), ("Selection feather", "px")):
        beside = [one for one in desk.look() if one.role == "label" and one.name == unit]
        assert [one for one in beside if abs(one.middle[1] - shown[name].middle[1]) < 10], (unit, beside)
    desk.window_picture(f"of-selection-{desk.gimp.series}", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, 2)
    opened(desk)
    desk.see("label", "Selection of layer")
    desk.close(EDIT, "Depth Edit")
    desk.ask("select", selected=False)
    opened(desk)
    desk.see("label", "Layer “")
    assert field(desk, "combo box", "Source").name == "Current layer"
    desk.close(EDIT, "Depth Edit")


def test_an_image_that_was_closed_is_told_from_none(desk: Desk) -> None:
    opened(desk)
    desk.ask("open")
    desk.ask("close", left=1)
    desk.wait_for(lambda: len(desk.images() or []) == 1, "one image to be left")
    desk.window(EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("label", "The image was closed.")
    assert desk.find("label", "There is no image to edit") is None
    desk.window_picture(f"closed-{desk.gimp.series}", EDIT)
    desk.close(EDIT, "Depth Edit")


def shown(desk: Desk) -> list[bool]:
    return [layer["visible"] for layer in (desk.images() or [[]])[0]]


def test_all_results_of_the_source_are_hidden_and_shown_in_one_step(desk: Desk) -> None:
    for number in range(2):
        start_edit(desk, f"Number {number}, far")
        finished(desk, 2 + number)
    for expected in ([False, False, True], [True, True, True]):
        desk.command("Show/Hide Result")
        desk.wait_for(lambda expected=expected: shown(desk) == expected, f"{expected}")
    desk.command("Show/Hide Result")
    desk.wait_for(lambda: shown(desk) == [False, False, True], "both to be hidden")
    desk.picture(f"hidden-results-{desk.gimp.series}")
    desk.to_gimp()
    desk.press("ctrl+z")
    desk.wait_for(lambda: shown(desk) == [True, True, True], "one undo to show both")
    desk.press("ctrl+y")
    desk.wait_for(lambda: shown(desk) == [False, False, True], "one redo to hide both")
    desk.command("Show/Hide Result")
    desk.wait_for(lambda: shown(desk) == [True, True, True], "both to be shown")

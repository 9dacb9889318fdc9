"""GIMP as an artist meets it: real windows, with the mouse and with the keyboard alone.

Here in GIMP 3.0; ``test_windows_32.py`` runs the same in GIMP 3.2. One GIMP serves the tests in their order; each
leaves no window of ours open.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Gimp
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import installed
from .desk import Desk

EDIT = "^Depth Edit"
AGAIN = "^Edit Again"
SETTINGS = "^Flux Depth Settings"
HISTORY = "^Flux Depth History"


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp) -> Gimp:
    """The version that this module looks at."""
    return gimp30


@pytest.fixture(scope="module")
def desk(gimp: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A fresh profile without a key, no image open."""
    inside = installed(gimp, package, tmp_path_factory.mktemp("windows"))
    with Desk(inside, env={"FLUXDEPTH_BASE_URL": service.base_url}) as desk:
        yield desk


@pytest.fixture(autouse=True)
def kind_service(service: Sandbox) -> None:
    service.fault, service.latency = None, 0.0


def start_edit(desk: Desk, prompt: str) -> None:
    """Open the dialog, write the prompt and press Edit, all with the keyboard."""
    desk.command("Depth Edit…")
    desk.window(EDIT)

    def focused() -> bool:
        desk.window(EDIT)  # GIMP's own window may take the keyboard back when an image has just been opened
        return "FOCUSED" in desk.see("text", "").states

    wait_until(focused, 30, "the prompt to have the focus")
    desk.write(prompt, EDIT)
    desk.press_in(EDIT, "ctrl+Return")


def finished(desk: Desk, layers: int) -> None:
    """Wait until the dialog is gone and the image has that many layers."""
    desk.wait_for(lambda: len(desk.layers()) == layers, f"{layers} layers")
    desk.gone(EDIT)


def test_settings_need_no_image(desk: Desk, service: Sandbox) -> None:
    desk.menu("Settings…")
    desk.window(SETTINGS)
    desk.see("password text")
    # No sense: told in words, and nothing is closed.
    desk.type("short")
    desk.press_in(SETTINGS, "alt+s")
    desk.see("label", "This is no API key.")
    desk.window_picture(f"settings-error-{desk.gimp.series}", SETTINGS)
    desk.press_in(SETTINGS, "ctrl+a")
    desk.type(service.api_key)
    desk.press_in(SETTINGS, "alt+t")
    desk.see("label", "Key accepted · model offered")
    desk.window_picture(f"settings-{desk.gimp.series}", SETTINGS)
    file = desk.inside.data_folder / "key"
    assert not file.exists()  # it was asked about, and not kept
    # What was said of this key goes when another one is written.
    desk.click("password text")
    desk.type("x")
    desk.wait_for(lambda: desk.find("label", "Key accepted") is None, "the answer to go")
    desk.press("BackSpace")
    desk.press_in(SETTINGS, "alt+s")
    desk.gone(SETTINGS)
    assert file.read_text() == service.api_key
    assert file.stat().st_mode & 0o777 == 0o600
    # Another one that is tested replaces nothing.
    desk.menu("Settings…")
    desk.window(SETTINGS)
    desk.type("nobody-has-this-key")
    desk.press_in(SETTINGS, "alt+t")
    desk.see("label", "did not accept the key")
    assert file.read_text() == service.api_key
    desk.press_in(SETTINGS, "alt+f")  # forget it: the next test is an artist's first run
    desk.wait_for(lambda: not file.exists(), "the key to be forgotten")
    desk.press_in(SETTINGS, "Escape")
    desk.gone(SETTINGS)


def test_first_result_in_six_clicks_and_one_paste(desk: Desk, service: Sandbox) -> None:
    desk.open_image()
    desk.to_gimp()
    desk.menu("Depth Edit…")
    desk.window(EDIT)
    wait_until(lambda: "FOCUSED" in desk.see("password text").states, 30, "the key field to have the focus")
    desk.see("label", "credits of that account")
    desk.see("label", "Sent as PNG, 600×400 px, 0.")
    # Else what an artist types goes to GIMP, where letters are tools and Delete clears the layer.
    assert "Depth Edit" in desk.screen.xdotool("getactivewindow", "getwindowname")
    desk.window_picture(f"first-run-{desk.gimp.series}", EDIT)
    desk.type(service.api_key)  # the one paste
    desk.click("toggle button", "Presets")
    desk.click("menu item", "Depth of field")
    desk.see("text", "{subject}, sharp in the foreground")
    desk.type("A tabby cat")  # the place for the subject is selected
    desk.see("text", "A tabby cat, sharp in the foreground")
    desk.click("button", "Edit")
    finished(desk, 2)
    assert desk.layers()[0].startswith("A tabby cat, sharp")
    assert (desk.inside.data_folder / "key").read_text() == service.api_key
    desk.picture(f"result-{desk.gimp.series}")


def test_one_undo_step_takes_it_all_back(desk: Desk) -> None:
    desk.to_gimp()
    desk.press("ctrl+z")
    desk.wait_for(lambda: desk.layers() == ["Photo"], "the undo")
    desk.press("ctrl+y")
    desk.wait_for(lambda: len(desk.layers()) == 2, "the redo")


def test_error_in_words_then_a_second_attempt_without_reopening(desk: Desk, service: Sandbox) -> None:
    before = len(desk.layers())
    service.fault = "submit:failure_at_once*1"
    start_edit(desk, "Haze far behind the cat")
    desk.see("label", "Change the prompt or the settings and try again. Credits may have been used.")
    # Every setting is still there, and the keyboard where something is to be changed: the same may fail and cost again.
    assert "FOCUSED" in desk.see("text", "Haze far behind the cat").states
    desk.window_picture(f"error-{desk.gimp.series}", EDIT)
    desk.click("button", "Try Again")
    finished(desk, before + 1)
    assert desk.layers()[0] == "Haze far behind the cat · seed 0"


def test_rejected_key_leads_to_the_settings(desk: Desk, service: Sandbox) -> None:
    before = len(desk.layers())
    service.fault = "submit:unauthorized*1"
    start_edit(desk, "Another key please, far away")
    desk.see("label", "Check it in Settings.")
    desk.press_in(EDIT, "Return")
    desk.window(SETTINGS)
    desk.press_in(SETTINGS, "Escape")
    desk.gone(SETTINGS)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, before + 1)


def test_words_go_with_their_cause(desk: Desk, service: Sandbox) -> None:
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.click("text", "Prompt")
    desk.press_until(lambda: desk.see("text", "Prompt").text == "", EDIT, "ctrl+a", "Delete")
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("label", "The prompt is empty.")
    desk.click("text", "Prompt")
    desk.write("No more empty, far", EDIT)
    desk.wait_for(lambda: desk.find("label", "is empty") is None, "the error to go")
    desk.click("button", "Test")
    desk.see("label", "Key accepted")
    service.fault = "submit:failure_at_once*1"
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("button", "Try Again")
    desk.see("label", "Key from the key file")  # what was said before the edit is over
    desk.close(EDIT, "Depth Edit")


def test_stop_waiting_then_recover(desk: Desk, service: Sandbox) -> None:
    before = len(desk.layers())
    submits = len(service.at("submit"))
    service.latency = 5.0
    start_edit(desk, "Stopped on the way, far")
    desk.see("label", "Generating")
    desk.see("label", "s, usually about")
    desk.window_picture(f"working-{desk.gimp.series}", EDIT)
    desk.press_in(EDIT, "alt+t")
    desk.see("label", "Stopped waiting.")
    assert len(desk.layers()) == before
    desk.window_picture(f"stopped-{desk.gimp.series}", EDIT)
    service.latency = 0.0
    desk.press_in(EDIT, "Return")  # Recover
    finished(desk, before + 1)
    assert desk.layers()[0] == "Stopped on the way, far · seed 0"
    assert len(service.at("submit")) == submits + 1  # fetched, not made again


@pytest.mark.parametrize("way", ["Hide", "Escape", "close"])
def test_hidden_work_goes_on_and_arrives(desk: Desk, service: Sandbox, way: str) -> None:
    before = len(desk.layers())
    service.latency = 2.0
    start_edit(desk, f"Hidden by {way}, far")
    desk.see("label", "Generating")
    if way == "Hide":
        desk.press_in(EDIT, "alt+h")
    elif way == "Escape":
        desk.press_in(EDIT, "Escape")
    else:
        desk.press_in(EDIT, "alt+F4")
    desk.gone(EDIT)
    assert len(desk.layers()) == before
    finished(desk, before + 1)
    assert desk.layers()[0] == f"Hidden by {way}, far · seed 0"


def test_hidden_window_is_brought_back(desk: Desk, service: Sandbox) -> None:
    before, taken = len(desk.layers()), service.taken
    service.latency = 12.0
    start_edit(desk, "Brought back, far")
    desk.see("label", "Generating")
    desk.press_in(EDIT, "alt+h")
    desk.gone(EDIT)
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.see("label", "“Brought back, far” is under way in a window that is hidden.")
    desk.window_picture(f"hidden-{desk.gimp.series}", EDIT)
    desk.press_in(EDIT, "alt+b")
    desk.see("label", "Generating")
    desk.wait_for(lambda: desk.screen.windows().count("Depth Edit") == 1, "the window that has brought it back to go")
    desk.see("label", "Generating")
    finished(desk, before + 1)
    assert service.taken == taken + 1
    assert list((desk.inside.data_folder / "hidden").iterdir()) == []


def test_repeat_makes_the_same_edit_without_asking(desk: Desk) -> None:
    before = len(desk.layers())
    name = desk.layers()[0]
    desk.to_gimp()
    desk.press("ctrl+f")
    desk.wait_for(lambda: len(desk.layers()) == before + 1, "the repeated edit")
    assert desk.layers()[0].removesuffix(" #1") == name


def test_history_inserts_again(desk: Desk, service: Sandbox) -> None:
    before, taken = len(desk.layers()), service.taken
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item", "Hidden by close")
    desk.window_picture(f"history-{desk.gimp.series}", HISTORY)
    desk.press_in(HISTORY, "alt+i")
    desk.wait_for(lambda: len(desk.layers()) == before + 1, "the layer from the history")
    desk.press_in(HISTORY, "Escape")
    desk.gone(HISTORY)
    assert service.taken == taken


@pytest.mark.full  # the list of controls drives it too
def test_settings_of_an_earlier_edit_are_used_again(desk: Desk) -> None:
    before = len(desk.layers())
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item")
    desk.press_in(HISTORY, "End")  # the first edit of all, made with a preset
    desk.see("label", "A tabby cat, sharp in the foreground")
    desk.press_in(HISTORY, "alt+u")
    desk.window(EDIT)
    desk.see("text", "A tabby cat, sharp in the foreground")
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, before + 1)
    assert sum(name.startswith("A tabby cat, sharp") for name in desk.layers()) == 2


@pytest.mark.full  # the list of controls drives it too
def test_edit_again_and_the_result_hidden_and_shown(desk: Desk) -> None:
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")
    desk.open_image()
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.click("text", "Prompt")
    desk.write("A cup, far behind it mist", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, 2)
    seed = int(desk.layers()[0].removeprefix("A cup, far behind it mist · seed "))
    for shown in (False, True):
        desk.command("Show/Hide Result")
        desk.wait_for(lambda shown=shown: desk.images()[0][0]["visible"] is shown, f"the result to be shown: {shown}")
    desk.command("Edit Again…")
    desk.window(AGAIN)
    desk.see("text", "A cup, far behind it mist")
    desk.see("label", "Layer “Photo”")  # the source, and not the result
    desk.press_in(AGAIN, "ctrl+Return")
    desk.gone(AGAIN)
    desk.wait_for(lambda: len(desk.layers()) == 3, "the edit made again")
    assert desk.layers()[0] == f"A cup, far behind it mist · seed {seed + 1}"


def test_keyboard_stays_when_a_selection_is_chosen(desk: Desk) -> None:
    """Its size is found 0.4 s later with images of our own, and GIMP's window must not come to the front for them."""
    desk.tell("select")
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.press_until(lambda: desk.find("label", "Selection of layer"), EDIT, "alt+u", "Home", "Down")
    desk.see("label", "Sent as PNG, 450×350 px, 0.")
    desk.screen.xdotool("sleep", 0.5)
    assert "Depth Edit" in desk.screen.xdotool("getactivewindow", "getwindowname")
    desk.close(EDIT, "Depth Edit")

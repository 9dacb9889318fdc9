"""A fresh profile on 1366×768, with the mouse and with the keyboard alone; clicks and keys are counted and printed.

First result, another seed, a soft selection, four variations, an error and its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import installed, tell_at_the_end
from .desk import Desk
from .test_windows import EDIT, SETTINGS, finished

pytestmark = pytest.mark.full


class Counting:
    """Does what an artist does, and counts it; what is typed or pasted into a field counts as one."""

    def __init__(self, desk: Desk, way: str) -> None:
        self.desk, self.way = desk, way
        self.count = 0

    def click(self, role: str, words: str) -> None:
        self.count += 1
        self.desk.click(role, words)

    def menu(self) -> None:
        self.count += 2  # Filters, and the entry; the mouse rests on the submenu between
        self.desk.to_gimp()
        self.desk.menu("Depth Edit…")
        self.desk.window(EDIT)

    def wheel(self) -> None:
        self.count += 1
        self.desk.screen.xdotool("mousemove", *self.desk.see("label", "Model").middle)
        for _ in range(6):
            self.desk.screen.xdotool("click", 5)
        self.desk.screen.xdotool("sleep", 1)

    def write(self, text: str) -> None:
        self.count += 1
        self.desk.type(text)

    def press(self, *keys: str, title: str = EDIT) -> None:
        self.count += len(keys)
        self.desk.press_in(title, *keys)

    def press_until(self, condition: Callable[[], object], *keys: str) -> None:
        self.count += len(keys)
        self.desk.press_until(condition, EDIT, *keys)

    def search(self) -> None:
        """GIMP's own search: a slash, the words, Return."""
        self.count += 3
        self.desk.command("Depth Edit…")
        self.desk.window(EDIT)

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        self.count = 0
        yield
        tell_at_the_end("A fresh profile on 1366×768, clicks or keys", self.way, what, str(self.count))


def key_is_asked_for(desk: Desk) -> None:
    desk.wait_for(lambda: "FOCUSED" in desk.see("password text").states, "the key field to have the focus")


def prompt_is_ready(desk: Desk) -> None:
    desk.wait_for(lambda: "FOCUSED" in desk.see("text", "Prompt").states, "the prompt to have the focus")
    desk.see("label", "Sent as PNG")


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture
def desk(gimp30: Gimp, package: Path, service: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    inside = installed(gimp30, package, tmp_path)
    with Desk(inside, size=(1366, 768), env={"FLUXDEPTH_BASE_URL": service.base_url}) as desk:
        desk.open_image()
        yield desk


def seeds(service: Sandbox) -> list[int]:
    return [request.json["promptObject"]["seed"] for request in service.at("submit")]


def test_with_the_mouse(desk: Desk, service: Sandbox) -> None:
    artist = Counting(desk, "mouse")
    with artist.told("first result"):
        artist.menu()
        key_is_asked_for(desk)
        artist.write(service.api_key)
        artist.click("toggle button", "Presets")
        artist.click("menu item", "Depth of field")
        artist.write("A cat")  # where the preset has the subject's place, which is selected
        artist.click("button", "Edit")
        finished(desk, 2)
    with artist.told("another seed"):
        artist.menu()
        prompt_is_ready(desk)
        artist.click("button", "Random")
        artist.click("button", "Edit")
        finished(desk, 3)
    assert seeds(service)[0] != seeds(service)[1]
    desk.tell("select")
    with artist.told("a soft selection"):
        artist.menu()
        artist.click("combo box", "Current layer")
        artist.click("menu item", "Selection")
        desk.see("label", "Selection of layer “Photo”")
        artist.click("button", "Edit")
        finished(desk, 4)
    desk.wait_for(lambda: any(layer["mask"] for layer in (desk.images() or [[]])[0]), "the mask")
    with artist.told("four variations"):
        artist.menu()
        artist.wheel()  # a selection's own settings leave less room
        artist.click("button", "Random")  # the first one's seed is made already
        for _ in range(3):
            field = next(one for one in desk.look() if one.role == "spin button" and one.label == "Variations")
            artist.count += 1
            desk.screen.click(field.x + field.width - 15, field.middle[1])  # its plus
        desk.see("label", "4 paid edits")
        desk.window_picture("small-variations", EDIT)
        artist.click("button", "Edit")
        finished(desk, 5)
    assert len(service.at("submit")) == 7
    service.fault = "submit:failure_at_once*4"
    with artist.told("an error and its way out"):
        artist.menu()
        artist.wheel()
        artist.click("button", "Random")
        artist.click("button", "Edit")
        desk.see("label", "Credits may have been used.")
        desk.window_picture("small-error", EDIT)
        artist.click("button", "Try Again")
        finished(desk, 6)


def test_with_the_keyboard_alone(desk: Desk, service: Sandbox) -> None:
    artist = Counting(desk, "keyboard")
    with artist.told("first result"):
        artist.search()
        key_is_asked_for(desk)
        artist.write(service.api_key)
        artist.press_until(lambda: "FOCUSED" in desk.see("text", "Prompt").states, "alt+o")
        artist.write("Haze far behind the cat")
        artist.press("ctrl+Return")
        finished(desk, 2)
    with artist.told("another seed"):
        artist.search()
        prompt_is_ready(desk)
        artist.press_until(lambda: desk.find("spin button", "Seed 0") is None, "alt+n")
        artist.press("ctrl+Return")
        finished(desk, 3)
    assert seeds(service)[0] != seeds(service)[1]
    desk.tell("select")
    with artist.told("a soft selection"):
        artist.search()
        artist.press_until(lambda: desk.find("label", "Selection of layer “Photo”"), "alt+u", "Down")
        artist.press("ctrl+Return")
        finished(desk, 4)
    desk.wait_for(lambda: any(layer["mask"] for layer in (desk.images() or [[]])[0]), "the mask")
    with artist.told("four variations"):
        artist.search()
        prompt_is_ready(desk)
        artist.press_until(lambda: desk.find("spin button", "Seed"), "alt+i")  # it comes into sight with its neighbour
        seed = desk.see("spin button", "Seed").words
        artist.press_until(lambda: desk.find("spin button", seed) is None, "alt+n")
        artist.press_until(lambda: desk.find("label", "4 paid edits"), "alt+i", "ctrl+a", "4", "Tab")
        artist.press("ctrl+Return")
        finished(desk, 5)
    assert len(service.at("submit")) == 7
    service.fault = "submit:unauthorized*4"
    with artist.told("an error and its way out"):
        artist.search()
        prompt_is_ready(desk)
        artist.press_until(lambda: desk.find("spin button", "Seed"), "alt+i")  # it comes into sight with its neighbour
        seed = desk.see("spin button", "Seed").words
        artist.press_until(lambda: desk.find("spin button", seed) is None, "alt+n")
        artist.press("ctrl+Return")
        desk.see("label", "Check it in Settings.")
        artist.press("Return")
        artist.press("Escape", title=SETTINGS)
        desk.gone(SETTINGS)
        artist.press("ctrl+Return")
        finished(desk, 6)

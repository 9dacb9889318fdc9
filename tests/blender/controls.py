"""The controls of the add-on in Blender's real windows: which there are, where they are, and which were used."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.hosts.screen import wait_until

from . import judge
from .window import INSIDE, Window

PREFERENCES = "PREFERENCES"
STEP = 7  # px between two presses of the key: a button is 20 px high, and the first press on it may come too early
NEAR = 9  # presses above and below
ROW = 22  # px from a row of buttons to the next
EDGES = 23, 31  # px beside a row of them
LIST_AREA = 15000  # px that change where a list opens
LATE = 3  # px by which a press is noted too far below, on the whole: what was above is noted at it
# px from the left or the right edge: the fields and wide buttons, then each kind of icon.
COLUMNS = (158, -45, 87, 107, 127, 146, -66, 30)
NARROW = (22, 43, 64)  # more of them, between these, which are looked along for one control alone
SCREENS = Path(__file__).parents[2] / "build" / "screens"
Control = tuple[str, str, str]  # editor, kind, name


@dataclass(frozen=True)
class Spot:
    """What is at that place of the screen: the call of an operator's button, or the name of a property."""

    x: int
    y: int
    call: str
    path: str

    def shows(self, kind: str, name: str) -> bool:
        if kind == "property":
            return self.path == name
        idname, *told = name.split()
        return self.call.startswith(f"bpy.ops.{idname}(") and all(word in self.call for word in told)


class Controls:
    """What was seen and what was used, in the editor that is open."""

    def __init__(self, window: Window) -> None:
        self.window, self.screen = window, window.screen
        self.used: dict[Control, str] = {}
        self.test = ""
        self.editor = ""
        self._spots: list[Spot] = []
        self._known: dict[Control, tuple[int, int]] = {}  # where each was found last

    def watch(self, test: str) -> None:
        """From now on, for that test. To be called again when a file was opened."""
        self.test = test
        self.window.do(f"INSIDE = {str(INSIDE)!r}\n" + (INSIDE / "controls.py").read_text("utf-8"))

    def open(self, editor: str) -> None:
        """The sidebar in the largest area, which becomes an editor of that kind; or the preferences' window."""
        self.editor, self._spots = editor, []
        if editor == PREFERENCES:
            self.window.do("bpy.ops.fluxdepth.preferences()")
            window, scale = self.screen.wait_for_window("Preferences"), self.screen.scale
            height = min(1100 * scale, self.screen.height - 40 * scale)
            self.screen.xdotool("windowmove", window, 60, 30 * scale, "windowsize", window, 850 * scale, height)
            self.screen.xdotool("sleep", 1)
        else:
            self.window.do(f"""
window = bpy.context.window_manager.windows[0]
area = max(window.screen.areas, key=lambda one: one.width * one.height)
area.type = {editor!r}
if area.type == "VIEW_3D":  # what costs much to draw, and is not looked at
    view = area.spaces.active
    view.shading.type, view.overlay.show_overlays, view.show_gizmo = "WIREFRAME", False, False
    bpy.context.preferences.system.viewport_aa = "OFF"
""")
            self.window.open_sidebar(editor)
        self.settle()

    def close_preferences(self) -> None:
        self.window.do("""
for one in list(bpy.context.window_manager.windows)[1:]:
    with bpy.context.temp_override(window=one):
        bpy.ops.wm.window_close()
""")
        self.screen.wait_until_gone("Preferences")

    def settle(self) -> None:
        self.window.do("session.ticker.settle_panels()")
        self.window.wait_for("time.monotonic() > session.ticker._calm")

    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the region that draws our panels, on the screen."""
        left, bottom, width, height = self.window.do(f"""
place = next((one, area) for one in bpy.context.window_manager.windows for area in one.screen.areas
             if area.type == {self.editor!r})
region = next(one for one in place[1].regions if one.type == {"WINDOW" if self.editor == PREFERENCES else "UI"!r})
answer = [place[0].x + region.x, place[0].y + region.y, region.width, region.height]
""")
        return left, self.screen.height - bottom - height, width, height

    def scroll(self) -> None:
        """To the end of what is open."""
        left, top, width, height = self.box()
        at = left + width // 2, top + height // 2
        self.screen.xdotool("mousemove", *at, "sleep", 0.2, "click", "--repeat", 40, "--delay", 20, 5, "sleep", 0.5)

    def press_the_key(self, points: list[tuple[int, int]]) -> list[Spot]:
        self.window.do("hovered.clear()")
        # From afar: what the mouse was on before would be noted at the first of them.
        words: list[str | int | float] = ["mousemove", *points[0], "sleep", 0.2]
        for x, y in points:
            words += ["mousemove", x, y, "key", "--delay", "2", "y"]
        self.screen.xdotool(*words)
        heard = -1
        while heard != (heard := self.window.do("answer = len(hovered)")):
            time.sleep(0.1)
        left, bottom = self.window.do(f"""
answer = next([one.x, one.y] for one in bpy.context.window_manager.windows for area in one.screen.areas
              if area.type == {self.editor!r})
""")
        return [
            Spot(left + x, self.screen.height - bottom - y, call, path)
            for x, y, call, path in self.window.do("answer = hovered")
        ]

    def scan(self, kind: str = "", name: str = "") -> None:
        """Look along some columns of the region, from its top to its bottom, until the one that is wanted is found."""
        left, top, width, height = self.box()
        scale = self.screen.scale
        columns = [left + scale * one + (0 if one > 0 else width) for one in COLUMNS + (NARROW if kind else ())]
        if self.editor == PREFERENCES:
            columns = [left + width * 6 // 10, left + width // 10, left + width - 26 * scale]
        self._spots = []
        for x in columns:
            self._spots += self.press_the_key([(x, y) for y in range(top + 4, top + height - 4, STEP * scale)])
            if kind and self._middle(kind, name):
                return

    def find(self, kind: str, name: str) -> tuple[int, int] | None:
        """The middle of what shows it, the highest of several; near where it was before it is looked for first."""
        before = self._known.get((self.editor, kind, name))
        if before:
            x, y = before
            _, top, _, height = self.box()
            near = [y + STEP * self.screen.scale * one for one in range(-NEAR, NEAR + 1)]
            self._spots = self.press_the_key([(x, one) for one in near if top < one < top + height])
        if not before or not self._middle(kind, name):
            self.scan(kind, name)
        found = self._middle(kind, name)
        if found:
            self._known[self.editor, kind, name] = found
        return found

    def _middle(self, kind: str, name: str) -> tuple[int, int] | None:
        columns: dict[int, list[int]] = {}
        for one in self._spots:
            if one.shows(kind, name):
                columns.setdefault(one.x, []).append(one.y)
        if not columns:
            return None
        x, ys = sorted(columns.items())[len(columns) // 2]
        ys = [y for y in ys if y < min(ys) + 3 * STEP * self.screen.scale]
        return x, ys[(len(ys) - 1) // 2] - LATE * self.screen.scale

    def judged(self, path: Path, *wanted: tuple[str, str], settle: float = 2) -> Path:
        """A picture of the screen, which counts only when all of it can be seen."""
        self.scan()
        cut = self.window.do(f"""
answer = [word for (editor, _, _), (layout, _) in drawn.items() if editor == {self.editor!r} for word in layout.cut()]
""")
        titles = self.screen.windows()
        self.window.picture(path, settle)
        with Image.open(path) as picture:
            shot = np.asarray(picture.convert("RGB"))
        assert not (wrong := judge.faults(cut, titles, wanted, self._spots, shot, self.screen.scale)), (path, wrong)
        return path

    def see(self, kind: str, name: str) -> tuple[int, int]:
        return wait_until(lambda: self.find(kind, name), 30, lambda: f"no {kind} {name}, but {self.names()}")

    def names(self) -> list[str]:
        """For the message of a failure, with a picture."""
        self.screen.screenshot(SCREENS / f"failed-{self.test}.png")
        return sorted({one.call[:60] or one.path for one in self._spots})

    def note(self, kind: str, name: str) -> None:
        self.used[self.editor, kind, name] = self.test
        if " " in name:
            self.used[self.editor, kind, name.split()[0]] = self.test

    def use(self, kind: str, name: str) -> tuple[int, int]:
        """Click it."""
        at = self.see(kind, name)
        self.note(kind, name)
        self.click(at)
        return at

    def click(self, at: tuple[int, int]) -> None:
        self.screen.xdotool("mousemove", at[0] - 1, at[1], "sleep", 0.1, "mousemove", *at, "sleep", 0.1, "click", 1)

    def value(self, name: str, owner: str = "bpy.context.scene.fluxdepth") -> Any:
        return self.window.do(f"answer = {owner}.{name}")

    def write(self, name: str, text: str, owner: str = "bpy.context.scene.fluxdepth", expected: Any = None) -> None:
        """Into a field with words or a number, with the keyboard."""
        for _ in range(3):  # on a busy machine the first letters may come before the field takes them
            x, y = self.see("property", name)
            if self.editor != PREFERENCES:  # at a number's ends are arrows
                x = self.box()[0] + COLUMNS[0] * self.screen.scale
            self.click((x, y))
            self.note("property", name)
            self.screen.xdotool("sleep", 0.3)
            self.screen.key("ctrl+a")
            self.screen.type(text)
            self.screen.key("Return")
            with suppress(TimeoutError):
                wait_until(lambda: self.value(name, owner) == (text if expected is None else expected), 2, name)
                return
        raise AssertionError(f"{name} is {self.value(name, owner)!r} after {text!r} was typed")

    def choose(self, name: str, wanted: str, owner: str = "bpy.context.scene.fluxdepth") -> None:
        """One of the choices of a menu, with the keyboard once it is open."""
        names = self.window.do(f"answer = list({owner}.bl_rna.properties[{name!r}].enum_items.keys())")
        down = names.index(wanted) + 1
        for keys in (["Down"] * down, ["Down"] * down, ["Up"] * (len(names) + 1 - down)):  # as the menu opens
            self.use("property", name)
            self.screen.xdotool("sleep", 0.3)
            self.screen.key(*keys, "Return")
            self.settle()
            if self.value(name, owner) == wanted:
                return
        raise AssertionError(f"{name} is {self.value(name, owner)!r} and not {wanted!r}")

    def press(self, name: str, wanted: str, across: float, row: int = 0) -> None:
        """One of the buttons that a choice is drawn as, at that part of the width, in that row of them."""
        for _ in range(3):
            _, y = self.see("property", name)
            left, _, width, _ = self.box()
            self.click((left + EDGES[0] + round((width - sum(EDGES)) * across), y + row * ROW))
            self.settle()
            if self.value(name) == wanted:
                self.note("property", name)
                return
        raise AssertionError(f"{name} is {self.value(name)!r} and not {wanted!r}; {self.names()}")

    def toggle(self, name: str) -> None:
        before = self.value(name)
        self.use("property", name)
        wait_until(lambda: self.value(name) != before, 10, f"{name} to change")
        self.settle()

    def open_menu(self, name: str, at: tuple[int, int]) -> None:
        """A menu has no place of its own that Blender tells; that it opens is seen by what it draws."""
        opened = f"answer = any(key[1] == {name!r} for key in drawn)"
        self.window.do(f"[drawn.pop(key) for key in list(drawn) if key[1] == {name!r}]")
        self.note("menu", name)
        for _ in range(3):  # a click that closes another menu opens none
            self.click(at)
            self.screen.xdotool("sleep", 0.7)
            if self.window.do(opened):
                return
        raise AssertionError(f"{name} does not open; {self.names()}")

    def open_list(self, at: tuple[int, int]) -> None:
        """A list of data-blocks: that it opens is only to be seen."""
        for _ in range(3):
            before = self.shot()
            self.click(at)
            self.screen.xdotool("sleep", 1)
            if np.any(self.shot() != before, axis=2).sum() > LIST_AREA * self.screen.scale**2:
                return
        raise AssertionError(f"no list opens; {self.names()}")

    def shot(self) -> np.ndarray[Any, Any]:
        with Image.open(self.screen.screenshot(SCREENS / "now.png", settle=0)) as picture:
            return np.asarray(picture.convert("RGB"))

    def presets(self) -> tuple[int, int]:
        """Opens the presets in the head of the panel. Returns where it was clicked."""
        left, top, width, _ = self.box()
        at = left + width - 64, top + 14
        self.open_menu("FLUXDEPTH_MT_presets", at)
        return at

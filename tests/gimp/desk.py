"""An artist at a windowed GIMP with the plug-in: sees by AT-SPI, acts with mouse and keyboard, takes screenshots."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from tests.hosts import Gimp, VirtualScreen
from tests.hosts.screen import wait_until

from . import judge
from .conftest import INSIDE, PHOTO, Inside

SCREENS = Path(__file__).parents[2] / "build" / "screens"
SECONDS = 20  # for anything to appear; it takes one or two


Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the screen


@dataclass(frozen=True)
class Seen:
    """One thing on the screen."""

    role: str
    name: str
    text: str
    x: int
    y: int
    width: int
    height: int
    states: tuple[str, ...]
    window: str
    label: str  # that is tied to a field
    ink: Box  # of a label's letters
    key: str  # with which it is reached
    around: Box  # the place that everything it lies in leaves for it

    @property
    def box(self) -> Box:
        return self.x, self.y, self.width, self.height

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    @property
    def words(self) -> str:
        return f"{self.name} {self.text}"


class Desk:
    """GIMP on a screen of its own; everything ends with the ``with`` block.

    ``setup`` goes to the script inside GIMP; its ``answers`` names the module of ``inside/`` that :meth:`ask` asks.
    """

    def __init__(
        self,
        inside: Inside,
        *,
        size: tuple[int, int] = (1400, 1000),
        scale: int = 1,
        env: dict[str, str] | None = None,
        setup: dict[str, Any] | None = None,
    ) -> None:
        self.inside = inside
        self._setup = setup or {}
        self.screen = VirtualScreen(
            inside.gimp.place, width=size[0] * scale, height=size[1] * scale, scale=scale, accessibility=True
        )
        self._env = env or {}
        self._ends = ExitStack()

    @property
    def gimp(self) -> Gimp:
        return self.inside.gimp

    def __enter__(self) -> Desk:
        with ExitStack() as ends:
            ends.enter_context(self.screen)
            setup = {"out": str(self.inside.out), "photo": str(PHOTO), "seconds": 3600, **self._setup}
            (self.inside.out / "setup.json").write_text(json.dumps(setup))
            script = INSIDE / "watch.py"
            code = f"exec(compile(open({str(script)!r}).read(), {str(script)!r}, 'exec'), globals())"
            process = self.gimp.start_windowed(
                ["--batch-interpreter", "python-fu-eval", "-b", code],
                self.screen,
                self.inside.home,
                env={**self.inside.environment, **self._env},
            )
            ends.callback(process.wait, 30)
            ends.callback(process.kill)
            self._looker = self.gimp.place.popen(
                ["python3", INSIDE / "look.py"],
                env=self.screen.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            ends.enter_context(self._looker)  # closes its pipes and waits for it
            ends.callback(self._looker.kill)
            main = self.screen.wait_for_window("GNU Image Manipulation Program|– GIMP|- GIMP")
            self.main = main
            self.screen.fill(main)
            self.wait_for(lambda: self.images() == [], "GIMP to be up")
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is not None:
            self.picture(f"failed-{self.gimp.series}")
        self._ends.close()

    # Looking.

    def look(self, application: str = "fluxdepth") -> list[Seen]:
        """Everything on the screen of the application whose name contains that."""
        assert self._looker.stdin and self._looker.stdout
        self._looker.stdin.write(application + "\n")
        self._looker.stdin.flush()
        answer = self._looker.stdout.readline()
        return [
            Seen(**{**one, "states": tuple(one["states"]), **{key: tuple(one[key]) for key in ("ink", "around")}})
            for one in json.loads(answer)
        ]

    def find(self, role: str, words: str = "", application: str = "fluxdepth") -> Seen | None:
        """The first thing of that role whose name or text contains ``words``."""
        for seen in self.look(application):
            if seen.role == role and words in seen.words:
                return seen
        return None

    def see(self, role: str, words: str = "", application: str = "fluxdepth") -> Seen:
        """Wait until it is there."""
        return wait_until(
            lambda: self.find(role, words, application),
            SECONDS,
            lambda: f"no {role} {words!r} in {[(s.role, s.words) for s in self.look(application) if s.words.strip()]}",
        )

    def wait_for(self, condition: Callable[[], Any], what: str) -> Any:
        return wait_until(condition, SECONDS, what)

    def images(self) -> list[list[dict[str, Any]]] | None:
        """The layers of each open image, as GIMP itself tells them."""
        try:
            found: list[list[dict[str, Any]]] = json.loads((self.inside.out / "images.json").read_text())
        except FileNotFoundError:
            return None
        return found

    def layers(self) -> list[str]:
        """The names of the top layers of the one image."""
        images = self.images()
        return [layer["name"] for layer in images[0]] if images else []

    def picture(self, name: str) -> Path:
        """A screenshot under build/screens/; the mouse is out of the way."""
        return self.screen.screenshot(SCREENS / f"gimp-{name}.png", settle=2)

    def window_picture(self, name: str, title: str) -> Path:
        """A screenshot of one window, once something is drawn in it."""
        self.screen.xdotool("mousemove", 2, 2)
        window = self.screen.wait_for_window(title)
        path = SCREENS / f"gimp-{name}.png"

        def drawn() -> bool:
            self.window(title)  # above all others: what is covered may never be drawn
            return _is_drawn(self.screen.screenshot(path, window, settle=2))

        try:
            self.wait_for(drawn, f"the window {title!r} to be drawn")
        except TimeoutError:
            self.picture(f"{name}-covered")
            raise
        wrong = judge.faults(self.look(), self.screen.windows(), (self.screen.width, self.screen.height))
        assert not wrong, f"{path}: {wrong}"
        return path

    # Acting.

    def click(self, role: str, words: str = "", application: str = "fluxdepth") -> None:
        seen = self.see(role, words, application)
        self.screen.click(*seen.middle)

    def menu(self, label: str) -> None:
        """Filters > Flux Depth > ``label`` with the mouse; GTK opens a submenu when the mouse rests on it."""
        self.click("menu", "Filters", "gimp")
        submenu = self.see("menu", "Flux Depth", "gimp")
        self.screen.xdotool("mousemove", *submenu.middle)
        self.click("menu item", label, "gimp")

    def press(self, *keys: str) -> None:
        self.screen.key(*keys)

    def press_in(self, title: str, *keys: str) -> None:
        """Press keys in a window, which is given the keyboard first: GIMP's own may have taken it for a moment."""
        self.window(title)
        self.press(*keys)

    def close(self, title: str, name: str) -> None:
        """Close a window with the keyboard; ``name`` is how AT-SPI calls it."""
        self.press_until(lambda: all(seen.window != name for seen in self.look()), title, "Escape")
        self.gone(title)

    def press_until(self, condition: Callable[[], Any], title: str, *keys: str) -> None:
        """The same, again when it had no effect: a window that has just opened may have got the keys."""
        for _ in range(4):
            self.press_in(title, *keys)
            with suppress(TimeoutError):
                wait_until(condition, 3, title)
                return
        self.wait_for(condition, f"the effect of {keys}")

    def type(self, text: str) -> None:
        self.screen.type(text)

    def write(self, text: str, title: str) -> None:
        """Replace what is in the focused text of a window.

        On a busy machine GIMP's own window may take the keyboard back for a moment when its search closes, and with it
        some letters: then the window is given it again and the text is typed anew.
        """
        for _ in range(4):
            self.press("ctrl+a")
            self.type(text)
            with suppress(TimeoutError):
                wait_until(lambda: self.find("text", text), 3, text)
                return
            self.window(title)
        self.see("text", text)

    def choose_file(self, title: str, path: Path) -> None:
        """In GTK's window for a file to open or to write."""
        self.press_in(title, "ctrl+l", "ctrl+a")
        self.type(str(path))
        # The first one may only take what GTK offers for the name.
        self.press_until(lambda: title.removeprefix("^") not in self.screen.windows(), title, "Return")

    def tell(self, sign: str) -> None:
        """Have the script inside GIMP do something to the image, and wait until it has taken note."""
        file = self.inside.out / sign
        file.touch()
        self.wait_for(lambda: not file.exists(), f"{sign!r} to be seen")

    def ask(self, what: str, timeout: float = SECONDS, **values: Any) -> dict[str, Any]:
        """Have the module inside GIMP do ``what``, and return what it says."""
        self.inside.ask(what, **values)
        return self.inside.answer(timeout)

    def open_image(self) -> None:
        self.tell("open")
        self.wait_for(lambda: self.layers() == ["Photo"], "the image to open")

    def close_messages(self) -> None:
        """Close what GIMP says in windows of its own."""
        while "GIMP Message" in self.screen.windows():
            self.press_in("^GIMP Message", "Return")

    def to_gimp(self) -> None:
        """Give GIMP's own window the keyboard."""
        self.screen.xdotool("windowactivate", "--sync", self.main)

    def window(self, title: str) -> None:
        """Wait for a window, and until the keyboard is its own: a focused field in it does not say so."""
        self.screen.xdotool("windowactivate", "--sync", self.screen.wait_for_window(title))

    def gone(self, title: str) -> None:
        self.screen.wait_until_gone(title, SECONDS)

    def command(self, label: str) -> None:
        """Run a menu entry with the keyboard alone, by GIMP's own search for commands."""
        for _ in range(3):
            self.to_gimp()
            self.press("slash")
            self.window("Search Actions")
            self.type(label)
            with suppress(TimeoutError):  # on a busy machine GIMP may lose the letters
                wait_until(self._chosen_command, 7, label)
                break
            self.press_in("Search Actions", "Escape")
            self.gone("Search Actions")
        for _ in range(8):
            chosen = self.wait_for(self._chosen_command, f"something to choose for {label!r}")
            if chosen.startswith(label):
                break
            self.press("Down")
        self.press("Return")

    def _chosen_command(self) -> str:
        cells = (seen for seen in self.look("gimp") if seen.role == "table cell" and "SELECTED" in seen.states)
        return next((cell.name for cell in cells if cell.window == "Search Actions" and cell.name), "")


def _is_drawn(picture: Path) -> bool:
    """Whether a window's picture holds a window: an empty one has one colour, and what X has not drawn yet is black."""
    with Image.open(picture) as image:
        shades = image.convert("L").histogram()
    return shades[0] < 0.05 * sum(shades) and max(shades) < 0.98 * sum(shades)

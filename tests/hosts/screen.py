"""A virtual screen: X server, window manager and session bus, keyboard, mouse and screenshots. Knows no host."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from .cache import lock_or_none
from .place import Place, Process
from .roots import find_root

_TOOLS = ("Xvfb", "openbox", "xdotool", "wmctrl", "import", "dbus-daemon", "xrdb")
_DISPLAYS = range(100, 600)  # above what people and xvfb-run use
DRAG_STEPS = 20
_UP = 30.0  # seconds for a server to answer; it takes 0.2
_STEP = 0.1

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], timeout: float, what: str | Callable[[], str]) -> T:
    """Wait until the condition gives something true, and return it. Raises TimeoutError telling `what` was awaited."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(_STEP)
    return found


class VirtualScreen:
    """A screen that exists inside its `with` block; everything that serves it ends with the block.

    `scale` 2 is what an artist with a 4K display sets: GTK and Blender both draw twice as large. With `accessibility`
    programs answer to AT-SPI. `env` is what a program needs to appear here; it may run in another place.
    """

    def __init__(
        self, place: Place, width: int = 1600, height: int = 1000, scale: int = 1, accessibility: bool = False
    ) -> None:
        self.place = place if all(map(place.which, _TOOLS)) else find_root("trixie", "screen")
        self.width, self.height, self.scale = width, height, scale
        self.accessibility = accessibility
        self.env: dict[str, str] = {}
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> VirtualScreen:
        with contextlib.ExitStack() as ends:
            folder = Path(tempfile.mkdtemp(prefix="fluxdepth-screen-"))
            ends.callback(shutil.rmtree, folder, ignore_errors=True)  # a dying program may still write there
            self._log = ends.enter_context((folder / "log").open("w+b"))
            display = self._start_server(ends)
            bus = folder / "bus"
            self.env = {
                "DISPLAY": f":{display}",
                "DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}",
                "XDG_RUNTIME_DIR": str(folder),
                "GDK_BACKEND": "x11",
                "NO_AT_BRIDGE": "" if self.accessibility else "1",
            }
            if self.scale != 1:
                # Blender reads the resolution, GTK the scale; the last keeps GTK's text from growing twice.
                self.env |= {"GDK_SCALE": str(self.scale), "GDK_DPI_SCALE": str(1 / self.scale)}
                self._run(["xrdb", "-nocpp", "-merge", "-"], input=f"Xft.dpi: {96 * self.scale}\n")
            self._serve(ends, ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={bus}"])
            wait_until(lambda: _answers(bus), _UP, lambda: f"no session bus: {self._said()}")
            self._serve(ends, ["openbox", "--sm-disable"])
            wait_until(self._is_managed, _UP, lambda: f"no openbox: {self._said()}")
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ends.close()

    def screenshot(self, path: Path, window: int | None = None, settle: float = 0) -> Path:
        """Write what is on the screen, or the one window, as PNG. Returns `path`.

        With `settle`, take pictures until two in a row are the same, for at most that many seconds.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        argv = ["import", "-window", "root" if window is None else str(window), f"png:{path}"]
        deadline = time.monotonic() + settle
        before = b""
        while True:
            self._run(argv)
            now = path.read_bytes()
            if now == before or time.monotonic() > deadline:
                return path
            before = now

    def wait_until_drawn(self, colours: int = 200, timeout: float = 60) -> None:
        """Wait until the middle of the screen shows that many colours.

        A window is there long before its program has drawn in it. The edges are left out: title bars have gradients.
        """
        middle = f"{self.width * 8 // 10}x{self.height * 8 // 10}+{self.width // 10}+{self.height // 10}"

        def shown() -> int:
            return int(self._run(["import", "-window", "root", "-crop", middle, "-format", "%k", "info:"]))

        wait_until(lambda: shown() >= colours, timeout, lambda: f"only {shown()} colours on the screen")

    def xdotool(self, *args: str | int) -> str:
        """Run xdotool on this screen and return what it says."""
        return self._run(["xdotool", *map(str, args)])

    def wait_for_window(self, name: str, timeout: float = 60) -> int:
        """Wait for a visible window whose title matches the regular expression (any case). Returns its id."""
        found = wait_until(lambda: self._search(name), timeout, lambda: f"no window {name!r}, but {self.windows()}")
        return found[-1]

    def wait_until_gone(self, name: str, timeout: float = 60) -> None:
        """Wait until no visible window has a title that matches."""
        wait_until(lambda: not self._search(name), timeout, f"the window {name!r} is still there")

    def windows(self) -> list[str]:
        """The titles of the visible windows."""
        names = []
        for window in self._search("."):
            with contextlib.suppress(subprocess.CalledProcessError):  # closed meanwhile
                names.append(self.xdotool("getwindowname", window))
        return names

    def fill(self, window: int) -> None:
        """Activate the window and let it fill the screen."""
        self._run(["wmctrl", "-i", "-r", str(window), "-b", "add,maximized_vert,maximized_horz"])
        self._run(["wmctrl", "-i", "-a", str(window)])

    def drop_file(self, path: Path, x: int, y: int, place: Place) -> None:
        """Drag the file out of a small window at the lower left and drop it there; ``place`` has GTK for Python."""
        from_x, from_y = 15, self.height - 45
        with place.popen(["python3", Path(__file__).with_name("dragging.py"), path], env=self.env) as process:
            self.xdotool("sleep", 2, "mousemove", from_x, from_y, "sleep", 0.3, "mousedown", 1, "sleep", 0.3)
            for step in range(1, DRAG_STEPS + 1):
                at = [start + (end - start) * step // DRAG_STEPS for start, end in ((from_x, x), (from_y, y))]
                self.xdotool("mousemove", *at, "sleep", 0.1)
            self.xdotool("sleep", 0.5, "mouseup", 1)
            process.wait(30)

    def type(self, text: str) -> None:
        """Type into the window that has the focus."""
        self.xdotool("type", "--delay", 20, "--", text)

    def key(self, *keys: str) -> None:
        """Press keys one after the other, such as `Return` or `ctrl+a`."""
        self.xdotool("key", "--delay", 40, *keys)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the mouse there, in pixels of the screen, and click.

        Not in the same moment: a tooltip that lies there goes when the mouse comes, and must not get the click.
        """
        self.xdotool("mousemove", x, y, "sleep", 0.1, "click", button)

    def _start_server(self, ends: contextlib.ExitStack) -> int:
        for display in _DISPLAYS:
            with contextlib.ExitStack() as trial:
                if self._serves(display, trial):
                    ends.push(trial.pop_all())
                    return display
        raise RuntimeError(f"no free display: {self._said()}")

    def _serves(self, display: int, ends: contextlib.ExitStack) -> bool:
        """Start the X server with this display number; false when the number is taken."""
        # X's own lock file names a process, and inside a root the same number is another process: it tells nothing.
        held = lock_or_none(f"display-{display}")
        if held is None:
            return False
        ends.enter_context(held)
        unix = Path(f"/tmp/.X11-unix/X{display}")
        if _answers(unix):
            return False
        Path(f"/tmp/.X{display}-lock").unlink(missing_ok=True)  # left by one that was killed
        size = f"{self.width}x{self.height}x24"
        server = self._start(
            ["Xvfb", f":{display}", "-screen", "0", size, "-nolisten", "tcp", "-dpi", "96", "-noreset"]
        )
        ends.callback(_end, server)
        wait_until(lambda: server.poll() is not None or _answers(unix), _UP, f"Xvfb :{display} is silent")
        return server.poll() is None

    def _start(self, argv: list[str]) -> Process:
        return self.place.popen(
            argv,
            home=Path(self._log.name).parent,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _serve(self, ends: contextlib.ExitStack, argv: list[str]) -> None:
        ends.callback(_end, self._start(argv))

    def _run(self, argv: list[str], input: str | None = None) -> str:
        done = self.place.run(argv, env=self.env, timeout=60, input=input)
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
        return done.stdout.strip()

    def _is_managed(self) -> bool:
        # A desktop count is among what a window manager tells first.
        return self.place.run(["xdotool", "get_num_desktops"], env=self.env, timeout=60).returncode == 0

    def _search(self, name: str) -> list[int]:
        argv = ["xdotool", "search", "--onlyvisible", "--name", name]
        # Its exit status only says whether there was one.
        return [int(line) for line in self.place.run(argv, env=self.env, timeout=60).stdout.split()]

    def _said(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")[-500:]


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(os.fspath(address))
        except OSError:
            return False
    return True


def _end(process: Process) -> None:
    process.terminate()  # the X server then removes its files
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=_UP)

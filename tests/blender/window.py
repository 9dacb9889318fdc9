"""A windowed Blender with the extension, on a virtual screen, driven from outside: Python, mouse, keys, pictures."""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hosts import Blender, VirtualScreen
from tests.hosts.screen import wait_until

INSIDE = Path(__file__).parent / "inside"
START_DEADLINE = 90.0
ANSWER_DEADLINE = 60.0
GAP_SPAN = 1.5  # s over which the gaps between ticks are measured

# Blender was started with factory settings, which leave extensions switched off. SET_UP can be run anew at any time.
SET_UP = """
import sys
import time
bpy.context.preferences.system.use_online_access = True
if "bl_ext.user_default.fluxdepth" not in bpy.context.preferences.addons:
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fluxdepth")
fluxdepth = sys.modules["bl_ext.user_default.fluxdepth"]
session = fluxdepth.session
problem = session.problem
desk = session.desk
"""
# A key that copies the command of the button below the mouse.
COPY_COMMAND = """
keymap = bpy.context.window_manager.keyconfigs.addon.keymaps.new("User Interface")
keymap.keymap_items.new("ui.copy_python_command_button", "C", "PRESS", ctrl=True, alt=True)
answer = bpy.app.version_string
"""


class InsideError(AssertionError):
    """What was asked for went wrong inside Blender; the message is its traceback."""


class Window:
    """Exists inside its `with` block. `do` runs Python on Blender's main thread."""

    def __init__(
        self,
        blender: Blender,
        screen: VirtualScreen,
        profile: Path,
        env: Mapping[str, str],
        argv: tuple[str | Path, ...] = (),
    ) -> None:
        self.blender, self.screen, self.profile = blender, screen, profile
        self._port_file = profile / "port"
        self._env = {**env, "FLUXDEPTH_TEST_PORT": str(self._port_file)}
        self._argv = argv
        self._port = 0

    def __enter__(self) -> Window:
        self._port_file.unlink(missing_ok=True)
        self.process = self.blender.start_windowed(
            [*self._argv, "--python", INSIDE / "remote.py"], self.screen, self.profile, self._env
        )
        try:
            self._port = int(wait_until(self._read_port, START_DEADLINE, self.log))
            self.do(SET_UP)
            self.do(COPY_COMMAND)
            self.screen.xdotool("mousemove", 500, 500)
            self.screen.key("Escape")  # the splash
        except BaseException:
            self.process.kill()
            raise
        return self

    def _read_port(self) -> str:
        assert self.process.poll() is None, self.log()
        return self._port_file.read_text() if self._port_file.exists() else ""

    def __exit__(self, *_exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)

    def log(self) -> str:
        return (self.profile / "blender.log").read_text("utf-8", "replace")[-4000:]

    def do(self, source: str) -> Any:
        """Run `source` inside and return what it assigned to `answer`. Raises InsideError."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_DEADLINE) as connection:
                connection.sendall((json.dumps(source) + "\n").encode())
                line = connection.makefile("r", encoding="utf-8").readline()
        except OSError as exc:
            raise InsideError(f"Blender does not answer ({exc}):\n{self.log()}") from exc
        if not line:
            raise InsideError(f"Blender is gone:\n{self.log()}")
        reply = json.loads(line)
        if "error" in reply:
            raise InsideError(reply["error"])
        return reply["answer"]

    def wait_for(self, expression: str, timeout: float = 60) -> Any:
        """Wait until the expression is true inside, and return its value."""
        return wait_until(lambda: self.do(f"answer = {expression}"), timeout, f"{expression}\n{self.log()}")

    def open_sidebar(self, space: str = "VIEW_3D", tab: str = "Flux Depth") -> tuple[int, int, int, int]:
        """Open the sidebar at the tab; returns its left, top, width and height on the screen."""
        self.do(f"""
window = bpy.context.window_manager.windows[0]
area = next(one for one in window.screen.areas if one.type == {space!r})
area.spaces.active.show_region_ui = True
area.tag_redraw()
""")

        # The tabs exist after the first redraw.
        def choose() -> Any:
            return self.do(f"""
region = next(one for one in area.regions if one.type == "UI")
try:
    region.active_panel_category = {tab!r}
    region.tag_redraw()
    height = window.height
    answer = [region.x, height - region.y - region.height, region.width, region.height] if region.width > 1 else None
except (AttributeError, TypeError):
    answer = None
""")

        x, y, width, height = wait_until(choose, 20, f"the sidebar with the tab {tab}")
        return x, y, width, height

    def find_button(self, command: str, sidebar: tuple[int, int, int, int]) -> tuple[int, int]:
        """Where on the screen the button is whose tooltip's Python command matches; found by hovering, as an artist."""
        x, y, width, height = sidebar
        for down in range(30, height - 10, 16):  # the button is 32 px high
            at = (x + width // 2, y + down)
            self.screen.xdotool("mousemove", *at)
            self.do("bpy.context.window_manager.clipboard = ''")
            self.screen.key("ctrl+alt+c")
            if re.search(command, self.do("answer = bpy.context.window_manager.clipboard")):
                return at
        raise AssertionError(f"no button with {command} in the sidebar")

    def longest_gap(self) -> float:
        """Milliseconds between two ticks of a timer of 20 ms, at most, while nobody asks Blender for anything."""
        self.do("ticks.clear()")
        ticks: list[float] = []
        while not ticks or ticks[-1] - ticks[0] < GAP_SPAN:
            self.screen.xdotool("sleep", GAP_SPAN)
            ticks = self.do("answer = list(ticks)")
        return max(after - before for before, after in itertools.pairwise(ticks)) * 1000

    def picture(self, path: Path, settle: float = 2) -> Path:
        """The screen, by default once it has settled. The mouse is moved away, so that no tooltip is in it."""
        self.screen.xdotool("mousemove", 300, self.screen.height - 200)
        return self.screen.screenshot(path, settle=settle)


def profile_environment(home: Path, base_url: str, api_key: str) -> dict[str, str]:
    """What the extension reads; an empty key means that there is none."""
    env = {"FLUXDEPTH_HOME": str(home), "FLUXDEPTH_BASE_URL": base_url, "PYTHONDONTWRITEBYTECODE": "1"}
    if api_key:
        env["FLUXDEPTH_API_KEY"] = api_key
    if "FLUXDEPTH_TRACE" in os.environ:
        env["PYTHONFAULTHANDLER"] = "1"
    return env

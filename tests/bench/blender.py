"""The Blender extension's speed in the real Blender: how long it holds the main thread, and what it costs when idle."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import build
from tests.bench import Figure
from tests.blender import conftest, histories
from tests.blender.conftest import Installed, installed
from tests.blender.test_history_window import ALONE, READ
from tests.blender.window import Window
from tests.hosts import VirtualScreen, find_blender, find_bpy
from tests.sandbox import Sandbox

SCENE = """
chosen = bpy.context.scene.fluxdepth
chosen.prompt = "Haze far behind the cube"
chosen.source, chosen.image = "IMAGE", bpy.data.images.new("grid", 320, 180)
chosen.image.generated_type = "COLOR_GRID"
"""
HISTORY = 1000  # edits
TIMED = """
ui, draws = sys.modules["bl_ext.user_default.fluxdepth.ui.history"], []
def timed(panel, context):
    began = time.perf_counter()
    ui.draw(panel, context)
    draws.append([time.monotonic(), (time.perf_counter() - began) * 1000, not h.reading and len(h._icons)])
for cls in bpy.types.Panel.__subclasses__():
    if cls.__name__ == "FLUXDEPTH_PT_view_3d_history":
        cls.draw = timed
opened = time.monotonic()
"""
AS_AT_THE_NEXT_START = """
h.page = h._history = h._standing = None
h.release_icons()
draws.clear()
opened = time.monotonic()
session.ticker.settle_panels()
"""
# s to the first draw of a whole page, and of all draws the longest and the median.
TIMES = """
times = sorted(one[1] for one in draws)
answer = [next(one[0] for one in draws if one[2]) - opened, times[-1], times[len(times) // 2]]
"""


def run_inside(script: str) -> Installed:
    host = find_bpy("4.2")
    if not host:
        raise SystemExit(str(host))
    (package,) = build.package_blender(["linux-x64"])
    with tempfile.TemporaryDirectory(prefix="fluxdepth-bench-") as folder, Sandbox(effect="echo") as sandbox:
        conftest._profiles.clear()  # an earlier one went with its folder
        inside = installed(host, package, Path(folder))
        inside.run(script, sandbox)
        return inside


def stalls() -> Iterator[Figure]:
    inside = run_inside("stalls.py")
    for kind in ("byte", "float"):
        longest = inside.note(f"check_image_{kind}")["longest_ms"]
        yield Figure(f"longest stall of the main thread, 4K {kind} image", longest, "ms", 40)
    render = inside.note("check_render")
    yield Figure("stall for a 4K Render Result", render["render_ms"], "ms")
    yield Figure("… / one JPEG save_render of it", render["render_ms"] / render["jpeg_ms"], "×", 1.1)


def timer_gaps() -> Iterator[Figure]:
    """In a windowed Blender on a virtual screen, which draws in software: the gap when idle is what to compare with."""
    host = find_blender("trixie")
    if not host:
        raise SystemExit(str(host))
    (package,) = build.package_blender(["linux-x64"])
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fluxdepth-bench-")))
        sandbox = stack.enter_context(Sandbox(effect="echo", latency=8.0))
        conftest._profiles.clear()
        inside = installed(host, package, folder)
        screen = stack.enter_context(VirtualScreen(host.place, 1280, 860))
        window = stack.enter_context(Window(host, screen, inside.profile, inside.environment(sandbox)))
        window.do(SCENE)
        window.open_sidebar()
        idle = window.longest_gap()
        window.do("bpy.ops.fluxdepth.edit()")
        window.wait_for("desk.tickets and desk.tickets[0].progress.text.startswith('Generating')")
        window.wait_for("time.monotonic() > session.ticker._calm")
        waiting = window.longest_gap()
    yield Figure("longest gap between ticks of a 20 ms timer, idle", idle, "ms")
    yield Figure("longest gap between ticks of a 20 ms timer, while a job waits", waiting, "ms", 40)


def history() -> Iterator[Figure]:
    """Of a thousand edits, in a windowed Blender; the panel is seen alone, and its draws are timed in it."""
    host = find_blender("trixie")
    if not host:
        raise SystemExit(str(host))
    (package,) = build.package_blender(["linux-x64"])
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fluxdepth-bench-")))
        sandbox = stack.enter_context(Sandbox(effect="echo"))
        conftest._profiles.clear()
        inside = installed(host, package, folder)
        histories.many(inside.data_folder, HISTORY)
        screen = stack.enter_context(VirtualScreen(host.place, 1280, 860))
        window = stack.enter_context(Window(host, screen, inside.profile, inside.environment(sandbox)))
        window.do(ALONE + TIMED)
        window.open_sidebar()
        window.wait_for(READ)
        window.do(AS_AT_THE_NEXT_START)
        window.wait_for(READ)
        first, longest, usual = window.do(TIMES)
        yield Figure(f"history of {HISTORY:,} edits, first page", first, "s", 0.5)
        yield Figure("… longest draw of the panel", longest, "ms", 5)
        yield Figure("… median draw of the panel", usual, "ms")
        window.do("draws.clear(); opened = time.monotonic(); bpy.ops.fluxdepth.history_page()")
        window.wait_for(READ)
        yield Figure("… next page", window.do(TIMES)[0], "s")


def startup() -> Iterator[Figure]:
    yield Figure("register()", run_inside("startup.py").note("check_registering")["register_ms"], "ms", 5)


MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {
    "blender-stalls": stalls,
    "blender-startup": startup,
    "blender-timer-gaps": timer_gaps,
    "blender-history": history,
}

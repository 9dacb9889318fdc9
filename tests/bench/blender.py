"""The Blender extension's speed in the real Blender: how long it holds the main thread, and what it costs when idle."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import build
from tests.bench import Figure
from tests.blender import conftest
from tests.blender.conftest import Installed, installed
from tests.hosts import find_bpy
from tests.sandbox import Sandbox


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


def startup() -> Iterator[Figure]:
    yield Figure("register()", run_inside("startup.py").note("check_registering")["register_ms"], "ms", 5)


MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {"blender-stalls": stalls, "blender-startup": startup}

"""Blender with a window, as an artist uses it: real timers, a click on the real button, pictures of every state.

The pictures are in build/screens; look at them.
"""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import build
from tests.hosts import VirtualScreen
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import IDLE, Installed
from .window import SET_UP, InsideError, Window

SCREENS = build.ROOT / "build" / "screens"
RESULTS = "[image.name for image in bpy.data.images if 'fluxdepth_edit' in image]"
SHOWN = "answer = [area.spaces.active.image.name for area in session.results.editors()]"


def states(window: Window) -> list[list[str]]:
    return window.do("answer = [[ticket.state.name, str(ticket.error or '')] for ticket in desk.tickets]")


def test_the_real_button_from_idle_to_done(
    fresh: Window, host: Installed, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """Press, keep working, find the result in the image editor. Prints the longest gap between timer ticks."""
    name = f"blender-{host.host.series}"
    sandbox.latency, sandbox.effect = 7.0, "depth"
    fresh.do("""
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 4, False
scene.render.resolution_x, scene.render.resolution_y = 640, 360
bpy.ops.render.render()
chosen.source = "RENDER"
area = max((one for one in bpy.context.screen.areas if one.type != "VIEW_3D"), key=lambda one: one.height)
area.type = "IMAGE_EDITOR"
area.spaces.active.image = next(image for image in bpy.data.images if image.type == "RENDER_RESULT")
""")
    sidebar = fresh.open_sidebar()
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"{name}-idle.png")
    button = fresh.find_button(r"fluxdepth\.edit", sidebar)
    idle = fresh.longest_gap()
    fresh.screen.click(*button)
    fresh.wait_for("desk.tickets and desk.tickets[0].progress.text.startswith('Generating')")
    fresh.wait_for("time.monotonic() > session.ticker._calm")  # the panel has stopped growing
    waiting = fresh.longest_gap()
    with capsys.disabled():
        print(f"\n{name}: longest gap between timer ticks {idle:.0f} ms idle, {waiting:.0f} ms while a job waits")
    fresh.picture(SCREENS / f"{name}-running.png", settle=0)
    fresh.wait_for("desk.tickets[0].state.name == 'ARRIVED'")
    fresh.wait_for(IDLE)
    (result,) = fresh.do(f"answer = {RESULTS}")
    assert fresh.do("answer = [area.spaces.active.image.name for area in session.results.editors()]") == [result]
    fresh.picture(SCREENS / f"{name}-done.png")
    assert sandbox.taken == 1

    sandbox.fault = "submit:no_credits"
    fresh.do("chosen.seed = 1")
    fresh.screen.click(*button)
    fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"{name}-failed.png")
    assert "credits" in states(fresh)[-1][1]
    assert fresh.do("answer = chosen.prompt").startswith("The cube")


def test_first_time_and_preferences_look(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    name = f"blender-{host.host.series}"
    fresh.do("""
import os
key = os.environ.pop("FLUXDEPTH_API_KEY")
session.info = None
session.refresh()
""")
    fresh.open_sidebar()
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"{name}-no-key.png")
    fresh.do("os.environ['FLUXDEPTH_API_KEY'] = key; session.refresh()")
    fresh.do("bpy.ops.fluxdepth.preferences()")
    fresh.screen.wait_for_window("Preferences")
    fresh.do("bpy.ops.fluxdepth.test_service()")
    fresh.wait_for("'Key accepted' in fluxdepth.service.said")
    fresh.picture(SCREENS / f"{name}-preferences.png")
    fresh.do("bpy.context.preferences.system.use_online_access = False; session.ticker.settle_panels()")
    fresh.wait_for(IDLE)
    assert fresh.do("answer = bpy.ops.fluxdepth.edit.poll()") is False
    fresh.picture(SCREENS / f"{name}-offline.png")
    # Closes the preferences' window.
    fresh.do("""
windows = bpy.context.window_manager.windows
for one in list(windows)[1:]:
    with bpy.context.temp_override(window=one):
        bpy.ops.wm.window_close()
""")


def test_several_jobs_run_side_by_side_and_one_is_stopped(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    sandbox.latency = 6.0
    for seed in (1, 2, 3):
        fresh.do(f"chosen.seed = {seed}; bpy.ops.fluxdepth.edit()")
    fresh.wait_for("[one.progress.text.startswith('Generating') for one in desk.tickets] == [True] * 3")
    fresh.open_sidebar()
    fresh.picture(SCREENS / f"blender-{host.host.series}-several.png", settle=0)
    fresh.do("""
import time
begun = time.monotonic()
bpy.ops.fluxdepth.cancel(job=desk.tickets[1].key)
answer = time.monotonic() - begun
""")
    assert [state for state, _ in states(fresh)].count("STOPPED") == 1, "cancel answers at once"
    assert "Recover" in states(fresh)[1][1]
    fresh.wait_for("[ticket.state.name for ticket in desk.tickets] == ['ARRIVED', 'STOPPED', 'ARRIVED']")
    assert len(fresh.do(f"answer = {RESULTS}")) == 2
    # What was stopped is paid for all the same, and can be brought in.
    fresh.wait_for("sum(len(owed.indices) for owed in desk.here()) == 1")
    sandbox.wait_until(lambda one: one.taken == 3, timeout=20)
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 3")
    assert sandbox.taken == 3
    fresh.do("""
area = max((one for one in bpy.context.screen.areas), key=lambda one: one.width * one.height)
area.type = "IMAGE_EDITOR"
""")
    fresh.open_sidebar("IMAGE_EDITOR")
    fresh.do("bpy.ops.fluxdepth.show(name=desk.tickets[0].images[0])")
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"blender-{host.host.series}-image-editor.png")


def test_import_is_one_undo_step_and_redo_submits_nothing(fresh: Window, sandbox: Sandbox) -> None:
    fresh.do("bpy.ops.mesh.primitive_uv_sphere_add('EXEC_DEFAULT', True)")
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.do("bpy.ops.transform.translate('EXEC_DEFAULT', True, value=(1, 0, 0))")  # the artist works on
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert len(fresh.do(f"answer = {RESULTS}")) == 1
    fresh.do("bpy.ops.ed.undo()")
    assert fresh.do(f"answer = {RESULTS}") == []
    assert fresh.do("answer = ['Sphere' in bpy.data.objects, bpy.data.objects['Sphere'].location.x]") == [True, 1.0]
    fresh.do("bpy.ops.ed.redo()")
    assert len(fresh.do(f"answer = {RESULTS}")) == 1
    fresh.wait_for(IDLE)
    assert sandbox.taken == 1


def test_undo_while_a_job_runs(fresh: Window, sandbox: Sandbox) -> None:
    sandbox.latency = 1.5
    fresh.do("bpy.ops.mesh.primitive_uv_sphere_add('EXEC_DEFAULT', True)")
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.do("bpy.ops.ed.undo()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert len(fresh.do(f"answer = {RESULTS}")) == 1


def test_source_image_deleted_while_a_job_runs(fresh: Window, sandbox: Sandbox) -> None:
    sandbox.latency = 1.5
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
    fresh.do("bpy.data.images.remove(grid)")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert len(fresh.do(f"answer = {RESULTS}")) == 1


def test_source_image_deleted_before_it_was_read(fresh: Window, sandbox: Sandbox) -> None:
    fresh.do("bpy.ops.fluxdepth.edit(); bpy.data.images.remove(grid)")
    fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
    assert "removed or changed its size" in states(fresh)[-1][1]
    assert sandbox.at("submit") == []


def test_another_file_loaded_while_a_job_runs(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """The result waits for the artist's word instead of landing in the wrong file."""
    sandbox.latency = 1.5
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
    fresh.do("bpy.ops.wm.read_homefile(use_factory_startup=True)")
    fresh.do(SET_UP)
    fresh.do("session.refresh()")
    fresh.wait_for("desk.tickets and desk.tickets[-1].state.name == 'KEPT' or len(desk.here()) > 0")
    fresh.open_sidebar()
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"blender-{host.host.series}-closed.png")
    assert fresh.do(f"answer = {RESULTS}") == []
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    assert sandbox.taken == 1


def test_same_file_loaded_again_while_a_job_runs(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    sandbox.latency = 1.5
    path = host.out / "work.blend"
    fresh.do(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})")
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
    fresh.do("bpy.ops.wm.revert_mainfile()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert len(fresh.do(f"answer = {RESULTS}")) == 1


def test_extension_switched_off_while_a_job_runs(fresh: Window, sandbox: Sandbox) -> None:
    sandbox.latency = 1.5
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
    fresh.do("bpy.ops.preferences.addon_disable(module='bl_ext.user_default.fluxdepth')")
    sandbox.wait_until(lambda one: one.taken == 1, timeout=20)
    fresh.do(SET_UP)
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    assert sandbox.taken == 1


def test_render_now_renders_first_and_leaves_blender_usable(fresh: Window, sandbox: Sandbox) -> None:
    fresh.do("""
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 1, False
scene.render.resolution_x, scene.render.resolution_y = 320, 180
bpy.context.preferences.view.render_display_type = "NONE"
chosen.source = "RENDER_NOW"
bpy.ops.fluxdepth.edit()
answer = desk.tickets[-1].state.name
""")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert fresh.do("answer = [list(image.size) for image in bpy.data.images if 'fluxdepth_edit' in image]") == [
        [320, 180]
    ]


def test_viewport_is_sent_as_it_is_seen_without_overlays(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """The same pixels as on the screen; the Render Result is left alone."""
    fresh.do("""
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = 1, False
scene.render.resolution_x, scene.render.resolution_y = 32, 18
bpy.ops.render.render()
area = max((one for one in bpy.context.screen.areas if one.type == "VIEW_3D"), key=lambda one: one.width)
space = area.spaces.active
space.show_gizmo = False
space.overlay.show_overlays = False
space.show_region_header = space.show_region_toolbar = space.show_region_ui = space.show_region_tool_header = False
chosen.source = "VIEWPORT"
""")
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    x, y, width, height = fresh.do("""
region = next(one for one in area.regions if one.type == "WINDOW")
area.tag_redraw()
top = bpy.context.window_manager.windows[0].height
answer = [region.x, top - region.y - region.height, region.width, region.height]
""")
    fresh.do(f"""
image = next(image for image in bpy.data.images if 'fluxdepth_edit' in image)
open({str(host.out / "viewport-result.png")!r}, "wb").write(image.packed_file.data)
""")
    result = pixels(host.out / "viewport-result.png")
    # Above Blender's own window is the window manager's title.
    title = fresh.screen.height - fresh.do("answer = bpy.context.window_manager.windows[0].height")

    def is_seen() -> bool:
        shot = pixels(fresh.picture(host.out / "viewport.png", settle=0))
        seen = shot[y + title : y + title + height, x : x + width]
        return seen.shape == result.shape and bool(np.abs(result - seen).mean() <= 1)

    wait_until(is_seen, 15, "the viewport on the screen never was what was sent")
    fresh.do(f"""
render = next(image for image in bpy.data.images if image.type == "RENDER_RESULT")
render.save_render({str(host.out / "left-alone.png")!r})
""")
    with Image.open(host.out / "left-alone.png") as left_alone:
        assert left_alone.size == (32, 18)
    assert fresh.do("answer = space.overlay.show_overlays") is False


COMPARED = "session.comparing.compared() is not None"


def test_the_divider_shows_both_as_the_editor_would_and_ends_cleanly(fresh: Window, host: Installed) -> None:
    """Dragged with the mouse; ended by Escape, another file, undo, and the editor that goes."""
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    fresh.wait_for(IDLE)
    fresh.do(f"""
area = max(bpy.context.screen.areas, key=lambda one: one.width * one.height)
area.type = "IMAGE_EDITOR"
area.spaces.active.show_region_ui = False
result = bpy.data.images[{RESULTS}[0]]
area.spaces.active.image = result
bpy.ops.fluxdepth.compare_divided()
""")
    fresh.wait_for(COMPARED)
    fresh.picture(SCREENS / "divider-begun.png")  # the editor has been drawn, and knows where its picture is
    left, bottom, right, top = fresh.do("""
region = next(one for one in area.regions if one.type == "WINDOW")
corners = [region.view2d.view_to_region(at, at, clip=False) for at in (0, 1)]
answer = [(region.x, region.y)[axis] + corner[axis] for corner in corners for axis in (0, 1)]
""")
    name = f"{host.host.series}-divider"
    x, y = (left + right) // 2, fresh.screen.height - (bottom + top) // 2
    drag = ["mousemove", x + 60, y, "sleep", 0.3, "mousemove", x + 2, y, "sleep", 0.3, "mousedown", 1, "sleep", 0.2]
    fresh.screen.xdotool(
        *drag, "mousemove", x + 40, y, "sleep", 0.2, "mousemove", x + 80, y, "sleep", 0.3, "mouseup", 1
    )
    share = "answer = bpy.context.window_manager.fluxdepth_divider"
    wait_until(lambda: abs(fresh.do(share) - (0.5 + 80 / (right - left))) < 0.03, 10, "the divider under the mouse")
    sent = "next(one for one in bpy.data.images if 'fluxdepth_sent' in one)"
    fresh.do(f"""
import array
changed = {sent}
changed.pixels.foreach_set(array.array("f", [0.8, 0.35, 0.1, 1.0]) * (changed.size[0] * changed.size[1]))
changed.update()
changed.pack()
bpy.context.window_manager.fluxdepth_divider = 0.5
""")
    divided = pixels(fresh.picture(SCREENS / f"blender-{name}.png"))
    fresh.do("area.spaces.active.image = changed")
    source = pixels(fresh.picture(SCREENS / f"blender-{name}-source.png"))
    fresh.do("area.spaces.active.image = result")
    rows = slice(fresh.screen.height - top + 8, fresh.screen.height - bottom - 40)
    middle = (left + right) // 2
    assert np.abs(divided - source)[rows, left + 4 : middle - 60].max() <= 1
    fresh.screen.xdotool("mousemove", x, y)
    fresh.screen.key("Escape")
    fresh.wait_for("session.comparing._handle is None", 10)
    shown = pixels(fresh.picture(SCREENS / f"blender-{name}-ended.png"))
    assert np.abs(divided - shown)[rows, middle + 60 : right - 4].max() <= 1
    for ending in (
        "area.type = 'VIEW_3D'",
        "bpy.ops.fluxdepth.compare_divided()",
        "bpy.ops.ed.undo()",
        "bpy.ops.wm.read_homefile(use_factory_startup=True)",
    ):
        fresh.do(f"""
if not {RESULTS}:
    bpy.ops.ed.redo()
area.type = "IMAGE_EDITOR"
area.spaces.active.image = bpy.data.images[{RESULTS}[0]]
bpy.ops.fluxdepth.compare_divided()
""")
        fresh.wait_for(COMPARED)
        fresh.do(ending)
        fresh.wait_for("session.comparing._handle is None", 10)


def pixels(path: Path) -> np.ndarray:
    """H×W×3, 0–255."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(float)


def test_quitting_while_a_job_runs_loses_nothing(host: Installed, screen: VirtualScreen, sandbox: Sandbox) -> None:
    sandbox.reset()
    sandbox.latency = 2.0
    entries = host.data_folder / "jobs"
    before = set(entries.iterdir()) if entries.exists() else set()
    with Window(host.host, screen, host.profile, host.environment(sandbox)) as window:
        window.do("""
chosen = bpy.context.scene.fluxdepth
chosen.prompt = "far things soft"
grid = bpy.data.images.new("grid", 64, 64)
grid.generated_type = "COLOR_GRID"
chosen.source, chosen.image = "IMAGE", grid
bpy.ops.fluxdepth.edit()
""")
        window.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
        with contextlib.suppress(InsideError):  # it may be gone before it has answered
            window.do("bpy.ops.wm.quit_blender()")
        assert window.process.wait(timeout=30) in (0, -signal.SIGTERM), window.log()
    (folder,) = set(entries.iterdir()) - before
    edit = json.loads((folder / "job.json").read_text())["edits"][0]
    assert edit["state"] in ("taken", "done")
    assert edit["uuid"]
    assert "Segmentation" not in window.log()

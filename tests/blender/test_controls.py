"""The panel's controls in a Blender with a window, with mouse and keyboard, and what is seen when no panel is open.

The pictures are in build/screens; look at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import build
from shared.model.edit import DepthEdit
from shared.pictures.embedded import with_settings
from tests.sandbox import Sandbox

from .conftest import IDLE, Installed
from .test_jobs import CYCLES, RESULTS, ROWS, error, picture_now
from .window import Window

SCREENS = build.ROOT / "build" / "screens"
DATA = build.ROOT / "tests" / "data"
LEAST_CONTRAST = 4.5
# Samples that are not saved make the render last as long as the test wants it to.
LONG_RENDER = CYCLES.format(samples=40000) + "scene.cycles.use_adaptive_sampling = False\n"
THEMES = {"dark": "Blender_Dark", "light": "Blender_Light"}
# Everything that Blender has reported, as its Info editor shows it; an area is that for a moment.
REPORTS = """
area = max((one for one in bpy.context.screen.areas if one.type != "VIEW_3D"), key=lambda one: one.height)
kind, area.type = area.type, "INFO"
with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area):
    bpy.ops.info.select_all(action="SELECT")
    bpy.ops.info.report_copy()
area.type = kind
answer = bpy.context.window_manager.clipboard
"""


def type_key(window: Window, at: tuple[int, int], text: str) -> None:
    window.screen.click(*at)
    window.screen.key("ctrl+a")
    window.screen.type(text)
    window.screen.key("Return")


def test_key_is_typed_and_tested_in_the_sidebar(no_key: Window, host: Installed, sandbox: Sandbox) -> None:
    """A wrong one stays there and a sentence says why; a right one is kept, and the button beside it asks for it."""
    sidebar = no_key.open_sidebar()
    no_key.wait_for(IDLE)
    x, y = no_key.find_button(r"wm\.url_open", sidebar)
    field = x, y - 20  # the line above; only operators are found by hovering
    for _ in range(3):  # on a busy machine the first letters may come before the field takes them
        type_key(no_key, field, "two words")
        with suppress(TimeoutError):
            no_key.wait_for("fluxdepth.service.refused == 'two words'", 10)
            break
    assert no_key.do("answer = fluxdepth.service.refused") == "two words"
    no_key.picture(SCREENS / f"blender-{host.host.series}-key-wrong.png")
    assert not (host.data_folder / "key").exists()
    type_key(no_key, field, sandbox.api_key)
    no_key.wait_for("session.info.key_source == 'the key file'")
    no_key.wait_for(IDLE)
    no_key.screen.click(*no_key.find_button(r"fluxdepth\.test_service", sidebar))
    no_key.wait_for("'Key accepted' in fluxdepth.service.said")
    no_key.picture(SCREENS / f"blender-{host.host.series}-key-tested.png")
    assert sandbox.at("submit") == []


@pytest.mark.full
def test_a_result_file_that_is_dropped_onto_the_panel(fresh: Window, host: Installed, tmp_path: Path) -> None:
    """Blender asks what is meant, as it does for other files; anywhere else its own answer is the only one."""
    edit = DepthEdit.checked({"prompt": "From a file, far", "steps": 44})
    record = {"model": edit.model.id, "settings": dict(edit.values), "host_settings": {"variations": 3}}
    (tmp_path / "with.png").write_bytes(with_settings((DATA / "chelsea.png").read_bytes(), record))
    x, y, width, height = fresh.open_sidebar()
    fresh.screen.drop_file(tmp_path / "with.png", x + width // 2, y + height // 2, host.host.place)
    fresh.screen.xdotool("sleep", 1)
    fresh.screen.screenshot(SCREENS / f"blender-{host.host.series}-dropped.png")  # the mouse stays in the menu
    fresh.screen.key("Return")
    fresh.wait_for("(chosen.prompt, chosen.steps, chosen.variations) == ('From a file, far', 44, 3)", 20)
    objects = "len(bpy.data.objects)"
    before = fresh.do(f"answer = {objects}")
    fresh.screen.drop_file(tmp_path / "with.png", x // 2, y + height // 2, host.host.place)
    fresh.wait_for(f"{objects} == {before + 1}", 20)  # an Empty that shows it


def test_arrival_is_said_where_no_panel_is_open(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    fresh.do("""
for area in bpy.context.screen.areas:
    if area.type == "IMAGE_EDITOR":
        area.type = "PROPERTIES"
    if area.type == "VIEW_3D":
        area.spaces.active.show_region_ui = False
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    (name,) = fresh.do(f"answer = {RESULTS}")
    fresh.picture(SCREENS / f"blender-{host.host.series}-arrived.png")
    assert f"New image: {name}" in fresh.do(REPORTS)
    sandbox.fault = "submit:no_credits"
    fresh.do("chosen.seed = 2; bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
    fresh.picture(SCREENS / f"blender-{host.host.series}-failed-unseen.png")
    assert "credits" in fresh.do(REPORTS)


def test_stopping_a_row_that_renders_stops_the_render(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """And neither the scene nor its undo history has changed."""
    fresh.do("bpy.ops.mesh.primitive_uv_sphere_add('EXEC_DEFAULT', True)")
    fresh.do("bpy.ops.ed.undo()")
    fresh.do("chosen = bpy.context.scene.fluxdepth\n" + LONG_RENDER + "bpy.ops.fluxdepth.edit()")
    fresh.wait_for("bpy.app.is_job_running('RENDER')")
    fresh.wait_for("desk.tickets[-1].progress.text == 'Rendering 2 s'")
    picture_now(fresh, host, "rendering")
    fresh.do("bpy.context.scene['left alone'] = 1; bpy.ops.fluxdepth.cancel()")
    assert fresh.do(f"answer = {ROWS}") == ["STOPPED"]
    fresh.wait_for("not bpy.app.is_job_running('RENDER')", timeout=10)
    assert "Nothing was billed" in error(fresh)
    assert fresh.do("answer = bpy.context.scene['left alone']") == 1
    fresh.do("bpy.ops.ed.redo()")
    assert fresh.do("answer = 'Sphere' in bpy.data.objects"), "what was undone before can still be redone"
    assert sandbox.requests == []


def test_render_that_undo_has_ended_is_not_sent(fresh: Window, sandbox: Sandbox) -> None:
    """Blender calls it complete."""
    fresh.do("bpy.ops.mesh.primitive_uv_sphere_add('EXEC_DEFAULT', True)")
    fresh.do(LONG_RENDER + "bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text == 'Rendering 1 s'")
    fresh.do("bpy.ops.ed.undo()")
    fresh.wait_for(f"{ROWS} == ['FAILED']")
    assert "render was stopped" in error(fresh)
    assert sandbox.requests == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_line_can_be_read(fresh: Window, host: Installed, theme: str) -> None:
    """In both of Blender's themes; what explains is no paler than the rest."""
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    fresh.do(f"""
import pathlib
(path,) = [path for folder in bpy.utils.preset_paths("interface_theme")
           for path in pathlib.Path(folder).glob("{THEMES[theme]}.xml")]
bpy.ops.script.execute_preset(filepath=str(path), menu_idname="USERPREF_MT_interface_theme_presets")
session.ticker.settle_panels()
""")
    left, top, width, height = fresh.open_sidebar()
    fresh.wait_for(IDLE)
    shot = fresh.picture(SCREENS / f"blender-{host.host.series}-{theme}.png")
    fresh.do("bpy.ops.preferences.reset_default_theme()")
    with Image.open(shot) as opened:
        drawn = np.asarray(opened.convert("RGB")).astype(float) / 255
    # Between the panel's edge and the tabs. Above Blender's own window is the window manager's title.
    title = fresh.screen.height - fresh.do("answer = bpy.context.window_manager.windows[0].height")
    pale = {
        (first, last): round(contrast, 1)
        for first, last, contrast in lines(drawn[top + title : top + title + height, left + 12 : left + width - 50])
        if contrast < LEAST_CONTRAST
    }
    assert not pale


def lines(shot: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """First and last row of each line of text in H×W×3 colours of 0–1, and its contrast by WCAG 2."""
    linear = np.where(shot <= 0.04045, shot / 12.92, ((shot + 0.055) / 1.055) ** 2.4)
    light = linear @ np.array([0.2126, 0.7152, 0.0722])
    ground = np.median(light, axis=1, keepdims=True)
    contrast = ((np.maximum(light, ground) + 0.05) / (np.minimum(light, ground) + 0.05)).max(axis=1)
    first = None
    for row, is_text in enumerate([*(contrast > 1.3), False]):
        if is_text and first is None:
            first = row
        elif not is_text and first is not None:
            if 6 <= row - first <= 16:  # lower is an edge, higher a picture
                yield first, row - 1, float(contrast[first:row].max())
            first = None


def test_sidebar_of_the_rendering_workspace(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """Pictures to look at, of a job that runs and of one that has failed."""
    sandbox.latency = 3.0
    fresh.do("""
bpy.context.window_manager.windows[0].workspace = bpy.data.workspaces["Rendering"]
chosen.variations = 3
""")
    fresh.wait_for("bpy.context.window_manager.windows[0].screen.name == 'Rendering'")
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].progress.text.startswith('Generating')")
    fresh.open_sidebar("IMAGE_EDITOR")
    fresh.wait_for("time.monotonic() > session.ticker._calm")
    fresh.picture(SCREENS / f"blender-{host.host.series}-editor-running.png", settle=0)
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    sandbox.fault = "submit:no_credits"
    fresh.do("chosen.seed = 12345; bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"blender-{host.host.series}-editor-failed.png")


def test_written_file(fresh: Window, host: Installed, tmp_path: Path) -> None:
    """Off the main thread, and said."""
    fresh.do("chosen.format = 'jpg'; bpy.ops.fluxdepth.edit()")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    path = host.out / "written.png"
    fresh.do(f"bpy.ops.fluxdepth.save_as(filepath={str(path)!r})")
    fresh.wait_for(IDLE)
    with Image.open(path) as written:
        assert written.format == "PNG"
    assert "Saved “written.png”" in fresh.do(REPORTS)

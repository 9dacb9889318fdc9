"""Pictures of the panel and the preferences on small and large screens, at both scales, dark and light; each is judged.

The pictures are in build/screens; look at them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts import VirtualScreen
from tests.sandbox import Sandbox

from .conftest import Installed
from .controls import PREFERENCES, Controls
from .test_controls import SCREENS, THEMES
from .test_jobs import GENERATING, ROWS
from .window import Window

pytestmark = pytest.mark.full

MAIN = [("property", name) for name in ("source", "prompt", "steps", "guidance", "seed", "variations")]
EDIT = ("operator", "fluxdepth.edit")
FIELDS = [("property", name) for name in ("api_key", "service_address", "waiting", "history_limit")]
BUTTONS = [("operator", f"fluxdepth.{name}") for name in ("test_service", "open_data FOLDER", "open_data LOG")]
USE_THEME = """
import pathlib
(path,) = [path for folder in bpy.utils.preset_paths("interface_theme")
           for path in pathlib.Path(folder).glob("{name}.xml")]
bpy.ops.script.execute_preset(filepath=str(path), menu_idname="USERPREF_MT_interface_theme_presets")
"""


@pytest.fixture(
    scope="module", params=[(1366, 768, 1), (1920, 1080, 1), (1366, 768, 2), (1920, 1080, 2)], ids=lambda one: str(one)
)
def screen(host: Installed, request: pytest.FixtureRequest) -> Iterator[VirtualScreen]:
    width, height, scale = request.param
    with VirtualScreen(host.host.place, width * scale, height * scale, scale) as one:
        yield one


@pytest.mark.parametrize("theme", THEMES)
def test_looks(fresh: Window, host: Installed, sandbox: Sandbox, screen: VirtualScreen, theme: str) -> None:
    name = f"blender-{host.host.series}-look-{screen.width // screen.scale}-{screen.scale}00-{theme}"
    controls = Controls(fresh)
    controls.watch("")
    fresh.do(USE_THEME.format(name=THEMES[theme]))
    assert fresh.do("answer = bpy.context.preferences.system.ui_scale") == screen.scale
    controls.open("VIEW_3D")
    controls.judged(SCREENS / f"{name}-idle.png", *MAIN, EDIT)
    sandbox.latency = 30.0
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(GENERATING)
    controls.settle()
    controls.judged(SCREENS / f"{name}-running.png", *MAIN, EDIT, settle=0)
    fresh.do("bpy.ops.fluxdepth.cancel()")
    controls.settle()
    controls.judged(SCREENS / f"{name}-stopped.png", *MAIN, EDIT)
    sandbox.latency = 0.0
    fresh.do("desk.dismiss(desk.tickets[-1]); chosen.seed = 2; bpy.ops.fluxdepth.edit()")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    controls.settle()
    controls.judged(SCREENS / f"{name}-arrived.png", *MAIN, EDIT)
    controls.open("IMAGE_EDITOR")
    controls.judged(SCREENS / f"{name}-editor.png", *MAIN, EDIT)
    controls.open(PREFERENCES)
    controls.judged(SCREENS / f"{name}-preferences.png", *FIELDS)
    controls.scroll()
    controls.judged(SCREENS / f"{name}-preferences-end.png", *BUTTONS)
    controls.close_preferences()
    fresh.do("bpy.ops.preferences.reset_default_theme()")


def test_judge_sees_what_lies_over_a_real_panel(fresh: Window, host: Installed, screen: VirtualScreen) -> None:
    """Another window, and a word that has too little room."""
    controls = Controls(fresh)
    controls.watch("")
    controls.open("VIEW_3D")
    fresh.do("bpy.ops.fluxdepth.preferences()")
    above = screen.wait_for_window("Preferences")
    screen.xdotool("windowmove", above, screen.width // 2, 60)
    with pytest.raises(AssertionError, match="not there"):
        controls.judged(host.out / "spoiled.png", *MAIN, EDIT)
    controls.close_preferences()
    with pytest.raises(AssertionError, match="cut"):
        fresh.do("""
texts = sys.modules["bl_ext.user_default.fluxdepth.ui.texts"]
kept, texts._lines = texts._lines, lambda text, *_how: (text,)
""")
        try:
            controls.settle()
            controls.judged(host.out / "spoiled.png", *MAIN, EDIT)
        finally:
            fresh.do("texts._lines = kept")

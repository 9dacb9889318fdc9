"""The History panel in Blender's real windows: edits of all states and three hosts, at both scales, dark and light.

The pictures are in build/screens; look at them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts import VirtualScreen

from . import histories
from .conftest import Installed
from .controls import SCREENS, Controls
from .test_controls import THEMES
from .test_looks import USE_THEME
from .window import Window

pytestmark = pytest.mark.full

# The panel is seen alone, so that all of it has room.
ALONE = """
h = fluxdepth.history
h.page, h.chosen = None, None
asked = bpy.context.window_manager.fluxdepth_history
asked.search, asked.show = "", "ALL"
for cls in sys.modules["bl_ext.user_default.fluxdepth.ui.panels"]._PANELS:
    part = cls.__name__.rpartition("_")[2]
    if part == "main":
        cls.draw = lambda panel, context: session.info or session.refresh()
    elif cls.is_registered:
        bpy.utils.unregister_class(cls)
    if part == "history":
        cls.bl_options = set()
        bpy.utils.register_class(cls)
"""
READ = "h.page is not None and not h.reading and time.monotonic() > session.ticker._calm"


@pytest.fixture(scope="module", params=[1, 2])
def screen(host: Installed, request: pytest.FixtureRequest) -> Iterator[VirtualScreen]:
    scale = request.param
    with VirtualScreen(host.host.place, 1280 * scale, 900 * scale, scale) as one:
        yield one


@pytest.mark.parametrize("theme", THEMES)
def test_history_looks(fresh: Window, host: Installed, screen: VirtualScreen, theme: str) -> None:
    name = f"blender-{host.host.series}-history-{screen.scale}00-{theme}"
    ids = histories.of_every_kind(host.data_folder)
    fresh.do(USE_THEME.format(name=THEMES[theme]))
    fresh.do(ALONE)
    controls = Controls(fresh)
    controls.watch("")
    controls.open("VIEW_3D")
    fresh.wait_for(READ)
    fresh.wait_for("len(h._icons) == 5")  # the first time they are made
    assert all(fresh.do("answer = list(h._icons.values())"))
    controls.settle()
    wanted = [("operator", f"fluxdepth.history_choose {one}") for one in ids.values()]
    controls.judged(SCREENS / f"{name}.png", ("property", "search"), ("property", "show"), *wanted)
    for word, button in (("taken", "copy_id"), ("uncertain", "history_discard")):
        fresh.do(f"h.chosen = ({ids[word]!r}, 0)")
        controls.settle()
        controls.judged(SCREENS / f"{name}-{word}.png", ("operator", f"fluxdepth.{button}"))
    for words, count in (("harbour", 3), ("nothing like it", 0)):
        fresh.do(f"asked.search = {words!r}")
        fresh.wait_for(f"{READ} and h.page.total == {count}")
        controls.settle()
        fresh.picture(SCREENS / f"{name}-{count}-found.png")
    fresh.do("bpy.ops.preferences.reset_default_theme()")

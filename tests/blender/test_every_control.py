"""Every control of the add-on is used with mouse and keyboard in Blender's real windows, and what it does is looked at.

Which controls there are, the running program says: what is registered, and what each `draw` puts into its layout. The
last test fails for one that no other has used. The list is printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from shared.model.presets import PRESETS
from shared.pictures.encoded import sniff
from tests.hosts import VirtualScreen
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import Installed, tell_at_the_end
from .controls import PREFERENCES, Controls
from .test_controls import REPORTS
from .test_jobs import GENERATING, RESULTS, ROWS, journalled
from .window import Window

pytestmark = pytest.mark.full

EDITORS = ["VIEW_3D", "IMAGE_EDITOR"]
ADDON = "bpy.context.preferences.addons['bl_ext.user_default.fluxdepth'].preferences"


@pytest.fixture(scope="module")
def screen(host: Installed) -> Iterator[VirtualScreen]:
    """One on which a whole sidebar can be seen."""
    with VirtualScreen(host.host.place, 1400, 1300) as one:
        yield one


@pytest.fixture(scope="module")
def all_controls(window: Window) -> Controls:
    return Controls(window)


@pytest.fixture
def controls(fresh: Window, all_controls: Controls, request: pytest.FixtureRequest) -> Controls:
    all_controls.watch(request.node.name.partition("[")[0])
    return all_controls


@pytest.fixture(params=EDITORS)
def sidebar(controls: Controls, request: pytest.FixtureRequest) -> Controls:
    """The controls of one editor's sidebar."""
    controls.open(request.param)
    return controls


def unfold(sidebar: Controls, label: str, panel: str, shows: tuple[str, str]) -> None:
    """Click on the head of a panel that is folded, until what is in it is there. The heads have no name to hover."""
    left, top, _, height = sidebar.box()
    place = f"[key for key in drawn if key[1].endswith('_{panel}')]"
    sidebar.window.do("drawn.clear()")
    sidebar.settle()
    if not sidebar.window.do(f"answer = len({place})"):
        below = max(spot.y for spot in sidebar.scan() if spot.path == "variations" or "fluxdepth.edit" in spot.call)
        for y in range(below + 12, min(below + 140, top + height), 10):
            sidebar.click((left + 60, y))
            sidebar.settle()
            if sidebar.window.do(f"answer = len({place})"):
                break
    sidebar.note("panel", f"FLUXDEPTH_PT_{sidebar.editor.lower()}_{panel}")
    sidebar.see(*shows)


def test_every_setting_is_sent(sidebar: Controls, sandbox: Sandbox) -> None:
    window = sidebar.window
    for source in ("VIEWPORT", "RENDER", "RENDER_NOW", "IMAGE"):
        sidebar.choose("source", source)
    sidebar.write("prompt", "Every setting, far")
    sidebar.write("steps", "31", expected=31)
    sidebar.write("guidance", "4.5", expected=4.5)
    sidebar.write("seed", "77", expected=77)
    sidebar.use("operator", "fluxdepth.dice")
    wait_until(lambda: sidebar.value("seed") != 77, 10, "another seed")
    sidebar.write("seed", "78", expected=78)
    sidebar.write("variations", "2", expected=2)
    unfold(sidebar, "More", "more", ("property", "safety_tolerance"))
    sidebar.toggle("prompt_upsampling")
    sidebar.write("safety_tolerance", "3", expected=3)
    sidebar.choose("format", "webp")
    sidebar.write("longest_side", "256", expected=256)
    sidebar.choose("upload_format", "jpg")
    sidebar.toggle("keep_transparency")
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 2")
    sent = [request.json["promptObject"] for request in sandbox.at("submit")]
    assert sorted(one.pop("seed") for one in sent) == [78, 79]
    upload = sniff(sandbox.uploads[sent[0].pop("imageUrl")])
    assert (upload.media_type, upload.width, upload.height) == ("image/jpeg", 256, 144)
    assert sent[0] == {
        "prompt": "Every setting, far",
        "steps": 31,
        "guidance": 4.5,
        "prompt_upsampling": True,
        "safety_tolerance": 3,
        "format": "webp",
    }


def test_list(controls: Controls, all_controls: Controls, host: Installed) -> None:
    """Last. Alone it fails: it looks at what the others have done."""
    title = f"Controls of Blender {host.host.version}"
    seen = {tuple(one) for one in controls.window.do("answer = [list(one) for one in seen]")}
    drawn_operators = {name for _, kind, name in seen if kind == "operator"}
    for one in controls.window.do("answer = [list(one) for one in registered()]"):
        if one[1] != "operator" or one[2] not in drawn_operators:
            seen.add(tuple(one))
    every = sorted(seen | set(all_controls.used))
    for control in every:
        tell_at_the_end(title, *control, all_controls.used.get(control, "NOTHING"))
    assert controls.window.do("answer = failed") == []
    assert [control for control in every if control not in all_controls.used] == []

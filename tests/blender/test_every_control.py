"""Every control of the add-on is used with mouse and keyboard in Blender's real windows, and what it does is looked at.

Which controls there are, the running program says: what is registered, and what each `draw` puts into its layout. The
last test fails for one that no other has used. The list is printed.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator

import numpy as np
import pytest

from shared.model.models import DEFAULT
from shared.model.presets import PRESETS
from shared.pictures.encoded import sniff
from shared.storage.entries import Destination, EditState
from tests.hosts import VirtualScreen
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from . import histories
from .conftest import Installed, tell_at_the_end
from .controls import PREFERENCES, Control, Controls
from .test_controls import REPORTS, SCREENS
from .test_jobs import GENERATING, RESULTS, ROWS, journalled
from .window import Window

pytestmark = pytest.mark.full

EDITORS = ["VIEW_3D", "IMAGE_EDITOR"]
OWN = "Thirteen", "Fourteen"  # what one preset is called, one after the other
ADDON = "bpy.context.preferences.addons['bl_ext.user_default.fluxdepth'].preferences"


@pytest.fixture(scope="module")
def screen(host: Installed) -> Iterator[VirtualScreen]:
    """One on which a whole sidebar can be seen."""
    with VirtualScreen(host.host.place, 1000, 1300) as one:
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


def unfold(sidebar: Controls, panel: str, shows: tuple[str, str]) -> int:
    """Click on the head of a panel that is folded, until what is in it is there. The heads have no name to hover.

    Returns the head's height on the screen.
    """
    left = sidebar.box()[0]
    _, y = sidebar.see("operator", "fluxdepth.edit")
    for below in range(32, 100, 8):
        sidebar.click((left + 60, y + below))
        sidebar.screen.xdotool("sleep", 0.5)
        sidebar.window.do("drawn.clear()")
        sidebar.settle()
        if sidebar.window.do(f"answer = any(key[1].endswith('_{panel}') for key in drawn)"):
            break
    sidebar.note("panel", f"FLUXDEPTH_PT_{sidebar.editor.lower()}_{panel}")
    sidebar.see(*shows)
    return y + below


def test_every_setting_is_sent(sidebar: Controls, sandbox: Sandbox) -> None:
    window = sidebar.window
    for source in ("VIEWPORT", "DEPTH", "RENDER", "RENDER_NOW", "IMAGE"):
        sidebar.choose("source", source)
    sidebar.write("prompt", "Every setting, far")
    sidebar.write("steps", "31", expected=31)
    sidebar.write("guidance", "4.5", expected=4.5)
    sidebar.write("seed", "77", expected=77)
    sidebar.use("operator", "fluxdepth.dice")
    wait_until(lambda: sidebar.value("seed") != 77, 10, "another seed")
    sidebar.write("seed", "78", expected=78)
    sidebar.write("variations", "2", expected=2)
    unfold(sidebar, "more", ("property", "safety_tolerance"))
    sidebar.toggle("prompt_upsampling")
    sidebar.write("safety_tolerance", "3", expected=3)
    sidebar.press("format", "webp", 0.83)
    sidebar.write("longest_side", "256", expected=256)
    sidebar.choose("upload_format", "jpg")
    sidebar.toggle("keep_transparency")
    sidebar.toggle("keep_detail")
    sidebar.write("detail_strength", "70", expected=70)
    sidebar.write("grain", "20", expected=20)
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 2")
    sent = [request.json["promptObject"] for request in sandbox.at("submit")][-2:]
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


def test_what_other_models_have(sidebar: Controls, host: Installed, sandbox: Sandbox) -> None:
    """Every field that the default has not; the first is taken by the hint, as the default is not offered any more."""
    window = sidebar.window
    window.wait_for("fluxdepth.offered.known is not None")
    sandbox.withdrawn = {"flux-depth-pro"}
    try:
        sidebar.use("operator", "fluxdepth.edit")
        window.wait_for(f"{ROWS} == ['FAILED'] and fluxdepth.offered.is_gone(fluxdepth.properties.model_of(chosen))")
        sidebar.settle()
        sidebar.use("operator", "fluxdepth.take_model")
        window.wait_for("chosen.model != 'flux-depth-pro'", 10)
    finally:
        sandbox.withdrawn = set()
        (host.data_folder / "models.json").unlink()
        window.do("fluxdepth.offered.known, fluxdepth.offered._asked = None, -1e6")
    sidebar.use("operator", "fluxdepth.dismiss")
    window.wait_for("fluxdepth.offered.known is not None")
    sidebar.settle()
    sidebar.choose("model", "flux-depth-dev")
    unfold(sidebar, "more", ("property", "output_quality"))
    sidebar.write("num_inference_steps", "31", expected=31)
    sidebar.toggle("disable_safety_checker")
    sidebar.press("megapixels", "0.25", 0.5, row=1)
    sidebar.write("output_quality", "77", expected=77)
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 1")
    assert (
        sandbox.at("submit")[-1].json["promptObject"].items()
        >= {
            "num_inference_steps": 31,
            "disable_safety_checker": True,
            "megapixels": "0.25",
            "output_quality": 77,
        }.items()
    )
    sidebar.choose("model", "flux-kontext-dev")
    sidebar.toggle("go_fast")
    sidebar.press("aspect_ratio", "3:2", 0.87, row=1)
    sidebar.choose("model", "flux-2-pro")
    sidebar.press("output_format", "jpg", 0.75)
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 2")
    assert (
        sandbox.at("submit")[-1].json["promptObject"].items() >= {"aspect_ratio": "3:2", "output_format": "jpg"}.items()
    )


def test_presets_of_the_model_and_own_ones(sidebar: Controls, host: Installed) -> None:
    """In the menu with the keyboard; what manages them in a list that stays open."""
    window, folder = sidebar.window, host.data_folder / "presets"
    shutil.rmtree(folder, ignore_errors=True)
    for number, preset in enumerate(PRESETS):
        from_menu(sidebar, number)
        values = preset.values(DEFAULT)
        wait_until(lambda: sidebar.value("prompt") == values["prompt"], 10, preset.name)  # noqa: B023
        assert sidebar.value("steps") == values["steps"]
        sidebar.note("operator", f"fluxdepth.apply_preset {preset.name}")
    sidebar.write("steps", "13", expected=13)
    from_menu(sidebar, -3)
    sidebar.screen.key("ctrl+a")
    sidebar.screen.type(OWN[0])
    sidebar.screen.key("Return")
    sidebar.screen.xdotool("sleep", 0.5)
    sidebar.screen.key("Return")
    sidebar.note("operator", "fluxdepth.save_preset")
    (own,) = wait_until(lambda: list(folder.glob("*.json")), 10, "the preset's file")
    sidebar.write("steps", "14", expected=14)
    from_menu(sidebar, len(PRESETS))
    wait_until(lambda: sidebar.value("steps") == 13, 10, "the own preset's steps")
    sidebar.note("operator", f"fluxdepth.apply_preset {OWN[0]}")
    from_list(sidebar, "rename_preset", OWN[0])
    sidebar.screen.key("ctrl+a")
    sidebar.screen.type(OWN[1])
    sidebar.screen.key("Return")
    sidebar.screen.xdotool("sleep", 0.5)
    sidebar.screen.key("Return")
    wait_until(lambda: json.loads(own.read_text())["name"] == OWN[1], 10, "the other name")
    from_list(sidebar, "export_preset", OWN[1])
    into_the_window(sidebar, "File View", "Return")
    wait_until(lambda: "Saved “" in window.do(REPORTS), 20, "the file")
    from_list(sidebar, "delete_preset", OWN[1])
    sidebar.screen.key("Return")
    wait_until(lambda: not own.exists(), 10, "the preset to go")
    from_list(sidebar, "import_preset")
    into_the_window(sidebar, "File View", "Escape")
    close_list(sidebar)
    from_menu(sidebar, -1)
    into_the_window(sidebar, "File View", "Escape")
    sidebar.note("operator", "fluxdepth.reuse_file")


# px from the right and the upper edge of the list with one preset in it; without one another line has its place.
IN_LIST = {
    "rename_preset": (59, 45),
    "export_preset": (39, 45),
    "delete_preset": (19, 45),
    "import_preset": (170, 70),
}


def from_list(sidebar: Controls, button: str, preset: str = "") -> None:
    """Clicks that button in the list of own presets, a popup that tells nobody what is in it; its pixels change."""
    close_list(sidebar)
    before = sidebar.shot()
    from_menu(sidebar, -2)
    sidebar.note("operator", "wm.call_panel")
    changed = np.any(sidebar.shot() != before, axis=2)
    right = int(np.flatnonzero(changed.sum(axis=0) > 50)[-1])
    top = int(np.flatnonzero(changed.sum(axis=1) > 250)[0])
    sidebar.screen.screenshot(SCREENS / f"blender-{sidebar.window.blender.series}-presets.png")
    across, below = IN_LIST[button]
    sidebar.click((right - across, top + below))
    sidebar.screen.xdotool("sleep", 0.7)
    sidebar.note("operator", f"fluxdepth.{button} {preset}".strip())


def close_list(sidebar: Controls) -> None:
    """It stays open after what was done in it, in 4.3 until the mouse goes away, in 5.2 until a key in it."""
    left, top, width, _ = sidebar.box()
    sidebar.screen.xdotool("mousemove", left + width - 64, top + 14, "sleep", 0.5, "key", "Escape")
    sidebar.screen.xdotool("sleep", 0.5, "mousemove", 300, 900, "sleep", 0.5)


def from_menu(sidebar: Controls, number: int) -> None:
    """Chooses the entry of that number, from the end when it is negative, with the keyboard."""
    sidebar.presets()
    keys = ["Home", *["Down"] * number] if number >= 0 else ["End", *["Up"] * (-1 - number)]
    sidebar.screen.key(*keys, "Return")
    sidebar.screen.xdotool("sleep", 0.7)
    sidebar.settle()


def test_recent_prompts(sidebar: Controls) -> None:
    """Found by typing."""
    window = sidebar.window
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 1")
    sidebar.write("prompt", "Another one")
    sidebar.use("operator", "fluxdepth.recent_prompt")
    sidebar.screen.xdotool("sleep", 0.7)
    sidebar.screen.type("softly")
    sidebar.screen.xdotool("sleep", 0.7)
    sidebar.screen.key("Return")
    wait_until(lambda: sidebar.value("prompt").startswith("The cube in front"), 10, "the earlier prompt")


def test_choices_and_lists(sidebar: Controls, sandbox: Sandbox) -> None:
    window = sidebar.window
    sidebar.write("prompt", "a {red|blue} cube, far")
    sidebar.use("operator", "fluxdepth.all_choices")
    wait_until(lambda: sidebar.value("variations") == 2, 10, "both")
    window.do("""
chosen.variations, chosen.prompt_text = 1, bpy.data.texts.new("list")
chosen.prompt_text.write("".join(f"mist, far {number}\\n" for number in range(6)))
""")
    sidebar.settle()
    sidebar.toggle("prompt_list")
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for("problem.standing(bpy.context) is not None", 10)
    sidebar.settle()
    sandbox.latency = 8.0
    sidebar.use("operator", "fluxdepth.edit True")
    window.wait_for("len(desk.tickets) == 6")
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.cancel_waiting")
    window.wait_for(f"len({RESULTS}) == len(desk.tickets) == 4")


def test_prompt_text(sidebar: Controls) -> None:
    """A file can be opened; New makes a text of the prompt; another one is chosen; its cross goes back to the field."""
    window = sidebar.window
    unfold(sidebar, "more", ("operator", "fluxdepth.new_prompt_text"))
    sidebar.use("operator", "text.open")
    into_the_window(sidebar, "File View", "Escape")
    sidebar.screen.wait_until_gone("File View")
    sidebar.use("operator", "fluxdepth.new_prompt_text")
    window.wait_for("chosen.prompt_text is not None")
    assert window.do("answer = chosen.prompt_text.as_string()").startswith("The cube in front")
    window.do("bpy.data.texts.new('Zebra').write('Another text, far')")
    sidebar.settle()
    pick(sidebar, "prompt_text", "text.open", "Zebra")
    left, _, width, _ = sidebar.box()
    _, y = sidebar.see("operator", "text.open")
    sidebar.click((left + width - 45, y))
    window.wait_for("chosen.prompt_text is None")


def pick(sidebar: Controls, name: str, beside: str, wanted: str) -> None:
    """A data-block, in the list that the left button of its line opens, by the first letters of its name."""
    left = sidebar.box()[0]
    at = sidebar.see("operator", beside)
    sidebar.open_list((left + 30, at[1]))
    sidebar.screen.key("ctrl+a")
    sidebar.screen.type(wanted)
    sidebar.screen.xdotool("sleep", 1)
    sidebar.screen.screenshot(SCREENS / f"blender-list-{name}.png")
    sidebar.screen.key("Down", "Return")
    sidebar.settle()
    assert sidebar.value(f"{name}.name") == wanted
    sidebar.note("property", name)


def test_image(sidebar: Controls) -> None:
    sidebar.window.do("bpy.data.images.new('Zebra', 64, 64)")
    pick(sidebar, "image", "image.open", "Zebra")
    sidebar.use("operator", "image.open")
    into_the_window(sidebar, "File View", "Escape")
    sidebar.screen.wait_until_gone("File View")
    sidebar.window.do("chosen.seed_exact = '4294967295'")
    sidebar.settle()
    sidebar.write("seed_exact", "3000000000")
    sidebar.use("operator", "fluxdepth.dice")
    wait_until(lambda: sidebar.value("seed_exact") == "", 10, "a seed that Blender's own field can hold")


def into_the_window(sidebar: Controls, title: str, *keys: str) -> None:
    """Keys go to the editor that the mouse is over."""
    window = sidebar.screen.wait_for_window(title)
    sidebar.screen.xdotool("sleep", 1, "mousemove", "--window", window, 300, 200, "sleep", 0.5)
    sidebar.screen.key(*keys)


def test_rows(sidebar: Controls, sandbox: Sandbox) -> None:
    window = sidebar.window
    sandbox.latency = 6.0
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(GENERATING)
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.cancel")
    window.wait_for(f"{ROWS} == ['STOPPED']")
    sandbox.latency = 0.0
    sidebar.use("operator", "fluxdepth.recover")
    window.wait_for(f"{ROWS} == ['ARRIVED']")
    sidebar.use("operator", "fluxdepth.dismiss")
    window.wait_for(f"{ROWS} == []")
    sandbox.fault = "submit:failure_at_once*1"
    window.do("chosen.seed = 2")
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"{ROWS} == ['FAILED']")
    sidebar.use("operator", "fluxdepth.retry")
    window.wait_for(f"{ROWS} == ['ARRIVED']")
    sandbox.fault = "submit:unauthorized*1"
    window.do("chosen.seed = 3")
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"{ROWS} == ['FAILED']")
    sidebar.use("operator", "fluxdepth.preferences")
    sidebar.screen.wait_for_window("Preferences")
    sidebar.close_preferences()
    sidebar.use("operator", "fluxdepth.dismiss")
    window.do("chosen.image = bpy.data.images.new('black', 64, 64)")
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"{ROWS} == ['FAILED']")
    sidebar.use("operator", "fluxdepth.retry True")
    window.wait_for(f"{ROWS} == ['ARRIVED']")
    assert window.do(f"answer = len({RESULTS})") == 3


def test_what_is_owed(sidebar: Controls, host: Installed, sandbox: Sandbox) -> None:
    window = sidebar.window
    journalled(host, sandbox, "the hall in the fog", Destination("blender", str(host.out / "o.blend"), title="o.blend"))
    window.do("session.look()")
    window.wait_for("len(desk.elsewhere()) == 1")
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.bring_in_here")
    window.wait_for(f"len({RESULTS}) == 1")
    sandbox.latency = 60.0
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(GENERATING)
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.cancel")
    window.wait_for("len(desk.here()) == 1")
    sandbox.reset()
    sidebar.use("operator", "fluxdepth.recover")
    window.wait_for("'FAILED' in " + ROWS)
    window.wait_for("len(desk.here()) == 1")
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.copy_id")
    window.wait_for("bpy.context.window_manager.clipboard == desk.here()[0].entries[0].uuid", 10)
    sidebar.use("operator", "fluxdepth.discard")
    sidebar.screen.xdotool("sleep", 0.5)
    sidebar.screen.key("Return")
    window.wait_for("len(desk.here()) == 0", 20)


def test_results(sidebar: Controls, host: Installed) -> None:
    window = sidebar.window
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 1")
    wait_until(lambda: "New image" in window.do(REPORTS), 10, "the report")
    sidebar.used["", "operator", "fluxdepth.tell"] = sidebar.test
    window.do("""
if all(one.type != "IMAGE_EDITOR" for one in bpy.context.screen.areas):
    rest = [one for one in bpy.context.screen.areas if one.type != "VIEW_3D"]
    max(rest, key=lambda one: one.width * one.height).type = "IMAGE_EDITOR"
for one in session.results.editors():
    one.spaces.active.image = None
chosen.prompt, chosen.steps = "Something else", 3
fluxdepth.operators.results.listed = 0
""")
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.list_more")
    window.wait_for("fluxdepth.operators.results.listed == 8", 10)
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.show")
    window.wait_for(f"[one.spaces.active.image.name for one in session.results.editors()] == {RESULTS}", 10)
    for shown in ("fluxdepth_sent", "fluxdepth_edit"):
        sidebar.use("operator", "fluxdepth.compare")
        window.wait_for(f"{shown!r} in session.results.editors()[0].spaces.active.image", 10)
    sidebar.use("operator", "fluxdepth.reuse_settings")
    wait_until(lambda: sidebar.value("steps") == 28, 10, "the settings of the result")
    assert sidebar.value("prompt").startswith("The cube")
    window.do("chosen.source, chosen.seed = 'RENDER', 3")
    sidebar.use("operator", "fluxdepth.edit_again")
    wait_until(lambda: (sidebar.value("source"), sidebar.value("seed")) == ("IMAGE", 1), 10, "source and next seed")
    sidebar.use("operator", "fluxdepth.compare_divided")
    window.wait_for("fluxdepth.compare.comparing.compared() is not None", 10)
    sidebar.see("property", "fluxdepth_divider")
    sidebar.write("fluxdepth_divider", "0.25", "bpy.context.window_manager", expected=0.25)
    sidebar.use("operator", "fluxdepth.compare_divided")
    window.wait_for("fluxdepth.compare.comparing.compared() is None", 10)
    sidebar.use("operator", "fluxdepth.compare_divided")
    window.wait_for("fluxdepth.compare.comparing.compared() is not None", 10)
    x, y = window.do(CORNER_OF_AN_EDITOR)
    sidebar.screen.xdotool("mousemove", x, sidebar.screen.height - y, "sleep", 0.5)
    sidebar.screen.key("Escape")
    window.wait_for("fluxdepth.compare.comparing.compared() is None", 10)
    sidebar.note("operator", "fluxdepth.end_compare")
    sidebar.used["", "operator", "fluxdepth.end_compare"] = sidebar.test
    for end in (lambda: sidebar.use("operator", "fluxdepth.compare_beside"), lambda: sidebar.screen.key("Escape")):
        before = window.do(SHOWN)
        sidebar.use("operator", "fluxdepth.compare_beside")
        wait_until(lambda: len(set(window.do(SHOWN))) == 2, 10, "both pictures")
        sidebar.settle()
        sent = "[session.results.SENT_PROPERTY in one.spaces.active.image for one in areas]"
        assert window.do(f"areas = sorted(session.results.editors(), key=lambda one: one.x); answer = {sent}") == [
            True,
            False,
        ]
        x, y = window.do(CORNER_OF_AN_EDITOR)
        sidebar.screen.xdotool("mousemove", x, sidebar.screen.height - y, "sleep", 0.5)
        end()
        wait_until(lambda: window.do(SHOWN) == before, 10, lambda: f"{before} again, and not {window.do(SHOWN)}")  # noqa: B023
        sidebar.settle()
    sidebar.use("operator", "fluxdepth.save_as")
    into_the_window(sidebar, "File View", "Return")
    wait_until(lambda: "Saved “" in window.do(REPORTS), 20, "the file")


SHOWN = "answer = [one.spaces.active.image.name for one in session.results.editors()]"
CORNER_OF_AN_EDITOR = """
area = session.results.editors()[0]
region = next(one for one in area.regions if one.type == "WINDOW")
answer = [region.x + 60, region.y + 60]
"""
MANAGER = "bpy.context.window_manager"


def test_depth(sidebar: Controls, host: Installed) -> None:
    """The range with its overlay and its pickers; a result projected, checked, baked; all of it taken away."""
    window = sidebar.window
    window.do("""
scene = bpy.context.scene
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
bpy.context.preferences.view.render_display_type = "NONE"
bpy.ops.render.render()
chosen.source, chosen.upload_format, chosen.longest_side, chosen.variations = "RENDER", "png", 0, 2
""")
    sidebar.settle()
    fold(sidebar, ("more", False), ("depth", True))
    sidebar.note("panel", f"FLUXDEPTH_PT_{sidebar.editor.lower()}_depth")
    sidebar.toggle("depth_range")
    sidebar.write("depth_from", "2", expected=2)
    sidebar.write("depth_to", "30", expected=30)
    sidebar.write("depth_soft", "3", expected=3)
    for shown in (False, True):
        sidebar.use("operator", "fluxdepth.show_range")
        window.wait_for(f"{MANAGER}.fluxdepth_range_shown is {shown}", 10)
    for end in ("depth_from", "depth_to"):
        sidebar.use("operator", f"fluxdepth.pick_distance {end}")
        if sidebar.editor == "VIEW_3D":
            left, top, _, height = sidebar.box()
            sidebar.screen.xdotool("sleep", 0.5)
            sidebar.click((left // 2, top + height // 2))
            sidebar.screen.xdotool("sleep", 0.5)
        sidebar.screen.key("Escape")
    sidebar.write("depth_from", "0", expected=0)
    sidebar.write("depth_to", "30", expected=30)
    sidebar.use("operator", "fluxdepth.edit")
    window.wait_for(f"len({RESULTS}) == 2")
    sidebar.settle()
    for by_depth in (True, False):
        sidebar.use("property", "fluxdepth_by_depth")
        window.wait_for(f"{MANAGER}.fluxdepth_by_depth is {by_depth}", 10)
    sidebar.use("operator", "fluxdepth.project")
    window.wait_for("any(one.get('fluxdepth_projection') for one in bpy.data.node_groups)", 20)
    sidebar.settle()
    sidebar.use("operator", "fluxdepth.depth_check")
    window.wait_for("any(one.name.startswith('Depth check') for one in bpy.data.images)", 20)
    sidebar.close_preferences()  # where no image editor was open
    sidebar.use("operator", "fluxdepth.bake_projections")
    sidebar.screen.xdotool("sleep", 1)
    sidebar.screen.key("Return")
    window.wait_for("any('fluxdepth_uv' in one for one in bpy.data.meshes)", 60)
    sidebar.use("operator", "fluxdepth.remove_projections")
    window.wait_for("not any(one.get('fluxdepth_projection') for one in bpy.data.materials)", 20)


HISTORY = "bpy.context.window_manager.fluxdepth_history"


@pytest.fixture
def history(sidebar: Controls) -> Controls:
    """The panel is open, and the others are folded."""
    sidebar.window.do("h = fluxdepth.history; h.page, h.chosen, h.PAGE = None, None, 12")
    sidebar.window.do(f"asked = {HISTORY}; asked.search, asked.show = '', 'ALL'")
    fold(sidebar, ("more", False), ("depth", False), ("results", False), ("history", True))
    sidebar.note("panel", f"FLUXDEPTH_PT_{sidebar.editor.lower()}_history")
    sidebar.see("property", "search")
    return sidebar


def fold(sidebar: Controls, *panels: tuple[str, bool]) -> None:
    """Folds the panels below the first, or opens them; all but the last are folded, so that their heads are close."""
    middle = unfold(sidebar, "more", ("property", "safety_tolerance")) + 6  # it is near the upper edge of a head of 24
    for number, (panel, wanted) in enumerate(panels):
        head = middle + 24 * number
        # Twice, when it is already as an earlier test has left it.
        ways = (is_drawn_after_a_click(sidebar, panel, head) is wanted for _ in range(2))
        assert any(ways), (panel, head, sidebar.names())


def is_drawn_after_a_click(sidebar: Controls, panel: str, head: int) -> bool:
    sidebar.click((sidebar.box()[0] + 60, head))
    sidebar.screen.xdotool("sleep", 0.5)
    sidebar.window.do("drawn.clear()")
    sidebar.settle()
    return bool(sidebar.window.do(f"answer = any(key[1].endswith('_{panel}') for key in drawn)"))


def read(history: Controls, condition: str) -> None:
    """Waits until the history has been read, and that is so."""
    history.window.wait_for(f"h.page is not None and not h.reading and ({condition})", 20)
    history.settle()


def test_history_of_finished_edits(history: Controls, host: Installed) -> None:
    window = history.window
    here = {"arrived": time.time(), "safe": True}
    wanted = histories.made(host.data_folder, "the harbour in fog, far masts paler", histories.GIMP, **here)
    histories.made(host.data_folder, "frame seven in haze", histories.COMMAND, number=1, **here)
    history.use("operator", "fluxdepth.history_refresh")
    read(history, "h.page.total == 2")
    history.write("search", "harbour masts", HISTORY)
    read(history, "h.page.total == 1")
    history.use("operator", f"fluxdepth.history_choose {wanted}")
    window.wait_for(f"h.chosen == ({wanted!r}, 0)", 10)
    history.settle()
    history.use("operator", "fluxdepth.history_star")
    read(history, "h.page.edits[0].entry.starred")
    history.use("operator", "fluxdepth.history_copy_prompt")
    window.wait_for("bpy.context.window_manager.clipboard == 'the harbour in fog, far masts paler'", 10)
    window.do(BROWSER)
    history.use("operator", "fluxdepth.history_show_file")
    window.wait_for(f"opened == [{str(host.data_folder / 'jobs' / wanted)!r}]", 10)
    history.use("operator", "fluxdepth.history_use")
    wait_until(lambda: history.value("steps") == 31, 10, "the settings of the edit")
    history.settle()
    history.use("operator", "fluxdepth.history_import")
    window.wait_for(f"len({RESULTS}) == 1")
    window.do("[desk.dismiss(one) for one in list(desk.tickets)]")
    read(history, "True")
    history.use("operator", "fluxdepth.history_delete")
    history.screen.xdotool("sleep", 0.5)
    history.screen.key("Return")
    read(history, "h.page.total == 0")
    assert not (host.data_folder / "jobs" / wanted).exists()


def test_history_of_unfinished_edits(history: Controls, host: Installed) -> None:
    """The id is to be copied in the row of what belongs elsewhere as well: there is one more such button."""
    window = history.window
    wanted = histories.made(host.data_folder, "hills in rain", histories.GIMP, EditState.TAKEN, 5)
    histories.made(host.data_folder, "frame", histories.COMMAND, number=6, arrived=time.time(), safe=True)
    history.choose("show", "UNFINISHED", HISTORY)
    window.do("h.look(anew=True)")
    read(history, "h.page.total == 1")
    history.use("operator", f"fluxdepth.history_choose {wanted}")
    window.wait_for("h.chosen is not None", 10)
    history.settle()
    history.use("operator", "fluxdepth.copy_id")
    window.wait_for("bpy.context.window_manager.clipboard.endswith('000000000006')", 10)
    history.use("operator", "fluxdepth.history_discard")
    history.screen.xdotool("sleep", 0.5)
    history.screen.key("Return")
    read(history, "h.page.total == 0")


def test_pages_of_the_history(history: Controls, host: Installed) -> None:
    for number in range(7):
        histories.made(host.data_folder, "far", histories.GIMP, number=number, arrived=time.time(), safe=True)
    history.window.do("h.PAGE = 3; h.look(anew=True)")
    read(history, "h.page.count == 3")
    history.use("operator", "fluxdepth.history_page")
    read(history, "h.page.number == 1")
    history.use("operator", "fluxdepth.history_page pages=-1")
    read(history, "h.page.number == 0")
    history.write("page", "3", HISTORY, expected=3)
    read(history, "h.page.number == 2")


def test_panels_fold(sidebar: Controls) -> None:
    left, top, _, _ = sidebar.box()
    more = unfold(sidebar, "more", ("property", "safety_tolerance"))
    for panel, y in (("more", more), ("results", more + 48), ("main", top + 14)):
        place = f"[key for key in drawn if key[1].endswith('_{panel}') and key[2] == 'draw']"
        for count in (0,) if panel == "more" else (0, 1):
            sidebar.click((left + 60, y))
            sidebar.screen.xdotool("sleep", 0.5)
            sidebar.window.do("drawn.clear()")
            sidebar.settle()
            assert sidebar.window.do(f"answer = len({place})") == count, panel
        sidebar.note("panel", f"FLUXDEPTH_PT_{sidebar.editor.lower()}_{panel}")


BROWSER = """
import subprocess, webbrowser
opened = []
webbrowser.open = lambda url, *_how: opened.append(url)
subprocess.check_call = lambda command, *_how, **_more: opened.append(command[-1])
"""


def test_key_in_the_sidebar(no_key: Window, controls: Controls, host: Installed, sandbox: Sandbox) -> None:
    no_key.do(BROWSER)
    for editor in EDITORS:
        no_key.do("fluxdepth.service.fresh = False")
        (host.data_folder / "key").unlink(missing_ok=True)
        no_key.do("session.refresh()")
        controls.open(editor)
        type_into_the_key(controls, host, sandbox.api_key)
        controls.use("operator", "wm.url_open")
        no_key.wait_for("opened == ['https://app.1min.ai/api']", 10)
        no_key.do("opened.clear(); fluxdepth.service.say('')")
        controls.use("operator", "fluxdepth.test_service")
        no_key.wait_for("'Key accepted' in fluxdepth.service.said")


def type_into_the_key(controls: Controls, host: Installed, key: str) -> None:
    file = host.data_folder / "key"
    for _ in range(3):
        controls.use("property", "api_key")
        controls.screen.xdotool("sleep", 0.3)
        controls.screen.type(key)
        controls.screen.key("Return")
        controls.settle()
        if file.exists() and file.read_text() == key:
            return
    raise AssertionError("the key that was typed is not in its file")


def test_preferences(no_key: Window, controls: Controls, host: Installed, sandbox: Sandbox) -> None:
    no_key.do(BROWSER)
    controls.open(PREFERENCES)
    type_into_the_key(controls, host, sandbox.api_key)
    controls.use("operator", "wm.url_open")
    controls.use("operator", "fluxdepth.test_service")
    no_key.wait_for("'Key accepted' in fluxdepth.service.said")
    controls.settle()
    for what in ("FOLDER", "LOG"):
        controls.use("operator", f"fluxdepth.open_data {what}")
    folder = str(host.data_folder)
    no_key.wait_for(f"opened == ['https://app.1min.ai/api', {folder!r}, {folder + '/log/fluxdepth.log'!r}]", 10)
    settings = host.data_folder / "settings.json"
    controls.write("service_address", "ftp://nowhere", ADDON, expected=no_key.do(f"answer = {ADDON}.service_address"))
    assert "https://" in no_key.do("answer = fluxdepth.service.said")
    controls.write("service_address", sandbox.base_url, ADDON)
    for wanted in ("sync", "async"):
        controls.choose("waiting", no_key.do(CHOICE.format(wanted=wanted)), ADDON)
        assert json.loads(settings.read_text())["waiting"] == wanted
    for name, number in {"history_limit": 50, "ask_above": 6, "monthly_limit": 9000000}.items():
        controls.write(name, str(number), ADDON, expected=number)
        assert json.loads(settings.read_text())[name] == number
    controls.use("operator", "fluxdepth.forget_key")
    controls.screen.xdotool("sleep", 0.5)
    controls.screen.key("Return")
    wait_until(lambda: not (host.data_folder / "key").exists(), 10, "the key to be forgotten")
    controls.close_preferences()
    settings.unlink()


CHOICE = "answer = " + ADDON + ".bl_rna.properties['waiting'].enum_items[{wanted!r}].identifier"


@pytest.mark.parametrize("editor", [*EDITORS, PREFERENCES])
def test_online_access(controls: Controls, editor: str) -> None:
    window = controls.window
    controls.open(editor)
    window.do("""
bpy.context.preferences.system.use_online_access = False
bpy.context.preferences.active_section = "ADDONS"
""")
    controls.settle()
    controls.use("operator", "fluxdepth.online_preferences")
    window.wait_for("bpy.context.preferences.active_section == 'SYSTEM'", 10)
    controls.screen.wait_for_window("Preferences")
    window.do("bpy.context.preferences.system.use_online_access = True")
    controls.close_preferences()


def test_list(controls: Controls, all_controls: Controls, host: Installed) -> None:
    """Last. Alone it fails: it looks at what the others have done."""
    title = f"Controls of Blender {host.host.version}"
    seen = {tuple(one) for one in controls.window.do("answer = [list(one) for one in seen]")}
    drawn_operators = {name for _, kind, name in seen if kind == "operator"}
    for one in controls.window.do("answer = [list(one) for one in registered()]"):
        if one[1] != "operator" or one[2] not in drawn_operators:
            seen.add(tuple(one))
    used = {of_one_preset(control): test for control, test in all_controls.used.items()}
    every = sorted({*map(of_one_preset, seen), *used})
    for control in every:
        tell_at_the_end(title, *control, used.get(control, "NOTHING"))
    assert controls.window.do("answer = failed") == []
    assert [control for control in every if control not in used] == []


def of_one_preset(control: Control) -> Control:
    """A preset's buttons are the same, whatever it is called now."""
    editor, kind, name = control
    return editor, kind, name.replace(OWN[1], OWN[0])

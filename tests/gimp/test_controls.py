"""Every control of every window is used in the real window, and what it does is looked at.

Which controls there are, the running program says: whatever one of its windows shows that can be pressed, written in or
chosen is noted, and the last test fails for what no other has used. The list is printed.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shared.model.edit import DepthEdit
from shared.model.models import DEFAULT
from shared.model.presets import PRESETS
from shared.pictures.embedded import with_settings
from shared.pictures.encoded import sniff
from tests.hosts import Gimp
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import PHOTO, installed, tell_at_the_end
from .desk import Desk, Seen
from .test_stopped import plug_in
from .test_windows import AGAIN, EDIT, HISTORY, SETTINGS, start_edit

pytestmark = pytest.mark.full

ROLES = {
    "button",
    "toggle button",
    "check box",
    "combo box",
    "slider",
    "spin button",
    "text",
    "password text",
    "menu item",
    "table",
    "radio button",
}
QUESTION = "^Flux Depth$"
SAVE = "^Save as Preset"
MANAGE = "^Your Presets"
Control = tuple[str, str, str]  # window, role, name


class Controls:
    """What was seen and what was used."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen: set[Control] = set()
        self.used: dict[Control, str] = {}
        self.test = ""

    def look(self) -> list[Seen]:
        found = self.desk.look()
        self.seen |= {_control(one) for one in found if one.role in ROLES and "SENSITIVE" in one.states}
        return found

    def find(self, role: str, name: str) -> Seen | None:
        fitting = [one for one in self.look() if one.role == role and _name(one).startswith(name)]
        # “Save” before “Save Settings”, and a window that was opened from the dialog before the dialog.
        fitting.sort(key=lambda one: (_name(one) != name, one.window == "Depth Edit"))
        # A question lies above its window, which can have a button of the same name.
        return next((one for one in fitting if one.window == "Question"), fitting[0] if fitting else None)

    def see(self, role: str, name: str) -> Seen:
        return wait_until(
            lambda: self.find(role, name), 20, lambda: f"no {role} {name!r} in {sorted(map(_control, self.look()))}"
        )

    def use(self, role: str, name: str) -> Seen:
        """Click it."""
        one = self.see(role, name)
        self.used[_control(one)] = self.test
        self.desk.screen.click(*one.middle)
        return one

    def number(self, name: str, value: float) -> None:
        self.use("spin button", name)
        self.desk.press("ctrl+a")
        self.desk.type(str(value))
        self.desk.press("Tab")

    def choose(self, name: str, *keys: str) -> None:
        """A choice of a combo box with the keyboard, once it is open."""
        self.use("combo box", name)
        self.desk.see("menu item")
        self.desk.press(*keys, "Return")

    def value(self, name: str) -> float:
        return float(self.see("spin button", name).text.replace(",", "."))


def _name(one: Seen) -> str:
    return one.label or one.name


def _control(one: Seen) -> Control:
    name = _name(one)
    if one.role == "menu item" and not name.endswith("…") and name not in {preset.label for preset in PRESETS}:
        name = "an own preset"
    return "Depth Edit" if one.window == "Edit Again" else one.window, one.role, name  # one dialog with two titles


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp) -> Gimp:
    return gimp30


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture(scope="module")
def desk(gimp: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A fresh profile without a key, no image open; a screen on which all of the dialog can be seen at once."""
    inside = installed(gimp, package, tmp_path_factory.mktemp("controls"))
    inside.data_folder.mkdir()
    (inside.data_folder / "settings.json").write_text(json.dumps({"service_address": service.base_url}))
    with Desk(inside, size=(1400, 1300)) as desk:  # the environment would be above the address of the settings
        yield desk


@pytest.fixture(scope="module")
def all_controls(desk: Desk) -> Controls:
    return Controls(desk)


@pytest.fixture
def controls(all_controls: Controls, service: Sandbox, request: pytest.FixtureRequest) -> Controls:
    service.fault, service.latency = None, 0.0
    all_controls.test = request.node.name
    return all_controls


def settings_of(desk: Desk) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((desk.inside.data_folder / "settings.json").read_text())
    return stored


def opened(desk: Desk) -> None:
    desk.command("Depth Edit…")
    desk.window(EDIT)


def open_anew(desk: Desk) -> None:
    """The image of the tests, as it was at first."""
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")
    desk.open_image()


def test_settings(desk: Desk, service: Sandbox, controls: Controls) -> None:
    desk.menu("Settings…")
    desk.window(SETTINGS)
    controls.use("password text", "API key")
    desk.type(service.api_key)
    controls.use("check box", "Show")
    desk.see("text", service.api_key)
    controls.use("text", "API key")
    controls.use("check box", "Show")
    controls.see("password text", "API key")
    controls.use("button", "Test")
    desk.see("label", "Key accepted")
    controls.use("text", "Service address")
    desk.press("ctrl+a")
    desk.type("htp:/nonsense")
    controls.use("button", "Test")
    desk.see("label", "Service address can't be “htp:/nonsense”")
    controls.use("text", "Service address")
    desk.press("ctrl+a")
    desk.type("ftp://nowhere")
    controls.use("button", "Save")
    desk.see("label", "It must start with https://")
    controls.use("text", "Service address")
    desk.press("ctrl+a")
    desk.type(service.base_url)
    controls.choose("Waiting mode", "Down")
    controls.number("Edits kept", 50)
    controls.number("Ask above", 6)
    controls.number("Monthly limit", 9000000)
    controls.use("button", "Save")
    desk.gone(SETTINGS)
    stored = settings_of(desk)
    assert stored["history_limit"] == 50 and stored["service_address"] == service.base_url
    assert stored["waiting"] == "sync"
    assert (stored["ask_above"], stored["monthly_limit"]) == (6, 9000000)
    key = desk.inside.data_folder / "key"
    assert key.read_text() == service.api_key
    desk.menu("Settings…")
    desk.window(SETTINGS)
    controls.use("button", "Open the Log")
    desk.see("label", str(desk.inside.data_folder / "log"))
    controls.use("button", "Forget the Key")
    desk.wait_for(lambda: not key.exists(), "the key to be forgotten")
    controls.use("button", "Close")
    desk.gone(SETTINGS)


def test_first_run(desk: Desk, service: Sandbox, controls: Controls) -> None:
    desk.open_image()
    desk.to_gimp()
    desk.menu("Depth Edit…")
    desk.window(EDIT)
    controls.use("check box", "Show")
    controls.use("text", "API key")
    desk.type(service.api_key)
    controls.use("check box", "Show")
    controls.use("password text", "API key")
    controls.use("button", "Edit")
    desk.see("label", "The prompt is empty.")
    controls.use("button", "Change It")
    desk.wait_for(lambda: "FOCUSED" in desk.see("text", "Prompt").states, "the prompt to have the focus")
    assert (desk.inside.data_folder / "key").read_text() == service.api_key
    controls.use("button", "Test")
    desk.see("label", "Key accepted")
    desk.close(EDIT, "Depth Edit")


def test_every_setting_is_sent(desk: Desk, service: Sandbox, controls: Controls) -> None:
    opened(desk)
    controls.use("text", "Prompt")
    desk.write("Every setting, far", EDIT)
    controls.choose("Model", "Down")  # and back: what was chosen is as it was
    desk.see("label", "Flux Canny Pro keeps the edges")
    controls.choose("Model", "Up")
    desk.see("label", "Flux Depth Pro keeps the depth")
    for name in ("Steps", "Guidance", "Variations"):
        before = controls.value(name)
        seen = controls.use("slider", name)
        desk.wait_for(lambda name=name, before=before: controls.value(name) != before, f"{name} to follow its slider")
        assert seen.width > 100
    for name, value in {"Steps": 31, "Guidance": 4.5, "Variations": 2, "Seed": 77}.items():
        controls.number(name, value)
    more = controls.see("toggle button", "More")
    controls.used[_control(more)] = controls.test
    desk.press_in(EDIT, "alt+m")
    controls.use("check box", "Enhance prompt")
    controls.number("Safety tolerance", 3)
    controls.choose("Result format", "Down")
    controls.number("Longest side sent", 300)
    controls.choose("Send as", "Down")
    controls.choose("Result as", "Down")
    controls.use("check box", "Fit to source")
    controls.use("check box", "Keep source detail")
    controls.number("Detail strength", 70)
    controls.number("Grain", 20)
    controls.choose("Detail as", "Down")
    controls.use("check box", "Keep transparency")
    controls.choose("Source", "Down", "Down")
    desk.see("label", "Visible image")
    desk.see("label", "Sent as JPEG, 300×200 px")
    desk.window_picture(f"every-setting-{desk.gimp.series}", EDIT)
    controls.use("button", "Edit")
    groups = desk.wait_for(
        lambda: [top for image in desk.images() or [] for top in image if len(top["children"]) == 2], "the new image"
    )
    desk.gone(EDIT)
    sent = [request.json for request in service.at("submit")][-2:]
    assert sorted(one["promptObject"].pop("seed") for one in sent) == [77, 78]
    asked = sent[0]["promptObject"]
    upload = sniff(service.uploads[asked.pop("imageUrl")])
    assert (upload.media_type, upload.width, upload.height) == ("image/jpeg", 300, 200)
    assert asked == {
        "prompt": "Every setting, far",
        "steps": 31,
        "guidance": 4.5,
        "prompt_upsampling": True,
        "safety_tolerance": 3,
        "format": "png",
    }
    assert [child["place"] for child in groups[0]["children"]] == [[0, 0, 300, 200]] * 2
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "both images to close")


def test_presets_and_recent_prompts(desk: Desk, controls: Controls) -> None:
    desk.open_image()
    opened(desk)
    controls.use("text", "Prompt")
    desk.write("My own words, far", EDIT)
    first = PRESETS[0]
    for answer, shown in (("Cancel", "My own words, far"), ("Replace", first.values(DEFAULT)["prompt"])):
        controls.use("toggle button", "Presets")
        controls.use("menu item", first.label)
        desk.window(QUESTION)
        controls.use("button", answer)
        desk.gone(QUESTION)
        desk.see("text", str(shown))
    desk.press_in(EDIT, "ctrl+z")
    desk.see("text", "My own words, far")
    desk.press_in(EDIT, "ctrl+y")
    desk.see("text", str(first.values(DEFAULT)["prompt"]))
    for preset in PRESETS[1:]:
        controls.use("toggle button", "Presets")
        controls.use("menu item", preset.label)
        desk.see("text", str(preset.values(DEFAULT)["prompt"]))
        desk.wait_for(
            lambda preset=preset: controls.value("Steps") == preset.values(DEFAULT)["steps"], "the preset's steps"
        )
    controls.use("toggle button", "Recent")
    controls.use("text", "Find a prompt")
    desk.type("FAR every")
    desk.wait_for(lambda: desk.find("table cell", first.values(DEFAULT)["prompt"][:20]) is None, "only one to be left")
    table = next(one for one in controls.look() if one.role in ("table", "tree table"))
    controls.used[_control(table)] = controls.test
    desk.window_picture(f"recent-{desk.gimp.series}", EDIT)
    desk.screen.click(*desk.see("table cell", "Every setting, far").middle)
    desk.see("text", "Every setting, far")


def test_saved_settings_reset_and_random(desk: Desk, controls: Controls) -> None:
    desk.window(EDIT)
    seed = controls.value("Seed")
    controls.use("button", "Random")
    desk.wait_for(lambda: controls.value("Seed") != seed, "another seed")
    controls.number("Steps", 12)
    controls.use("button", "Save Settings")
    controls.number("Steps", 13)
    controls.use("button", "Load Saved Settings")
    desk.wait_for(lambda: controls.value("Steps") == 12, "the saved steps")
    for way in ("Reset to Initial Values", "Reset to Factory Defaults"):
        controls.number("Steps", 13)
        controls.use("button", "Reset")
        controls.use("button", way)
        desk.wait_for(lambda: controls.value("Steps") != 13, way)
    assert controls.value("Steps") == 28
    controls.use("button", "Cancel")
    desk.gone(EDIT)


def from_menu(controls: Controls, item: str) -> None:
    controls.use("toggle button", "Presets")
    controls.use("menu item", item)


def test_own_presets(desk: Desk, controls: Controls, tmp_path: Path) -> None:
    opened(desk)
    controls.use("text", "Prompt")
    desk.write("Own words, far", EDIT)
    controls.number("Steps", 31)
    from_menu(controls, "Save as Preset…")
    desk.window(SAVE)
    assert controls.use("text", "Name").text == "Own words, far"
    desk.press("ctrl+a")
    desk.type("Mine")
    for name in ("The prompt", "The settings", "The model"):
        controls.use("check box", name)
    desk.wait_for(lambda: "SENSITIVE" not in controls.see("button", "Save").states, "nothing to save")
    for name in ("The prompt", "The settings"):
        controls.use("check box", name)
    desk.window_picture(f"preset-save-{desk.gimp.series}", SAVE)
    controls.use("button", "Save")
    desk.gone(SAVE)
    folder = desk.inside.data_folder / "presets"
    stored = json.loads((folder / "mine.json").read_text())
    assert (stored["name"], stored["model"]) == ("Mine", "")
    assert (stored["values"]["prompt"], stored["values"]["steps"]) == ("Own words, far", 31)
    assert "fit_to_source" in stored["values"]  # which the other host passes over
    controls.number("Steps", 12)
    from_menu(controls, "Mine")
    desk.wait_for(lambda: controls.value("Steps") == 31, "the preset's steps")
    controls.number("Steps", 13)
    for answer in ("Cancel", "Replace"):  # the name is taken
        from_menu(controls, "Save as Preset…")
        desk.window(SAVE)
        desk.type("mine")
        controls.use("button", "Save")
        desk.window(QUESTION)
        controls.use("button", answer)
        desk.gone(QUESTION)
        if answer == "Cancel":
            desk.press_in(SAVE, "ctrl+a")
            desk.type("Portrait")  # the name of a ready one
            controls.use("button", "Save")
            desk.see("label", "There is a preset called “Portrait” already.")
            controls.use("button", "Cancel")
        desk.gone(SAVE)
    assert json.loads((folder / "mine.json").read_text())["values"]["steps"] == 13
    later = {"version": 1, "name": "Of a later version", "model": "flux-9", "values": {"steps": 20, "sharpness": 3}}
    (folder / "later.json").write_text(json.dumps(later))
    from_menu(controls, "Of a later version")
    desk.see("label", "The model “flux-9” is not known here.")
    desk.see("label", "There is no setting called “sharpness” here.")
    desk.wait_for(lambda: controls.value("Steps") == 20, "what is known of it")
    desk.window_picture(f"preset-problems-{desk.gimp.series}", EDIT)
    from_menu(controls, "Manage…")
    desk.window(MANAGE)
    table = next(one for one in controls.look() if one.role in ("table", "tree table") and one.window == "Your Presets")
    controls.used[_control(table)] = controls.test
    desk.screen.click(*desk.see("table cell", "mine").middle)
    for name in ("Cinematic", "Misty"):
        controls.use("text", "Name")
        desk.press("ctrl+a")
        desk.type(name)
        controls.use("button", "Rename")
        if name == "Cinematic":  # as a ready one is called
            desk.see("label", "There is a preset called “Cinematic” already.")
    desk.see("table cell", "Misty")
    desk.window_picture(f"preset-manage-{desk.gimp.series}", MANAGE)
    controls.use("button", "Export")
    desk.choose_file("^Export Preset", tmp_path / "misty.json")
    desk.wait_for((tmp_path / "misty.json").exists, "the file")
    for answer in ("Cancel", "Delete"):
        controls.use("button", "Delete")
        desk.window(QUESTION)
        controls.use("button", answer)
        desk.gone(QUESTION)
    desk.wait_for(lambda: desk.find("table cell", "Misty") is None, "it to go")
    controls.use("button", "Import")
    desk.choose_file("^Import Preset", tmp_path / "misty.json")
    desk.see("table cell", "Misty")
    controls.use("button", "Close")
    desk.gone(MANAGE)
    desk.close(EDIT, "Depth Edit")
    assert sorted(json.loads(one.read_text())["name"] for one in folder.glob("*.json")) == ["Misty", later["name"]]


def test_settings_from_a_result_file(desk: Desk, controls: Controls, tmp_path: Path) -> None:
    edit = DepthEdit.checked({"prompt": "From a file, far", "steps": 44})
    record = {"model": edit.model.id, "settings": dict(edit.values), "host_settings": {"variations": 3}}
    (tmp_path / "with.png").write_bytes(with_settings(PHOTO.read_bytes(), record))
    (tmp_path / "without.png").write_bytes(PHOTO.read_bytes())
    opened(desk)
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    from_menu(controls, "Settings from a Result File…")
    desk.choose_file("^Settings from a Result File", tmp_path / "without.png")
    desk.see("label", "“without.png” carries no settings of Flux Depth.")
    from_menu(controls, "Settings from a Result File…")
    desk.choose_file("^Settings from a Result File", tmp_path / "with.png")
    desk.see("text", "From a file, far")
    desk.wait_for(lambda: desk.find("label", "carries no settings") is None, "the remark to go")
    assert (controls.value("Steps"), controls.value("Variations")) == (44, 3)
    # The same by dropping it onto the dialog; a text file is a list of prompts, and anything else is told.
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    (tmp_path / "two.txt").write_text("One, far\nTwo, far\n")
    (tmp_path / "sound.ogg").write_bytes(bytes(1000))
    for name, role, words in (
        ("sound.ogg", "label", "“sound.ogg” carries no settings of Flux Depth."),
        ("with.png", "text", "From a file, far"),
        ("two.txt", "label", "2 prompts from two.txt, 3 variations each"),
    ):
        desk.screen.drop_file(tmp_path / name, *desk.see("label", "Model").middle, desk.gimp.place)
        desk.see(role, words)
    controls.use("button", "Take Back")
    assert controls.value("Steps") == 44
    desk.close(EDIT, "Depth Edit")


def test_what_will_be_asked_for_is_seen_before(
    desk: Desk, service: Sandbox, controls: Controls, tmp_path: Path
) -> None:
    before, submits = len(desk.layers()), len(service.at("submit"))
    opened(desk)
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    controls.use("text", "Prompt")
    desk.write("A {red|blue} cup, {mist|rain} far behind", EDIT)
    desk.see("label", "1. A red cup, mist far behind")
    controls.use("button", "Make All 4 as Variations")
    desk.see("label", "4. A blue cup, rain far behind")
    desk.see("label", "4 paid edits")
    desk.window_picture(f"choices-{desk.gimp.series}", EDIT)
    controls.number("Variations", 1)
    file = tmp_path / "haze.txt"
    file.write_text("# six of them\n\n" + "".join(f"Haze number {number}, far\n" for number in range(6)))
    from_menu(controls, "Prompts from a Text File…")
    desk.choose_file("^Prompts from a Text File", file)
    desk.see("label", "6 prompts from haze.txt: 6 paid edits")
    controls.use("button", "Take Back")
    desk.see("text", "A {red|blue} cup")
    from_menu(controls, "Prompts from a Text File…")
    desk.choose_file("^Prompts from a Text File", file)
    desk.see("label", "6 paid edits · 300,000 credits")
    desk.window_picture(f"prompt-list-{desk.gimp.series}", EDIT)
    (desk.inside.data_folder / "settings.json").write_text(json.dumps({"service_address": service.base_url}))
    controls.use("button", "Edit")
    desk.see("label", "These are 6 paid edits")  # the same question as before variations
    assert len(service.at("submit")) == submits
    service.fault = "submit:unauthorized*1"  # the first goes alone
    controls.use("button", "Edit Anyway")
    desk.see("label", "did not accept the key")
    desk.see("label", "6 prompts from haze.txt")
    assert len(service.at("submit")) == submits + 1
    controls.use("button", "Edit")
    controls.use("button", "Edit Anyway")
    desk.gone(EDIT)
    desk.wait_for(lambda: len(desk.layers()) == before + 6, "six layers")
    asked = [request.json["promptObject"]["prompt"] for request in service.at("submit")][submits + 1 :]
    assert sorted(asked) == [f"Haze number {number}, far" for number in range(6)]
    assert asked[0] == "Haze number 0, far"
    # What lies in the history is not paid for again without a question, and what follows it waits for the answer.
    file.write_text("Haze number 3, far\nNew haze, far\n")
    opened(desk)
    from_menu(controls, "Prompts from a Text File…")
    desk.choose_file("^Prompts from a Text File", file)
    controls.use("button", "Edit")
    desk.see("label", "This edit was made before")
    desk.see("label", "2 prompts from haze.txt")
    assert len(service.at("submit")) == submits + 7
    desk.close(EDIT, "Depth Edit")


def test_a_result_again_and_compared(desk: Desk, service: Sandbox, controls: Controls) -> None:
    open_anew(desk)
    for name in ("Edit Again…", "Show/Hide Result"):
        desk.command(name)
        desk.window("^GIMP Message")
        desk.see("label", "There is no result of Flux Depth here", "gimp")
        desk.close_messages()
    opened(desk)
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    controls.use("text", "Prompt")
    desk.write("Again, far", EDIT)
    controls.number("Seed", 7)
    desk.press_in(EDIT, "ctrl+Return")
    desk.gone(EDIT)
    desk.wait_for(lambda: len(desk.layers()) == 2, "the first edit")
    for shown in (False, True):
        desk.to_gimp()
        desk.menu("Show/Hide Result")
        desk.wait_for(lambda shown=shown: desk.images()[0][0]["visible"] is shown, f"the result to be shown: {shown}")
    desk.to_gimp()
    desk.press("ctrl+z")  # one step, as GIMP's own eye
    desk.wait_for(lambda: desk.images()[0][0]["visible"] is False, "the undo")
    desk.press("ctrl+y")
    desk.command("Edit Again…")  # from its source
    desk.window(AGAIN)
    desk.see("label", "Layer “Photo”")
    desk.wait_for(lambda: controls.value("Seed") == 8, "the next seed")
    desk.close(AGAIN, "Edit Again")
    desk.tell("top")
    opened(desk)
    desk.see("label", "This layer is a result.")
    desk.see("label", "Layer “Again, far · seed 7”")
    desk.window_picture(f"result-{desk.gimp.series}-offer", EDIT)
    controls.use("button", "Use This Result's Settings")
    desk.see("text", "Again, far")
    assert controls.value("Seed") == 7
    desk.close(EDIT, "Depth Edit")
    opened(desk)
    controls.use("button", "Edit Again")
    desk.see("label", "Layer “Photo”")
    assert controls.value("Seed") == 8
    desk.close(EDIT, "Depth Edit")
    desk.to_gimp()
    desk.menu("Edit Again…")
    desk.window(AGAIN)
    desk.see("text", "Again, far")
    desk.see("label", "Layer “Photo”")
    desk.window_picture(f"again-{desk.gimp.series}", AGAIN)
    controls.use("button", "Edit")
    desk.gone(AGAIN)
    desk.wait_for(lambda: "Again, far · seed 8" in desk.layers(), "the second edit")


def test_again_from_all_that_is_seen_and_from_a_selection(desk: Desk, controls: Controls) -> None:
    open_anew(desk)
    opened(desk)
    controls.use("text", "Prompt")
    desk.write("Of all, far", EDIT)
    controls.choose("Source", "Home", "Down", "Down")
    desk.see("label", "Visible image")
    desk.press_in(EDIT, "ctrl+Return")
    desk.gone(EDIT)
    desk.wait_for(lambda: len(desk.layers()) == 2, "the edit of all")
    desk.tell("top")
    desk.command("Edit Again…")
    desk.window(AGAIN)
    desk.see("label", "the result is seen in it")
    desk.window_picture(f"again-visible-{desk.gimp.series}", AGAIN)
    controls.use("button", "Hide the Result")
    desk.wait_for(lambda: desk.images()[0][0]["visible"] is False, "the result to be hidden")
    desk.close(AGAIN, "Edit Again")
    desk.tell("select")
    opened(desk)
    controls.choose("Source", "Home", "Down")
    desk.see("label", "Selection of layer")
    desk.press_in(EDIT, "ctrl+Return")
    desk.gone(EDIT)
    desk.wait_for(lambda: len(desk.layers()) == 3, "the edit of the selection")
    assert desk.images()[0][0]["mask"]
    desk.tell("unselect")
    desk.tell("top")
    desk.command("Edit Again…")
    desk.window(AGAIN)
    desk.see("label", "Nothing is selected.")
    controls.use("button", "Select It Again")
    desk.see("label", "Selection of layer")
    desk.close(AGAIN, "Edit Again")
    desk.tell("unselect")


def test_stop_recover_and_hide(desk: Desk, service: Sandbox, controls: Controls) -> None:
    settings = {"service_address": service.base_url, "waiting": "async"}
    (desk.inside.data_folder / "settings.json").write_text(json.dumps(settings))
    service.latency = 6.0
    open_anew(desk)
    opened(desk)  # with the settings of the last edit, which made a new image
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    controls.use("text", "Prompt")
    desk.write("Stopped, far", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("label", "Generating")
    controls.use("button", "Stop Waiting")
    desk.see("label", "Stopped waiting.")
    service.latency = 0.0
    controls.use("button", "Recover")
    desk.wait_for(lambda: desk.layers() == ["Stopped, far · seed 0", "Photo"], "the recovered edit")
    desk.gone(EDIT)
    service.latency = 4.0
    start_edit(desk, "Hidden, far")
    desk.see("label", "Generating")
    controls.use("button", "Hide")
    desk.gone(EDIT)
    desk.wait_for(lambda: len(desk.layers()) == 3, "the hidden edit")
    assert desk.layers()[0] == "Hidden, far · seed 0"


def test_the_buttons_of_errors(desk: Desk, service: Sandbox, controls: Controls) -> None:
    layers = len(desk.layers())
    service.fault = "submit:failure_at_once*1"
    start_edit(desk, "With errors, far")
    controls.see("button", "Try Again")
    service.fault = "submit:unauthorized*1"
    controls.use("button", "Try Again")
    controls.use("button", "Settings…")
    desk.window(SETTINGS)
    desk.press_in(SETTINGS, "Escape")
    desk.gone(SETTINGS)
    desk.close(EDIT, "Depth Edit")
    desk.tell("plain")
    start_edit(desk, "Of nothing, far")
    controls.use("button", "Edit Anyway")
    desk.wait_for(lambda: len(desk.layers()) == layers + 2, "the plain edit")
    desk.gone(EDIT)


def test_what_is_owed_is_told_recovered_and_given_up(desk: Desk, service: Sandbox, controls: Controls) -> None:
    open_anew(desk)
    service.latency = 3.0
    start_edit(desk, "Left behind, far")
    desk.see("label", "Generating")
    desk.press_in(EDIT, "alt+t")
    desk.see("label", "Stopped waiting.")
    desk.close(EDIT, "Depth Edit")
    service.latency = 0.0
    opened(desk)
    desk.see("label", "“Left behind, far”")
    controls.use("button", "Recover")
    desk.wait_for(lambda: len(desk.layers()) == 2, "the recovered edit")
    desk.gone(EDIT)
    settings = {"service_address": service.base_url, "waiting": "sync"}
    (desk.inside.data_folder / "settings.json").write_text(json.dumps(settings))
    service.latency = 15.0
    start_edit(desk, "Lost, far")
    desk.see("label", "Submitting 2 s")
    process = plug_in(desk.inside.data_folder)
    assert process
    os.kill(process, signal.SIGKILL)
    desk.gone(EDIT)
    desk.window("^GIMP Message")
    desk.close_messages()
    service.latency = 0.0
    opened(desk)
    desk.see("label", "“Lost, far”")
    for answer in ("Cancel", "Discard"):
        controls.use("button", "Discard")
        desk.window(QUESTION)
        controls.use("button", answer)
        desk.gone(QUESTION)
    desk.wait_for(lambda: desk.find("label", "“Lost, far”") is None, "the notice to go")
    desk.close(EDIT, "Depth Edit")


def test_history(desk: Desk, service: Sandbox, controls: Controls) -> None:
    layers = len(desk.layers())
    service.latency = 3.0
    (desk.inside.data_folder / "settings.json").write_text(json.dumps({"service_address": service.base_url}))
    for prompt in ("Fetched, far", "Given up, far"):
        start_edit(desk, prompt)
        desk.see("label", "Generating")
        desk.press_in(EDIT, "alt+t")
        desk.see("label", "Stopped waiting.")
        desk.close(EDIT, "Depth Edit")
    service.latency = 0.0
    desk.to_gimp()
    desk.menu("History…")
    desk.window(HISTORY)
    desk.see("list item", "Given up")
    edits = next(one for one in controls.look() if one.role == "table")
    controls.used[_control(edits)] = controls.test
    controls.use("radio button", "Unfinished")
    desk.see("label", "2 edits")
    chosen_edit(desk, "Fetched, far")
    controls.use("button", "Fetch")
    desk.wait_for(lambda: len(desk.layers()) == layers + 1, "the fetched layer")
    desk.window(HISTORY)
    desk.see("label", "1 edit")
    chosen_edit(desk, "Given up, far")
    controls.use("button", "Discard")
    desk.window(QUESTION)
    controls.use("button", "Discard")
    desk.see("label", "Nothing is unfinished")
    controls.use("radio button", "All")
    desk.see("list item", "Discarded")
    controls.use("text", "Search")
    desk.type("behind left")
    desk.see("label", "1 edit")
    chosen_edit(desk, "Left behind, far")
    controls.use("button", "Insert")
    desk.wait_for(lambda: len(desk.layers()) == layers + 2, "the inserted layer")
    desk.window(HISTORY)
    controls.use("toggle button", "Favourite")
    desk.see("list item", "★ Left behind")
    controls.use("radio button", "Favourites")
    desk.see("label", "1 edit")
    controls.use("radio button", "This Image")
    desk.see("list item", "★ Left behind")
    controls.use("button", "Copy Prompt")
    controls.use("button", "Show File")
    desk.see("label", "result-1.")  # nothing here opens a folder: where it is stands there
    controls.use("button", "Use These Settings")
    desk.window(EDIT)
    desk.see("text", "Left behind, far")
    desk.press_in(EDIT, "Escape")
    desk.gone(EDIT)
    desk.command("History…")
    desk.window(HISTORY)
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")
    desk.see("list item", "Left behind")
    chosen_edit(desk, "Left behind, far")
    controls.use("button", "Open as New Image")
    desk.wait_for(lambda: desk.layers() == ["Left behind, far · seed 0"], "the new image")
    desk.window(HISTORY)
    chosen_edit(desk, "Given up, far")
    for answer in ("Cancel", "Delete"):
        controls.use("button", "Delete")
        desk.window(QUESTION)
        controls.use("button", answer)
        desk.gone(QUESTION)
    desk.wait_for(lambda: desk.find("list item", "Given up, far") is None, "the edit to go")
    desk.window(HISTORY)
    controls.use("button", "Close")
    desk.gone(HISTORY)
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the new image to close")


def test_the_settings_of_a_selection(desk: Desk, controls: Controls) -> None:
    desk.open_image()
    desk.tell("select")
    opened(desk)
    controls.use("text", "Prompt")
    desk.write("Of a selection, far", EDIT)
    controls.choose("Source", "Down")
    desk.see("label", "Selection of layer")
    controls.number("Selection context", 10)
    desk.see("label", "360×260 px")
    controls.number("Selection feather", 45)
    desk.see("label", "390×290 px")
    controls.use("check box", "Match the edge")
    desk.press_in(EDIT, "ctrl+Return")
    desk.wait_for(lambda: len(desk.layers()) == 2, "the edited selection")
    desk.gone(EDIT)
    newest = max((desk.inside.data_folder / "jobs").glob("*/job.json"), key=lambda file: file.parent.name)
    chosen = json.loads(newest.read_text())["host_settings"]
    assert (chosen["selection_context"], chosen["selection_feather"], chosen["match_edge"]) == (10, 45, False)
    opened(desk)  # with the settings of the last edit
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    desk.close(EDIT, "Depth Edit")
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")


def chosen_edit(desk: Desk, prompt: str) -> None:
    """Click a tile of the history; its prompt then stands beside the grid, alone in its label.

    Again when it had no effect: GIMP's window for a new image may have come before ours for a moment.
    """

    def stands_there() -> bool:
        return any(one.role == "label" and one.name == prompt for one in desk.look())

    for _ in range(4):
        desk.window(HISTORY)
        desk.click("list item", prompt)
        with suppress(TimeoutError):
            wait_until(stands_there, 3, prompt)
            return
    desk.wait_for(stands_there, f"{prompt!r} to be chosen")


def test_what_may_be_overlooked_is_said(desk: Desk, controls: Controls) -> None:
    desk.open_image()
    desk.tell("select")
    opened(desk)  # with the settings of the last edit, which was one of a selection
    controls.use("button", "Reset")
    controls.use("button", "Reset to Factory Defaults")
    desk.see("label", "choose Selection as the source")
    desk.close(EDIT, "Depth Edit")
    desk.tell("gray")
    opened(desk)
    desk.see("label", "The image is grayscale")
    desk.window_picture(f"gray-{desk.gimp.series}", EDIT)
    controls.use("button", "As New Image")
    desk.wait_for(lambda: desk.find("label", "The image is grayscale") is None, "the hint to go")
    controls.use("text", "Prompt")
    desk.write("Gray no more, far", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    desk.wait_for(lambda: len(desk.images() or []) == 2, "the new image")
    desk.gone(EDIT)


def test_every_control_was_used(desk: Desk, all_controls: Controls) -> None:
    """Last. Alone it fails: it looks at what the others have done."""
    title = f"Controls of GIMP {desk.gimp.version}"
    every = sorted(all_controls.seen | set(all_controls.used))
    for control in every:
        tell_at_the_end(title, *control, all_controls.used.get(control, "NOTHING"))
    assert [control for control in every if control not in all_controls.used] == []

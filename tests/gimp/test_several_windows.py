"""The dialog with several selected layers, and with a selection: what is told before, meanwhile and when one fails.

Here in GIMP 3.0; ``test_several_windows_32.py`` runs the same in GIMP 3.2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Gimp
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import installed
from .desk import Desk
from .test_windows import EDIT

pytestmark = pytest.mark.full

BEFORE = ["Sky", "Sea", "Photo"]


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp) -> Gimp:
    """The version that this module looks at."""
    return gimp30


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture(scope="module")
def desk(gimp: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two of three layers are selected."""
    inside = installed(gimp, package, tmp_path_factory.mktemp("several"))
    inside.data_folder.mkdir()
    (inside.data_folder / "key").write_text(service.api_key)
    settings = {"service_address": service.base_url, "waiting": "async"}
    (inside.data_folder / "settings.json").write_text(json.dumps(settings))
    with Desk(inside, setup={"answers": "choosing"}, size=(1400, 1300)) as desk:  # all of the dialog is seen at once
        desk.ask("open", selected=["Sky", "Photo"])
        desk.wait_for(lambda: desk.layers() == BEFORE, "the image")
        yield desk


@pytest.fixture(autouse=True)
def kind_service(service: Sandbox) -> None:
    service.fault, service.latency = None, 0.0


def opened(desk: Desk, prompt: str) -> None:
    desk.command("Depth Edit…")
    desk.window(EDIT)

    def focused() -> bool:
        desk.window(EDIT)
        return "FOCUSED" in desk.see("text", "").states

    wait_until(focused, 30, "the prompt to have the focus")
    desk.write(prompt, EDIT)


def number(desk: Desk, label: str, value: int) -> None:
    (field,) = (one for one in desk.look() if one.role == "spin button" and one.label == label)
    desk.screen.click(*field.middle)
    desk.press_in(EDIT, "ctrl+a")
    desk.type(str(value))
    desk.press("Tab")


def labels(desk: Desk) -> set[str]:
    """Of all fields that are seen."""
    return {one.label or one.name for one in desk.look() if one.role in ("spin button", "check box")}


def test_what_it_costs_is_told_before_and_asked_for_all(desk: Desk, service: Sandbox) -> None:
    opened(desk, "Haze, far behind")
    assert all(f"“{name}”" in desk.see("label", "2 layers: ").name for name in ("Sky", "Photo"))
    desk.see("label", "2 layers = 2 paid edits")
    number(desk, "Variations", 3)
    desk.see("label", "2 layers × 3 variations = 6 paid edits")
    desk.window_picture(f"several-{desk.gimp.series}", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("button", "Edit Anyway")
    desk.see("label", "These are 6 paid edits")
    assert not service.at("submit")
    number(desk, "Variations", 1)
    desk.see("label", "2 layers = 2 paid edits")


def test_one_row_of_progress_and_one_undo_step(desk: Desk, service: Sandbox) -> None:
    service.latency = 3.0
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("label", "0 of 2 layers done · Generating")
    desk.window_picture(f"several-working-{desk.gimp.series}", EDIT)
    name = "Haze, far behind · seed 0"
    desk.wait_for(lambda: len(desk.layers()) == 5, "both results")
    desk.gone(EDIT)
    assert [one.removesuffix(" #1") for one in desk.layers()] == [name, "Sky", "Sea", name, "Photo"]
    after = desk.layers()
    desk.picture(f"several-result-{desk.gimp.series}")
    desk.to_gimp()
    desk.press("ctrl+z")
    desk.wait_for(lambda: desk.layers() == BEFORE, "one undo to take all back")
    desk.press("ctrl+y")
    desk.wait_for(lambda: desk.layers() == after, "one redo to bring all back")


def test_a_failed_layer_is_told_by_its_name_and_sent_again_alone(desk: Desk, service: Sandbox) -> None:
    before, submits = len(desk.layers()), len(service.at("submit"))
    desk.ask("choose", layers=["Sky", "Photo"])
    service.fault = "submit:failure_at_once*1"
    opened(desk, "Warm light, far behind")
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("label", "Credits may have been used.")
    made = "1 of 2 paid edits is made and billed. Layer "
    assert desk.see("label", "Layer “").name.startswith((f"{made}“Sky”: ", f"{made}“Photo”: "))
    desk.wait_for(lambda: len(desk.layers()) == before + 1, "the other")
    desk.window_picture(f"several-failed-{desk.gimp.series}", EDIT)
    desk.click("button", "Try Again")
    desk.wait_for(lambda: len(desk.layers()) == before + 2, "the failed one")
    desk.gone(EDIT)
    assert len(service.at("submit")) == submits + 3
    at = [place for place, name in enumerate(desk.layers()) if name.startswith("Warm light")]
    assert len(at) == 2
    assert at[1] - at[0] > 1  # each above its own


def test_a_selection_has_settings_of_its_own(desk: Desk) -> None:
    desk.ask("select", x=150, y=100, width=240, height=160)
    opened(desk, "Haze in a part, far behind")
    desk.press_in(EDIT, "alt+m")
    own = {"Selection context", "Selection feather", "Match the edge"}
    desk.wait_for(lambda: "Longest side sent" in labels(desk), "what is under More")
    assert not own & labels(desk)
    desk.press_until(lambda: desk.find("label", "Selection of layer"), EDIT, "alt+u", "Home", "Down")
    desk.wait_for(lambda: own <= labels(desk), "the settings of a selection")
    desk.see("label", "360×280 px")
    desk.window_picture(f"selection-{desk.gimp.series}", EDIT)
    number(desk, "Selection context", 10)
    desk.see("label", "288×208 px")
    number(desk, "Selection feather", 40)
    desk.see("label", "320×240 px")
    before = len(desk.layers())
    desk.press_in(EDIT, "ctrl+Return")
    desk.wait_for(lambda: len(desk.layers()) == before + 1, "the edited selection")
    desk.gone(EDIT)
    desk.picture(f"selection-result-{desk.gimp.series}")

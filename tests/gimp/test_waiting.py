"""What an artist meets when an edit does not run straight to its end: real windows, in GIMP 3.0."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.faults import Cells, Recovered
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .desk import Desk
from .test_stopped import plug_in
from .test_windows import EDIT, HISTORY, desk, finished, gimp, kind_service, service, start_edit  # noqa: F401

SECONDS = 15.0  # that a submit hangs: time for several looks at the screen on a busy machine


@pytest.fixture(autouse=True)
def own_image(desk: Desk, service: Sandbox) -> Iterator[None]:  # noqa: F811
    """An image of its own for each test, and synchronous submits: those that can hang."""
    desk.inside.data_folder.mkdir(exist_ok=True)
    (desk.inside.data_folder / "key").write_text(service.api_key)
    settings = {"service_address": service.base_url, "waiting": "sync"}
    (desk.inside.data_folder / "settings.json").write_text(json.dumps(settings))
    desk.open_image()
    yield
    with suppress(TimeoutError):  # it still writes its notes, or a test has failed
        wait_until(lambda: plug_in(desk.inside.data_folder) is None, 10, "the process to end")
    if left := plug_in(desk.inside.data_folder):
        os.kill(left, signal.SIGKILL)
        desk.window("^GIMP Message")
    desk.close_messages()
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")


def edits(desk: Desk, prompt: str) -> list[dict[str, Any]]:  # noqa: F811
    """The journal's entries of that prompt."""
    jobs = [json.loads(file.read_text()) for file in desk.inside.data_folder.glob("jobs/*/job.json")]
    return [edit for job in jobs for edit in job["edits"] if edit["settings"]["prompt"] == prompt]


def test_stop_in_a_submit_answers_at_once_and_the_window_stays_usable(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    submits = len(service.at("submit"))
    service.latency = SECONDS
    start_edit(desk, "The first, far")
    desk.see("label", "Submitting")
    service.wait_until(lambda s: len(s.at("submit")) > submits)
    desk.press_in(EDIT, "alt+t")
    pressed = time.monotonic()
    desk.see("label", "Stopped while the edit was being submitted.")
    assert time.monotonic() - pressed < 2  # to look at the screen takes half a second
    desk.window_picture(f"stopped-in-submit-{desk.gimp.series}", EDIT)
    service.latency = 0.0
    desk.click("text", "Prompt")
    desk.write("The second, far", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, 2)
    assert desk.layers()[0].startswith("The second")
    # The window is gone; the process stays for the id that the service gives late, and no longer.
    assert edits(desk, "The first, far")[0]["state"] == "submitting"
    process = plug_in(desk.inside.data_folder)
    wait_until(lambda: edits(desk, "The first, far")[0]["uuid"], 40, "the id in the journal")
    assert process
    wait_until(lambda: plug_in(desk.inside.data_folder) is None, 40, "the process to end")
    desk.command("Recover")
    desk.wait_for(lambda: len(desk.layers()) == 3, "the first")
    assert any(name.startswith("The first") for name in desk.layers())


def test_the_same_edit_twice_is_asked_for(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    submits = len(service.at("submit"))
    service.latency = SECONDS
    start_edit(desk, "Twice the same, far")
    desk.see("label", "Submitting")
    service.wait_until(lambda s: len(s.at("submit")) > submits)
    desk.press_in(EDIT, "alt+t")
    desk.see("label", "Stopped while")
    desk.press_in(EDIT, "ctrl+Return")
    desk.see("button", "Edit Anyway")
    desk.window_picture(f"same-edit-{desk.gimp.series}", EDIT)
    service.latency = 0.0
    desk.press_in(EDIT, "alt+y")
    finished(desk, 2)
    assert len(service.at("submit")) == submits + 2
    wait_until(lambda: plug_in(desk.inside.data_folder) is None, 40, "the process to end")
    desk.command("Recover")
    desk.wait_for(lambda: len(desk.layers()) == 3, "the other one")


def test_try_again_after_a_change_is_a_new_edit(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    service.fault = "submit:failure_at_once*1"
    start_edit(desk, "As it was, far")
    desk.see("button", "Try Again")
    desk.click("text", "Prompt")
    desk.write("As it is now, far", EDIT)
    desk.click("button", "Try Again")
    finished(desk, 2)
    assert desk.layers()[0].startswith("As it is now")


def test_image_closed_meanwhile(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    service.latency = 3.0
    start_edit(desk, "Into nowhere, far")
    desk.see("label", "Submitting")
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")
    told = desk.see("label", "Credits were used for this edit.")
    assert "kept" in told.words
    assert "Nothing was billed" not in told.words
    desk.window_picture(f"image-closed-{desk.gimp.series}", EDIT)
    desk.press_in(EDIT, "Return")  # Recover
    name = "Into nowhere, far · seed 0"
    desk.wait_for(lambda: [[layer["name"] for layer in one] for one in desk.images()] == [[name]], "the new image")
    desk.gone(EDIT)


@pytest.mark.full
def test_history_when_the_image_was_closed(desk: Desk) -> None:  # noqa: F811
    start_edit(desk, "Long ago, far")
    finished(desk, 2)
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item", "Long ago")
    desk.tell("close")
    desk.wait_for(lambda: desk.images() == [], "the image to close")
    desk.press_in(HISTORY, "alt+u")
    desk.see("label", "The image was closed.")
    desk.press_in(HISTORY, "Down", "Up")  # the choice is looked at anew
    desk.see("button", "Open as New Image")
    desk.window_picture(f"history-closed-{desk.gimp.series}", HISTORY)
    desk.press_in(HISTORY, "alt+n")
    desk.wait_for(lambda: desk.layers() == ["Long ago, far · seed 0"], "the new image")
    desk.close(HISTORY, "Flux Depth History")


def test_plain_picture_is_asked_for(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    desk.tell("plain")
    requests = len(service.requests)
    start_edit(desk, "Of nothing, far")
    desk.see("label", "one single colour")
    desk.see("button", "Edit Anyway")
    desk.window_picture(f"plain-{desk.gimp.series}", EDIT)
    assert len(service.requests) == requests
    desk.press_in(EDIT, "alt+y")
    finished(desk, 3)


@pytest.mark.full
def test_history_gives_up_what_waits(desk: Desk, service: Sandbox) -> None:  # noqa: F811
    service.latency = 2.0
    (desk.inside.data_folder / "settings.json").write_text(json.dumps({"service_address": service.base_url}))
    start_edit(desk, "Given up, far")
    desk.see("label", "Generating")
    desk.press_in(EDIT, "alt+t")
    desk.see("label", "Stopped waiting.")
    desk.close(EDIT, "Depth Edit")
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item", "To be fetched")
    desk.see("label", f"Id at the service: {edits(desk, 'Given up, far')[0]['uuid']}")
    desk.press_in(HISTORY, "alt+d")
    desk.window("^Flux Depth$")
    desk.press_in("^Flux Depth$", "alt+d")
    desk.see("list item", "Discarded")
    assert "SENSITIVE" not in desk.see("button", "Discard").states
    desk.window_picture(f"history-discarded-{desk.gimp.series}", HISTORY)
    desk.close(HISTORY, "Flux Depth History")
    assert edits(desk, "Given up, far")[0]["discarded"]


def test_what_nobody_knows_of_is_told_and_can_be_given_up(
    desk: Desk,  # noqa: F811
    service: Sandbox,  # noqa: F811
    cell: Cells,
) -> None:
    submits = len(service.at("submit"))
    service.latency = SECONDS
    start_edit(desk, "Lost on the way, far")
    desk.see("label", "Submitting")
    wait_until(lambda: edits(desk, "Lost on the way, far")[0]["state"] == "submitting", 10, "the submit")
    os.kill(plug_in(desk.inside.data_folder), signal.SIGKILL)
    desk.gone(EDIT)
    desk.window("^GIMP Message")
    desk.close_messages()
    service.latency = 0.0
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.see("label", "“Lost on the way, far”")
    desk.window_picture(f"uncertain-{desk.gimp.series}", EDIT)
    desk.click("button", "Discard")
    desk.window("^Flux Depth$")
    desk.picture(f"discard-{desk.gimp.series}")
    desk.press_in("^Flux Depth$", "alt+d")
    desk.gone("^Flux Depth$")
    desk.wait_for(lambda: desk.find("label", "“Lost on the way, far”") is None, "the notice to go")
    desk.press_in(EDIT, "Escape")
    desk.gone(EDIT)
    assert edits(desk, "Lost on the way, far")[0]["discarded"]
    with cell(f"gimp {desk.gimp.series} window", "submit", "plug-in killed -9, then the dialog") as found:
        found.end(submits=len(service.at("submit")) - submits, recovered=Recovered.UNCERTAIN)


@pytest.mark.full  # every source goes through the window in the list of controls
def test_selection_as_source_is_shown(desk: Desk) -> None:  # noqa: F811
    """Last, because GIMP keeps the choice for the next time."""
    desk.tell("select")
    desk.command("Depth Edit…")
    desk.window(EDIT)
    desk.see("label", "Layer “Photo”")
    desk.press_until(lambda: desk.find("label", "Selection of layer “Photo”"), EDIT, "alt+u", "Down")
    desk.see("label", "450×350 px")
    desk.window_picture(f"selection-{desk.gimp.series}", EDIT)
    desk.click("text", "Prompt")
    desk.write("Only in the middle, far", EDIT)
    desk.press_in(EDIT, "ctrl+Return")
    finished(desk, 2)
    ((new, _),) = desk.images()
    assert new["name"].startswith("Only in the middle")
    assert [new["place"], new["mask"]] == [[25, 5, 450, 350], True]
    # And from the history: the same place, the same mask.
    desk.command("History…")
    desk.window(HISTORY)
    desk.see("list item", "Only in the middle")
    desk.see("button", "Insert")
    desk.press_in(HISTORY, "alt+i")
    desk.wait_for(lambda: len(desk.layers()) == 3, "the layer from the history")
    desk.close(HISTORY, "Flux Depth History")
    again = desk.images()[0][0]
    assert [again["place"], again["mask"]] == [[25, 5, 450, 350], True]

"""An edit that is stopped or killed leaves image, undo history and temporary folder as they were, and loses nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import Inside
from .live import plug_in


@dataclass(frozen=True)
class Stop:
    """One edit that does not get to its end."""

    fault: str | None
    latency: float
    reached: Callable[[Sandbox], bool]
    signal: int
    source: str = "layer"


STOPS = {
    "during upload": Stop("upload:silence", 0, lambda s: bool(s.at("upload")), signal.SIGTERM),
    "during wait": Stop("poll:silence", 2, lambda s: bool(s.at("poll")), signal.SIGTERM),
    "during download": Stop("download:slow_drip", 0, lambda s: bool(s.at("download")), signal.SIGTERM),
    "killed in the wait": Stop("poll:silence", 2, lambda s: bool(s.at("poll")), signal.SIGKILL, "selection"),
}


@dataclass(frozen=True)
class Told:
    """What happened, inside GIMP and at the service."""

    notes: dict[str, dict[str, Any]]
    seconds: dict[str, float]
    taken: int
    said: str  # what GIMP printed, the plug-in's messages among it


@pytest.fixture(scope="module")
def told(inside: Inside) -> Iterator[Told]:
    seconds = {}
    with Sandbox(effect="echo") as service, ThreadPoolExecutor(1) as gimp:
        cases = {name: stop.source for name, stop in STOPS.items()}
        running = gimp.submit(inside.run, "stopped.py", service=service.base_url, key=service.api_key, cases=cases)

        def sign(name: str) -> Path:
            return inside.out / name

        def wait_for(name: str) -> None:
            wait_until(lambda: sign(name).exists() or running.done(), 60, f"no sign {name!r}")
            assert not running.done(), running.result()

        previous = None
        for name, stop in STOPS.items():
            service.requests.clear()
            service.fault, service.latency = stop.fault, stop.latency
            if previous:
                sign(f"{previous}.next").touch()
            wait_for(f"{name}.begun")
            service.wait_until(stop.reached, timeout=60)
            process = wait_until(lambda: plug_in(inside.data_folder), 10, "no plug-in")
            started = time.monotonic()
            os.kill(process, stop.signal)
            wait_for(f"{name}.ended")
            seconds[name] = time.monotonic() - started
            previous = name
        service.fault, service.latency = None, 0
        sign(f"{previous}.next").touch()
        taken = service.taken
        sign("recover").touch()
        wait_for("again")
        for file in (inside.data_folder / "jobs").glob("*/job.json"):
            job = json.loads(file.read_text())
            for edit in job["edits"]:  # as if they had never arrived
                edit["arrived"] = None
            file.write_text(json.dumps(job))
        sign("recover again").touch()
        notes = running.result(timeout=120)
        assert service.taken == taken  # fetching costs nothing
        yield Told(notes, seconds, taken, (inside.out / "gimp.txt").read_text())


@pytest.mark.parametrize("name", STOPS)
def test_stopping_leaves_everything_as_it_was(name: str, told: Told) -> None:
    facts = told.notes[name]
    assert facts["changed"] == []
    # A killed plug-in has no say in what GIMP calls it.
    assert facts["status"] == ("cancel" if STOPS[name].signal is signal.SIGTERM else "calling-error")
    assert told.seconds[name] < 10  # far below any time-out; how fast a stop answers is measured in the core


def test_stopping_is_no_refund_and_the_words_say_so(told: Told) -> None:
    assert "Stopped before the edit was submitted. Nothing was billed." in told.said
    words = "Stopped waiting. The service finishes the edit all the same. Fetch it with Recover; that costs nothing."
    assert told.said.count(words) == 2
    assert "Credits were used for this edit." in told.said


def test_what_was_paid_for_is_recovered_in_its_place(told: Told) -> None:
    facts = told.notes["recovered"]
    assert facts["status"] == "success", facts["message"]
    # Three of the four were taken; the one that was killed had a selection, which is its mask again.
    assert told.taken == 3
    *new, source = facts["layers"]
    assert source["name"] == "Photo"
    assert len(new) == 3
    assert sorted(layer["size"] for layer in new) == [[150, 130], [240, 160], [240, 160]]
    assert [layer["mask"] is not None for layer in new if layer["size"] == [150, 130]] == [True]
    assert [layer["offsets"] for layer in new if layer["size"] == [150, 130]] == [[35, 25]]
    assert all(facts["same"])


def test_what_has_arrived_is_not_recovered_again(told: Told) -> None:
    assert told.notes["recovered again"] == {"status": "success", "layers": 4, "layer": False}


def test_recover_needs_no_image(told: Told) -> None:
    assert told.notes["recovered without an image"]["status"] == "success"
    assert told.notes["recovered without an image"]["layer"]

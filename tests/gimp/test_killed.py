"""Plug-in and GIMP are killed with -9 at each stage of an edit: started anew, GIMP brings the same, and pays once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import filelock
import pytest

from tests.faults import Cells
from tests.sandbox import Fault, Sandbox

from .live import Live
from .test_faults import FULL, Undisturbed, asked, closed, gimp, judged, prepare, service, undisturbed  # noqa: F401

SELECTION, TRANSPARENT, NEW = "feathered selection", "transparent layer", "new image"
VARIATIONS, BIG = "one of three variations failed", "feathered selection, 24 megapixels"
SUBMIT, TAKEN = "submit, before it is taken", "submit, after it was taken"
HERE, NOT_NOTED = "arriving, not placed", "arriving, placed and not noted"


@dataclass(frozen=True)
class Moment:
    """When to kill: what makes the edit stay there for a while, and how it is seen that it has come so far."""

    stage: str
    faults: tuple[Fault, ...]
    reached: Callable[[Live, Sandbox], object]
    latency: float = 0.0


def silent(stage: str, kind: str = "silence") -> tuple[Fault, ...]:
    return (Fault(stage, kind, times=None),)


def at(stage: str) -> Callable[[Live, Sandbox], object]:
    return lambda _, sandbox: sandbox.at(stage)


def states(gimp: Live) -> set[str]:  # noqa: F811
    return {edit["state"] for edit in gimp.edits()}


MOMENTS = {
    "preparing": Moment("preparing", (), lambda live, _: list(live.inside.temporary.glob("fluxdepth-picture*/*"))),
    "upload": Moment("upload", silent("upload"), at("upload")),
    SUBMIT: Moment("submit", silent("submit"), at("submit")),
    TAKEN: Moment("submit", silent("submit", "silence_after_taken"), lambda _, sandbox: sandbox.taken),
    "wait": Moment("wait", (), lambda live, sandbox: states(live) <= {"taken", "failed"} and sandbox.at("poll"), 3.0),
    "download": Moment("download", silent("download"), at("download")),
    HERE: Moment("arriving", (), lambda live, _: list(live.inside.data_folder.glob("jobs/*/result-*"))),
}


def held_up(gimp: Live) -> Callable[[], object]:  # noqa: F811
    """Keeps the job's entry from being noted once its worker has let go; returns what gives it free."""
    locks: list[filelock.BaseFileLock] = []

    def hold() -> None:
        while not (files := list(gimp.inside.data_folder.glob("jobs/*/job.lock"))):
            time.sleep(0.001)
        lock = filelock.FileLock(files[0], thread_local=False)
        lock.acquire(timeout=60, poll_interval=0.001)
        locks.append(lock)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    thread.join(60)
    return locks[0].release


def is_there(gimp: Live, condition: Callable[[], object]) -> None:  # noqa: F811
    """Waits for the moment, looking so often that no stage is over before it was seen."""
    deadline = time.monotonic() + 100
    while not condition():
        assert gimp.alive() and time.monotonic() < deadline, "the moment of the kill did not come"
        time.sleep(0.002)


CASES = [
    *(("plug-in", moment, TRANSPARENT) for moment in ("upload", SUBMIT, TAKEN, "wait", "download", HERE)),
    *(("plug-in", moment, SELECTION) for moment in (TAKEN, "wait", "download", HERE, NOT_NOTED)),
    *(("plug-in", moment, NEW) for moment in ("wait", "download", HERE)),
    *(("plug-in", moment, VARIATIONS) for moment in ("wait", "download")),
    *(("plug-in", moment, BIG) for moment in ("preparing", "upload", HERE)),
    *(("GIMP", moment, TRANSPARENT) for moment in ("upload", SUBMIT, TAKEN, "wait", "download", HERE)),
    *(("GIMP", moment, SELECTION) for moment in (TAKEN, "wait", "download", HERE, NOT_NOTED, "unsaved")),
    *(("GIMP", moment, NEW) for moment in ("wait", "download", HERE)),
    *(("GIMP", moment, VARIATIONS) for moment in ("wait", "download", "unsaved")),
    *(("GIMP", moment, BIG) for moment in ("preparing", HERE)),
]
IN_CI = [("plug-in", NOT_NOTED, SELECTION), ("GIMP", "unsaved", SELECTION)]


# What would have been told, and has to be true
TOLD = {
    "preparing": "Nothing was billed.",
    "upload": "Nothing was billed.",
    "submit": "Credits may have been used for this edit.",
    **dict.fromkeys(("wait", "download", "arriving", "unsaved"), "Credits were used for this edit. Recover"),
}


@pytest.mark.parametrize(
    ("target", "moment", "kind"), [pytest.param(*one, marks=() if one in IN_CI else FULL) for one in CASES]
)
def test_killed(
    gimp: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    target: str,
    moment: str,
    kind: str,
) -> None:
    stage = MOMENTS[moment].stage if moment in MOMENTS else moment.split(",")[0]
    detail = moment.partition(", ")[2]
    fault = f"{target} killed -9{f' {detail}' if detail else ''}: {kind}"
    with cell("gimp", stage, fault) as found:
        expected = undisturbed(kind)
        gimp.fresh(service)
        prepare(service, kind)
        planned = MOMENTS.get(moment)
        if planned:
            service.faults += planned.faults
            service.latency = planned.latency
        gimp.do("open", kind=kind)
        gimp.inside.ask("edit", kind=kind)
        release: Callable[[], object] = lambda: None  # noqa: E731
        if planned:
            is_there(gimp, lambda: planned.reached(gimp, service))
        elif moment == NOT_NOTED:
            release = held_up(gimp)
            time.sleep(1.5)  # it is placed within a moment; then it waits for the entry, five seconds
        else:
            assert gimp.reply()["status"] == "success"
        gimp.kill(target)
        release()
        if target == "GIMP":
            gimp.restart()
            gimp.do("open", kind=kind)
        else:
            assert gimp.look("left").count == (2 if moment == NOT_NOTED else 1)  # all or nothing
        is_in = (target, moment) == ("plug-in", NOT_NOTED)
        facts = {"status": "success" if is_in else "killed", "message": TOLD[stage], "changed": []}
        found.end(**judged(gimp, service, facts, kind, expected))

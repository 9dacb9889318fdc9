"""The moments at which a host is killed: what holds an edit there, and how it is seen that it has come so far.

Seen from outside, by the data folder and the service, so that it is the same for every host.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import filelock

from tests.sandbox import Fault, Sandbox

from .data_folder import edits

SUBMIT, TAKEN = "submit, before it is taken", "submit, after it was taken"
HERE, NOT_NOTED = "arriving, not placed", "arriving, placed and not noted"
DEADLINE = 100.0  # s

# What would have been told, and has to be true.
TOLD = {
    "preparing": "Nothing was billed.",
    "upload": "Nothing was billed.",
    "submit": "Credits may have been used for this edit.",
    **dict.fromkeys(("wait", "download", "arriving", "unsaved"), "Credits were used for this edit. Recover"),
}


@dataclass(frozen=True)
class Moment:
    """``reached`` is asked with the data folder and the service; ``latency`` (s) and ``faults`` are the service's."""

    stage: str
    faults: tuple[Fault, ...]
    reached: Callable[[Path, Sandbox], object]
    latency: float = 0.0


def _silent(stage: str, kind: str = "silence") -> tuple[Fault, ...]:
    return (Fault(stage, kind, times=None),)


def _at(stage: str) -> Callable[[Path, Sandbox], object]:
    return lambda _, service: service.at(stage)


def _waits(home: Path, service: Sandbox) -> bool:
    return bool(service.at("poll")) and {edit["state"] for edit in edits(home)} <= {"taken", "failed"}


MOMENTS = {
    "upload": Moment("upload", _silent("upload"), _at("upload")),
    SUBMIT: Moment("submit", _silent("submit"), _at("submit")),
    TAKEN: Moment("submit", _silent("submit", "silence_after_taken"), lambda _, service: service.taken),
    "wait": Moment("wait", (), _waits, 3.0),
    "download": Moment("download", _silent("download"), _at("download")),
    HERE: Moment("arriving", (), lambda home, _: list(home.glob("jobs/*/result-*"))),
}


def stage_of(moment: str) -> str:
    return moment.split(",")[0]


def killed(target: str, moment: str, kind: str) -> str:
    """The table's words for it."""
    detail = moment.partition(", ")[2]
    return f"{target} killed -9{f' {detail}' if detail else ''}: {kind}"


def is_there(alive: Callable[[], bool], condition: Callable[[], object]) -> None:
    """Waits for the moment, looking so often that no stage is over before it was seen."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert alive() and time.monotonic() < deadline, "the moment of the kill did not come"
        time.sleep(0.002)


def held_up(home: Path) -> Callable[[], object]:
    """Keeps the job's entry from being noted once its worker has let go; returns what gives it free."""
    locks: list[filelock.BaseFileLock] = []

    def hold() -> None:
        while not (files := list(home.glob("jobs/*/job.lock"))):
            time.sleep(0.001)
        lock = filelock.FileLock(files[0], thread_local=False)
        with contextlib.suppress(filelock.Timeout):
            while True:  # until the worker has it, and not before
                lock.acquire(timeout=0).lock.release()
                time.sleep(0.001)
        lock.acquire(timeout=60, poll_interval=0.001)
        locks.append(lock)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    thread.join(60)
    return locks[0].release

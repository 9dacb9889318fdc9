"""The core's speed: the schedule of looks, a whole edit, variations, and what a second edit uploads."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from shared.cancel import CancelToken
from shared.jobs import polling
from shared.jobs.pipeline import run
from shared.jobs.request import EditRequest, Event
from shared.model.edit import DepthEdit
from shared.pictures import imaging as pictures
from shared.pictures.encoded import EncodedImage, sniff
from shared.service.client import Client
from shared.service.replies import Record, Status
from shared.storage.entries import Destination, EditState
from shared.storage.journal import Journal
from shared.storage.library.history import History, Query
from tests.bench import Figure
from tests.sandbox import Sandbox

PHOTO = Path(__file__).parents[1] / "data" / "rocket.jpg"


class Clock:
    """Stands in for ``time`` and for the token's waits, so that an hour of waiting is simulated in a moment."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic

    def wait(self, seconds: float) -> bool:
        self.now += max(0.0, seconds)
        return False


class SimulatedService:
    """Answers a look-up after 80 ms with what an edit of ``seconds`` would say."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.ready, self.looks = clock, clock.now + seconds, 0

    def look_up(self, record_id: str, cancel: object = None) -> Record:
        self.looks += 1
        self.clock.now += 0.08
        done = self.clock.now >= self.ready
        status = Status.SUCCESS if done else Status.PROCESSING
        return Record(record_id, status, status.value)


def waiting() -> Iterator[Figure]:
    """The real waiting loop over simulated service times of 5 to 60 s with a heavy tail."""
    chance = random.Random(7)
    added, looks = [], []
    for _ in range(500):
        seconds = min(60.0, 5.0 * chance.paretovariate(1.2))
        clock = Clock()
        service = SimulatedService(clock, seconds)
        with mock.patch.object(polling, "time", clock):
            first = Record("u", Status.PROCESSING, "PROCESSING")
            look = functools.partial(service.look_up, "u")
            polling.wait_for_record("u", first, look, cancel=clock, between=lambda: None)  # type: ignore[arg-type]
        added.append((clock.now - service.ready) / seconds)
        looks.append(service.looks)
    yield Figure("added wait, mean over simulated service times", 100 * statistics.mean(added), "%", 10)
    yield Figure("looks for one edit, most", max(looks), "", 40)


@contextlib.contextmanager
def service(latency: float) -> Iterator[tuple[Sandbox, Callable[..., float]]]:
    photo = sniff(PHOTO.read_bytes())
    with tempfile.TemporaryDirectory() as home, Sandbox(effect="echo", latency=latency) as sandbox:
        client = Client(sandbox.base_url, sandbox.api_key)

        def edit(picture: EncodedImage = photo, **options: int) -> float:
            """Seconds from the press of the button to the result."""
            chosen = DepthEdit.checked({"prompt": f"x {time.time_ns()}"})
            request = EditRequest(chosen, picture, Destination("bench"), confirmed=True, **options)
            started = time.monotonic()
            with mock.patch.dict(os.environ, {"FLUXDEPTH_HOME": home}):
                run(request, client=client, journal=Journal(Path(home)), on_event=ignore, cancel=CancelToken())
            return time.monotonic() - started

        yield sandbox, edit


def ignore(event: Event) -> None:
    """Takes an event; nobody looks."""


def whole_edit() -> Iterator[Figure]:
    with service(10.0) as (_, edit):
        yield Figure("a whole edit against a service that takes 10 s", edit(), "s", 11)


def variations() -> Iterator[Figure]:
    with service(6.0) as (sandbox, edit):
        edit()  # the upload of all that follow
        one, four, eight = edit(), edit(variations=4), edit(variations=8)
        yield Figure("4 variations / one", four / one, "×", 1.2)
        yield Figure("8 variations / one", eight / one, "×", 2.3)
        yield Figure("uploads of 14 edits of one picture", len(sandbox.at("upload")), "", 1)


def second_edit() -> Iterator[Figure]:
    with service(0.0) as (sandbox, edit):
        edit()
        sandbox.requests.clear()
        edit()
        uploaded = sum(len(request.body) for request in sandbox.at("upload"))
        yield Figure("bytes uploaded by a second edit of an unchanged source", uploaded, "bytes", 0)


def opened_history() -> Iterator[Figure]:
    """A new process opens the history: its first page, beside reading every entry."""
    for count, goal in ((1000, 0.5), (10000, None)):
        with tempfile.TemporaryDirectory() as home:
            journal = Journal(Path(home))
            writer = journal.create(
                [DepthEdit.checked({"prompt": "haze far behind the old town"})],
                address="https://x",
                destination=Destination("gimp", "/pictures/photo.xcf", "s", "photo.xcf"),
            )
            writer.update_edit(0, state=EditState.DONE, uuid="u", safe=True)
            writer.close()
            entry = writer.job.folder / "job.json"
            for number in range(count):
                folder = writer.job.folder.with_name(f"20260101-000000-{number:08x}")
                folder.mkdir()
                (folder / "job.json").write_bytes(entry.read_bytes())
                os.utime(folder / "job.json", (1e9, 1e9))
            began = time.perf_counter()
            journal.entries()
            entries = time.perf_counter() - began
            journal.summaries()  # writes the index
            began = time.perf_counter()
            History(journal).page(Query())
            seconds = time.perf_counter() - began
            yield Figure(f"history of {count:,} edits, first page", seconds, "s", goal)
            yield Figure("… / reading every entry", seconds / entries, "×")


def imaging() -> Iterator[Figure]:
    """A rendered 4K picture on its way to the file, while another thread asks for Python's lock all the time."""
    rng = np.random.default_rng(1)
    samples = rng.random((2160, 3840, 4), np.float32)
    samples[..., 3] = 1
    opaque = pictures.Pixels(memoryview(samples), 3840, 2160, "RGBA", "linear", bottom_up=True)
    clear = samples * np.float32(0.5)
    result = pictures.encode(pictures.picture(opaque), format="jpg", longest_side=0)
    alpha = Image.linear_gradient("L").resize((3840, 2160))
    jpeg, _ = held(lambda: pictures.encode(pictures.picture(opaque), format="jpg", longest_side=0))
    for what, work in (
        ("scene-linear 4K to 8 bits", lambda: pictures.picture(opaque)),
        (
            "the same, transparent",
            lambda: pictures.picture(dataclasses.replace(opaque, data=memoryview(clear), premultiplied=True)),
        ),
        (
            "transparency into a 4K result",
            lambda: pictures.filed(pictures.with_alpha(pictures.decode(result.data), alpha), "png"),
        ),
    ):
        seconds, longest = held(work)
        yield Figure(what, seconds * 1000, "ms")
        yield Figure("… / the whole way to a JPEG", seconds / jpeg, "×")
        yield Figure("… longest time that Python's lock was held", longest * 1000, "ms")


def held(work: Callable[[], object]) -> tuple[float, float]:
    """How long ``work`` takes in a thread, and for how long another one could not get Python's lock; s, best of 3."""
    best = []
    for _ in range(3):
        worker = threading.Thread(target=work)
        began, longest = time.perf_counter(), 0.0
        worker.start()
        while worker.is_alive():
            asked = time.perf_counter()
            time.sleep(0.0002)  # lets the lock go and asks for it again
            longest = max(longest, time.perf_counter() - asked - 0.0002)
        best.append((time.perf_counter() - began, longest))
    return min(seconds for seconds, _ in best), min(longest for _, longest in best)


MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {
    "waiting": waiting,
    "whole-edit": whole_edit,
    "variations": variations,
    "second-edit": second_edit,
    "imaging": imaging,
    "history": opened_history,
}

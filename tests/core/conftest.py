"""Fixtures of the core's tests: a scratch data folder, a sandbox, and pauses that are cut short."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.cancel import CancelToken
from shared.jobs import polling
from shared.jobs.desk import Desk
from shared.jobs.pipeline import recover, run
from shared.jobs.request import EditRequest, Event, Outcome, Result, Taken
from shared.jobs.ticket import Ticket
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.service import retrying
from shared.service.client import Client
from shared.service.transport import TimeOuts
from shared.storage.entries import Destination, EditEntry, Job
from shared.storage.journal import Journal, is_running
from tests.sandbox import Sandbox

DATA = Path(__file__).parents[1] / "data"
HERE = Destination("test", session="document-1", title="Document")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; nothing of the machine's environment reaches the core."""
    folder = tmp_path / "home"
    for name in (
        "FLUXDEPTH_API_KEY",
        "FLUXDEPTH_BASE_URL",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLUXDEPTH_HOME", str(folder))
    return folder


@pytest.fixture
def journal(home: Path) -> Journal:
    return Journal(home)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses and limits: what is repeated and given up is the same, only sooner."""
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(polling, "LEAST_INTERVAL", 0.02)
    monkeypatch.setattr(polling, "OUTAGE_LIMIT", 0.5)
    monkeypatch.setattr(polling, "UNKNOWN_GRACE", 0.3)
    monkeypatch.setattr(polling, "WAIT_DEADLINE", 4.0)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as service:
        yield service


@pytest.fixture
def photo() -> EncodedImage:
    return sniff((DATA / "rocket.jpg").read_bytes())


class Bench:
    """One client, journal and token against one sandbox; :meth:`run` is one edit from picture to outcome."""

    def __init__(self, sandbox: Sandbox, journal: Journal) -> None:
        self.sandbox = sandbox
        self.journal = journal
        self.client = Client(
            sandbox.base_url,
            sandbox.api_key,
            time_outs=TimeOuts(connect=2.0, read=0.8, synchronous_read=0.8, total=1.5),
        )
        self.cancel = CancelToken()
        self.events: list[Event] = []

    def request(
        self,
        picture: EncodedImage | Taken | str | Callable[[], Taken],
        variations: int = 1,
        confirmed: bool = False,
        destination: Destination = HERE,
        **values: object,
    ) -> EditRequest:
        edit = DepthEdit.checked({"prompt": "haze far behind", "format": "png", **values})
        return EditRequest(edit, picture, destination, variations, confirmed=confirmed)

    def run(self, picture: EncodedImage | Taken | str, variations: int = 1, **values: object) -> Outcome:
        return run(
            self.request(picture, variations, confirmed=True, **values),
            client=self.client,
            journal=self.journal,
            on_event=self.events.append,
            cancel=self.cancel,
        )

    def recover(self, job: Job, entry: EditEntry) -> Result:
        (result,) = recover(
            job,
            [entry.index],
            client=lambda: self.client,
            journal=self.journal,
            on_event=self.events.append,
            cancel=CancelToken(),
        ).results
        return result

    def patient(self) -> Client:
        """A client with the time-outs of real life."""
        return Client(self.sandbox.base_url, self.sandbox.api_key)

    def owed(self) -> list[tuple[Job, EditEntry]]:
        """What was paid for and is in no document, without the jobs that a live process works on."""
        jobs = [job for job in self.journal.entries() if not is_running(job)]
        return [(job, edit) for job in jobs for edit in job.edits if edit.unfinished]

    def desk(self, host: DeskHost | None = None) -> Desk:
        return Desk(host or DeskHost(), self.journal, lambda: self.client)


class DeskHost:
    """A host of documents: those whose path or session is in ``open`` are open; ``placed`` are the results placed."""

    name = "test"

    def __init__(self, *documents: str) -> None:
        self.open = set(documents or (HERE.session,))
        self.placed: list[Result] = []
        self.changes = 0

    def is_open(self, destination: Destination) -> bool:
        return bool({destination.path, destination.session} & self.open - {""})

    def place(self, ticket: Ticket) -> Iterator[None]:
        ticket.placed_in(path=ticket.destination.path, session=ticket.destination.session)
        for result in ticket.results:
            self.placed.append(result)
            yield

    def changed(self, ticket: Ticket | None) -> None:
        self.changes += 1


def finish(desk: Desk, seconds: float = 20.0) -> None:
    """Ticks until nothing is going on any more."""
    until(desk, lambda: False, seconds)


def until(desk: Desk, condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Ticks until ``condition`` holds, or nothing is going on any more."""
    deadline = time.monotonic() + seconds
    while desk.advance() and not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def bench(sandbox: Sandbox, journal: Journal, quick: None) -> Bench:
    return Bench(sandbox, journal)

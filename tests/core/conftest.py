"""Fixtures of the core's tests: a scratch data folder, a sandbox, and pauses that are cut short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.cancel import CancelToken
from shared.jobs import pipeline as job_module
from shared.jobs.pipeline import EditRequest, Event, Outcome, Result, recover, run
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.service import retrying
from shared.service.client import Client, TimeOuts
from shared.storage.journal import EditEntry, Job, Journal
from tests.sandbox import Sandbox

DATA = Path(__file__).parents[1] / "data"


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
    monkeypatch.setattr(job_module, "LEAST_INTERVAL", 0.02)
    monkeypatch.setattr(job_module, "OUTAGE_LIMIT", 0.5)
    monkeypatch.setattr(job_module, "UNKNOWN_GRACE", 0.3)


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

    def run(self, picture: EncodedImage | str, variations: int = 1, **values: object) -> Outcome:
        edit = DepthEdit.checked({"prompt": "haze far behind", "format": "png", **values})
        return run(
            EditRequest(edit, picture, variations, {"host": "test"}),
            client=self.client,
            journal=self.journal,
            on_event=self.events.append,
            cancel=self.cancel,
        )

    def recover(self, job: Job, entry: EditEntry) -> Result:
        return recover(
            job,
            entry,
            client=lambda: self.client,
            journal=self.journal,
            on_event=self.events.append,
            cancel=CancelToken(),
        )


@pytest.fixture
def bench(sandbox: Sandbox, journal: Journal, quick: None) -> Bench:
    return Bench(sandbox, journal)

"""A marked key, and everything that runs with it write: the key is in its own file and in no other byte.

Whatever made the data folder, it is for its owner only.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from shared.jobs.desk import Desk
from shared.pictures.encoded import EncodedImage
from shared.service.client import Client
from shared.storage import credentials, log
from shared.storage.journal import Journal
from tests.core.conftest import Bench, DeskHost, finish
from tests.faults import Cells, Recovered
from tests.faults.secrets import MARKED, exposed, leaks
from tests.sandbox import Sandbox

FULL = pytest.mark.full
ROOT = Path(__file__).parents[2]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(MARKED)
    assert not list(leaks(MARKED, tmp_path))
    url, cookie = quote(MARKED, safe="").encode(), base64.urlsafe_b64encode(b"x" + MARKED.encode())
    for number, data in enumerate([MARKED.encode(), url, cookie, base64.b64encode(MARKED.encode() + b"tail")]):
        (tmp_path / f"{number}").write_bytes(b"\0before" + data + b"after\xff")
    assert len(list(leaks(MARKED, tmp_path))) == 4


@pytest.fixture
def marked(sandbox: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The service knows the marked key alone; it lies in its file."""
    sandbox.api_key = MARKED
    monkeypatch.setenv("FLUXDEPTH_BASE_URL", sandbox.base_url)
    credentials.save_key(MARKED)
    return sandbox


FAULTS = [
    *("upload:html", "upload:unauthorized", "submit:unauthorized", "submit:reset_after_taken", "submit:http_500"),
    *("submit:redirect_other_host", "poll:key_deleted", "download:html", "download:redirect_other_host", "failure", ""),
]


def test_the_key_is_in_no_byte_that_the_core_writes(
    marked: Sandbox, home: Path, tmp_path: Path, photo: EncodedImage, quick: None, cell: Cells
) -> None:
    """Through every kind of end, with its log, and with a service that repeats the key in what it says."""
    with cell("core", "whole", "a marked key, in every kind of end") as found:
        bench = Bench.__new__(Bench)
        bench.sandbox, bench.journal = marked, Journal()
        desk = Desk(DeskHost(), bench.journal, Client.from_settings)
        words: list[str] = []
        for number, fault in enumerate(FAULTS):
            marked.fault = fault or None
            ticket = desk.start(bench.request(photo, confirmed=True, seed=number))
            finish(desk)
            words += [str(ticket.error), ticket.error.detail if ticket.error else "", *ticket.warnings]
        for text in (MARKED, f"GET https://x.example/{quote(MARKED, safe='')}?sig=1", json.dumps({"key": MARKED})):
            log.LOGGER.warning("the service said %s", text)
        standing = desk.look_now()
        words += [one.words for one in standing.owed] + list(standing.problems) + [repr(credentials.find_key())]
        (tmp_path / "words").write_text("\n".join(words))
        assert log.log_file(home).stat().st_size > 1000
        assert list(leaks(MARKED, tmp_path)) == []
        assert not any("API-KEY" in request.headers for request in marked.elsewhere + marked.at("download"))
        assert exposed(home) == []
        paid = [fault for fault in FAULTS if not fault.startswith(("upload", "submit:unauth", "submit:http_500"))]
        assert marked.taken == len(paid) - 1  # the redirected submit was taken by nobody
        found.end(submits=marked.taken, asked=len(paid), recovered=Recovered.UNCERTAIN)


@pytest.mark.parametrize("umask", [0o000, pytest.param(0o022, marks=FULL)])
@pytest.mark.parametrize(
    "maker",
    ["a stranger"]
    + [pytest.param(one, marks=FULL) for one in ("settings", "key", "journal", "uploads", "log", "lock")],
)
def test_whatever_makes_the_data_folder_it_is_private(home: Path, umask: int, maker: str) -> None:
    """In a process of its own, since a umask is the whole process's."""
    script = f"""
import os, sys
from pathlib import Path
os.umask({umask})
home = Path(os.environ["FLUXDEPTH_HOME"])
from shared.model.edit import DepthEdit
from shared.storage import credentials, locks, log, settings, uploads
from shared.storage.entries import Destination
from shared.storage.journal import Journal, is_running
maker = sys.argv[1]
def journal():
    writer = Journal().create([DepthEdit.checked({{"prompt": "x"}})], address="https://x", destination=Destination("t"))
    writer.keep_companions({{"alpha.png": b"x"}})
    writer.keep_raw(0, b"x")
    writer.close()
def stranger():
    (home / "jobs" / "old").mkdir(parents=True)  # another program, or version 0.1.0
    (home / "log").mkdir()
    (home / "log" / "fluxdepth.log").write_text("prompts")
    log.start(home)
    journal()
{{
    "settings": lambda: settings.save(settings.Settings()),
    "key": lambda: credentials.save_key("k" * 20),
    "journal": journal,
    "uploads": lambda: uploads.remember(home, "a", "b"),
    "log": lambda: (log.start(home), log.LOGGER.warning("x")),
    "lock": lambda: locks.acquired(home, 1.0, "pictures.lock").release(),
    "a stranger": stranger,
}}[maker]()
"""
    subprocess.run(
        [sys.executable, "-c", script, maker], cwd=ROOT, env={**os.environ, "FLUXDEPTH_HOME": str(home)}, check=True
    )
    left = [path for path in exposed(home) if not path.endswith("jobs/old")]  # nothing of ours is in it
    assert left == [] and any(home.rglob("*"))

"""Bytes that wait on the disk until they are wanted, and those of many jobs that lie there once."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from shared.errors import StorageError
from shared.jobs.request import Taken
from shared.jobs.ticket import Ticket
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage
from shared.storage import files
from shared.storage.entries import ALPHA, SOURCE, Destination, Job
from shared.storage.files import Spooled, write_by_rename
from shared.storage.journal import Journal
from shared.storage.library import history
from tests.core.conftest import HERE

CONTENT = bytes(range(256)) * 9000  # more than is copied at once


def spooled() -> Spooled:
    return Spooled(CONTENT[at : at + 1000] for at in range(0, len(CONTENT), 1000))


def test_they_come_back_as_often_as_they_are_wanted(tmp_path: Path) -> None:
    waiting = spooled()
    assert len(waiting) == len(CONTENT)
    for name in ("one", "two"):
        write_by_rename(tmp_path / name, waiting)
        assert (tmp_path / name).read_bytes() == CONTENT
    assert waiting.read() == CONTENT


def test_several_jobs_may_write_them_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 1000)
    waiting = spooled()
    paths = [tmp_path / str(number) for number in range(6)]
    threads = [threading.Thread(target=write_by_rename, args=(path, waiting)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [path.read_bytes() == CONTENT for path in paths] == [True] * len(paths)


def test_they_have_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    waiting = spooled()
    assert waiting.read() == CONTENT
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_written_does_not_keep_them_from_others(tmp_path: Path) -> None:
    waiting = spooled()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        write_by_rename(tmp_path / "file" / "below", waiting)
    with pytest.raises(ZeroDivisionError):
        for _ in waiting.parts():
            1 / 0  # noqa: B018
    assert waiting.read() == CONTENT


def test_a_ticket_has_them_as_bytes() -> None:
    ticket = Ticket("1", (), Destination("gimp"))
    ticket.taken = Taken(EncodedImage(b"", "png", 1, 1), {SOURCE: spooled()})
    assert ticket.companion(SOURCE) == CONTENT


def kept(journal: Journal, source: bytes | Spooled) -> Job:
    edit = DepthEdit.checked({"prompt": "haze"})
    writer = journal.create([edit], address="https://x", destination=HERE)
    writer.keep_companions({SOURCE: source, ALPHA: b"gray"})
    writer.close()
    return writer.job


def test_a_large_picture_of_many_jobs_is_on_the_disk_once(journal: Journal) -> None:
    other = CONTENT[::-1]
    jobs = [kept(journal, data) for data in (CONTENT, other, CONTENT, spooled())]
    assert [job.companion(SOURCE) for job in jobs] == [CONTENT, other, CONTENT, CONTENT]
    assert len({(job.folder / SOURCE).stat().st_ino for job in jobs}) == 2
    assert len({(job.folder / ALPHA).stat().st_ino for job in jobs}) == 4
    assert 2 * len(CONTENT) < history.disk_use(journal)[1] < 2 * len(CONTENT) + 10_000
    journal.delete(jobs[0].id, 0)
    assert not jobs[0].folder.exists() and jobs[2].companion(SOURCE) == CONTENT


def test_where_the_disk_knows_no_links_it_is_written(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    jobs = [kept(journal, CONTENT) for _ in range(2)]
    assert [job.companion(SOURCE) for job in jobs] == [CONTENT] * 2
    assert len({(job.folder / SOURCE).stat().st_ino for job in jobs}) == 2

"""The history as an artist looks at it: its index, search, filters, pages, favourites, what is deleted, thumbnails."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from PIL import Image

from shared.cancel import CancelToken
from shared.errors import BusyError, PictureError, StorageError
from shared.jobs import owed, spending
from shared.jobs.wording import kept_words
from shared.model.edit import DepthEdit
from shared.pictures import imaging
from shared.pictures.encoded import EncodedImage, sniff
from shared.storage import journal as journal_module
from shared.storage.entries import Destination, EditState
from shared.storage.journal import Journal
from shared.storage.library import history, index, thumbnails
from shared.storage.library.history import History, Page, Query, Show

HERE = Destination("gimp", "/pictures/Häuser.xcf", "gimp#1", "Häuser.xcf")
THERE = Destination("command", "/scenes/shot.blend", "blender#1", "shot.blend", {}, ("/out/frame-0001.png",))
OLD = time.time() - 1000


def made(
    journal: Journal,
    prompt: str = "haze",
    *,
    count: int = 1,
    destination: Destination = HERE,
    state: EditState = EditState.DONE,
    credits: int | None = 100,
    data: bytes = b"bytes",
    **changes: object,
) -> str:
    """A job whose edits have ended like that; safe, where nothing else is said. Returns its id."""
    edits = DepthEdit.checked({"prompt": prompt}).variations(count)
    writer = journal.create(edits, address="https://x", destination=destination, credits=credits)
    for number in range(count):
        if state is EditState.DONE:
            writer.keep_result(number, EncodedImage(data, "png", 3, 2))
        writer.update_edit(number, **{"state": state, "uuid": "u", "safe": state is EditState.DONE, **changes})
    writer.close()
    time.sleep(0.002)  # the next one is newer
    return writer.job.id


def age(journal: Journal) -> None:
    """All entries look as if they were written long ago."""
    for entry in journal.home.glob("jobs/*/job.json"):
        os.utime(entry, (OLD, OLD))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs whose entries are read and understood, one by one."""
    read, found = journal_module._read, []

    def counting(folder: Path) -> object:
        found.append(folder.name)
        return read(folder)

    monkeypatch.setattr(journal_module, "_read", counting)
    return found


def prompts(page: Page) -> list[str]:
    return [edit.job.asked(edit.entry).prompt for edit in page.edits]


# The index.


def test_opening_reads_the_entries_of_the_page_and_no_others(journal: Journal, reads: list[str]) -> None:
    for number in range(index.MOST_CHANGED + 8):
        made(journal, f"number {number}")
    age(journal)
    History(journal)
    assert len(reads) == index.MOST_CHANGED + 8
    reads.clear()
    page = History(Journal(journal.home)).page(Query(), size=5)
    assert len(reads) == 5 and page.total == index.MOST_CHANGED + 8
    assert prompts(page) == [f"number {number}" for number in range(39, 34, -1)]


def test_what_has_changed_is_read_anew_and_what_is_gone_is_in_no_file(journal: Journal, reads: list[str]) -> None:
    ids = [made(journal, f"secret {number}.") for number in range(index.MOST_CHANGED + 8)]
    age(journal)
    journal.summaries()
    assert "secret 3." in (journal.home / index.FILE).read_text()
    reads.clear()
    journal.mark(ids[7], [0], starred=True)
    reads.clear()
    assert [one.id for one in journal.summaries() if one.edits[0].starred] == [ids[7]]
    assert reads == [ids[7]]
    spending.delete(journal, ids[3], 0)
    assert ids[3] not in [one.id for one in journal.summaries()]
    assert "secret 3." not in (journal.home / index.FILE).read_text()


def test_a_second_change_within_the_tick_of_a_coarse_clock_is_seen(journal: Journal) -> None:
    ids = [made(journal) for _ in range(index.MOST_CHANGED + 1)]
    entry = journal.home / "jobs" / ids[0] / "job.json"
    now = time.time()
    os.utime(entry, (now, now))
    journal.summaries()
    text = entry.read_text()
    with entry.open("r+") as file:  # the same file, the same size, the same time
        file.write(text.replace('"haze"', '"mist"'))
    os.utime(entry, (now, now))
    assert "mist" in [one.edits[0].prompt for one in journal.summaries()]


@pytest.mark.parametrize("damage", ["", "{}", "no index", "cut", "flipped", "newer"])
def test_an_index_that_is_not_as_it_was_written_is_made_anew(journal: Journal, damage: str) -> None:
    for number in range(index.MOST_CHANGED + 8):
        made(journal, f"number {number}")
    age(journal)
    expected = journal.summaries()
    file = journal.home / index.FILE
    whole = file.read_bytes()
    digest, _, content = whole.partition(b"\n")
    newer = json.dumps({**json.loads(content), "version": 99, "jobs": 5}).encode()
    broken = {
        "cut": whole[:-20],
        "flipped": whole.replace(b"number 7", b"number 8"),
        "newer": index._digest(newer) + b"\n" + newer,
    }
    file.write_bytes(broken.get(damage, damage.encode()))
    assert journal.summaries() == expected
    assert file.read_bytes() == whole


def test_an_index_that_cannot_be_written_is_done_without(journal: Journal, reads: list[str]) -> None:
    for _ in range(index.MOST_CHANGED + 8):
        made(journal)
    age(journal)
    (journal.home / index.FILE).mkdir()
    assert len(journal.summaries()) == len(journal.summaries()) == index.MOST_CHANGED + 8


def test_the_summaries_say_what_the_entries_say(journal: Journal) -> None:
    version_1 = Path(__file__).parents[1] / "data" / "version-0.1.0"
    shutil.copytree(version_1 / "jobs", journal.home / "jobs")
    made(journal, "four", count=4, destination=THERE)
    journal.mark(journal.entries()[0].id, [2], starred=True, safe=False)
    (journal.home / "jobs" / "20200101-000000-x").mkdir()
    jobs, problems = journal.entries(), list(journal.problems)
    assert len(jobs) > 6 and problems
    for _ in range(2):
        assert journal.summaries() == [index.summary(journal_module._read(job.folder)) for job in jobs]
        assert journal.problems == problems
        age(journal)
    (four,) = [one for one in journal.summaries() if len(one.edits) == 4]
    assert [edit.starred for edit in four.edits] == [False, False, True, False]
    assert (four.files, four.title, four.credits) == (THERE.files, "shot.blend", 100)


def test_what_is_owed_is_the_same_by_the_index(journal: Journal, reads: list[str]) -> None:
    for _ in range(index.MOST_CHANGED + 8):
        made(journal)
    waiting = made(journal, "waiting", safe=False)
    uncertain = made(journal, "uncertain", state=EditState.UNCERTAIN)
    dead = made(journal, "dead", state=EditState.SUBMITTING)
    age(journal)
    look = {"host": "gimp", "process": "p", "held": (), "ours": ()}
    owed.read(journal, **look)
    reads.clear()
    standing = owed.read(journal, **look)
    assert {one.job.id: one.why.name for one in standing.owed} == {
        waiting: "WAITING",
        uncertain: "UNCERTAIN",
        dead: "UNCERTAIN",
    }
    assert set(reads) == {waiting, uncertain, dead}
    assert standing.prompts == ("dead", "uncertain", "waiting", "haze")


# Searching, filtering, paging.


def test_search_finds_words_in_prompts_and_documents(journal: Journal) -> None:
    made(journal, "A red car in the Mist", destination=THERE)
    made(journal, "Bäume im Nebel")
    look = History(journal)

    def typed(words: str) -> list[str]:
        return prompts(look.page(Query(words)))

    assert typed("mist red") == ["A red car in the Mist"]
    assert typed("baume") == typed("NEBEL bäu") == typed("hauser") == ["Bäume im Nebel"]
    assert typed("frame-0001") == typed("shot") == ["A red car in the Mist"]
    assert typed("pictures") == typed("mist blue") == []  # a folder is no document
    assert len(typed("")) == len(typed("  ")) == 2


def test_filters(journal: Journal) -> None:
    made(journal, "here")
    made(journal, "there", destination=THERE)
    star = made(journal, "star", count=2)
    made(journal, "paid", safe=False)
    made(journal, "lost", state=EditState.UNCERTAIN)
    made(journal, "given up", state=EditState.UNCERTAIN, discarded=True)
    journal.mark(star, [1], starred=True)
    look = History(journal)
    assert prompts(look.page(Query(show=Show.FAVOURITES))) == ["star"]
    assert prompts(look.page(Query(show=Show.UNFINISHED))) == ["lost", "paid"]
    assert prompts(look.page(Query(show=Show.DOCUMENT, path=THERE.path))) == ["there"]
    assert prompts(look.page(Query(show=Show.DOCUMENT, session="gimp#1", typed="star"))) == ["star", "star"]
    assert prompts(look.page(Query(show=Show.DOCUMENT))) == []
    assert look.page(Query()).total == 7


def test_pages(journal: Journal) -> None:
    for number in range(5):
        made(journal, f"number {number}", count=2)
    look = History(journal)
    seen = [prompts(look.page(Query(), number, 4)) for number in range(3)]
    assert [len(one) for one in seen] == [4, 4, 2]
    assert sum(seen, []) == [f"number {number}" for number in (4, 4, 3, 3, 2, 2, 1, 1, 0, 0)]
    last = look.page(Query(), 99, 4)
    assert (last.number, last.count, last.total, prompts(last)) == (2, 3, 10, seen[2])
    nothing = look.page(Query("nowhere"), 3)
    assert (nothing.edits, nothing.number, nothing.count, nothing.total) == ((), 0, 1, 0)


def test_a_page_shows_its_edits_as_they_are_now(journal: Journal) -> None:
    one, two = made(journal, "one"), made(journal, "two")
    look = History(journal)
    journal.mark(one, [0], starred=True)
    spending.delete(journal, two, 0)
    (edit,) = look.page(Query()).edits
    assert edit.entry.starred and look.page(Query()).total == 2
    look.refresh()
    assert look.page(Query()).total == 1


# Deleting and trimming.


def test_deleting_one_variation_leaves_the_others_where_they_are(journal: Journal) -> None:
    job_id = made(journal, count=3)
    job = journal.job(job_id)
    assert job
    thumbnails.keep(job, 1, b"small")
    spending.delete(journal, job_id, 1)
    assert sorted(path.name for path in job.folder.iterdir() if path.suffix != ".lock") == [
        *("job.json", "result-1.png", "result-3.png"),
    ]
    page = History(journal).page(Query())
    assert [edit.entry.index for edit in page.edits] == [0, 2] and page.total == 2
    entry = (journal.job(job_id) or job).edits[1]
    assert entry.deleted and not entry.settings and not entry.pending and not entry.unsaved


def test_a_deleted_variation_is_never_offered_again(journal: Journal) -> None:
    job_id = made(journal, count=2, safe=False, arrived=5.0)
    spending.delete(journal, job_id, 0)
    look = owed.read(journal, host="gimp", process="another", held=(), ours=())
    assert [one.indices for one in look.owed] in ([], [[1]])
    (job,) = journal.entries()
    assert [edit.unsaved for edit in job.edits] == [False, True]


def test_the_last_variation_takes_the_job_along_and_its_cost_stays(journal: Journal) -> None:
    made(journal, "unpriced", credits=None)
    job_id = made(journal, count=2)
    before = spending.spent(journal)
    assert sum(before.days.values()) == 200 and before.unpriced == 1
    for number in (0, 1):
        spending.delete(journal, job_id, number)
        assert spending.spent(journal) == before
    assert [path.name for path in (journal.home / "jobs").iterdir()] == [one.id for one in journal.summaries()]
    assert len(journal.summaries()) == 1
    with pytest.raises(StorageError, match="no longer in the history"):
        spending.delete(journal, job_id, 0)
    assert spending.spent(journal) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"safe": False},
        {"state": EditState.TAKEN, "safe": False},
        {"state": EditState.UNCERTAIN},
        {"state": EditState.SUBMITTING},
    ],
)
def test_what_is_paid_for_and_not_here_is_discarded_before_it_is_deleted(
    journal: Journal, changes: dict[str, object]
) -> None:
    job_id = made(journal, **changes)
    with pytest.raises(StorageError, match="Fetch it or discard it first"):
        spending.delete(journal, job_id, 0)
    journal.mark(job_id, [0], discarded=True)
    spending.delete(journal, job_id, 0)
    assert not journal.summaries()


def test_what_is_being_worked_on_is_not_deleted(journal: Journal) -> None:
    job_id = made(journal)
    holder = journal.reopen(job_id)
    with pytest.raises(BusyError):
        spending.delete(journal, job_id, 0)
    holder.close()
    spending.delete(journal, job_id, 0)


def test_trimming_counts_edits_and_keeps_what_is_starred_unfinished_or_unsaved(journal: Journal) -> None:
    four = made(journal, "four", count=4)
    starred = made(journal, "starred", count=2)
    journal.mark(starred, [1], starred=True)
    waiting = made(journal, "waiting", safe=False)
    unsaved = made(journal, "unsaved", safe=False, arrived=5.0)
    uncertain = made(journal, "uncertain", state=EditState.UNCERTAIN)
    gone = made(journal, "failed", state=EditState.FAILED)
    new = [made(journal, f"new {number}") for number in range(2)]
    before = spending.spent(journal)
    spending.trim(journal, 7)
    assert {one.id for one in journal.summaries()} == {four, starred, waiting, unsaved, uncertain, gone, *new}
    spending.trim(journal, 6)
    assert {one.id for one in journal.summaries()} == {starred, waiting, unsaved, uncertain, gone, *new}
    spending.trim(journal, 0)
    assert {one.id for one in journal.summaries()} == {starred, waiting, unsaved, uncertain}
    assert spending.spent(journal) == before


def test_how_much_disk_it_takes(journal: Journal) -> None:
    assert history.disk_use(journal) == (0, 0)
    made(journal, count=2, data=bytes(5000))
    made(journal)
    count, size = history.disk_use(journal)
    assert count == 3 and 10000 < size < 30000
    assert kept_words(1, 480_000_000) == "1 edit · 480 MB" and kept_words(1212, 2**32) == "1,212 edits · 4.3 GB"


# Thumbnails.


@pytest.fixture
def photo_job(journal: Journal, photo: EncodedImage) -> str:
    return made(journal, data=photo.data)


def test_a_thumbnail_is_made_once_and_kept_beside_its_entry(journal: Journal, photo_job: str) -> None:
    (edit,) = History(journal).page(Query()).edits
    assert edit.thumbnail is None and thumbnails.is_missing(edit.job, 0)
    calls = []

    def make(file: Path, side: int) -> bytes:
        calls.append(file)
        return imaging.thumbnail(file, side)

    for _ in range(2):
        thumbnails.make_missing([(edit.job, 0)], make, CancelToken())
    assert calls == [edit.entry.result_file]
    (edit,) = History(journal).page(Query()).edits
    assert edit.thumbnail and edit.thumbnail.parent == edit.job.folder
    small = sniff(edit.thumbnail.read_bytes())
    assert (small.format, max(small.width, small.height)) == ("jpg", 256) and len(small.data) < 30000
    assert not thumbnails.is_missing(edit.job, 0)


def test_a_result_that_is_no_picture_is_tried_once(journal: Journal) -> None:
    made(journal, data=b"no picture")
    (edit,) = History(journal).page(Query()).edits
    thumbnails.make_missing([(edit.job, 0)], imaging.thumbnail, CancelToken())
    assert not thumbnails.is_missing(edit.job, 0) and thumbnails.file(edit.job, 0) is None


def test_a_result_that_is_away_is_tried_again(journal: Journal, photo_job: str) -> None:
    (edit,) = History(journal).page(Query()).edits
    assert edit.entry.result_file
    data = edit.entry.result_file.read_bytes()
    edit.entry.result_file.unlink()
    thumbnails.make_missing([(edit.job, 0)], imaging.thumbnail, CancelToken())
    assert thumbnails.is_missing(edit.job, 0)
    edit.entry.result_file.write_bytes(data)
    thumbnails.make_missing([(edit.job, 0)], imaging.thumbnail, CancelToken())
    assert thumbnails.file(edit.job, 0)


def test_no_thumbnail_is_made_after_a_stop_or_in_a_job_that_is_gone(journal: Journal, photo_job: str) -> None:
    (edit,) = History(journal).page(Query()).edits
    stopped = CancelToken()
    stopped.cancel()
    thumbnails.make_missing([(edit.job, 0)], imaging.thumbnail, stopped)
    assert thumbnails.is_missing(edit.job, 0)

    def slow(file: Path, side: int) -> bytes:
        shutil.copy(file, journal.home / "kept")
        shutil.rmtree(edit.job.folder)
        raise PictureError("gone")

    thumbnails.make_missing([(edit.job, 0)], slow, CancelToken())
    thumbnails.keep(edit.job, 0, b"late")
    assert not edit.job.folder.exists()


def test_a_result_whose_entry_is_lost_is_left_alone(journal: Journal, photo_job: str) -> None:
    (edit,) = History(journal).page(Query()).edits
    (edit.job.folder / "job.json").unlink()
    thumbnails.keep(edit.job, 0, b"late")
    assert sorted(path.name for path in edit.job.folder.iterdir() if path.suffix != ".lock") == ["result-1.png"]


def test_a_transparent_result_stands_over_white(tmp_path: Path) -> None:
    file = tmp_path / "clear.png"
    Image.new("RGBA", (600, 20), (0, 0, 0, 0)).save(file)
    (tmp_path / "small.jpg").write_bytes(imaging.thumbnail(file, 256))
    with Image.open(tmp_path / "small.jpg") as small:
        assert small.size == (256, 9) and small.getpixel((5, 5)) == (255, 255, 255)


def test_a_star_outlives_a_version_that_knows_none(journal: Journal) -> None:
    job_id = made(journal)
    journal.mark(job_id, [0], starred=True)
    job = journal.job(job_id)
    assert job and job.edits[0].starred
    stored = json.loads((job.folder / "job.json").read_text())
    del stored["edits"][0]["starred"], stored["edits"][0]["deleted"], stored["pattern"]
    (job.folder / "job.json").write_text(json.dumps(stored))
    older = journal.job(job_id)
    assert older == dataclasses.replace(job, edits=(dataclasses.replace(job.edits[0], starred=False),))

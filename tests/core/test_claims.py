"""Claims: of many workers one owns a file, a dead one is taken over with what it had noted, none stays for ever."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from shared.errors import StorageError
from shared.storage import claims, processes
from shared.storage.claims import Claim

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "out [#1]"  # letters that mean something to a glob
    folder.mkdir()
    return folder / "shot_[0001].png"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PULSE", 0.05)
    monkeypatch.setattr(claims, "DEAD_AFTER", 0.4)


@pytest.fixture(autouse=True)
def nothing_beats_on() -> Iterator[None]:
    yield
    for claim in list(claims._hearts._claims):
        claims._hearts.discard(claim)


def left(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


def taken(file: Path) -> Claim:
    claim = Claim.take(file)
    assert claim is not None
    return claim


def taken_by_a_stranger(file: Path, monkeypatch: pytest.MonkeyPatch, **facts: object) -> Claim:
    """A claim of a machine that this one can't look into, whose heart has stopped."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(processes, "session_name", lambda pid=None: "farm-7/0123456789ab/42/4711")
        claim = taken(file)
    claims._hearts.discard(claim)
    assert claim.note(**facts)
    return claim


def test_one_has_it_and_the_next_one_gets_it_after_the_release(file: Path) -> None:
    first = taken(file)
    assert first.before == {} and first.stands() and claims.is_left(file)
    assert Claim.take(file) is None
    first.release()
    assert not first.stands() and left(file) == [] and not claims.is_left(file)
    second = taken(file)
    assert not first.note(state="late")
    first.release()
    assert second.stands()
    second.release()
    assert left(file) == []


def test_the_claim_says_whose_it_is(file: Path) -> None:
    claim = taken(file)
    claim.note(job="20260101-000000-abc", state="submitting")
    (name,) = left(file)
    assert name == ".shot_[0001].png.claim"
    first, second = (json.loads(line) for line in (file.parent / name).read_text().splitlines())
    assert first["process"] == processes.session_name()
    assert second["facts"] == {"job": "20260101-000000-abc", "state": "submitting"}


def test_a_folder_that_takes_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be written"):
        Claim.take(tmp_path / "nowhere" / "shot.png")


def _take_and_wait(file: str, ready: Event, facts: dict[str, object]) -> None:
    claim = Claim.take(Path(file))
    assert claim is not None
    claim.note(**facts)
    ready.set()
    time.sleep(60)


def killed_owner(file: Path, **facts: object) -> None:
    ready = SPAWN.Event()
    process = SPAWN.Process(target=_take_and_wait, args=(str(file), ready, facts))
    process.start()
    assert ready.wait(30)
    assert Claim.take(file) is None
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


def test_a_killed_worker_is_taken_over_at_once_with_what_it_had_noted(file: Path) -> None:
    killed_owner(file, job="j", uuids={"0": "abc"})
    claim = taken(file)
    assert claim.before == {"job": "j", "uuids": {"0": "abc"}}
    claim.release()
    assert left(file) == []


def test_what_a_dead_one_noted_reaches_the_one_after_the_next(file: Path) -> None:
    """The second worker was killed before it settled what the first had paid for."""
    killed_owner(file, state="taken", uuids={"0": "abc"})
    killed_owner(file, seen=True)
    claim = taken(file)
    assert claim.before == {"state": "taken", "uuids": {"0": "abc"}, "seen": True}
    assert len(left(file)) == 3
    claim.release()
    assert left(file) == []


def test_one_that_was_left_on_purpose_is_taken_over_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from a machine, or a container, that nobody can look into."""
    stranger = taken_by_a_stranger(file, monkeypatch, state="uncertain")
    stranger.leave()
    claim = taken(file)
    assert claim.before == {"state": "uncertain"} and not stranger.stands()
    assert Claim.take(file) is None


@pytest.mark.parametrize("content", [b"", b'{"token": "abc', b"\xff\x00\n"])
def test_one_killed_before_it_wrote_its_name_is_taken_over_too(file: Path, content: bytes, soon: None) -> None:
    file.with_name(f".{file.name}.claim").write_bytes(content)
    claim = wait_for(file)
    assert claim.before == {}
    claim.release()
    assert left(file) == []


def test_a_note_that_was_cut_by_a_kill_loses_only_itself(file: Path) -> None:
    killed_owner(file, state="taken")
    with next(file.parent.iterdir()).open("ab") as claim_file:
        claim_file.write(b'{"facts": {"uu')
    assert taken(file).before == {"state": "taken"}


def wait_for(file: Path) -> Claim:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        claim = Claim.take(file)
        if claim:
            return claim
        time.sleep(0.02)
    raise AssertionError("never taken over")


def test_a_silent_machine_is_taken_over_after_a_while(file: Path, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = taken_by_a_stranger(file, monkeypatch, state="submitting")
    started = time.monotonic()
    claim = wait_for(file)
    assert time.monotonic() - started >= 0.4
    assert claim.before == {"state": "submitting"}
    # The machine wakes up again: it must not pay, and it takes nothing away.
    assert not stranger.stands()
    stranger.release()
    assert claim.stands()


def test_a_machine_whose_heart_beats_is_left_alone(file: Path, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = taken_by_a_stranger(file, monkeypatch)
    claims._hearts.add(stranger)
    deadline = time.monotonic() + 1.2
    while time.monotonic() < deadline:
        assert Claim.take(file) is None
        time.sleep(0.02)


def test_neither_a_wrong_nor_a_jumping_clock_kills(file: Path, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only whether the time of change *changes* counts, not what it is."""
    stranger = taken_by_a_stranger(file, monkeypatch)
    (name,) = left(file)
    deadline = time.monotonic() + 1.2
    for number in range(1000):
        if time.monotonic() > deadline:
            break
        os.utime(file.parent / name, (number % 7, 4e9 if number % 2 else number))
        assert Claim.take(file) is None
        time.sleep(0.02)
    assert stranger.stands()


def test_an_observer_who_slept_watches_anew(file: Path, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "LONGEST_GAP", 0.2)
    taken_by_a_stranger(file, monkeypatch)
    assert Claim.take(file) is None
    threading.Event().wait(0.6)  # both were suspended, and the observer is the first to wake up
    assert Claim.take(file) is None


def test_a_heart_stops_with_its_claim(file: Path, soon: None) -> None:
    claim = taken(file)
    path = next(file.parent.iterdir())
    path.unlink()
    assert not claim.beat() and left(file) == []
    taken(file)
    assert not claim.beat()


def test_a_name_as_long_as_names_can_be_is_claimed_and_taken_over(tmp_path: Path) -> None:
    file = tmp_path / f"{'ä' * 125}.png"
    killed_owner(file, state="taken")
    killed_owner(file, uuids={"0": "abc"})
    claim = taken(file)
    assert claim.before == {"state": "taken", "uuids": {"0": "abc"}} and claims.is_left(file)
    other = taken(file.with_name(f"{'ä' * 124}x.png"))
    claim.release()
    assert other.stands()
    other.release()
    assert left(file) == []


def test_a_link_whose_release_was_cut_is_swept_by_the_next_owner(file: Path) -> None:
    file.with_name(f".{file.name}.claim-0123").write_bytes(b"")
    other = file.with_name(f".{file.name}2.claim-0123")
    other.write_bytes(b"")
    taken(file).release()
    assert left(file) == [other.name]


# Many at once.

WORKERS, ROUNDS, FILES, SECONDS = 8, 1000, 3, 40.0


def _rounds(folder: str, number: int, rounds: int, seed: int) -> None:
    """Takes, proves with a file of its own that nobody else has it, and releases; some die in the middle."""
    chance = random.Random(seed)
    root = Path(folder)
    done = 0
    while done < rounds:
        file = root / f"shot{chance.randrange(FILES)}.png"
        claim = Claim.take(file)
        if claim is None:
            continue
        done += 1
        inside = root / f"{file.name}.inside"
        try:
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            owner = inside.read_text()
            # What a killed one left; one that lives would be a second owner.
            if owner and processes.is_alive(owner) is not False:
                (root / f"two-owners-{number}-{done}").write_text(f"{owner} and {processes.session_name()}")
        inside.write_text(processes.session_name())
        claim.note(round=done)
        if chance.random() < 0.01:
            os.kill(os.getpid(), signal.SIGKILL)
        inside.unlink()
        with (root / f"rounds-{number}").open("a") as rounds_file:
            rounds_file.write(".")
        claim.release()
        if chance.random() < 0.005:
            os.kill(os.getpid(), signal.SIGKILL)


def _killed_anywhere(folder: str, seed: int) -> None:
    """Takes and releases without a pause, until it is killed from outside, wherever it is then."""
    chance = random.Random(seed)
    while True:
        claim = Claim.take(Path(folder) / f"shot{chance.randrange(FILES)}.png")
        if claim:
            claim.note(at=chance.random())
            claim.release()


def test_never_two_owners_and_no_claim_for_ever(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    numbers = iter(range(10_000))

    def start(number: int, rounds: int) -> multiprocessing.process.BaseProcess:
        process = SPAWN.Process(target=_rounds, args=(str(root), number, rounds, next(numbers)))
        process.start()
        return process

    def done() -> int:
        return sum(len(path.read_text()) for path in root.glob("rounds-*"))

    running = {number: start(number, ROUNDS // WORKERS) for number in range(WORKERS)}
    wild = [SPAWN.Process(target=_killed_anywhere, args=(str(root), 1000 + number)) for number in range(2)]
    for process in wild:
        process.start()
    deadline = time.monotonic() + SECONDS
    killed = 0
    while done() < ROUNDS and time.monotonic() < deadline:
        for number, process in list(running.items()):
            process.join(0.02)
            if process.exitcode == -signal.SIGKILL:
                killed += 1
                running[number] = start(number, 50)
            else:
                assert process.exitcode in (None, 0)
                if process.exitcode == 0:
                    running[number] = start(number, 50)
    for process in (*running.values(), *wild):
        process.kill()
        process.join(10)
    assert not list(root.glob("two-owners-*"))
    assert killed and done() >= ROUNDS, f"{killed} killed, {done()} rounds in {SECONDS} s"
    for number in range(FILES):
        wait_for(root / f"shot{number}.png").release()
    assert not list(root.glob(".*"))

"""Many workers on one output folder, killed at any moment: no frame is paid for twice, none is forgotten.

What a worker does for a frame is what the command does (`blender_addon/command/making.py`), without pictures.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from shared.storage.claims import Claim
from tests.faults import Cells, Recovered

SPAWN = multiprocessing.get_context("spawn")
WORKERS = 8


def _perhaps_die(chance: random.Random) -> None:
    if chance.random() < 0.004:
        os.kill(os.getpid(), signal.SIGKILL)


def _work(folder: str, frames: int, seed: int) -> None:
    """Makes every frame that nobody has made; dies at any step."""
    root, chance = Path(folder), random.Random(seed)
    remaining = list(range(frames))
    chance.shuffle(remaining)
    while remaining:
        frame = remaining.pop()
        file = root / "out" / f"{frame:04d}.png"
        if file.exists() or (root / "told" / str(frame)).exists():
            continue
        claim = Claim.take(file)
        if claim is None:
            remaining.insert(0, frame)
            continue
        _perhaps_die(chance)
        if file.exists():
            claim.release()
            continue
        uuid = str(claim.before.get("uuid") or "")
        if not uuid:
            if claim.before.get("state") == "submitting":  # perhaps paid for, and can't be found again: told, not paid
                (root / "told" / str(frame)).touch()
                claim.leave()
                continue
            if not (claim.stands() and claim.note(state="submitting")):
                remaining.insert(0, frame)
                continue
            _perhaps_die(chance)
            with (root / "paid").open("ab", buffering=0) as ledger:  # the submit
                ledger.write(f"{frame}\n".encode())
            _perhaps_die(chance)
            uuid = f"uuid-{frame}"
            claim.note(state="taken", uuid=uuid)
        _perhaps_die(chance)
        part = file.with_name(f".{seed}.part")
        part.write_text(uuid)
        part.replace(file)
        _perhaps_die(chance)
        claim.release()


@pytest.mark.parametrize("frames", [60, pytest.param(1000, marks=pytest.mark.full)])
def test_eight_workers_of_whom_some_are_killed(tmp_path: Path, cell: Cells, frames: int) -> None:
    with cell("command × 8", "whole", f"{frames} frames claimed, paid and released, workers killed -9") as found:
        for name in ("out", "told"):
            (tmp_path / name).mkdir()
        seeds = iter(range(10_000))

        def start() -> multiprocessing.process.BaseProcess:
            process = SPAWN.Process(target=_work, args=(str(tmp_path), frames, next(seeds)))
            process.start()
            return process

        running, killed = [start() for _ in range(WORKERS)], 0
        deadline = time.monotonic() + 240
        while running and time.monotonic() < deadline:
            for process in list(running):
                process.join(0.05)
                if process.exitcode is None:
                    continue
                running.remove(process)
                assert process.exitcode in (0, -signal.SIGKILL)
                if process.exitcode:
                    killed += 1
                    running.append(start())
        late = [process for process in running if process.is_alive()]
        for process in late:
            process.kill()
        assert not late, "not done in time"
        assert killed or frames < 1000
        paid = (tmp_path / "paid").read_text().split()
        made = {int(path.stem) for path in (tmp_path / "out").glob("*.png")}
        told = {int(path.name) for path in (tmp_path / "told").iterdir()}
        assert len(paid) == len(set(paid)), "paid twice"
        assert made | told == set(range(frames)), "forgotten"
        for frame in range(frames):  # what is told keeps its claim, for the next worker to be told as well
            claim = Claim.take(tmp_path / "out" / f"{frame:04d}.png")
            assert claim is not None
            assert (claim.before.get("state") == "submitting") == (frame in told)
            claim.release()
        assert not list((tmp_path / "out").glob(".*claim*")), "a lock is left"
        equal = all((tmp_path / "out" / f"{frame:04d}.png").read_text() == f"uuid-{frame}" for frame in made)
        unpaid = [frame for frame in told if str(frame) not in paid]  # killed just before the submit
        found.end(
            submits=len(paid), asked=frames - len(unpaid), recovered=Recovered.FETCHED, equal=equal and len(made) > 0
        )

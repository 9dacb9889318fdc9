"""The cache folder that outlives checkouts, its locks, and the progress lines. Knows nothing of what is cached."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .place import Process

Say = Callable[[str], None]
"""Takes one progress line for a person."""

# A cold root takes one to three minutes on a good line; this allows for a line twenty times slower.
MAKING_DEADLINE = 40 * 60.0
_HEARTBEAT = 15.0


@dataclass(frozen=True)
class Missing:
    """Stands where a host would be. It is false, and says in one line why there is none."""

    name: str
    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.name} is missing: {self.reason}"


class MakingError(Exception):
    """A host could not be made; the message is one line for a person."""


def hosts_folder() -> Path:
    """`$XDG_CACHE_HOME/fluxdepth/hosts`, made when missing."""
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "fluxdepth" / "hosts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def say(line: str) -> None:
    """A progress line on the standard error, so that the standard output stays free for results."""
    print(f"[hosts] {line}", file=sys.stderr, flush=True)


def lock_or_none(name: str) -> IO[str] | None:
    """Take the lock of that name, held until the returned file is closed; None when another process holds it."""
    file = (hosts_folder() / f".{name}.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextlib.contextmanager
def lock(name: str) -> Iterator[int]:
    """Hold the maker's lock for `name`: one process makes it, the others wait and then find it made.

    Yields the lock's file descriptor. A command that inherits it holds the lock too, so that nobody starts anew while
    the command of a killed maker is still at work.
    """
    deadline = time.monotonic() + MAKING_DEADLINE
    waiting = False
    while (held := lock_or_none(name)) is None:
        if time.monotonic() > deadline:
            raise MakingError(f"another process has been making {name} for too long")
        if not waiting:
            say(f"{name}: another process is making it, waiting")
            waiting = True
        time.sleep(0.5)
    with held:
        yield held.fileno()


def finish(process: Process, log: Path, what: str) -> None:
    """Wait for a slow command that writes to `log`, telling every some seconds what it is at.

    Raises MakingError with the last words of the log when it fails or passes the deadline.
    """
    started = heard = time.monotonic()
    with process:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
                    break
                now = time.monotonic()
                if now - started > MAKING_DEADLINE:
                    raise MakingError(f"{what} took more than {MAKING_DEADLINE / 60:.0f} minutes, see {log}")
                if now - heard > _HEARTBEAT:
                    heard = now
                    say(f"{what}: {now - started:.0f} s … {_last_line(log)}")
        finally:
            process.kill()
    if process.returncode != 0:
        raise MakingError(f"{what} failed (exit {process.returncode}): {_last_line(log)} (all of it in {log})")


def _last_line(log: Path) -> str:
    """The last line that says something; apt's errors start with `E:` and come before its advice."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines[-30:] if line.startswith(("E:", "ERROR:"))]
    return (errors or lines or ["(no output)"])[-1][:200]

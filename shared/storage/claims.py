"""Who makes a file: a claim beside it, taken before anything is paid for, so that two workers never pay for one file.

The claim on ``shot.png`` is ``.shot.png.claim`` (a hash stands for a very long name), created exclusively: of any
number of workers, on one machine or on a farm that shares the folder, one gets it. It holds one JSON object a line, the
first with the owner's *token* and process, the next with the facts that the owner notes (job, state, ids of what is
paid for). It is only ever created, appended to and removed, never renamed over: so no slow worker can put its own in
the place of another's.

A dead owner's claim is not removed but continued: whoever creates ``.shot.png.claim-<token of the dead>`` owns the
chain now, and knows what the dead one had noted. The end of the chain is the owner, for everybody who walks it.

An owner shows that it lives by a heartbeat, the claim's time of change. An observer looks only at whether that value
*changes*, by its own clock that never jumps; the clocks of two machines need not agree. This module knows no job.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..language import tr
from . import files, processes

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends else
PULSE = 10.0  # s between two heartbeats; a network folder hardly feels one small call for each claim
DEAD_AFTER = 120.0  # s without a heartbeat: longer than a network folder's caches, and than most hiccups of one
LONGEST_GAP = 60.0  # s between two looks; longer, and it may be the observer who slept: it starts to watch anew
LONGEST_NAME = 200  # bytes; file systems take 255, and a link of a chain has 40 more than the file
ATTEMPTS = 20  # to catch up with a chain that others change; each needs another worker at the same file just then


@dataclass(frozen=True)
class _Link:
    """One claim of a chain, as it was read. ``stamp`` changes with every heartbeat and every note."""

    path: Path
    token: str
    process: str
    facts: Mapping[str, Any]
    stamp: tuple[int, int]
    left: bool  # by its owner, on purpose


class Claim:
    """A claim that this process has taken. Its heart beats until :meth:`release`."""

    def __init__(self, file: Path, path: Path, token: str, before: Mapping[str, Any]) -> None:
        self.file = file
        self.before = before
        self._path = path
        self._token = token
        self._mutex = threading.Lock()

    @classmethod
    def take(cls, file: Path) -> Claim | None:
        """The claim on ``file``, or None while another worker that lives has it.

        ``before`` of the claim holds the facts that dead owners had noted and nobody has settled since. Call it again
        and again (at least each :data:`LONGEST_GAP` s) to find out whether an owner on another machine is dead. The
        folder of ``file`` must be there. Raises :class:`StorageError` when it can't be written or read.
        """
        for _ in range(ATTEMPTS):
            chain = list(_chain(file))
            if chain and not _is_dead(chain[-1]):
                return None
            path, before = (_after(file, chain[-1]), chain[-1].facts) if chain else (_head(file), {})
            token = uuid.uuid4().hex
            if not _create(path, token, before):
                continue
            if _owner(file) == token:
                claim = cls(file, path, token, before)
                _hearts.add(claim)
                return claim
            _remove(path)  # the chain that it continued was released meanwhile
        return None

    def stands(self) -> bool:
        """Whether this process still owns the file; look right before anything is paid for.

        It does not when this process stood still for so long that others took it for dead. Raises
        :class:`StorageError` when that can't be told.
        """
        return _owner(self.file) == self._token

    def note(self, **facts: Any) -> bool:
        """Writes facts (JSON) into the claim, for whoever takes it over. False when it is no longer there.

        Raises :class:`StorageError`.
        """
        return self._append({"facts": facts})

    def _append(self, content: Mapping[str, Any]) -> bool:
        line = json.dumps(content).encode() + b"\n"
        try:
            with self._mutex:
                # Looked at and written through one handle: what took its place meanwhile can't be hit.
                handle = os.open(self._path, os.O_RDWR | os.O_APPEND | _BINARY)
                with os.fdopen(handle, "r+b", buffering=0) as opened:
                    if _token_in(opened.readline()) != self._token:
                        return False
                    opened.write(line)
                    os.fsync(opened.fileno())
                    return True
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise _storage_error(self._path, exc) from exc

    def leave(self) -> None:
        """Lets the claim lie with its facts, for whoever takes it over, which may be at once."""
        _hearts.discard(self)
        with contextlib.suppress(StorageError):  # it is dead then when its heart has stopped for long enough
            self._append({"left": True})

    def release(self) -> None:
        """Gives the file up: it is made, or it is not going to be. What others hold by now is left alone."""
        _hearts.discard(self)
        with contextlib.suppress(StorageError, OSError):
            # Listed first: what comes later belongs to others. Among them are links that a killed worker left behind.
            links = list(self.file.parent.glob(f"{_escaped(_head(self.file).name)}-*"))
            if not self.stands():
                return
            # The head goes first: without it the rest is no chain, and nobody can continue it.
            for path in (_head(self.file), *links):
                _remove(path)

    def beat(self) -> bool:
        """Shows that its owner lives; False when the claim is gone or another's."""
        link = _read(self._path)
        if link is None or link.token != self._token:
            return False
        with contextlib.suppress(FileNotFoundError):
            os.utime(self._path)
        return True


def is_left(file: Path) -> bool:
    """Whether there is a claim on ``file``, of a worker that lives or of one that was killed."""
    return _head(file).exists()


class _Hearts:
    """One thread that keeps the heartbeats of all claims of this process."""

    def __init__(self) -> None:
        self._claims: set[Claim] = set()
        self._mutex = threading.Lock()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, claim: Claim) -> None:
        with self._mutex:
            self._claims.add(claim)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fluxdepth-claims", daemon=True)
                self._thread.start()

    def discard(self, claim: Claim) -> None:
        with self._mutex:
            self._claims.discard(claim)
            if not self._claims:
                self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.wait(PULSE)
            with self._mutex:
                self._changed.clear()
                if not self._claims:
                    self._thread = None
                    return
                claims = list(self._claims)
            for claim in claims:
                alive = True
                with contextlib.suppress(OSError, StorageError):  # a folder that is away for a moment: the next beat
                    alive = claim.beat()
                if not alive:
                    with self._mutex:
                        self._claims.discard(claim)


_hearts = _Hearts()


@dataclass
class _Watch:
    """What an observer remembers of another's claim. Times are time.monotonic()."""

    token: str
    stamp: tuple[int, int]
    since: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)


_watched: dict[Path, _Watch] = {}


def _is_dead(link: _Link) -> bool:
    """Whether the owner of the chain that ends with ``link`` is known to be gone, or has been silent for too long."""
    if link.left or (link.process and processes.is_alive(link.process) is False):
        _watched.pop(link.path, None)
        return True
    now = time.monotonic()
    watch = _watched.get(link.path)
    if watch is None or (watch.token, watch.stamp) != (link.token, link.stamp) or now - watch.last > LONGEST_GAP:
        _watched[link.path] = _Watch(link.token, link.stamp)
        return False
    watch.last = now
    if now - watch.since < DEAD_AFTER:
        return False
    del _watched[link.path]
    return True


# The files.


def _head(file: Path) -> Path:
    name = file.name
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return file.with_name(f".{name}.claim")


def _after(file: Path, link: _Link) -> Path:
    head = _head(file)
    return head.with_name(f"{head.name}-{link.token}")


def _chain(file: Path) -> Iterator[_Link]:
    """The claims on ``file`` from the first to the one that counts."""
    link = _read(_head(file))
    while link:
        yield link
        link = _read(_after(file, link))


def _owner(file: Path) -> str:
    """The token of the claim that counts; empty when there is none."""
    token = ""
    for link in _chain(file):
        token = link.token
    return token


def _create(path: Path, token: str, facts: Mapping[str, Any]) -> bool:
    """False when it is there already."""
    line = json.dumps({"token": token, "process": processes.session_name(), "facts": dict(facts)}).encode() + b"\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        try:
            with os.fdopen(handle, "wb", buffering=0) as opened:
                opened.write(line)
                os.fsync(opened.fileno())
        except BaseException:
            _remove(path)
            raise
    except FileExistsError:
        return False
    except OSError as exc:
        raise _storage_error(path, exc) from exc
    return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # gone already, or Windows holds it open for a reader: it is taken over then
        path.unlink()


def _read(path: Path) -> _Link | None:
    """The claim in ``path``; None when there is none. Raises :class:`StorageError`."""
    try:
        status = path.stat()
        first, *more = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise _storage_error(path, exc) from exc
    stamp = (status.st_mtime_ns, status.st_size)
    owner = _object(first)
    facts = dict(owner.get("facts") or {})
    notes = [_object(line) for line in more]  # the last one may have been cut by a kill
    for note in notes:
        facts.update(note.get("facts") or {})
    # One that was killed between creating and writing has no token; the time of that moment stands for it.
    token = _token_in(first) or f"none-{stamp[0]:x}"
    left = any(note.get("left") for note in notes)
    return _Link(path, token, str(owner.get("process") or ""), facts, stamp, left)


def _token_in(line: bytes) -> str:
    return str(_object(line).get("token") or "")


def _object(line: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = files.parsed(line)
        if isinstance(found, dict):
            return found
    return {}


def _escaped(name: str) -> str:
    """``name`` for a glob that means it literally."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _storage_error(path: Path, exc: OSError) -> StorageError:
    words = tr("“{path}” can't be written: {reason}.")
    return StorageError(words.format(path=path.parent, reason=exc.strerror or exc))

"""What the service already has: the path of each uploaded picture, so that an unchanged one is not sent again."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from . import files, locks

FILE = "uploads.json"
KEPT = 100
LOCK_WAIT = 5.0  # s; others hold the lock only to write one small file


def known(home: Path, account: str) -> str | None:
    """The path under which the service has a picture; ``account`` is :meth:`Client.account`'s name for it."""
    path = _stored(home).get(account)
    return path if isinstance(path, str) else None


def remember(home: Path, account: str, path: str | None) -> None:
    """Notes, or with None forgets, where the service has a picture. Raises :class:`StorageError`."""
    lock = locks.acquired(home, LOCK_WAIT, "uploads.lock")
    try:
        uploads = _stored(home)
        uploads.pop(account, None)
        if path is not None:
            uploads[account] = path
        kept = dict(list(uploads.items())[-KEPT:])
        files.write_by_rename(home / FILE, json.dumps(kept, indent=1).encode())
    finally:
        lock.release()


def _stored(home: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        stored = files.parsed((home / FILE).read_bytes())
        if isinstance(stored, dict):
            return stored
    return {}

"""The data folder, and files that are written whole or not at all. Knows no journal and no setting."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
import uuid
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..language import number, tr

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends else
AT_ONCE = 1024 * 1024  # bytes that are copied
LARGE = 1024 * 1024  # bytes; less is written again faster than it is looked for
RENAME_PATIENCE = 2.0  # s; a reader holds a file of some KB for a moment only


class Spooled:
    """Bytes that wait on the disk, not in memory, in a file without a name that goes when this does.

    Several threads may read it. Making it from its ``parts`` raises OSError, as reading does.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._mutex = threading.Lock()
        self._file = tempfile.TemporaryFile(prefix="fluxdepth-")  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        for part in parts:
            self._file.write(part)
        self._file.flush()

    def __len__(self) -> int:
        with self._mutex:
            return self._file.seek(0, os.SEEK_END)

    def parts(self) -> Iterator[bytes]:
        with self._mutex:
            self._file.seek(0)
            while part := self._file.read(AT_ONCE):
                yield part

    def read(self) -> bytes:
        with self._mutex:
            self._file.seek(0)
            return self._file.read()


def home() -> Path:
    """The data folder: ``FLUXDEPTH_HOME``, else the platform's folder for a user's data. It may not exist yet."""
    chosen = os.environ.get("FLUXDEPTH_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("fluxdepth", appauthor=False))


def parsed(data: bytes | str) -> Any:
    """The JSON in ``data``. Raises ValueError for whatever is none, also for what is nested deeper than can be read."""
    try:
        return json.loads(data)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc


def write_by_rename(path: Path, data: bytes | Spooled, *, private: bool = True) -> None:
    """Replaces ``path`` whole or not at all, its folder made when missing. Raises :class:`StorageError`.

    In the data folder only the owner may read: prompts and pictures are nobody else's, and one file is the key. With
    ``private`` off the file is as readable as any that the artist's programs write.
    """
    try:
        if private:
            make_private_folder(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{uuid.uuid4().hex}.part")  # never longer than a name may be
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600 if private else 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                for part in _parts(data):
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            _replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as exc:
        words = tr("“{path}” can't be written: {reason}.")
        raise StorageError(words.format(path=path, reason=exc.strerror or exc)) from exc


def write_or_link(path: Path, data: bytes | Spooled, others: Iterable[Path]) -> None:
    """As :func:`write_by_rename`; but what is large and has the bytes of one of ``others`` becomes a link to it.

    So none of them may ever be written in place. Raises :class:`StorageError`.
    """
    for other in others if len(data) >= LARGE else ():
        with contextlib.suppress(OSError):  # gone meanwhile, or its disk knows no links
            if other.stat().st_size == len(data) and _same(other, data):
                path.hardlink_to(other)
                return
    write_by_rename(path, data)


def _same(path: Path, data: bytes | Spooled) -> bool:
    with path.open("rb") as file:
        return all(file.read(len(part)) == part for part in _parts(data))


def _parts(data: bytes | Spooled) -> Iterable[bytes]:
    return (data,) if isinstance(data, bytes) else data.parts()


def make_private_folder(path: Path) -> None:
    """Makes ``path`` and what lies above it; what is made is for its owner only. Raises OSError.

    The data folder and its own folders are for their owner only, whatever made them.
    """
    for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(exist_ok=True)  # a file in its place is an error
    data_folder = home()
    for folder in (path, *path.parents):
        if folder == data_folder or data_folder in folder.parents:
            with contextlib.suppress(OSError):  # another user's, or a disk that knows no modes
                if folder.stat().st_mode & 0o077:
                    folder.chmod(0o700)


def _replace(temporary: Path, path: Path) -> None:
    """Renames; waits a little when Windows refuses because another program is just reading ``path``."""
    deadline = time.monotonic() + RENAME_PATIENCE
    while True:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def require_room(folder: Path, size: int) -> None:
    """Raises :class:`StorageError` when the disk of ``folder`` has less than ``size`` bytes left.

    ``folder`` need not exist yet. A disk that does not tell is taken to have room.
    """
    existing = next((one for one in (folder, *folder.parents) if one.exists()), None)
    try:
        free = shutil.disk_usage(existing).free if existing else size
    except OSError:
        return
    if free < size:
        words = tr("There is too little room in “{folder}”: {free} MB left, and {size} MB may be needed.")
        raise StorageError(
            words.format(folder=folder, free=number(free / 1e6), size=number(size / 1e6)),
            tr("Free some space, then try again."),
        )

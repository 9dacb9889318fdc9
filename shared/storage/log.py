"""The debug log: a file in the data folder, from which the API key and signed addresses are kept out.

It is turned over when a job starts and not while one writes: two hosts may have it open, and Windows renames no open
file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import quote

from . import files

LOGGER = logging.getLogger("fluxdepth")
LOGGER.propagate = False  # a host's console is not the place
LOGGER.addHandler(logging.NullHandler())

LARGEST = 1_000_000  # bytes; the one before it is kept too

_WORD = re.compile(r"[^\s\"']+")
_END_OF_QUERY = re.compile(r"[<>]")


class _Redacting(logging.Formatter):
    """Formats a record, then cuts out the secrets, wherever they stand: message, arguments or traceback."""

    def __init__(self, secrets: set[str]) -> None:
        super().__init__("%(asctime)s %(process)d %(threadName)s %(levelname)s %(message)s")
        self.secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self.secrets)


_secrets: set[str] = set()


def redact(text: str, secrets: set[str] | None = None) -> str:
    """``text`` with each secret and the query of each address replaced; a presigned address is a key to its file."""
    for secret in _secrets if secrets is None else secrets:
        for form in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            text = text.replace(form, "[key]")
    return _WORD.sub(_without_queries, text)


def _without_queries(word: re.Match[str]) -> str:
    """A word with the query of each address cut out: what stands behind a path (a slash) and a question mark.

    Each character is looked at once or twice: a regular expression for the whole address would go back over every
    slash of a long text, under Python's lock.
    """
    rest, kept = word[0], []
    while rest:
        path, mark, query = rest.partition("?")
        if not mark or "/" not in path:
            kept.append(path + mark)
            rest = query
            continue
        end = _END_OF_QUERY.search(query)
        kept.append(f"{path}?[redacted]")
        rest = query[end.start() :] if end else ""
    return "".join(kept)


def log_file(home: Path) -> Path:
    return home / "log" / "fluxdepth.log"


class _PrivateFile(logging.FileHandler):
    """The log file, which only its owner may read, as prompts and addresses are nobody else's."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600))

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is told by the journal."""


_mutex = threading.Lock()


def start(home: Path, secret: str = "") -> None:
    """Writes the log into ``home`` from now on and never writes ``secret``. May be called by any thread, at any time.

    A log that can't be written is no reason to stop an edit: it stays away.
    """
    if secret:
        _secrets.add(secret)
    path = log_file(home)
    with _mutex:
        for handler in list(LOGGER.handlers):
            if isinstance(handler, _PrivateFile):
                if Path(handler.baseFilename) == path.absolute() and not _too_large(path):
                    return
                LOGGER.removeHandler(handler)
                handler.close()
        try:
            files.make_private_folder(path.parent)
            if _too_large(path):
                with contextlib.suppress(OSError):  # open in another program: then it grows on
                    path.replace(path.with_suffix(".1.log"))
            new = _PrivateFile(path, encoding="utf-8")
            path.chmod(0o600)  # one that an earlier version began
        except OSError:
            return
        new.setFormatter(_Redacting(_secrets))
        LOGGER.addHandler(new)
        LOGGER.setLevel(logging.DEBUG)


def _too_large(path: Path) -> bool:
    """Whether it has to be turned over, or made anew because somebody removed it."""
    try:
        return path.stat().st_size > LARGEST
    except OSError:
        return True

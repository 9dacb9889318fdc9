"""The debug log: a file in the data folder, from which the API key and signed addresses are kept out.

It is turned over when a job starts and not while one writes: two hosts may have it open, and Windows renames no open
file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from pathlib import Path
from urllib.parse import quote

LOGGER = logging.getLogger("fluxdepth")
LOGGER.propagate = False  # a host's console is not the place
LOGGER.addHandler(logging.NullHandler())

LARGEST = 1_000_000  # bytes; the one before it is kept too

# The query of an address, whole or as "host … url: /path?query" in a message of urllib3.
_QUERY = re.compile(r"(https?:\\?/\\?/[^\s\"'?]+|/[^\s\"'?]*)\?[^\s\"'<>]*")


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
    return _QUERY.sub(r"\1?[redacted]", text)


def log_file(home: Path) -> Path:
    return home / "log" / "fluxdepth.log"


def start(home: Path, secret: str = "") -> None:
    """Writes the log into ``home`` from now on and never writes ``secret``.

    A log that can't be written is no reason to stop an edit: it stays away.
    """
    if secret:
        _secrets.add(secret)
    path = log_file(home)
    for handler in LOGGER.handlers:
        if isinstance(handler, logging.FileHandler):
            LOGGER.removeHandler(handler)
            handler.close()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # missing, or open in another program: then it grows on
            if path.stat().st_size > LARGEST:
                path.replace(path.with_suffix(".1.log"))
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(_Redacting(_secrets))
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk is told by the journal
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)

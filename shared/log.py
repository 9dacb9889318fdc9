"""The debug log: one rotating file in the data folder, from which the API key and signed addresses are kept out."""

from __future__ import annotations

import logging
import logging.handlers
import re
from pathlib import Path

LOGGER = logging.getLogger("fluxdepth")
LOGGER.propagate = False  # a host's console is not the place
LOGGER.addHandler(logging.NullHandler())

_QUERY = re.compile(r"(https?://[^\s\"'?]+)\?[^\s\"'<>]*")


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
        text = text.replace(secret, "[key]")
    return _QUERY.sub(r"\1?[redacted]", text)


def log_file(home: Path) -> Path:
    return home / "log" / "fluxdepth.log"


def start(home: Path, secret: str = "") -> None:
    """Writes the log into ``home`` from now on (2 files of at most 1 MB) and never writes ``secret``.

    A log that can't be written is no reason to stop an edit: it stays away.
    """
    if secret:
        _secrets.add(secret)
    path = log_file(home)
    for handler in LOGGER.handlers:
        if isinstance(handler, logging.handlers.RotatingFileHandler):
            if Path(handler.baseFilename) == path.absolute():
                return
            LOGGER.removeHandler(handler)
            handler.close()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(_Redacting(_secrets))
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk is told by the journal
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)

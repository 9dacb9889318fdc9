"""Where the API key comes from and where it is kept: the environment first, then a 0600 file in the data folder.

Nowhere else, so that both hosts see the same key, and no `.blend`, `.xcf`, preset, log or journal can hold it.
"""

from __future__ import annotations

import contextlib
import enum
import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import KeyMissingError, ParameterError, StorageError
from ..language import N_, tr
from . import files

KEY_VARIABLE = "FLUXDEPTH_API_KEY"


class KeySource(enum.Enum):
    """Where a key was found; the value is how it is named, in English."""

    ENVIRONMENT = N_("the environment (FLUXDEPTH_API_KEY)")
    FILE = N_("the key file")


@dataclass(frozen=True)
class ApiKey:
    """A key and where it came from. Its ``repr`` hides the value, so that no traceback or log shows it."""

    value: str = field(repr=False)
    source: KeySource


def key_file() -> Path:
    return files.home() / "key"


def find_key() -> ApiKey | None:
    """The key in force, or None. Raises :class:`StorageError` when what is there can't be read or can't be a key."""
    value = os.environ.get(KEY_VARIABLE, "").strip()
    if value:
        return _found(value, KeySource.ENVIRONMENT)
    try:
        value = key_file().read_text("utf-8-sig").strip()  # an editor may have put a mark in front
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        words = tr("The key file “{path}” can't be read.").format(path=key_file())
        raise StorageError(words, tr("Save the key again in Settings.")) from exc
    return _found(value, KeySource.FILE) if value else None


def _found(value: str, source: KeySource) -> ApiKey:
    if not _plausible(value):
        words = tr("What stands in {place} is no API key.").format(place=tr(source.value))
        raise StorageError(words, tr("Copy it anew from your 1min.ai account."))
    return ApiKey(value, source)


def _plausible(value: str) -> bool:
    """An HTTP header carries it: printable ASCII without spaces."""
    return len(value) >= 8 and all("!" <= character <= "~" for character in value)


def key_or_error() -> ApiKey:
    """The key in force. Raises :class:`KeyMissingError` or :class:`StorageError`."""
    key = find_key()
    if key is None:
        raise KeyMissingError
    return key


def check_key(text: str) -> str:
    """The key in ``text``, which may have spaces and line ends around it, none inside.

    Raises :class:`ParameterError` for what can't be a key.
    """
    value = text.strip()
    if not _plausible(value):
        raise ParameterError(
            tr("This is no API key."),
            tr("Copy it whole from your 1min.ai account, without spaces inside."),
            field="key",
        )
    return value


def save_key(text: str) -> None:
    """Keeps the key in the 0600 file. Raises :class:`ParameterError` for what can't be a key, :class:`StorageError`."""
    files.write_by_rename(key_file(), check_key(text).encode("ascii"))


def forget_key() -> None:
    """Removes the key file, if there is one. Raises :class:`StorageError`."""
    try:
        with contextlib.suppress(FileNotFoundError):
            key_file().unlink()
    except OSError as exc:
        words = tr("The key file “{path}” can't be removed: {reason}.")
        raise StorageError(words.format(path=key_file(), reason=exc.strerror or exc)) from exc

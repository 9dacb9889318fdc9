"""The artist's own presets: one JSON file each in ``<data folder>/presets``, the same for both hosts.

A file's name is only made of the preset's, in letters that every disk takes and tells apart; what counts is the name
inside. What is half written, foreign or of a newer version is told and left alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ParameterError, StorageError
from ...language import tr
from ...model.model import Model
from ...model.presets import LONGEST_NAME, PRESETS, OwnPreset, Preset, checked_name
from .. import files, locks

LARGEST = 1_000_000  # bytes of a file; a long prompt has some thousands
LOCK_WAIT = 5.0  # s; others hold the lock only to write one small file
FILE_NAME = 60  # characters
# What Windows keeps for devices, whatever the ending: learn.microsoft.com, "Naming Files, Paths, and Namespaces".
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")


@dataclass(frozen=True)
class Shelf:
    """The own presets by name, each name once; ``problems`` are sentences about files that can't be used."""

    own: tuple[OwnPreset, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Preset | OwnPreset, ...]:
        """The ready ones, then the own ones."""
        return (*PRESETS, *self.own)

    def find(self, name: str) -> Preset | OwnPreset | None:
        """By its name, or as it is shown, whatever the case."""
        return next((one for one in self.all if _same(name) in (_same(one.name), _same(one.label))), None)


def read(home: Path | None = None) -> Shelf:
    """What is there now. Raises nothing."""
    found: list[OwnPreset] = []
    problems: list[str] = []
    taken = {_same(name) for one in PRESETS for name in (one.name, one.label)}
    for path in _paths(home, problems):
        try:
            preset = OwnPreset.from_json(_content(path), path.name)
        except ValueError as exc:
            problems.append(tr("“{path}” {problem}.").format(path=path, problem=exc))
            continue
        preset = dataclasses.replace(preset, name=_free(preset.name, taken))
        taken.add(_same(preset.name))
        found.append(preset)
    return Shelf(tuple(sorted(found, key=lambda one: _same(one.name))), tuple(problems))


def save(
    name: str,
    model: Model | None,
    values: Mapping[str, object],
    *,
    replace: bool = False,
    home: Path | None = None,
) -> OwnPreset:
    """Keeps ``values`` (by parameter name; a blank text is left out) as the preset ``name``, with its model or without.

    Raises :class:`ParameterError` for a name that can't be, or that there is: an own one is written over with
    ``replace``. Raises :class:`StorageError`.
    """
    kept = {one: value for one, value in values.items() if not (isinstance(value, str) and not value.strip())}
    preset = OwnPreset(checked_name(name), model.name if model else "", kept)
    with _locked(home):
        there = read(home).find(preset.name)
        if there is not None and not (replace and isinstance(there, OwnPreset)):
            raise _taken(there)
        file = there.file if isinstance(there, OwnPreset) else _free_file(preset.name, home)
        return _written(dataclasses.replace(preset, file=file), home)


def add(preset: OwnPreset, home: Path | None = None) -> OwnPreset:
    """Keeps another one, under its name or, when that is taken, under one like it. Raises :class:`StorageError`."""
    with _locked(home):
        taken = {_same(name) for one in read(home).all for name in (one.name, one.label)}
        named = dataclasses.replace(preset, name=_free(preset.name, taken))
        return _written(dataclasses.replace(named, file=_free_file(named.name, home)), home)


def rename(preset: OwnPreset, name: str, home: Path | None = None) -> OwnPreset:
    """Raises :class:`ParameterError` for a name that can't be or is another's, and :class:`StorageError`."""
    named = dataclasses.replace(preset, name=checked_name(name))
    with _locked(home):
        there = read(home).find(named.name)
        if isinstance(there, Preset) or (there is not None and there.file != preset.file):
            raise _taken(there)
        return _written(named, home)


def delete(preset: OwnPreset, home: Path | None = None) -> None:
    """Raises :class:`StorageError`."""
    path = _folder(home) / preset.file
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        words = tr("“{path}” can't be removed: {reason}.")
        raise StorageError(words.format(path=path, reason=exc.strerror or exc)) from exc


def export(preset: OwnPreset, path: Path) -> None:
    """Writes it to a file of the artist's choice, for another computer. Raises :class:`StorageError`."""
    files.write_by_rename(path, _encoded(preset), private=False)


def import_file(path: Path, home: Path | None = None) -> OwnPreset:
    """Takes in what :func:`export` wrote. Raises :class:`StorageError`, also when it is no preset."""
    try:
        preset = OwnPreset.from_json(_content(path))
    except ValueError as exc:
        raise StorageError(tr("“{path}” {problem}.").format(path=path, problem=exc)) from exc
    return add(preset, home)


def _same(name: str) -> str:
    """``name`` as it is compared: no menu should have two that differ in case alone."""
    return unicodedata.normalize("NFKC", name).casefold()


@contextlib.contextmanager
def _locked(home: Path | None) -> Iterator[None]:
    lock = locks.acquired(home or files.home(), LOCK_WAIT, "presets.lock")
    try:
        yield
    finally:
        lock.release()


def _folder(home: Path | None) -> Path:
    return (home or files.home()) / "presets"


def _paths(home: Path | None, problems: list[str]) -> list[Path]:
    """In the order of their names, so that of two with one name it is always the same that keeps it."""
    try:
        found = [
            one for one in _folder(home).iterdir() if one.suffix.lower() == ".json" and not one.name.startswith(".")
        ]
    except FileNotFoundError:
        return []
    except OSError as exc:
        words = tr("“{path}” can't be read: {reason}.")
        problems.append(words.format(path=_folder(home), reason=exc.strerror or exc))
        return []
    return sorted(found)


def _content(path: Path) -> Any:
    """Raises ValueError with what is wrong, as the end of a sentence about the file."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)  # what is cut off is no JSON any more
        return files.parsed(data.removeprefix(b"\xef\xbb\xbf"))  # an editor may have put a mark in front
    except OSError as exc:
        raise ValueError(tr("can't be read: {reason}").format(reason=exc.strerror or exc)) from exc
    except ValueError as exc:
        raise ValueError(tr("is no preset and is left alone")) from exc


def _written(preset: OwnPreset, home: Path | None) -> OwnPreset:
    files.write_by_rename(_folder(home) / preset.file, _encoded(preset))
    return preset


def _encoded(preset: OwnPreset) -> bytes:
    return json.dumps(preset.to_json(), indent=1).encode()


def _taken(there: Preset | OwnPreset) -> ParameterError:
    shown = tr(there.label) if isinstance(there, Preset) else there.label
    words = tr("There is a preset called “{name}” already.").format(name=shown)
    return ParameterError(words, tr("Choose another name."), field="name")


def _free(name: str, taken: Collection[str]) -> str:
    """``name``, with a number behind it when it is among ``taken`` (:func:`_same`)."""
    endings = itertools.chain([""], (f" {number}" for number in itertools.count(2)))
    tried = (name[: LONGEST_NAME - len(ending)] + ending for ending in endings)
    return next(one for one in tried if _same(one) not in taken)


def _free_file(name: str, home: Path | None) -> str:
    """A file name for ``name`` that no other has, also where upper and lower case are the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:FILE_NAME]
    if not stem or _RESERVED.match(stem):
        stem = f"preset-{stem}".strip("-")
    try:
        taken = {one.name.lower() for one in _folder(home).iterdir()}
    except OSError:
        taken = set()
    tried = (
        f"{stem}{ending}.json" for ending in itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    )
    return next(one for one in tried if one not in taken)

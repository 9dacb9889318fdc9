"""The presets that version 0.1.0 kept in Blender's own folder, as Python: read once and taken over as data, never run.

Such a file has assignments to ``bpy.context.scene.fluxdepth``, or to a name that stands for it, and nothing else.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import ParameterError
from ...language import tr
from ...model import models
from ...model.parameters import Role
from ...model.presets import OwnPreset, checked_name
from .. import files
from . import preset_files

TAKEN = "taken_over.json"  # a list: which files were read, by name and content, wherever they lie
LARGEST = 100_000  # bytes
SETTINGS = ".scene.fluxdepth"
EXACT = "seed_exact"  # the seed as text, where it is larger than Blender's numbers
# What Blender writes for letters that it takes for no part of a file's name (bpy.path.display_name).
_LETTERS = {"_colon_": ":", "_plus_": "+", "_slash_": "/", "_": " "}


def take_over(folder: Path, home: Path | None = None) -> tuple[list[OwnPreset], list[str]]:
    """Takes over what is new in ``folder``, and notes that, so that it comes once, and never back.

    Returns the presets, and sentences about the files that are none. Raises :class:`StorageError`.
    """
    home = home or files.home()
    taken, added = _taken(home), []
    problems: list[str] = []
    for path in sorted(folder.glob("*.py")):
        try:
            data = path.read_bytes()[: LARGEST + 1]
        except OSError as exc:  # perhaps the next time
            words = tr("“{path}” can't be read: {reason}.")
            problems.append(words.format(path=path, reason=exc.strerror or exc))
            continue
        mark = f"{path.stem} {hashlib.sha256(data).hexdigest()}"
        if mark in taken:  # Blender copies them to each of its new versions
            continue
        try:
            added.append(preset_files.add(_preset(path.stem, data), home))
        except ValueError as exc:
            problems.append(tr("“{path}” {problem}.").format(path=path, problem=exc))
        taken.append(mark)
        files.write_by_rename(home / TAKEN, json.dumps(taken, indent=1).encode())
    return added, problems


def _taken(home: Path) -> list[str]:
    with contextlib.suppress(OSError, ValueError):
        stored = files.parsed((home / TAKEN).read_bytes())
        if isinstance(stored, list):
            return stored
    return []


def _preset(stem: str, data: bytes) -> OwnPreset:
    """Raises ValueError with what is wrong, as the end of a sentence about the file."""
    try:
        if len(data) > LARGEST:
            raise ValueError
        values = dict(_assigned(ast.parse(data)))
        for written, letter in _LETTERS.items():
            stem = stem.replace(written, letter)
        name = checked_name(stem)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, ParameterError) as exc:
        raise ValueError(tr("holds more than settings and is left alone")) from exc
    if not values:
        raise ValueError(tr("holds no settings and is left alone"))
    return _of_model(name, values)


def _assigned(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """The settings and their literal values. Raises ValueError, or what ``ast.literal_eval`` raises, for all else."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import) and [one.name for one in node.names] == ["bpy"]:
            continue
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            raise ValueError
        (target,) = node.targets
        if isinstance(target, ast.Name) and ast.unparse(node.value).endswith(SETTINGS):
            names.add(target.id)
        elif isinstance(target, ast.Attribute) and (
            ast.unparse(target.value) in names or ast.unparse(target.value).endswith(SETTINGS)
        ):
            yield target.attr, ast.literal_eval(node.value)
        else:
            raise ValueError


def _of_model(name: str, values: dict[str, Any]) -> OwnPreset:
    """Without what other models have: Blender wrote every property that there is."""
    model = models.recorded(str(values.pop(models.CHOICE.name, models.DEFAULT.name)))
    exact = str(values.pop(EXACT, "")).strip()
    own = model.parameters if model in models.MODELS else models.union()
    of_others = {one.name for one in models.union()} - {one.name for one in own}
    kept = {one: value for one, value in values.items() if one not in of_others}
    seed, prompt = model.of(Role.SEED), model.of(Role.PROMPT)
    if seed and exact.isdecimal():
        kept[seed.name] = int(exact)
    if prompt and not str(kept.get(prompt.name, "")).strip():
        kept.pop(prompt.name, None)
    return OwnPreset(name, model.name, kept)

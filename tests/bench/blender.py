"""The blender plug-in's speed in the real host."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.bench import Figure

MEASUREMENTS: dict[str, Callable[[], Iterable[Figure]]] = {}

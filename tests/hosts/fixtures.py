"""pytest fixtures that hand out the real hosts. A host that cannot be had skips its tests and says why in one line.

In CI (`CI=true`) GIMP 3.0, Debian trixie's Blender and bpy 4.2 must be there: missing, they fail. Import what a test
folder needs into its conftest.py.
"""

from __future__ import annotations

import os
import warnings
from typing import TypeVar

import pytest

from .blender import Blender, Bpy, find_blender, find_bpy
from .cache import Missing
from .gimp import Gimp, find_gimp

T = TypeVar("T")


class MissingHostWarning(UserWarning):
    """A host that CI should have is not there; its tests are skipped."""


def _required(found: T | Missing) -> T:
    if isinstance(found, Missing):
        if os.environ.get("CI") == "true":
            pytest.fail(str(found), pytrace=False)
        pytest.skip(str(found))
    return found


def _wanted(found: T | Missing) -> T:
    if isinstance(found, Missing):
        with warnings.catch_warnings():
            warnings.simplefilter("always")  # a warning in the report, where warnings are errors otherwise
            warnings.warn(str(found), MissingHostWarning, stacklevel=2)
        pytest.skip(str(found))
    return found


def _optional(found: T | Missing) -> T:
    if isinstance(found, Missing):
        pytest.skip(str(found))
    return found


@pytest.fixture(scope="session")
def gimp30() -> Gimp:
    return _required(find_gimp("3.0"))


@pytest.fixture(scope="session")
def gimp32() -> Gimp:
    return _wanted(find_gimp("3.2"))


@pytest.fixture(scope="session")
def blender_windowed() -> Blender:
    return _required(find_blender("trixie"))


@pytest.fixture(scope="session")
def blender_sid() -> Blender:
    return _optional(find_blender("sid"))


@pytest.fixture(scope="session")
def bpy42() -> Bpy:
    return _required(find_bpy("4.2"))


@pytest.fixture(scope="session")
def bpy45() -> Bpy:
    return _optional(find_bpy("4.5"))


@pytest.fixture(scope="session")
def bpy50() -> Bpy:
    return _optional(find_bpy("5.0"))


@pytest.fixture(scope="session")
def bpy51() -> Bpy:
    return _optional(find_bpy("5.1"))


@pytest.fixture(scope="session")
def bpy52() -> Bpy:
    return _optional(find_bpy("5.2"))

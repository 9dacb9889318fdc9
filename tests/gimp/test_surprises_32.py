"""The same in GIMP 3.2."""

from __future__ import annotations

import pytest

from tests.hosts import Gimp

from .test_surprises import *  # noqa: F403


@pytest.fixture(scope="module")
def gimp(gimp32: Gimp) -> Gimp:
    return gimp32

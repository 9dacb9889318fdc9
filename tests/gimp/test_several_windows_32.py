"""The same windows in GIMP 3.2; a module of its own, so that both versions can be looked at side by side."""

from __future__ import annotations

import pytest

from tests.hosts import Gimp

from .test_several_windows import *  # noqa: F403

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def gimp(gimp32: Gimp) -> Gimp:
    return gimp32

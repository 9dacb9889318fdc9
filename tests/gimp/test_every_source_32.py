"""The same as ``test_every_source.py``, in GIMP 3.2."""

from __future__ import annotations

import pytest

from tests.hosts import Gimp

from .test_every_source import *  # noqa: F403

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def gimp(gimp32: Gimp) -> Gimp:
    return gimp32

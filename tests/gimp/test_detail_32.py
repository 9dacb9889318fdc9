"""The same as ``test_detail.py``, in GIMP 3.2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts import Gimp

from .conftest import Inside, installed
from .test_detail import *  # noqa: F403

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def inside(gimp32: Gimp, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Inside:
    return installed(gimp32, package, tmp_path_factory.mktemp("gimp32"))

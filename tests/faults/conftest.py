"""The core's fixtures, for what goes beyond its own tests."""

from __future__ import annotations

from tests.core.conftest import bench, home, journal, photo, quick, sandbox

__all__ = ["bench", "home", "journal", "photo", "quick", "sandbox"]

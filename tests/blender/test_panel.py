"""What the panels draw and their buttons do, in Blender without a window. What is seen of it is in test_controls.py."""

from __future__ import annotations

import pytest

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, checks_of, installed

SCRIPT = "panel.py"


@pytest.fixture(scope="module", params=HEADLESS)
def drawn(
    request: pytest.FixtureRequest, package, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, sandbox)
    return host


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_check(drawn: Installed, check: str) -> None:
    drawn.note(check)

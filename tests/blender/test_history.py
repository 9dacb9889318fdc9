"""The History panel and its operators, in Blender without a window."""

from __future__ import annotations

import json

import pytest

from tests.sandbox import Sandbox

from . import histories
from .conftest import HEADLESS, Installed, checks_of, installed

SCRIPT = "history.py"


@pytest.fixture(scope="module", params=HEADLESS)
def looked_at(
    request: pytest.FixtureRequest, package, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    ids = histories.of_every_kind(host.data_folder)
    host.run(SCRIPT, sandbox, FLUXDEPTH_TEST_EDITS=json.dumps(ids))
    return host


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_check(looked_at: Installed, check: str) -> None:
    looked_at.note(check)

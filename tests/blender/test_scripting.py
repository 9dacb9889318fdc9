"""What the operators promise to scripts, in Blender without a window."""

from __future__ import annotations

import pytest

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, checks_of, installed

SCRIPT = "scripting.py"


@pytest.fixture(scope="module", params=HEADLESS)
def scripted(
    request: pytest.FixtureRequest, package, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, sandbox)
    return host


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_promise(scripted: Installed, check: str) -> None:
    scripted.note(check)


def test_faults_are_told_in_words(
    scripted: Installed, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each fault ends in a message, not in a traceback, and says whether anything was billed."""
    for fault, words, taken in (
        ("submit:no_credits", "credits", 0),
        ("download:truncated", "Recover", 1),
    ):
        sandbox.reset()
        sandbox.fault = fault
        notes = scripted.run("failing.py", sandbox)
        message = notes["check_message"]["note"]
        assert words in message
        assert "Traceback" not in message
        assert sandbox.taken == taken
    sandbox.fault = None

"""What tests of every room may use: the fixture that reports into the table of faults (`tests/faults`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import Cells
from tests.faults.table import Recorder


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Cells:
    return Cells(Recorder(request.node.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "cell" in getattr(item, "fixturenames", ()):
        Recorder(item.nodeid).write(begun=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    if "cell" in getattr(item, "fixturenames", ()) and (report.when == "call" or report.outcome != "passed"):
        Recorder(item.nodeid).write(outcome=report.outcome)
    return report

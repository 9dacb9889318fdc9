"""Tables that tests make, printed when all have run, even with ``-q``. A conftest.py imports both functions."""

from __future__ import annotations

import pytest

_told: dict[str, list[tuple[str, ...]]] = {}


def tell_at_the_end(title: str, *row: str) -> None:
    """Add a row to the table of that title."""
    _told.setdefault(title, []).append(row)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    while _told:  # called for each conftest.py that has it
        title, rows = _told.popitem()
        terminalreporter.section(title)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            terminalreporter.write_line(line.rstrip())

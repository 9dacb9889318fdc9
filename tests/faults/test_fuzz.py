"""The reader of headers, fuzzed for a bounded time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60


@pytest.mark.full
def test_no_bytes_upset_the_reader_of_headers(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python or computer")
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.fuzz_headers", str(SECONDS), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=SECONDS + 120,
    )
    found = [path.name for path in tmp_path.iterdir() if path.is_file()]
    assert done.returncode == 0 and not found, f"{found}\n{done.stderr[-4000:]}"
    (runs,) = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
    assert int(runs) > 10_000

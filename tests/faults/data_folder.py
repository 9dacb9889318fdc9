"""The data folder as a test finds it and leaves it, whatever host it is of."""

from __future__ import annotations

import contextlib
import json
import subprocess
from pathlib import Path
from typing import Any

import filelock

from tests.sandbox import Sandbox


def fresh(home: Path, service: Sandbox, address: str = "") -> None:
    """Settings and key and nothing else in the data folder; the service has forgotten everything as well."""
    home = home.resolve()  # one host's may be a link to another's
    subprocess.run(["find", home, "-mindepth", "1", "-delete"], check=home.exists(), capture_output=True)
    home.mkdir(exist_ok=True, mode=0o700)
    settings = {"service_address": address or service.base_url, "waiting": "async"}
    for name, text in (("settings.json", json.dumps(settings)), ("key", service.api_key)):
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    service.reset()
    service.latency, service.drip_interval = 0.0, 0.0002


def edits(home: Path) -> list[dict[str, Any]]:
    """Of every entry in the journal that can be read."""
    found: list[dict[str, Any]] = []
    for file in sorted(home.glob("jobs/*/job.json")):
        with contextlib.suppress(OSError, ValueError):
            found += json.loads(file.read_text("utf-8"))["edits"]
    return found


def unlocked(home: Path) -> bool:
    """Whether no job is held any more; raises filelock.Timeout when one is."""
    for file in home.glob("jobs/*/job.lock"):
        with filelock.FileLock(file).acquire(timeout=0):
            pass
    return True

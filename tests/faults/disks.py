"""Small file systems for tests: full, read-only, full again."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox import Sandbox


class SmallDisk:
    """A file system of its own at ``folder``, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leaves not a byte."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def lock(self) -> None:
        """Makes it read-only, as files are in use: by a mount over it."""
        _mount("--bind", self.folder, self.folder)
        _mount("-o", "remount,bind,ro", self.folder)

    def unlock(self) -> None:
        subprocess.run(["umount", "-l", self.folder], check=True)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@contextlib.contextmanager
def mounted(folder: Path, size: str = "64m") -> Iterator[SmallDisk]:
    """A file system of ``size``; skips the test where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder]
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        while subprocess.run(["umount", "-l", folder], capture_output=True).returncode == 0:
            pass


@contextlib.contextmanager
def read_only_for(process: int, folder: Path) -> Iterator[None]:
    """``folder`` can't be written by the running ``process``, which may have mounts of its own."""

    def there(*command: str | Path) -> None:
        done = subprocess.run(["nsenter", "-t", str(process), "-m", "-r", *command], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    there("mount", "--bind", folder, folder)
    there("mount", "-o", "remount,bind,ro", folder)
    try:
        yield
    finally:
        there("umount", folder)


def reach(service: Sandbox, stage: str, begin: Callable[[], object]) -> None:
    """Begin an edit, and wait until it has come to that stage of the service, where it stays for a while."""
    service.latency = 3.0 if stage == "poll" else 0.0
    if stage != "poll":
        service.fault = f"{stage}:slow_drip*1"
        service.drip_interval = 0.0 if stage == "download" else 0.002  # a picture has many bytes
    begin()
    service.wait_until(lambda one: bool(one.at(stage)), 60)

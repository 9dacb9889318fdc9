"""A GIMP that stays while a test turns the world around it: edits, faults, kills, and what is seen afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.faults import data_folder
from tests.hosts.place import running
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import INSIDE, PHOTO, Inside

PATIENCE = 200.0  # s; three silences of the service are shorter


PLUG_IN = rb"[^\0]*python[^\0]*\0[^\0]*fluxdepth_gimp\.py"


def plug_in(home: Path) -> int | None:
    """The process of the running plug-in, which GIMP starts for each call."""
    return next(running(f"FLUXDEPTH_HOME={home}", PLUG_IN), None)


class Live:
    """GIMP without a window, doing what it is asked to; a context manager. ``env`` is added to the environment."""

    def __init__(self, inside: Inside, env: Mapping[str, str] | None = None) -> None:
        self.inside = inside
        self._env = {**inside.environment, **(env or {})}
        self._log = inside.out / "gimp.txt"
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Live:
        out = self.inside.out
        for left in ("serving", "asked.json", "answer.json", "end"):
            (out / left).unlink(missing_ok=True)
        setup = {"out": str(out), "photo": str(PHOTO), "answers": "faulty"}
        (out / "setup.json").write_text(json.dumps(setup))
        script = str(INSIDE / "serving.py")
        code = f"exec(compile(open({script!r}).read(), {script!r}, 'exec'), globals())"
        with self._log.open("ab") as log:
            self.process = self._ends.enter_context(
                self.inside.gimp.place.popen(
                    ["gimp-console", "-i", "--batch-interpreter", "python-fu-eval", "-b", code, "--quit"],
                    home=self.inside.home,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        wait_until(lambda: (out / "serving").exists() or not self.alive(), 100, "GIMP to be up")
        assert self.alive(), self.said(0)
        return self

    def __exit__(self, *exc: object) -> None:
        (self.inside.out / "end").touch()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self._ends.close()

    def alive(self) -> bool:
        return self.process.poll() is None

    def restart(self) -> None:
        """After it was killed."""
        assert not self.alive()
        self._ends.close()
        self.__enter__()

    # Asking.

    def do(self, what: str, **values: Any) -> dict[str, Any]:
        self.inside.ask(what, **values)
        return self.reply()

    def reply(self) -> dict[str, Any]:
        return self.inside.answer(PATIENCE, self.alive)

    @property
    def mark(self) -> int:
        """A place in what GIMP says, for :meth:`said`."""
        return self._log.stat().st_size

    def said(self, since: int) -> str:
        """What GIMP has printed since that mark, the plug-in's messages among it, in one line."""
        return " ".join(self._log.read_bytes()[since:].decode("utf-8", "replace").split())

    # Killing.

    def plug_in(self) -> int | None:
        """The plug-in that this GIMP has running."""
        return next(running(self._mine, PLUG_IN), None)

    @property
    def _mine(self) -> str:
        """A variable in the environment that no other GIMP has, be it one of the same data folder."""
        return f"FLUXDEPTH_TEST={self.inside.environment['FLUXDEPTH_TEST']}"

    @property
    def console(self) -> int:
        """The process of GIMP itself; its plug-ins, and what its root needs, are others."""
        return next(running(self._mine, rb"gimp-console"))

    def kill(self, target: str) -> dict[str, Any]:
        """-9 to the "plug-in" or to "GIMP"; the reply of the edit that was killed, none when GIMP is gone with it."""
        if target == "plug-in":
            os.kill(wait_until(self.plug_in, 10, "no plug-in"), signal.SIGKILL)
            return self.reply()
        os.kill(self.console, signal.SIGKILL)
        self.process.wait(20)
        wait_until(lambda: self.plug_in() is None, 20, "the plug-in to end with its GIMP")
        return {}

    # The data folder.

    def fresh(self, service: Sandbox, address: str = "") -> None:
        """See `data_folder.fresh`."""
        data_folder.fresh(self.inside.data_folder, service, address)

    def edits(self) -> list[dict[str, Any]]:
        """The journal's entries."""
        return data_folder.edits(self.inside.data_folder)

    # What is seen.

    def look(self, name: str) -> Seen:
        return Seen(self.do("look", name=name), self.inside.out, name)


class Seen:
    """All open images at one moment: document, place, mask, transparency, names, and pixels."""

    def __init__(self, facts: dict[str, Any], folder: Path, name: str) -> None:
        # Which of three variations the service has failed is its own; the pictures are the same.
        self.facts = json.loads(re.sub(r"seed \d+", "seed N", json.dumps(facts)))
        self.layers = [np.fromfile(folder / f"{name}-{number}.rgba", np.uint8) for number in range(facts["count"])]

    @property
    def count(self) -> int:
        return len(self.layers)

    def equals(self, other: Seen) -> bool:
        """Whether all is the same; each was encoded anew, and babl chooses conversions by how fast they just were."""
        if self.facts["images"] != other.facts["images"]:
            print(self.facts["images"], "is not", other.facts["images"], sep="\n")
            return False
        pairs = zip(self.layers, other.layers, strict=True)
        worst = [int(np.abs(one.astype(np.int16) - two).max(initial=0)) for one, two in pairs]
        print("the layers differ by at most", worst)
        return max(worst) <= 1

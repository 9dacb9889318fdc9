"""A Blender without a window that stays while a test turns the world around it: edits, faults, kills, what is seen."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults import data_folder
from tests.hosts.place import running
from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .conftest import INSIDE, Installed

PATIENCE = 200.0  # s; three silences of the service are shorter
PROGRAM = rb"([^\0]*python[^\0]*|blender)\0"  # the module's, or Blender itself


class Live:
    """Does what it is asked to; a context manager. ``env`` is added to the environment.

    Key and service address are not in the environment but in the data folder, where an artist has them.
    """

    def __init__(self, host: Installed, env: Mapping[str, str] | None = None) -> None:
        self.host = host
        self.temporary = host.out / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self._env = {
            "FLUXDEPTH_HOME": str(host.data_folder),
            "FLUXDEPTH_TEST_OUT": str(host.out),
            "BLENDER_USER_RESOURCES": str(host.profile),
            "TMPDIR": str(self.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(env or {}),
        }
        self._log = host.out / "blender.txt"
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Live:
        port = self.host.out / "port"
        port.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self.process = self._ends.enter_context(
                self.host.host.place.popen(
                    self.host.host.script_argv(INSIDE / "serving.py", [port]),
                    home=self.host.profile,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        wait_until(lambda: port.exists() or not self.alive(), 100, "Blender to be up")
        assert self.alive(), self.said(0)
        self._port = int(port.read_text())
        return self

    def __exit__(self, *exc: object) -> None:
        self._ends.close()

    def alive(self) -> bool:
        return self.process.poll() is None

    def restart(self) -> None:
        """After it was killed."""
        assert not self.alive()
        self._ends.close()
        self.__enter__()

    # Asking.

    def ask(self, what: str, **values: Any) -> None:
        """Has `faulty` inside do ``what``; :meth:`reply` waits for what it gives."""
        self._connection = self._ends.enter_context(
            socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
        )
        self._connection.sendall((json.dumps({"what": what, **values}) + "\n").encode())

    def reply(self) -> Any:
        with self._connection, self._connection.makefile("r", encoding="utf-8") as stream:
            line = stream.readline()
        assert line, f"Blender is gone: {self.said(0)[-3000:]}"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        return answer["answer"]

    def do(self, what: str, **values: Any) -> Any:
        self.ask(what, **values)
        return self.reply()

    @property
    def mark(self) -> int:
        """A place in what Blender says, for :meth:`said`."""
        return self._log.stat().st_size

    def said(self, since: int) -> str:
        """What Blender has printed since that mark, the operators' reports among it, in one line."""
        return " ".join(self._log.read_bytes()[since:].decode("utf-8", "replace").split())

    # Killing.

    @property
    def _mine(self) -> Iterator[int]:
        return running(f"FLUXDEPTH_TEST_OUT={self.host.out}", PROGRAM)

    @property
    def pid(self) -> int:
        """The process of Blender itself; a root's has others around it."""
        return next(self._mine)

    def kill(self) -> None:
        """-9."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(20)
        wait_until(lambda: not list(self._mine), 20, "Blender to be gone")

    # The data folder.

    def fresh(self, service: Sandbox, address: str = "") -> None:
        """See `data_folder.fresh`."""
        data_folder.fresh(self.host.data_folder, service, address)
        self.do("forget")

    def address(self, address: str) -> None:
        """The artist changes it in the preferences."""
        path = self.host.data_folder / "settings.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "service_address": address}))

    def edits(self) -> list[dict[str, Any]]:
        """The journal's entries."""
        return data_folder.edits(self.host.data_folder)

    # What is seen.

    def look(self) -> Seen:
        return Seen(self.do("look"))


class Seen:
    """The open file at one moment: which it is, and the results in it with pixels, transparency and record."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        if self.count > 1:  # which of three variations the service has failed is its own; the pictures are the same
            for result in facts["results"]:
                result["name"], result["file"] = (re.sub(r"seed.\d+", "", result[one]) for one in ("name", "file"))
                del result["record"]["index"], result["record"]["settings"]["seed"]

    @property
    def count(self) -> int:
        return len(self.facts["results"])

    def equals(self, other: Seen) -> bool:
        if self.facts != other.facts:
            print(self.facts, "is not", other.facts, sep="\n")
        return self.facts == other.facts

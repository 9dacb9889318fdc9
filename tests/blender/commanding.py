"""Runs `blender -b FILE --command fluxdepth …` for tests: to its end, side by side, interrupted, killed, resumed."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image, ImageChops

from tests.hosts import Blender
from tests.hosts.place import Process
from tests.sandbox import Sandbox

from .conftest import Installed

TIMEOUT = 170.0

# Runs in the place of one command, so that the first and the second see each other's process: the first is killed when
# a file appears, and the second begins when another one does.
KILL_AND_RESUME = """
kill_when=$1 killed=$2 resume_when=$3
shift 3
"$@" & pid=$!
while [ ! -e "$kill_when" ]; do
    kill -0 $pid 2> /dev/null || { echo "ended before it was killed" >&2; exit 99; }
    sleep 0.02
done
kill -KILL $pid
wait $pid
touch "$killed"
while [ ! -e "$resume_when" ]; do sleep 0.02; done
[ -z "$SECOND_HOME" ] || export FLUXDEPTH_HOME="$SECOND_HOME"
"$@"
"""


def argv(scene: Path, *arguments: str | Path, online: bool = True) -> list[str | Path]:
    return ["-b", scene, "--online-mode" if online else "--offline-mode", "--command", "fluxdepth", *arguments]


def command(
    host: Installed, scene: Path, sandbox: Sandbox, *arguments: str | Path, online: bool = True
) -> subprocess.CompletedProcess[str]:
    """The command, to its end."""
    assert isinstance(host.host, Blender)
    return host.host.run(
        argv(scene, *arguments, online=online),
        user_resources=host.profile,
        env=host.environment(sandbox),
        timeout=TIMEOUT,
    )


def start(
    host: Installed,
    sandbox: Sandbox,
    words: list[str | Path],
    env: Mapping[str, str] | None = None,
) -> Process:
    """A program of the host, with the extension's environment and pipes for what it says."""
    return host.host.place.popen(
        words,
        home=host.profile,
        env={"BLENDER_USER_RESOURCES": str(host.profile), **host.environment(sandbox), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def started(host: Installed, scene: Path, sandbox: Sandbox, *arguments: str | Path) -> Process:
    """The command, running."""
    return start(host, sandbox, ["blender", *argv(scene, *arguments)])


def ended(process: Process, timeout: float = TIMEOUT) -> subprocess.CompletedProcess[str]:
    with process:
        out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess([], process.returncode, out, err)


class Killed:
    """The command, killed by -9 at :meth:`kill` and started again at :meth:`resume`."""

    def __init__(
        self,
        host: Installed,
        scene: Path,
        sandbox: Sandbox,
        folder: Path,
        *arguments: str | Path,
        second_home: str = "",
    ) -> None:
        folder.mkdir()
        self._flags = [folder / name for name in ("kill", "killed", "resume")]
        words = ["sh", "-c", KILL_AND_RESUME, "sh", *self._flags, "blender", *argv(scene, *arguments)]
        self._process = start(host, sandbox, words, {"SECOND_HOME": second_home})

    def kill(self, sandbox: Sandbox) -> None:
        self._flags[0].touch()
        sandbox.wait_until(lambda _: self._flags[1].exists(), 30)

    def resume(self) -> subprocess.CompletedProcess[str]:
        self._flags[2].touch()
        return ended(self._process)


def all_are_known(sandbox: Sandbox, count: int) -> bool:
    """Whether exactly ``count`` edits were submitted and each was looked up since: so their ids are in the journal."""
    return sandbox.submits == count == len({request.path for request in sandbox.at("poll")})


def sizes(folder: Path, pictures_only: bool = False) -> dict[str, tuple[int, int]]:
    """The pictures in the folder, whole ones, by name. Anything else is an error, a claim that stayed as well, but with
    ``pictures_only``.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if pictures_only and path.name.startswith("."):
            continue
        with Image.open(path) as picture:
            picture.load()
            found[path.name] = picture.size
    return found


def is_one_of(file: Path, served: Iterable[bytes]) -> bool:
    """Whether the file is the picture that the service served: to the pixel, for it carries its settings as well."""
    with Image.open(file) as ours:
        for data in served:
            with Image.open(io.BytesIO(data)) as theirs:
                if ours.mode == theirs.mode and ImageChops.difference(ours, theirs).getbbox() is None:
                    return True
    return False

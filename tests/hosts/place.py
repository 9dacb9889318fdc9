"""Where a host runs: on this machine, or inside a Debian root. Knows processes and mounts; no host, no package."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Runs as the first process of the new namespaces. What it mounts is seen by nobody else and goes with it.
_ENTER = """
set -e
root=$1 folder=$2 lifeline=$3
shift 3
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
done
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" /bin/sh -c "$INIT" init "$folder" "$lifeline" "$@"
"""

# The first process inside the root. A program that is itself process 1 would ignore the signals that end it, so this
# shell stays. Its lifeline is a pipe from the caller: each line is a signal to send, its end means that the caller is
# gone, even by kill -9.
_INIT = """
unset INIT
cd "$1" || exit 126
lifeline=/proc/self/fd/$2
shift 2
{
    while read -r name; do kill -s "$name" -- -1; done
    kill -s KILL -- -1
} < "$lifeline" > /dev/null 2>&1 &
"$@"
exit $?
"""


class Process(subprocess.Popen[Any]):
    """A running program with everything that it started: a signal reaches all of it, and `kill` leaves nothing.

    As a context it ends with its block: what still runs then is killed. Wait inside for one that ends by itself.
    """

    def __exit__(self, *exc: Any) -> None:
        self.kill()
        super().__exit__(*exc)

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, sig)


class _RootProcess(Process):
    """The same inside a root: what holds the namespaces stands between, and takes only SIGKILL."""

    def __init__(self, *args: Any, lifeline: int, **kwargs: Any) -> None:
        # Closed when this object goes, so a dropped process ends instead of staying behind.
        self._lifeline = lifeline
        weakref.finalize(self, os.close, lifeline)
        super().__init__(*args, **kwargs)

    def send_signal(self, sig: int) -> None:
        if sig == signal.SIGKILL:
            super().send_signal(sig)
        elif self.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._lifeline, f"{signal.Signals(sig).name[3:]}\n".encode())


class Place(ABC):
    """Where to run. Paths are the same in every place: the temporary folder and the checkout are shared."""

    name: str

    @abstractmethod
    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        **kwargs: Any,
    ) -> Process:
        """Start a program with a clean environment: PATH, LANG, HOME=`home`, NO_AT_BRIDGE=1, then `env` over it.

        `home` is the test's own scratch folder; without one HOME points nowhere, so nothing is left in the user's.
        `cwd` is the checkout by default. `kwargs` go to subprocess.Popen.
        """

    @abstractmethod
    def which(self, program: str) -> bool:
        """Whether the program can be run here by its name or absolute path."""

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout: float,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        input: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and take its output as text.

        Raises subprocess.TimeoutExpired, with what was said so far, after everything it started has been killed. A
        program that a signal ended gives 128 + the signal inside a root and minus the signal on this machine.
        """
        process = self.popen(
            argv,
            home=home,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        with process:
            try:
                out, err = process.communicate(input, timeout=timeout)
            except subprocess.TimeoutExpired as exc:
                process.kill()
                exc.output, exc.stderr = process.communicate()
                raise
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess([str(part) for part in argv], process.returncode, out, err)


def _environment(home: Path | None, env: Mapping[str, str] | None, path: str) -> dict[str, str]:
    base = {"PATH": path, "LANG": "C.UTF-8", "HOME": str(home or "/nonexistent"), "NO_AT_BRIDGE": "1"}
    base.update(env or {})
    # An empty value takes a default away: AT-SPI tests unset NO_AT_BRIDGE so.
    return {name: value for name, value in base.items() if value != ""}


class Here(Place):
    """This machine itself, with what is installed on it."""

    name = "this machine"

    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        **kwargs: Any,
    ) -> Process:
        return Process(
            [str(part) for part in argv],
            env=_environment(home, env, os.environ.get("PATH", _PATH)),
            cwd=cwd or CHECKOUT,
            start_new_session=True,
            **kwargs,
        )

    def which(self, program: str) -> bool:
        return shutil.which(program) is not None


class Root(Place):
    """A Debian root folder, entered with mount and process namespaces of its own. The network is this machine's.

    `binds`: folders to show inside at their own path, besides the temporary folder and the checkout.
    """

    def __init__(self, folder: Path, binds: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.name = f"Debian {folder.name}"
        folders = (Path("/tmp"), Path(tempfile.gettempdir()), CHECKOUT, *binds)
        shared = [path.resolve() for path in folders]
        # A folder below one that is shared already is there without a mount of its own.
        self._binds = [a for a in dict.fromkeys(shared) if not any(b in a.parents for b in shared)]

    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        home: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        **kwargs: Any,
    ) -> Process:
        environment = _environment(home, env, _PATH)
        reading, lifeline = os.pipe()
        try:
            return _RootProcess(
                [
                    *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                    *("/bin/sh", "-c", _ENTER, "enter", str(self.folder), str(cwd or CHECKOUT), str(reading)),
                    *map(str, self._binds),
                    "--",
                    *map(str, argv),
                ],
                lifeline=lifeline,
                env={**environment, "INIT": _INIT},
                # Not in the caller's group: a Ctrl-C is for the caller, who then ends this.
                start_new_session=True,
                pass_fds=(reading, *kwargs.pop("pass_fds", ())),
                **kwargs,
            )
        finally:
            os.close(reading)

    def which(self, program: str) -> bool:
        inside = [program] if program.startswith("/") else [f"{part}/{program}" for part in _PATH.split(":")]
        # Not followed: an absolute link is meant from inside.
        return any(os.path.lexists(self.folder / path.lstrip("/")) for path in inside)


def running(variable: str, command: bytes) -> Iterator[int]:
    """The processes with that ``NAME=value`` in their environment whose command line matches, in whatever place."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:  # it has ended, or is not ours
            continue
        if re.match(command, words) and variable.encode() in environment.split(b"\0"):
            yield int(entry.name)

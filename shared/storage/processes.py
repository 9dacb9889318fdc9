"""Names of processes that another process can judge later: is the one that wrote this name still alive?

A name holds the machine (host name, boot, and pid namespace where there is one, so that two containers are two
machines), the process id and when the process started, so that a reused id is not taken for the old process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import uuid
from pathlib import Path

_PROC = Path("/proc")


def session_name(pid: int | None = None) -> str:
    """The name of process ``pid`` of this machine, this process by default: ``host/machine/pid/start``."""
    number = os.getpid() if pid is None else pid
    return f"{_host()}/{_machine()}/{number}/{_started(number) or ''}"


def is_alive(name: str) -> bool | None:
    """Whether the process that :func:`session_name` named still runs; None when that can't be told from here.

    ``name`` may go on behind the process, as ``name#document`` does.
    """
    parts = name.partition("#")[0].split("/")
    if len(parts) != 4 or parts[1] != _machine() or not parts[2].isdecimal():
        return None
    pid = int(parts[2])
    if pid == os.getpid():
        return parts[3] == (_started(pid) or "")
    if os.name == "nt":  # os.kill would end the process there, or send it a Ctrl+C
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it is there and somebody else's
    started = _started(pid)
    return started is None or started == parts[3]


def machine_of(name: str) -> str:
    """The machine in ``name`` as a person knows it."""
    return name.split("/", 1)[0]


@functools.lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname().replace("/", "-").replace("#", "-") or "computer"


@functools.lru_cache(maxsize=1)
def _machine() -> str:
    parts = [_host()]
    try:
        parts += [(_PROC / "sys/kernel/random/boot_id").read_text().strip(), str((_PROC / "self/ns/pid").readlink())]
    except OSError:
        parts.append(f"{uuid.getnode():x}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _started(pid: int) -> str | None:
    """When ``pid`` started, in the kernel's own ticks; "" when it has ended and only its entry is left; else None."""
    try:
        # The second field is the program's name in brackets and may hold anything (proc(5)).
        fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "" if fields[0] in "ZX" else fields[19]

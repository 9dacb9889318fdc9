"""What the command says: progress on standard output, what went wrong on standard error, each line at once.

Nobody may listen: the output may lie on a full disk, or know no umlauts. That is no reason to lose a frame.
"""

import contextlib
import sys
from typing import TextIO


def say(text: str) -> None:
    _write(sys.stdout, text)


def complain(text: str) -> None:
    _write(sys.stderr, text)


def say_of(frame: int, text: str) -> None:
    """``text`` behind the frame, which scripts look for: that stays English."""
    say(f"frame {frame}: {text}")


def complain_of(frame: int, text: str) -> None:
    complain(f"frame {frame}: {text}")


def _write(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the latter: it is closed
        known = stream.encoding or "utf-8"
        stream.write(f"{text}\n".encode(known, "backslashreplace").decode(known))
        stream.flush()

"""A key that is easily found, and the search for it, and for what others may read, in all that was written."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

MARKED = "marked/key+with=odd&letters-0123456789"


def forms(key: str) -> list[bytes]:
    """How a key may stand in a file: as it is, percent-encoded, within JSON, and in base64 at each of three offsets."""
    encoded = key.encode()
    plain = {encoded, quote(key, safe="").encode(), quote(key).encode(), json.dumps(key)[1:-1].encode()}
    hexed = {encoded.hex().encode(), encoded.hex().upper().encode(), encoded[::-1]}
    inner = set()
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + encoded)
        inner.add(text[4:-4])  # what does not depend on the neighbours
        inner.add(text[4:-4].translate(bytes.maketrans(b"+/", b"-_")))
    return [*plain, *hexed, *inner]


def leaks(key: str, *folders: Path) -> Iterator[str]:
    """The files below ``folders`` that hold the key, but for its own."""
    wanted = forms(key)
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.name != "key":
                data = path.read_bytes() + os.fsencode(path.name)
                if any(form in data for form in wanted):
                    yield str(path)


def exposed(home: Path) -> list[str]:
    """What of the data folder another user could read or enter."""
    return [str(path) for path in [home, *home.rglob("*")] if stat.S_IMODE(path.lstat().st_mode) & 0o077]

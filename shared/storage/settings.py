"""The few settings that outlive a run, and where they live.

Both hosts share one data folder (``FLUXDEPTH_HOME``). The API key is not a setting: see ``credentials.py``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import ParameterError, StorageError
from .parameters import Choice, Kind, Parameter

DEFAULT_ADDRESS = "https://api.1min.ai"
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends else
RENAME_PATIENCE = 2.0  # s; a reader holds a file of some KB for a moment only

SERVICE_ADDRESS = Parameter(
    "service_address",
    Kind.TEXT,
    DEFAULT_ADDRESS,
    "Service address",
    "Where the edits are sent. Change it only for a proxy of your own or for the sandbox",
)
WAITING = Parameter(
    "waiting",
    Kind.CHOICE,
    "async",
    "Waiting mode",
    "How the plug-in waits for the service. Asking again and again survives a lost connection",
    choices=(
        Choice("async", "Ask until it is ready", "Submits and then asks for the result; survives a lost connection"),
        Choice("sync", "Hold the line", "One long call, as on the model's page; a lost connection can lose the edit"),
    ),
)
HISTORY_LIMIT = Parameter(
    "history_limit",
    Kind.INTEGER,
    200,
    "Edits kept",
    "How many finished edits the history keeps, with their results. What is unfinished is always kept",
    minimum=10,
    maximum=10000,
)


@dataclass(frozen=True)
class Settings:
    """``waiting`` is ``async`` or ``sync``; ``synchronous_addresses`` are services that turned ``async`` down."""

    service_address: str = DEFAULT_ADDRESS
    waiting: str = "async"
    history_limit: int = 200
    synchronous_addresses: tuple[str, ...] = ()


def home() -> Path:
    """The data folder: ``FLUXDEPTH_HOME``, else the platform's folder for a user's data. It may not exist yet."""
    chosen = os.environ.get("FLUXDEPTH_HOME")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("fluxdepth", appauthor=False))


def load(folder: Path | None = None) -> Settings:
    """The stored settings. What is missing or damaged takes its default; unknown entries are ignored."""
    try:
        return load_or_error(folder)
    except StorageError:
        return Settings()


def load_or_error(folder: Path | None = None) -> Settings:
    """As :func:`load`; raises :class:`StorageError` when there is a file that can't be read.

    For what must not happen by mistake: writing defaults over a damaged file, or trimming the history by them.
    """
    stored = _stored(folder)
    kept: dict[str, object] = {}
    for parameter in (SERVICE_ADDRESS, WAITING, HISTORY_LIMIT):
        with contextlib.suppress(ParameterError, KeyError):
            kept[parameter.name] = parameter.checked(stored[parameter.name])
    addresses = stored.get("synchronous_addresses")
    if isinstance(addresses, list):
        kept["synchronous_addresses"] = tuple(str(address) for address in addresses)
    return Settings(**kept)  # type: ignore[arg-type]


def _stored(folder: Path | None) -> dict[str, object]:
    path = (folder or home()) / "settings.json"
    try:
        stored = json.loads(path.read_text("utf-8"))
        if not isinstance(stored, dict):
            raise ValueError("it holds no settings")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        raise StorageError(f"The settings in “{path}” can't be read.", "Save them anew in Settings.") from exc
    return stored


def save(settings: Settings, folder: Path | None = None) -> None:
    """Stores ``settings``; entries of a newer version stay. Raises :class:`ParameterError`, :class:`StorageError`."""
    WAITING.checked(settings.waiting)
    HISTORY_LIMIT.checked(settings.history_limit)
    checked = dataclasses.replace(settings, service_address=check_address(settings.service_address))
    others: dict[str, object] = {}
    with contextlib.suppress(StorageError):  # the artist saves anew what can't be read
        others = _stored(folder)
    data = json.dumps({**others, **dataclasses.asdict(checked)}, indent=1)
    write_by_rename((folder or home()) / "settings.json", data.encode())


def effective_address(settings: Settings) -> str:
    """The service address in force: ``FLUXDEPTH_BASE_URL``, else the stored one. Raises :class:`ParameterError`."""
    return check_address(os.environ.get("FLUXDEPTH_BASE_URL") or settings.service_address)


def check_address(text: str) -> str:
    """``text`` without a trailing slash. Raises :class:`ParameterError` unless it is https, or http on loopback.

    The key travels to this address, so plain http to another machine is refused.
    """
    try:
        parts = urlsplit(text.strip())
        secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        plain = not (parts.username or parts.query or parts.fragment) and parts.port != 0
        good = bool(secure and plain and parts.hostname)
    except ValueError:  # brackets or a port that are none
        good = False
    if not good:
        raise ParameterError(
            f"{SERVICE_ADDRESS.label} can't be {text!r}.",
            f"It must start with https://, for example {DEFAULT_ADDRESS}.",
            field=SERVICE_ADDRESS.name,
        )
    return text.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this computer by name or by literal address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def write_by_rename(path: Path, data: bytes, *, private: bool = True) -> None:
    """Replaces ``path`` whole or not at all, its folder made when missing. Raises :class:`StorageError`.

    In the data folder only the owner may read: prompts and pictures are nobody else's, and one file is the key. With
    ``private`` off the file is as readable as any that the artist's programs write.
    """
    try:
        if private:
            make_private_folder(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600 if private else 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as exc:
        raise StorageError(f"“{path}” can't be written: {exc.strerror or exc}.") from exc


def make_private_folder(path: Path) -> None:
    """Makes ``path`` and what lies above it; what is made is for its owner only. Raises OSError."""
    for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(exist_ok=True)  # a file in its place is an error


def _replace(temporary: Path, path: Path) -> None:
    """Renames; waits a little when Windows refuses because another program is just reading ``path``."""
    deadline = time.monotonic() + RENAME_PATIENCE
    while True:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)

"""The few settings that outlive a run, and where they live.

Both hosts share one data folder (``FLUXDEPTH_HOME``). The API key is not a setting: see ``credentials.py``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import ParameterError, StorageError
from .parameters import Choice, Kind, Parameter

DEFAULT_ADDRESS = "https://api.1min.ai"

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
        stored = json.loads(((folder or home()) / "settings.json").read_text("utf-8"))
    except (OSError, ValueError):
        return Settings()
    if not isinstance(stored, dict):
        return Settings()
    kept: dict[str, object] = {}
    for parameter in (SERVICE_ADDRESS, WAITING, HISTORY_LIMIT):
        with contextlib.suppress(ParameterError, KeyError):
            kept[parameter.name] = parameter.checked(stored[parameter.name])
    addresses = stored.get("synchronous_addresses")
    if isinstance(addresses, list):
        kept["synchronous_addresses"] = tuple(str(address) for address in addresses)
    return Settings(**kept)  # type: ignore[arg-type]


def save(settings: Settings, folder: Path | None = None) -> None:
    """Stores ``settings``. Raises :class:`ParameterError` for a bad value and :class:`StorageError`."""
    WAITING.checked(settings.waiting)
    HISTORY_LIMIT.checked(settings.history_limit)
    checked = dataclasses.replace(settings, service_address=check_address(settings.service_address))
    write_by_rename((folder or home()) / "settings.json", json.dumps(dataclasses.asdict(checked), indent=1).encode())


def effective_address(settings: Settings) -> str:
    """The service address in force: ``FLUXDEPTH_BASE_URL``, else the stored one. Raises :class:`ParameterError`."""
    return check_address(os.environ.get("FLUXDEPTH_BASE_URL") or settings.service_address)


def check_address(text: str) -> str:
    """``text`` without a trailing slash. Raises :class:`ParameterError` unless it is https, or http on loopback.

    The key travels to this address, so plain http to another machine is refused.
    """
    parts = urlsplit(text.strip())
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not (secure and parts.hostname) or parts.username or parts.query or parts.fragment:
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


def write_by_rename(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replaces ``path`` whole or not at all, its folder made when missing. Raises :class:`StorageError`.

    The file has ``mode`` from its first byte on.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if mode != 0o600:
                temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as exc:
        raise StorageError(f"“{path}” can't be written: {exc.strerror or exc}.") from exc

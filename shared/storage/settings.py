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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import ParameterError, StorageError
from ..language import N_, tr
from ..model.parameters import LARGEST, Choice, Kind, Parameter
from .files import home, parsed, write_by_rename

BELIEVED = 24 * 3600.0  # s
DEFAULT_ADDRESS = "https://api.1min.ai"
ADDRESS_VARIABLE = "FLUXDEPTH_BASE_URL"

SERVICE_ADDRESS = Parameter(
    "service_address",
    Kind.TEXT,
    DEFAULT_ADDRESS,
    N_("Service address"),
    N_("Where the edits are sent. Change it only for a proxy of your own or for the sandbox"),
)
WAITING = Parameter(
    "waiting",
    Kind.CHOICE,
    "async",
    N_("Waiting mode"),
    N_("How the plug-in waits for the service. Asking again and again survives a lost connection"),
    choices=(
        Choice(
            "async",
            N_("Ask until it is ready"),
            N_("Submits and then asks for the result; survives a lost connection"),
        ),
        Choice(
            "sync",
            N_("Hold the line"),
            N_("One long call, as on the model's page; a lost connection can lose the edit"),
        ),
    ),
)
HISTORY_LIMIT = Parameter(
    "history_limit",
    Kind.INTEGER,
    200,
    N_("Edits kept"),
    N_(
        "How many edits the history keeps, with their results. "
        "Favourites, and what is unfinished or unsaved, always stay"
    ),
    minimum=10,
    maximum=10000,
)
ASK_ABOVE = Parameter(
    "ask_above",
    Kind.INTEGER,
    4,
    N_("Ask above"),
    N_("More paid edits at once than this are asked about first, with their price; 0 never asks"),
    minimum=1,
    maximum=1000,
    zero_means=N_("never"),
)
MONTHLY_LIMIT = Parameter(
    "monthly_limit",
    Kind.INTEGER,
    0,
    N_("Monthly limit"),
    N_("How many credits the edits of a month may cost, as far as prices are known; 0 is no limit"),
    minimum=1,
    maximum=LARGEST,
    zero_means=N_("no limit"),
    unit=N_("credits"),
)
ALL = (SERVICE_ADDRESS, WAITING, HISTORY_LIMIT, ASK_ABOVE, MONTHLY_LIMIT)


@dataclass(frozen=True)
class Settings:
    """``waiting`` is ``async`` or ``sync``; ``synchronous_addresses`` are services that turned ``async`` down, and when
    (seconds since 1970): a service may learn it, so that is believed for a day."""

    service_address: str = DEFAULT_ADDRESS
    waiting: str = "async"
    history_limit: int = 200
    synchronous_addresses: Mapping[str, float] = field(default_factory=dict)
    ask_above: int = 4
    monthly_limit: int = 0

    def asynchronous(self, address: str) -> bool:
        """Whether an edit for ``address`` is submitted with ``async``."""
        turned_down = self.synchronous_addresses.get(address, 0.0)
        return self.waiting == "async" and not 0 <= time.time() - turned_down < BELIEVED


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
    for parameter in ALL:
        with contextlib.suppress(ParameterError, KeyError):
            kept[parameter.name] = parameter.checked(stored[parameter.name])
    addresses = stored.get("synchronous_addresses")
    if isinstance(addresses, dict):  # version 0.1.0 kept a list without times
        kept["synchronous_addresses"] = {
            str(address): float(when) for address, when in addresses.items() if isinstance(when, (int, float))
        }
    return Settings(**kept)  # type: ignore[arg-type]


def _stored(folder: Path | None) -> dict[str, object]:
    path = (folder or home()) / "settings.json"
    try:
        stored = parsed(path.read_bytes())
        if not isinstance(stored, dict):
            raise ValueError("it holds no settings")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        words = tr("The settings in “{path}” can't be read.").format(path=path)
        raise StorageError(words, tr("Save them anew in Settings.")) from exc
    return stored


def save(settings: Settings, folder: Path | None = None) -> None:
    """Stores ``settings``; entries of a newer version stay. Raises :class:`ParameterError`, :class:`StorageError`."""
    for parameter in (WAITING, HISTORY_LIMIT, ASK_ABOVE, MONTHLY_LIMIT):
        parameter.checked(getattr(settings, parameter.name))
    checked = dataclasses.replace(settings, service_address=check_address(settings.service_address))
    others: dict[str, object] = {}
    with contextlib.suppress(StorageError):  # the artist saves anew what can't be read
        others = _stored(folder)
    data = json.dumps({**others, **dataclasses.asdict(checked)}, indent=1)
    write_by_rename((folder or home()) / "settings.json", data.encode())


def effective_address(settings: Settings) -> str:
    """The service address in force: ``FLUXDEPTH_BASE_URL``, else the stored one. Raises :class:`ParameterError`."""
    return check_address(os.environ.get(ADDRESS_VARIABLE) or settings.service_address)


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
            tr("{setting} can't be “{value}”.").format(setting=tr(SERVICE_ADDRESS.label), value=text),
            tr("It must start with https://, for example {example}.").format(example=DEFAULT_ADDRESS),
            field=SERVICE_ADDRESS.name,
        )
    return text.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this computer by name or by literal address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Which models the service offers, and what an edit costs: asked without paying and without a key, kept for a day."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import ParameterError, StorageError
from ..model.model import Model
from ..model.models import DEFAULT, MODELS
from ..storage import files, settings as settings_module
from .client import Client

BELIEVED = 24 * 3600.0  # s


@dataclass(frozen=True)
class Offers:
    """What one service said. ``prices`` are credits an edit by the id of the model, None where it is not told."""

    address: str
    asked: float  # s since 1970
    prices: Mapping[str, int | None]

    def has(self, model: Model) -> bool:
        return model.id in self.prices

    def price(self, model: Model) -> int | None:
        return self.prices.get(model.id)

    @property
    def models(self) -> list[Model]:
        """Those of our models that are offered."""
        return [one for one in MODELS if self.has(one)]


def known(folder: Path | None = None) -> Offers | None:
    """What the service in force said within a day; None when it has to be asked. Raises nothing."""
    try:
        stored = files.parsed(_path(folder).read_bytes())
        address = settings_module.effective_address(settings_module.load(folder))
        if not isinstance(stored, dict) or stored["address"] != address or not isinstance(stored["prices"], dict):
            return None
        prices = {str(name): price if isinstance(price, int) else None for name, price in stored["prices"].items()}
        age = time.time() - float(stored["asked"])
        return Offers(address, float(stored["asked"]), prices) if 0 <= age < BELIEVED else None
    except (OSError, ValueError, KeyError, TypeError, ParameterError):  # a cache that can't be read is none
        return None


def asked(folder: Path | None = None) -> Offers:
    """What is known, else what the service says now. Blocks; raises NetworkError, ServiceError, ParameterError."""
    if stored := known(folder):
        return stored
    client = Client(settings_module.effective_address(settings_module.load(folder)), "")
    offers = Offers(client.address, time.time(), client.offers(DEFAULT.type))
    data = {"address": offers.address, "asked": offers.asked, "prices": dict(offers.prices)}
    with contextlib.suppress(StorageError):  # then it is asked again
        files.write_by_rename(_path(folder), json.dumps(data, indent=1).encode())
    return offers


def forget(folder: Path | None = None) -> None:
    """The service has just said otherwise: it is asked again."""
    with contextlib.suppress(OSError):
        _path(folder).unlink()


def _path(folder: Path | None) -> Path:
    return (folder or files.home()) / "models.json"

"""Where a result may be fetched from. No network in here."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urljoin, urlsplit

from ..errors import FETCH, ResultRefusedError
from ..language import tr
from ..storage.settings import DEFAULT_ADDRESS, is_loopback
from .replies import Record


def of_result(record: Record, service_address: str) -> list[str]:
    """Where the result may be, best first: as the record says, else the service's store of assets."""
    store = "https://asset.1min.ai" if service_address == DEFAULT_ADDRESS else f"{service_address}/asset"
    return [*record.addresses, *(f"{store}/{key}" for key in record.keys[:1] if not record.addresses)]


def refuse_unsafe(url: str, service_address: str) -> None:
    """Raises :class:`ResultRefusedError` unless ``url`` is https to a public name or address.

    When the service itself is on loopback (the sandbox), http there and private addresses are as good as it is.
    """
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise ResultRefusedError(tr("The address of the result can't be used.")) from exc
    host = (parts.hostname or "").rstrip(".")
    local_service = is_loopback(urlsplit(service_address).hostname or "")
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host) and local_service)
    if not encrypted or not (local_service or _is_public(host)):
        raise ResultRefusedError(
            tr("The address of the result is not one that may be fetched ({address}).").format(
                address=f"{parts.scheme}://{host}"
            ),
            tr(FETCH) + " " + tr("If it stays so, the vendor's support can help."),
        )


def _is_public(host: str) -> bool:
    """Whether ``host`` is a name, or a literal address that is reached from everywhere.

    A name is not resolved to judge it: that would lose paid results behind some VPNs.
    """
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # "127.1" and "2130706433" are addresses too, to the resolver; a name's last label is never a number.
        last = host.rsplit(".", 1)[-1]
        return bool(last) and host != "localhost" and not re.fullmatch(r"\d+|0x[0-9a-f]*", last, re.I)


def redirected(url: str, location: str) -> str:
    """Where a redirect from ``url`` leads. Raises :class:`ResultRefusedError` when that is no address."""
    try:
        return urljoin(url, location)
    except ValueError as exc:
        raise ResultRefusedError(tr("The address of the result leads to one that can't be used.")) from exc

"""The errors of requests, urllib3 and the operating system, in the words of ``errors.py``: one table.

The only errors translated here are those of the way to the service; what the service itself answers is in
``replies.py``.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from ..errors import ConnectionFailedError, ConnectionLostError, NetworkError, TimedOutError, TlsError
from ..language import N_, tr


@dataclass(frozen=True)
class _Row:
    """``kinds`` is any of these classes (none given: whatever it is); ``words`` is a pattern in what it says."""

    kinds: tuple[type[BaseException], ...]
    words: str
    error: type[NetworkError]
    message: str


@functools.cache
def _table() -> tuple[_Row, ...]:
    """Most specific first; the last row takes the rest. A function, since requests is imported when it is needed."""
    import requests.exceptions as high
    import urllib3.exceptions as low

    insecure = N_("The secure connection to {host} can't be made: {reason}.")
    unresolved = r"Failed to resolve|Name or service not known|name resolution|getaddrinfo failed|nodename nor servname"
    return (
        _Row((high.SSLError, low.SSLError), "", TlsError, insecure),
        _Row((), "CA certificate bundle", TlsError, insecure),
        _Row(
            (high.ProxyError,),
            "",
            ConnectionFailedError,
            N_("The proxy on the way to {host} does not let it through."),
        ),
        _Row(
            (low.NewConnectionError,),
            unresolved,
            ConnectionFailedError,
            N_("{host} can't be found: there is no network, or its name is wrong."),
        ),
        _Row((high.ConnectTimeout,), "", ConnectionFailedError, N_("{host} does not answer.")),
        _Row((low.NewConnectionError,), "", ConnectionFailedError, N_("No connection to {host}: {reason}.")),
        _Row((high.Timeout, low.TimeoutError, TimeoutError), "", TimedOutError, N_("{host} did not answer in time.")),
        _Row(
            (high.InvalidURL, high.InvalidSchema, ValueError),
            "",
            ConnectionFailedError,
            N_("The address or the proxy for {host} can't be used: {reason}."),
        ),
        # A read that times out while the body streams comes as a ConnectionError.
        _Row((), "timed out", TimedOutError, N_("{host} stopped answering.")),
        _Row((), "", ConnectionLostError, N_("The connection to {host} was lost.")),
    )


def translated(exc: Exception, host: str) -> NetworkError:
    """The tree's error for ``exc``, which came on the way to ``host``."""
    # What requests wraps says what it was: ConnectionError(MaxRetryError(reason=NewConnectionError)).
    inner = getattr(exc.args[0] if exc.args else None, "reason", None)
    innermost = inner if isinstance(inner, BaseException) else exc
    for row in _table():
        if row.kinds and not isinstance(exc, row.kinds) and not isinstance(inner, row.kinds):
            continue
        if re.search(row.words, str(exc)):
            return row.error(tr(row.message).format(host=host, reason=_reason(innermost)))
    raise AssertionError("the last row takes everything")


def _reason(exc: BaseException) -> str:
    """The innermost cause in a few words."""
    text = re.sub(r"\s*\(_ssl\.c:\d+\)|\[(Errno|WinError) \d+\] ", "", str(exc)).strip(" ')\"")
    return text.rsplit(": ", 1)[-1].strip(" ')\"").rstrip(".") or tr("unknown cause")

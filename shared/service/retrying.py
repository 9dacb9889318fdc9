"""The retry rule: which call is repeated by itself, after which error, and how long it waits. Decided here alone.

A submit is paid for, and is repeated only where that can't be twice: no byte of it was sent, or the service said that
it takes no more for the moment (429). Whatever else turned it down is told to the artist, who decides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from ..cancel import CancelToken
from ..errors import NetworkError, RateLimitedError, ResultDamagedError, ServiceDownError, TlsError
from ..storage.log import LOGGER

T = TypeVar("T")

ATTEMPTS = 4  # in all
FIRST_PAUSE = 0.5  # s, doubled each time: about 3.5 s of waiting altogether, which outlasts a hiccup and no patience
RETRY_AFTER_LIMIT = 60.0  # s; a service that asks for more is told to the artist instead

# What may pass by itself. A network error reaches this place from a submit only when no byte of it was sent: after that
# it is an UncertainError (see client.submit).
FREE = (NetworkError, RateLimitedError, ServiceDownError, ResultDamagedError)
PAID = (NetworkError, RateLimitedError)


def repeated(attempt: Callable[[], T], cancel: CancelToken, *, paid: bool = False) -> T:
    """Calls ``attempt`` until it works, with growing waits with jitter, or as long as the service asks for.

    Raises what the last attempt raised, or :class:`Cancelled`, also in the middle of a wait.
    """
    passing = PAID if paid else FREE
    for number in range(1, ATTEMPTS + 1):
        cancel.raise_if_cancelled(paid)
        try:
            return attempt()
        except passing as exc:
            wait = exc.retry_after
            if wait is None:
                wait = FIRST_PAUSE * 2 ** (number - 1) * random.uniform(0.75, 1.25)
            permanent = isinstance(exc, TlsError) or wait > RETRY_AFTER_LIMIT
            if number == ATTEMPTS or permanent:
                raise
            LOGGER.info("attempt %s failed (%s), again in %.1f s", number, exc.english, wait)
            cancel.wait(wait, paid)
    raise AssertionError("the last attempt returns or raises")

"""Waiting for a record: looks at growing intervals until the edit is finished. Knows no job and no disk."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..cancel import CancelToken
from ..errors import (
    Cancelled,
    NetworkError,
    RateLimitedError,
    ResultExpiredError,
    ServiceDownError,
    StillRunningError,
    UnexpectedReplyError,
)
from ..language import tr
from ..service.replies import Record, Status
from ..service.retrying import RETRY_AFTER_LIMIT
from ..storage.log import LOGGER

LEAST_INTERVAL = 0.5  # s
INTERVAL_SHARE = 0.09  # of the time waited: about 38 looks in a minute, and a mean added wait of some 5 %
MOST_INTERVAL = 10.0  # s
UNKNOWN_GRACE = 10.0  # s after the submit's reply in which the service may not know the new id yet
WAIT_DEADLINE = 600.0  # s; the slowest edit seen took 75
OUTAGE_LIMIT = 60.0  # s without any answer while waiting, until the artist is told


def wait_for_record(
    record_id: str,
    record: Record | None,
    look_up: Callable[[], Record | None],
    *,
    cancel: CancelToken,
    between: Callable[[], object],
) -> Record:
    """The finished record of ``record_id``; ``record`` is what the submit answered, None when the edit is recovered.

    ``between`` is called before each look. A state that this version does not know is waited out like PROCESSING.
    Raises :class:`StillRunningError` in the end, :class:`ResultExpiredError` for an id that the service has forgotten,
    the record's own error, :class:`Cancelled`, or what the looks raise when no answer comes for long.
    """
    start = last_answer = time.monotonic()
    # A recovered edit is probably ready, and the service has known its id for long.
    pause, grace = (0.0, 0.0) if record is None else (LEAST_INTERVAL, UNKNOWN_GRACE)
    while True:
        if record and record.status is Status.UNKNOWN:
            LOGGER.warning("record %s has the unknown state %s; waiting on", record_id, record.status_text)
        if cancel.wait(pause):
            raise Cancelled.after_submit()
        between()
        waited = time.monotonic() - start
        if waited > WAIT_DEADLINE:
            words = tr("The service is still working on the edit after {minutes} minutes.")
            raise StillRunningError(words.format(minutes=round(waited / 60)))
        pause = min(MOST_INTERVAL, max(LEAST_INTERVAL, INTERVAL_SHARE * waited))
        try:
            record = look_up()
            last_answer = time.monotonic()
        except (NetworkError, RateLimitedError, ServiceDownError, UnexpectedReplyError) as exc:
            if time.monotonic() - last_answer > OUTAGE_LIMIT:
                raise
            pause = max(pause, min(getattr(exc, "retry_after", None) or 0.0, RETRY_AFTER_LIMIT))
            continue
        if record is None and waited >= grace:
            raise ResultExpiredError(
                tr("The service no longer knows this edit."),
                tr("Its support can look it up by its id, {id}. If it can't be had any more, discard it.").format(
                    id=record_id
                ),
            )
        if record and record.status is Status.SUCCESS:
            return record
        if record and record.status is Status.FAILURE:
            raise record.failure()

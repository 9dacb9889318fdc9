"""The claims of one job: looked at right before each submit, and told what was paid for. For the worker's threads."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..shared.errors import BusyError, Cancelled, StorageError
from ..shared.language import tr
from ..shared.storage.claims import Claim
from .interrupts import Interrupts


class ClaimGuard:
    """``claims`` and ``facts`` are those of the job's edits, by their index."""

    def __init__(self, claims: Sequence[Claim], facts: Sequence[Mapping[str, Any]], asked: Interrupts) -> None:
        self._claims = claims
        self._facts = facts
        self._asked = asked

    def before_submit(self, index: int) -> None:
        """Raises Cancelled after Ctrl+C, BusyError when the claim is lost: nothing may be submitted then."""
        if self._asked.stop_paying:
            raise Cancelled.before_submit()
        claim = self._claims[index]
        if not (claim.stands() and claim.note(**self._facts[index], state="submitting", uuid="")):
            raise BusyError(
                tr("The claim on this frame is gone."),
                tr(
                    "Another worker has taken it over because this one stood still for long, or its folder was removed."
                ),
            )

    def taken(self, index: int, uuid: str) -> None:
        with contextlib.suppress(StorageError):  # the journal has it
            self._claims[index].note(state="taken", uuid=uuid)

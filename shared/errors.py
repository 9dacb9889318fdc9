"""Every error that the core raises, in one tree. Each says what happened, what to do and whether anything was billed.

FluxDepthError
├── ParameterError            a setting is missing, of the wrong type or out of range; ``field`` names it
├── PictureError              the picture at hand can't be sent
├── KeyMissingError           no API key was found
├── SameEditError             the same edit of the same picture is on its way already
├── MadeBeforeError           its result lies in the history
├── StorageError              the data folder can't be read or written
│   └── BusyError                 another program works on the entry
├── Cancelled                 the artist stopped it
├── NetworkError              no answer came from the service, and nothing was billed by this call
│   ├── ConnectionFailedError     no connection: refused, no such host, no route, proxy
│   ├── TlsError                  the secure connection can't be made
│   ├── TimedOutError             no answer in time
│   └── ConnectionLostError       the connection ended in the middle
├── ServiceError              the service answered, and not with what was asked for
│   ├── KeyRejectedError          401, 403 in JSON
│   ├── CreditsError              not enough credits
│   ├── ModelUnavailableError     the model is not offered (any more)
│   ├── RequestRejectedError      a typed 4xx
│   ├── AsyncUnsupportedError     a 400 that names ``async``
│   ├── RateLimitedError          429
│   ├── ServiceDownError          5xx, or a page of the edge in front of the service
│   ├── UnexpectedReplyError      a reply of a shape that is not in the contract
│   └── EditFailedError           the record of the edit says FAILURE
├── UncertainError            the submit may have been taken and billed, and its reply was lost
├── StillRunningError         the edit was taken and is not ready yet; it can be fetched later
└── ResultError               done and paid for, and its result could not be fetched; it can be fetched again
    ├── ResultExpiredError        its address has expired
    ├── ResultRefusedError        its address is not one that may be fetched
    ├── ResultTooLargeError       more bytes or pixels than is sane
    └── ResultDamagedError        not a complete picture

Foreign errors (requests, OSError) are translated where they arise and chained with ``raise … from``. An error is not
changed after it was made: who knows more about it raises a copy, ``error.with_billing(Billed.YES)`` and the like.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, TypeVar

from .language import N_, english, number, tr

E = TypeVar("E", bound="FluxDepthError")


class Billed(enum.Enum):
    """Whether this attempt may have cost credits."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class NextStep(enum.Enum):
    """The step that helps; the hosts make a button of it."""

    NONE = "none"
    CHANGE_SETTING = "change setting"  # ``field`` says which
    OPEN_SETTINGS = "open settings"
    TRY_AGAIN = "try again"
    RECOVER = "recover"  # it is in the journal and can be fetched without paying again
    EDIT_ANYWAY = "edit anyway"  # pay for the same edit a second time, knowingly


BILLED_WORDS = {
    Billed.NO: N_("Nothing was billed."),
    Billed.MAYBE: N_("Credits may have been used."),
    Billed.YES: N_("Credits were used for this edit."),
}
FETCH = N_("Fetch it with Recover; that costs nothing.")  # wherever that helps, as a sentence of its own
_PLACES = (N_("in Settings"), N_("in Preferences"))  # what ``settings_name`` may be


class FluxDepthError(Exception):
    """The base of all. ``str()`` is what the artist reads: what happened, what to do, whether it was billed.

    ``message`` and ``advice`` are in the artist's language; :attr:`english` is the message for the log.
    ``detail`` is for the log only (a status code, an error code of the service) and never holds the API key.
    ``field`` is the setting that is meant. ``retry_after`` is the number of seconds that the service asks to wait, None
    when it asks for nothing. ``final`` is set on what a record itself says of its edit: there is nothing to fetch, now
    or later.
    """

    billed = Billed.NO
    beside_paid = False  # others of the same order were paid for
    next_step = NextStep.NONE
    advice = ""
    settings_name = "Settings"  # how the host calls the place of the key and the service address

    def __init__(
        self,
        message: str,
        advice: str | None = None,
        *,
        field: str | None = None,
        billed: Billed | None = None,
        next_step: NextStep | None = None,
        detail: str = "",
        retry_after: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.detail = detail
        self.retry_after = retry_after
        self.final = final
        self.advice = tr(self.advice) if advice is None else advice
        if billed is not None:
            self.billed = billed
        if next_step is not None:
            self.next_step = next_step

    @property
    def english(self) -> str:
        """What happened, in the language of the log."""
        return english(self.message)

    def with_billing(self: E, billed: Billed) -> E:
        """A copy that says otherwise whether credits were used."""
        return self._copy(billed=billed)

    def with_advice(self: E, advice: str) -> E:
        """A copy with another advice."""
        return self._copy(advice=advice)

    def with_next_step(self: E, next_step: NextStep) -> E:
        """A copy with another step that helps."""
        return self._copy(next_step=next_step)

    def with_detail(self: E, detail: str) -> E:
        """A copy with another detail for the log."""
        return self._copy(detail=detail)

    def about(self: E, what: str) -> E:
        """A copy whose message says what it is about, e.g. ``Layer “Sky”``."""
        return self._copy(message=f"{what}: {self.message}")

    def beside(self: E, made: str = "") -> E:
        """A copy about what is left of an order; ``made`` says, before it, what has come of the order and was paid."""
        return self._copy(message=f"{made} {self.message}".strip(), beside_paid=True)

    def as_final(self: E) -> E:
        """A copy that says that there is nothing to fetch, now or later."""
        return self._copy(final=True)

    def after(self: E, others: Sequence[FluxDepthError]) -> E:
        """A copy that tells ``others`` first, a line each."""
        return self._copy(message="\n".join([*map(str, others), self.message]))

    def _copy(self: E, **changes: Any) -> E:
        """The same error with ``changes``, its cause and its traceback kept; no constructor runs again."""
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(self.__dict__, **changes)
        twin.__cause__, twin.__context__ = self.__cause__, self.__context__
        twin.__suppress_context__ = self.__suppress_context__  # set by the line above, whatever the cause
        return twin.with_traceback(self.__traceback__)

    def __str__(self) -> str:
        rest = self.beside_paid and self.billed is Billed.NO
        billed = tr("Nothing more was billed.") if rest else tr(BILLED_WORDS[self.billed])
        words = " ".join(part for part in (self.message, self.advice, billed) if part)
        place = f"in {FluxDepthError.settings_name}"
        return words.replace(tr("in Settings"), tr(place))


class ParameterError(FluxDepthError):
    next_step = NextStep.CHANGE_SETTING

    @classmethod
    def out_of_range(cls, field: str, label: str, value: object, allowed: str) -> ParameterError:
        """``label`` may not be ``value``; ``allowed`` says in words what it may be."""
        shown = f"“{value}”" if isinstance(value, str) else repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "…"
        words = tr("{setting} must be {allowed}, not {value}.")
        return cls(words.format(setting=tr(label), allowed=allowed, value=shown), field=field)

    @classmethod
    def empty(cls, field: str) -> ParameterError:
        """Nothing is written in the prompt, the one text that a model takes."""
        return cls(tr("The prompt is empty."), tr("Write what the picture should become."), field=field)

    @classmethod
    def unreadable(cls, field: str) -> ParameterError:
        """The prompt holds what is no letter: half of a surrogate pair."""
        return cls(tr("The prompt holds bytes that are no text."), tr("Write it in UTF-8."), field=field)

    @classmethod
    def unknown(cls, field: str, known: Sequence[str]) -> ParameterError:
        """``field`` is no setting at all."""
        return cls(
            tr("There is no setting called “{name}”.").format(name=field),
            tr("The settings are {names}.").format(names=", ".join(known)),
            field=field,
        )


class PictureError(FluxDepthError):
    pass


class KeyMissingError(FluxDepthError):
    next_step = NextStep.OPEN_SETTINGS
    advice = N_("Paste your 1min.ai key in Settings, or set FLUXDEPTH_API_KEY.")

    def __init__(self) -> None:
        super().__init__(tr("There is no API key yet."))


class SameEditError(FluxDepthError):
    """Asked before the second submit: same picture, settings and seed, and the first is of one order or under way."""

    next_step = NextStep.EDIT_ANYWAY
    advice = N_("Edit anyway pays for it a second time.")

    def __init__(self, message: str = "") -> None:
        super().__init__(message or tr("The same edit of this picture is on its way already."))


class MadeBeforeError(FluxDepthError):
    """Asked before the second submit: the result of the same edit of the same picture lies in the history."""

    next_step = NextStep.EDIT_ANYWAY
    advice = N_("The history has its result; another seed gives another one. Edit anyway pays for it a second time.")


class PlainPictureError(FluxDepthError):
    """Asked before anything is sent: the picture has one colour, and hardly anybody means to pay for that."""

    next_step = NextStep.EDIT_ANYWAY
    advice = N_("Is it what you see? Edit anyway sends it as it is.")

    def __init__(self) -> None:
        super().__init__(tr("The picture has one single colour."))


class LargeOrderError(FluxDepthError):
    """Asked before anything is sent: more paid edits at once than the artist has wanted to be asked about."""

    next_step = NextStep.EDIT_ANYWAY
    advice = N_("Edit anyway starts them all. How many may start without this question, you choose in Settings.")


class LimitError(FluxDepthError):
    """The artist's own limit of credits for the month is reached, or would be passed."""

    next_step = NextStep.OPEN_SETTINGS
    advice = N_("Raise the monthly limit in Settings, or wait for the next month.")

    @classmethod
    def of(cls, used: int, limit: int, wanted: str) -> LimitError:
        """``used`` of ``limit`` credits are spent, and ``wanted`` would pass it."""
        words = tr("{used} of the {limit} credits of your monthly limit are used, and these are {order}.")
        return cls(words.format(used=number(used), limit=number(limit), order=wanted))


class StorageError(FluxDepthError):
    next_step = NextStep.TRY_AGAIN
    advice = N_("Free some space or make the folder writable, then try again.")


class BusyError(StorageError):
    next_step = NextStep.NONE
    advice = N_("Wait until it is done.")


class Cancelled(FluxDepthError):
    next_step = NextStep.TRY_AGAIN

    @classmethod
    def before_submit(cls) -> Cancelled:
        return cls(tr("Stopped before the edit was submitted."))

    @classmethod
    def during_submit(cls) -> Cancelled:
        """The service may take it or turn it down; the journal will know."""
        return cls(
            tr("Stopped while the edit was being submitted."),
            tr("If the service takes it, Recover brings it in."),
            billed=Billed.MAYBE,
            next_step=NextStep.RECOVER,
        )

    @classmethod
    def after_submit(cls) -> Cancelled:
        """Stopping to wait is no refund, and the words say so."""
        return cls(
            tr("Stopped waiting."),
            tr("The service finishes the edit all the same.") + " " + tr(FETCH),
            billed=Billed.YES,
            next_step=NextStep.RECOVER,
        )


class NetworkError(FluxDepthError):
    next_step = NextStep.TRY_AGAIN


class ConnectionFailedError(NetworkError):
    advice = N_("Check the network, the proxy and the service address, then try again.")


class TlsError(NetworkError):
    advice = N_(
        "Check the clock of this computer. Behind a company proxy, set REQUESTS_CA_BUNDLE to its certificate file."
    )


class TimedOutError(NetworkError):
    advice = N_("Try again in a moment.")


class ConnectionLostError(NetworkError):
    advice = N_("Try again.")


class ServiceError(FluxDepthError):
    next_step = NextStep.TRY_AGAIN


class KeyRejectedError(ServiceError):
    next_step = NextStep.OPEN_SETTINGS
    advice = N_("Check it in Settings.")


class CreditsError(ServiceError):
    next_step = NextStep.NONE
    advice = N_("Add credits to your 1min.ai account, then try again.")


class ModelUnavailableError(ServiceError):
    next_step = NextStep.NONE
    advice = N_("The vendor may have ended it. Choose another model.")


class RequestRejectedError(ServiceError):
    next_step = NextStep.CHANGE_SETTING


class AsyncUnsupportedError(RequestRejectedError):
    pass


class RateLimitedError(ServiceError):
    advice = N_("Wait a minute, then try again.")


class ServiceDownError(ServiceError):
    advice = N_("Try again in a few minutes.")


class UnexpectedReplyError(ServiceError):
    advice = N_(
        "The service may have changed, or the address in Settings is not the service's. The log has the details."
    )


class EditFailedError(ServiceError):
    advice = N_("Change the prompt or the settings and try again.")
    billed = Billed.MAYBE


class UncertainError(FluxDepthError):
    billed = Billed.MAYBE
    next_step = NextStep.NONE  # trying again at once is what may be paid twice
    advice = N_(
        "Look at your credits on 1min.ai before you try again: without the reply this edit can't be found again."
    )


class StillRunningError(FluxDepthError):
    billed = Billed.YES
    next_step = NextStep.RECOVER
    advice = FETCH


class ResultError(FluxDepthError):
    billed = Billed.YES
    next_step = NextStep.RECOVER
    advice = FETCH


class ResultExpiredError(ResultError):
    pass


class ResultRefusedError(ResultError):
    pass


class ResultTooLargeError(ResultError):
    pass


class ResultDamagedError(ResultError):
    pass

"""What the service's replies mean: bodies in, :class:`Record`, paths or typed errors out. No network in here.

Shapes: the vendor's page ("Response Format") for the record, and replies seen elsewhere for the errors and for the
looser shapes of ``resultObject`` (a plain string, a dict, absolute addresses, a missing ``temporaryUrl``).
"""

from __future__ import annotations

import contextlib
import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import (
    AsyncUnsupportedError,
    CreditsError,
    EditFailedError,
    KeyRejectedError,
    ModelUnavailableError,
    RateLimitedError,
    RequestRejectedError,
    ServiceDownError,
    ServiceError,
    UncertainError,
    UnexpectedReplyError,
)
from ..language import tr

JSON = Any


class Status(enum.Enum):
    """Where a record stands. UNKNOWN keeps what the service said in :attr:`Record.status_text`."""

    SUCCESS = "SUCCESS"
    PROCESSING = "PROCESSING"
    FAILURE = "FAILURE"
    UNKNOWN = "?"


@dataclass(frozen=True)
class Record:
    """One ``aiRecord``. ``addresses`` are the result's absolute addresses, best first; ``keys`` its storage keys."""

    uuid: str
    status: Status
    status_text: str
    addresses: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    message: str = ""
    code: str = ""

    def failure(self) -> ServiceError:
        """The final error of a FAILURE record, or of one with an error where the result belongs."""
        if self.code == "INSUFFICIENT_CREDITS":
            return typed_error(406, self.code, self.message, None).as_final()
        if self.message:
            words = tr("The service could not make this edit: {reason}").format(reason=_sentence(self.message))
        else:
            words = tr("The service could not make this edit.")
        return EditFailedError(words, detail=f"record {self.uuid} FAILURE", final=True)


@dataclass(frozen=True)
class Reply:
    """A whole reply. ``location`` is where a redirect leads, "" when it is none; ``retry_after`` is that header."""

    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None
    location: str = ""

    def json_or_error(self) -> JSON:
        """The reply's JSON. Raises the :class:`ServiceError` that it is instead."""
        if self.status >= 300:
            raise error_of(self.status, self.content_type, self.body, self.retry_after)
        return parse_json(self.content_type, self.body)


def parse_json(content_type: str, body: bytes) -> JSON:
    """The JSON of a reply. Raises :class:`UnexpectedReplyError` for anything else, e.g. a page of HTML.

    What is JSON is read, whatever the header calls it: a proxy that renames it must not cost the id of a paid edit.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        said = (
            tr("The service's answer can't be read.")
            if "json" in content_type.lower()
            else tr("The answer is not one of the service's: a web page or another kind of file came instead.")
        )
        raise UnexpectedReplyError(said, detail=f"content type {content_type!r}, {body[:200]!r}") from exc


def upload_path(reply: JSON) -> str:
    """The path of an uploaded picture. Raises :class:`UnexpectedReplyError`."""
    for outer, inner in (("fileContent", "path"), ("asset", "key")):
        part = reply.get(outer) if isinstance(reply, dict) else None
        if isinstance(part, dict) and isinstance(part.get(inner), str) and part[inner]:
            return str(part[inner])
    raise UnexpectedReplyError(
        tr("The service took the picture and did not say where it is."), detail=f"{json.dumps(reply)[:300]}"
    )


def parse_record(reply: JSON) -> Record | None:
    """The record in ``reply``; None for ``{"aiRecord": null}``, an unknown or expired id.

    Raises :class:`UnexpectedReplyError` for any other shape, and the typed error for one that stands in the
    place of the record.
    """
    if isinstance(reply, dict) and "aiRecord" in reply:
        record = reply["aiRecord"]
        if record is None:
            return None
        if isinstance(record, dict) and isinstance(record.get("uuid"), str) and record["uuid"]:
            return _record(record)
    elif isinstance(reply, dict) and (fault := _fault(reply)) and fault[0]:
        raise typed_error(200, *fault)
    raise UnexpectedReplyError(
        tr("The service answered in a form that this version does not know."), detail=f"{json.dumps(reply)[:300]}"
    )


def _record(record: Mapping[str, JSON]) -> Record:
    text = str(record.get("status"))
    status = Status(text) if text in {"SUCCESS", "PROCESSING", "FAILURE"} else Status.UNKNOWN
    detail = record.get("aiRecordDetail")
    result = detail.get("resultObject") if isinstance(detail, dict) else None
    parts = result if isinstance(result, list) else [] if result is None else [result]
    code = message = ""
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, dict) and "code" in part:
            code, message, status = str(part["code"]), str(part.get("message", "")), Status.FAILURE
        elif isinstance(part, dict):
            found += [str(part[name]) for name in ("url", "temporaryUrl", "path", "key") if part.get(name)][:1]
    if status is Status.FAILURE and not code:
        message = " ".join(found)
        found = []
    temporary = record.get("temporaryUrl")
    absolute = [one for one in found if re.match(r"https?://", one)]
    return Record(
        uuid=str(record["uuid"]),
        status=status,
        status_text=text,
        addresses=tuple(([temporary] if isinstance(temporary, str) and temporary else []) + absolute),
        keys=tuple(one for one in found if one not in absolute),
        message=message,
        code=code,
    )


def error_of(status: int, content_type: str, body: bytes, retry_after: str | None = None) -> ServiceError:
    """The error that a reply with an HTTP status of 300 or more means. ``detail`` keeps what the log should have."""
    fault: tuple[str, str, JSON] | None = None
    with contextlib.suppress(UnexpectedReplyError):
        reply = parse_json(content_type, body)
        fault = _fault(reply) if isinstance(reply, dict) else None
    if status == 429:
        error = _rate_limited(_seconds(retry_after))
    elif fault:
        error = typed_error(status, *fault)
    else:
        error = _untyped_error(status, _seconds(retry_after))
    return error.with_detail(f"HTTP {status} {content_type} {body[:300]!r}")


def _rate_limited(wait: float | None) -> ServiceError:
    return RateLimitedError(
        tr("The service takes no more requests from this key for the moment (429)."),
        tr("It asks to wait {seconds} s; then try again.").format(seconds=f"{wait:.0f}") if wait else None,
        retry_after=wait,
    )


def _untyped_error(status: int, wait: float | None) -> ServiceError:
    """The error for a reply that holds none of the service's own: the edge's pages, an empty body."""
    if status >= 500:
        words = tr("The service can't be reached behind its gateway ({status}).")
        return ServiceDownError(words.format(status=status), retry_after=wait)
    if status == 401:
        return KeyRejectedError(tr("The service did not accept the key (401)."))
    if status == 403:
        return ServiceDownError(
            tr("The service's gateway turned this computer away (403)."),
            tr("A VPN or a company network can be the reason. Try another network, or again later."),
        )
    if status == 413:
        return RequestRejectedError(
            tr("The picture is too large for the service (413)."),
            tr("Choose a smaller longest side, or send it as JPEG."),
        )
    if 300 <= status < 400:
        words = tr("The service sent the request on to another address ({status}).")
    else:
        words = tr("The service turned the request down without a word ({status}).")
    return UnexpectedReplyError(words.format(status=status))


def taken_record(reply: Reply) -> Record:
    """The record in the reply to a submit: finished, PROCESSING or FAILURE.

    Raises :class:`UncertainError` when the edit may have been taken all the same; any other error proves that it was
    not.
    """
    if reply.status >= 300:
        error = error_of(reply.status, reply.content_type, reply.body, reply.retry_after)
        if is_refusal(reply.status, reply.content_type, reply.body):
            raise error
        words = tr("The edit was submitted and its answer was lost: {reason}")
        raise UncertainError(words.format(reason=error.message), detail=error.detail) from error
    try:
        record = parse_record(parse_json(reply.content_type, reply.body))
    except CreditsError:
        raise  # the one refusal that is known to come with a 200
    except ServiceError as exc:
        words = tr("The edit was submitted. {reason}")
        raise UncertainError(words.format(reason=exc.message), detail=exc.detail) from exc
    if record is None:
        raise UncertainError(tr("The edit was submitted and the service answered with an empty record."))
    return record


def is_refusal(status: int, content_type: str, body: bytes) -> bool:
    """Whether a reply to a submit proves that the edit was not taken: a typed 4xx, or the edge's own refusal."""
    if not 400 <= status < 500:
        return False
    if status in (401, 413, 429) or re.search(rb"error code: 1\d\d\d", body):
        return True
    try:
        reply = parse_json(content_type, body)
    except UnexpectedReplyError:
        return False
    return isinstance(reply, dict) and _fault(reply) is not None


def typed_error(status: int, code: str, message: str, details: JSON) -> ServiceError:
    """The error for the service's own error ``code`` and ``message``; ``details`` may be JSON within JSON."""
    said = _sentence(message)
    if code == "INSUFFICIENT_CREDITS" or status == 406:
        return CreditsError(tr("There are not enough credits for this edit: {reason}").format(reason=said))
    if status in (401, 403):
        words = tr("The service did not accept the key ({status}): {reason}")
        return KeyRejectedError(words.format(status=status, reason=said))
    if code == "UNSUPPORTED_MODEL":
        words = tr("The service does not offer this model: {reason}")
        return ModelUnavailableError(words.format(reason=said), field="model")
    details = _unwrap(details)
    named = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    fields = [str(one.get("field")) for one in named]
    # Not searched in the words of the model's own host: a stack trace there says "at async …".
    names_async = "async" in fields or bool(re.search(r"\basync\b", message))
    if status == 400 and code != "EXTERNAL_API_RESPONSE_WITH_ERROR" and names_async:
        words = tr("The service does not take the waiting mode: {reason}")
        return AsyncUnsupportedError(words.format(reason=said), field="async")
    if code == "MISSING_REQUIRED_FIELDS":
        reasons = " ".join(_sentence(str(one.get("message", ""))) for one in named)
        field = _last_part(fields[0]) if fields else None
        words = tr("The service misses a setting: {reason}")
        return RequestRejectedError(words.format(reason=reasons or said), field=field)
    if code == "EXTERNAL_API_RESPONSE_WITH_ERROR":
        return _model_error(said, details)
    if status >= 500:
        return ServiceDownError(tr("The service failed ({status}): {reason}").format(status=status, reason=said))
    return RequestRejectedError(tr("The service turned the edit down: {reason}").format(reason=said))


def offered(reply: JSON, feature: str) -> dict[str, int | None]:
    """The ids of the models that the list offers, with the credits that one edit costs, None when it is not told.

    A model that is listed without a status counts as offered: a list that was really seen has none.
    """
    listed = reply.get("models") if isinstance(reply, dict) else None
    if not isinstance(listed, list):
        raise UnexpectedReplyError(tr("The service's list of models can't be read."), detail=json.dumps(reply)[:300])
    return {
        str(one["modelId"]): _price(one.get("creditMetadata"), feature)
        for one in listed
        if isinstance(one, dict) and "modelId" in one and one.get("status", "ACTIVE") == "ACTIVE"
    }


def _price(credits: JSON, feature: str) -> int | None:
    """``ALL``, else the feature's own key; other keys (by size, by quality, INPUT, OUTPUT) are no price of one edit."""
    for key in ("ALL", feature) if isinstance(credits, dict) else ():
        price = credits.get(key)
        if isinstance(price, (int, float)) and not isinstance(price, bool) and price > 0:
            return round(price)
    return None


def _model_error(said: str, details: JSON) -> ServiceError:
    """What the model's own host answered; "busy" in the outer message may hide a permanent cause in the details."""
    words = tr("The model is not available at the moment: {reason}")
    response = details.get("response") if isinstance(details, dict) else None
    if isinstance(response, dict):
        status, data = response.get("status"), response.get("data")
        cause = data.get("message") if isinstance(data, dict) else data
        if cause and isinstance(status, int) and 400 <= status < 500 and status != 429:
            field = _last_part(str(data["field"])) if isinstance(data, dict) and data.get("field") else None
            refused = tr("The model turned the edit down: {reason}")
            return RequestRejectedError(refused.format(reason=_sentence(str(cause))), field=field)
        if cause:
            said = _sentence(str(cause))
    return ServiceDownError(words.format(reason=said))


def _fault(reply: Mapping[str, JSON]) -> tuple[str, str, JSON] | None:
    """Code, message and details of the error shapes seen: top level, ``error``, or ``resultObject``."""
    for part in (reply, reply.get("error"), reply.get("resultObject")):
        if isinstance(part, dict):
            code, message = part.get("errorCode", part.get("code", "")), part.get("message")
            if isinstance(message, list):  # frameworks of its kind list several
                message = " ".join(map(str, message))
            if isinstance(message, str):
                return str(code), message, part.get("details")
    return None


def _unwrap(details: JSON) -> JSON:
    """``details`` may be a JSON string that holds the structure."""
    if isinstance(details, str):
        try:
            return json.loads(details)
        except (ValueError, RecursionError):
            return details
    return details


def _sentence(text: str) -> str:
    """The service's own words, on one line, of a readable length, ended like a sentence."""
    line = " ".join(text.split())
    line = line if len(line) <= 300 else line[:299] + "…"
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _last_part(field: str | None) -> str | None:
    """``promptObject.prompt`` → ``prompt``."""
    return field.rsplit(".", 1)[-1] if field else None


def _seconds(retry_after: str | None) -> float | None:
    """``Retry-After`` in its form of seconds; a date is rare and then treated as absent."""
    return float(retry_after) if retry_after and retry_after.strip().isdecimal() else None

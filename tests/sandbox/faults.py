"""The faults that the sandbox can show: their names, where each can strike, and what each one means.

This is the table only. What a fault does to a reply is in `replies` (canned replies), `service` (records) and `server`
(the connection).
"""

from dataclasses import dataclass
from typing import Any, Literal

STAGES = ("upload", "submit", "poll", "download", "models")
API = ("upload", "submit", "poll", "models")
KEYED = ("upload", "submit", "poll")
RECORD = ("submit", "poll")

When = Literal["unread", "instead", "after", "record", "service"]


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    when: "unread" strikes before the request is read; "instead" answers in place of the service, which does nothing;
    "after" lets the service do its work (an edit is then taken, and would be billed) and spoils the reply; "record"
    spoils the finished record of the edit, in whichever reply it comes; "service" changes what the service does.
    keeps_contract: the reply is still one that the service is known to give, so it is held to the description.
    """

    name: str
    stages: tuple[str, ...]
    when: When
    says: str
    keeps_contract: bool = False
    once: bool = False


_ALL: tuple[Kind, ...] = (
    # The connection
    Kind("refuse", STAGES, "unread", "the connection is closed before the request is read"),
    Kind("reset", STAGES, "instead", "RST once the request is read; nothing was done"),
    Kind("reset_after_taken", KEYED, "after", "the work is taken, then RST"),
    Kind("silence", STAGES, "instead", "never answers"),
    Kind("silence_after_taken", KEYED, "after", "the work is taken, but no answer ever comes"),
    Kind("slow_drip", STAGES, "after", "the right reply, one byte every `drip_interval` seconds"),
    Kind("truncated", STAGES, "after", "fewer bytes than Content-Length says, then the end"),
    Kind("wrong_length", STAGES, "after", "Content-Length says less than is sent"),
    # What is no answer of the service
    Kind("html", STAGES, "after", "200 and HTML where JSON or a picture belongs"),
    Kind("html_403", STAGES, "instead", "403, the edge's page 'error code: 1010'"),
    Kind("html_503", STAGES, "instead", "503, a challenge page of the edge"),
    Kind("http_522", STAGES, "after", "522, the edge's time-out page; the work was taken"),
    Kind("json_shape", API, "after", "JSON of the wrong shape"),
    Kind("not_json", API, "after", "says JSON and is none"),
    Kind("text_plain", API, "after", "the right reply, called text/plain"),
    Kind("http_500", STAGES, "instead", "500 with the service's error body", keeps_contract=True),
    # Typed errors
    Kind("rate_limit", STAGES, "instead", "429 with Retry-After: 1", keeps_contract=True),
    Kind("rate_limit_bare", STAGES, "instead", "429 without Retry-After", keeps_contract=True),
    Kind("unauthorized", KEYED, "instead", "401, the key is not active", keeps_contract=True),
    Kind("key_deleted", KEYED, "instead", "401, the key has been deleted", keeps_contract=True),
    Kind("no_credits", ("submit",), "instead", "406 INSUFFICIENT_CREDITS", keeps_contract=True),
    Kind("unsupported_model", ("submit",), "instead", "400 UNSUPPORTED_MODEL", keeps_contract=True),
    Kind(
        "unsupported_feature",
        ("submit",),
        "instead",
        "400 UNKNOWN_ERROR, unsupported feature type",
        keeps_contract=True,
    ),
    Kind("missing_fields", ("submit",), "instead", "400 MISSING_REQUIRED_FIELDS", keeps_contract=True),
    Kind(
        "busy",
        ("submit",),
        "instead",
        "400 EXTERNAL_API_RESPONSE_WITH_ERROR, 'a bit busy'",
        keeps_contract=True,
    ),
    Kind("error_envelope", KEYED, "instead", '400 {"success": false, "error": …}', keeps_contract=True),
    Kind(
        "async_unsupported",
        ("submit",),
        "service",
        "400 that names `async`; the plain call works",
        keeps_contract=True,
    ),
    Kind("async_ignored", ("submit",), "service", "a finished record in reply to `async`", keeps_contract=True),
    Kind(
        "upload_forgotten",
        ("submit",),
        "service",
        "what was uploaded before is no longer known",
        True,
        once=True,
    ),
    # Records
    Kind("no_credits_200", RECORD, "record", "resultObject is a dict INSUFFICIENT_CREDITS", keeps_contract=True),
    Kind("failure", RECORD, "record", "ends as FAILURE, the text in resultObject[0]", keeps_contract=True),
    Kind(
        "failure_at_once",
        ("submit",),
        "service",
        "a FAILURE record in reply to the submit",
        keeps_contract=True,
    ),
    Kind("result_string", RECORD, "record", "resultObject is a plain string", keeps_contract=True),
    Kind(
        "result_dict_url",
        RECORD,
        "record",
        'resultObject is {"url": …}; no temporaryUrl',
        keeps_contract=True,
    ),
    Kind(
        "result_absolute_url",
        RECORD,
        "record",
        "resultObject holds an absolute URL; no temporaryUrl",
        keeps_contract=True,
    ),
    Kind("no_temporary_url", RECORD, "record", "temporaryUrl is missing, the key is there", keeps_contract=True),
    Kind(
        "private_url",
        RECORD,
        "record",
        "temporaryUrl is `private_url`, a literal private address",
        keeps_contract=True,
    ),
    Kind("unknown_status", RECORD, "after", "a status that nobody knows"),
    Kind("record_null", RECORD, "after", '{"aiRecord": null}; the edit goes on'),
    Kind("other_size", ("submit",), "service", "the result has another size and aspect", keeps_contract=True),
    # Models
    Kind("model_disabled", ("models",), "service", "the model is DISABLED", keeps_contract=True),
    Kind("model_gone", ("models",), "service", "the model is not in the list", keeps_contract=True),
    # Ways to somewhere else
    Kind("redirect_other_host", STAGES, "instead", "307 to another host, which answers and records"),
    Kind("redirect_http", STAGES, "instead", "307 to http on a host that is not loopback"),
    Kind("redirect_loop", STAGES, "instead", "307 to itself"),
    # Results
    Kind("expired_url", ("download",), "instead", "403 and S3's XML: Request has expired"),
    Kind("result_not_image", ("download",), "instead", "text that says it is a picture"),
    Kind("result_truncated", ("download",), "instead", "the first half of the picture, in a whole reply"),
    Kind("result_empty", ("download",), "instead", "a whole reply without a byte in it"),
    Kind("result_tail", ("download",), "instead", "a whole JPEG with some 3000 bytes behind its end"),
    Kind("result_avif", ("download",), "instead", "the picture as AVIF, which was not asked for"),
    Kind("result_bomb", ("download",), "instead", "a tiny PNG that declares 60000×60000"),
    Kind("result_huge", ("download",), "instead", "a body without end"),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}


@dataclass
class Fault:
    """A fault that is armed: it strikes the next `times` requests of its stage (None: every one).

    stage is one of STAGES, or "any" for every stage that the kind knows. Raises ValueError for an unknown kind, or a
    stage where the kind cannot strike.
    """

    stage: str
    kind: str
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are: {', '.join(KINDS)}")
        if self.stage != "any" and self.stage not in self.what.stages:
            raise ValueError(f"{self.kind} strikes at {', '.join(self.what.stages)}, not at {self.stage!r}")

    @property
    def what(self) -> Kind:
        return KINDS[self.kind]

    @classmethod
    def parse(cls, name: str) -> "Fault":
        """`[stage:]kind[*times]`; without a stage all of the kind's, without times every request.

        A kind that makes sense but once (see Kind.once) strikes once when no times are given.
        """
        rest, star, times = name.partition("*")
        stage, colon, kind = rest.rpartition(":")
        fault = cls(stage if colon else "any", kind, int(times) if star else None)
        if fault.what.once and not star:
            fault.times = 1
        return fault

    def strikes(self, stage: str, sent: Any) -> bool:
        """Whether it strikes a request of this stage. `sent` is the JSON of the body, None when there is none."""
        if self.times == 0 or stage not in self.what.stages or self.stage not in ("any", stage):
            return False
        if self.kind in ("async_unsupported", "async_ignored"):
            return isinstance(sent, dict) and sent.get("async") is True
        return True


def table() -> str:
    """The faults as lines for people: stages, name, meaning."""
    return "\n".join(f"{kind.name:20}  {','.join(kind.stages):36}  {kind.says}" for kind in _ALL)

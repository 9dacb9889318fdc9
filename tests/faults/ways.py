"""What a host meets on its way to the service, stage by stage: the same for GIMP and for Blender."""

from __future__ import annotations

import itertools

import pytest

from tests.sandbox import Fault, Sandbox

FULL = pytest.mark.full
# The sandbox's stage → the table's.
STAGE = {"upload": "upload", "submit": "submit", "poll": "wait", "download": "download"}
# What the service itself says of an edit: there is nothing to fetch.
FINAL = ("failure", "failure_at_once", "no_credits_200")

IN_CI = ["submit:reset_after_taken", "poll:html*2", "download:wrong_length"]
MATRIX = [
    f"{stage}:{kind}"
    for stage, kinds in {
        "upload": "refuse reset truncated wrong_length html html_403 html_503 http_500 not_json json_shape "
        "unauthorized key_deleted rate_limit rate_limit_bare slow_drip*1 redirect_other_host redirect_http "
        "redirect_loop refuse*1",
        "submit": "refuse reset reset_after_taken truncated wrong_length html html_403 html_503 http_522 http_500 "
        "not_json json_shape record_null text_plain slow_drip unauthorized no_credits unsupported_model "
        "missing_fields unsupported_feature busy error_envelope rate_limit rate_limit*1 rate_limit_bare "
        "redirect_other_host redirect_http async_unsupported async_ignored failure failure_at_once no_credits_200 "
        "upload_forgotten",
        "poll": "unauthorized failure no_credits_200 refuse*3 reset*3 http_500*3 html*2 html_503*2 rate_limit*2 "
        "rate_limit_bare*1 unknown_status*2 result_string result_dict_url result_absolute_url no_temporary_url "
        "record_null*1 truncated*2 wrong_length*2 json_shape*2 redirect_other_host*2 redirect_http*2 not_json*2 "
        "slow_drip*1",
        "download": "refuse reset truncated wrong_length html html_403 html_503 http_500 expired_url*1 expired_url "
        "result_not_image result_truncated result_empty result_bomb redirect_other_host redirect_http redirect_loop "
        "rate_limit rate_limit_bare reset*1 slow_drip*1 private_url",
    }.items()
    for kind in kinds.split()
]
SILENCES = [
    *("upload:silence*1", "submit:silence", "submit:silence_after_taken", "poll:silence*1", "download:silence*1")
]
# At each stage at which the service is spoken to by its own address, and the sandbox's stage before it.
WRONG_CERTIFICATES = list(itertools.product(["wrong host", "expired", "self-signed"], ["upload", "submit", "download"]))
BEFORE = {"upload": "", "submit": "upload", "download": "poll"}


def chosen(cases: list[str], in_ci: list[str]) -> list[object]:
    """``cases`` for a test's parameters: all but those ``in_ci`` are for the full run alone."""
    return [pytest.param(one, marks=() if one in in_ci else FULL) for one in cases]


def named(fault: str) -> tuple[str, str]:
    """A fault of the sandbox as the table calls it: stage and fault."""
    stage, kind = fault.split(":")
    return STAGE[stage], kind.replace("*", ", times ")


def arm(service: Sandbox, fault: str) -> None:
    """Lets ``service`` show the fault, slowly enough and not more slowly than a test can wait."""
    if "private_url" in fault:  # where no name leads
        service.private_url, fault = "https://storage.fluxdepth.invalid/result.png", "poll:private_url"
    service.fault = fault
    service.drip_interval = 0.0 if fault.startswith("download") else 0.0002  # a picture has many bytes


def over(service: Sandbox) -> None:
    """The fault is over: the service is as good as ever, also in what it says of edits that it has taken."""
    service.fault, service.latency = None, 0.0
    for edit in service.service.edits.values():
        edit.fault = None  # what its record is spoiled by


# The kinds of picture whose names say so are edited three times over, and one of the three fails.


def prepare(service: Sandbox, kind: str) -> None:
    if "failed" in kind:
        service.faults = [Fault("submit", "failure_at_once")]


def asked(kind: str) -> int:
    return 3 if "variations" in kind else 1

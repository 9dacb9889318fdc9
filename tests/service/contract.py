"""Hold HTTP requests and replies to `openapi.yaml`, the service's contract.

The description is written from the vendor's page and stands apart from the project's core: this module imports nothing
of it, so that a mistake in the core's parameter table is caught. Values are checked as JSON wrote them: `42.0` is no
whole number and `true` is no number.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import multipart
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DESCRIPTION = Path(__file__).with_name("openapi.yaml")


@dataclass(frozen=True)
class Problem:
    """One thing that breaks the contract.

    `field` is the dotted path of the value ("promptObject.seed", "header.API-KEY"), `rule` the keyword of JSON Schema
    that it breaks ("required", "type", "maximum", …) or one of "path", "method", "status", "security", "content",
    "multipart".
    """

    field: str
    rule: str
    message: str


class ContractError(AssertionError):
    """A request or a reply that breaks the contract. `problems` lists everything that is wrong with it."""

    def __init__(self, what: str, problems: list[Problem]) -> None:
        self.problems = problems
        lines = [f"  {problem.field or '(body)'}: {problem.message}" for problem in problems]
        super().__init__(f"{what} breaks the contract:\n" + "\n".join(lines))


@dataclass(frozen=True)
class UploadedFile:
    """The one part of an upload: its file name, its content type as sent, and its bytes."""

    name: str
    content_type: str
    content: bytes


@cache
def description() -> dict[str, Any]:
    """The OpenAPI document. Not to be changed."""
    loaded = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def check_request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise ContractError unless the request is one that the service documents. `path` may carry a query."""
    what = f"{method} {path}"
    operation, in_path = _operation_or_error(what, method, path)
    problems = _parameter_problems(operation, in_path, path)
    if operation.get("security", description()["security"]) and not _header(headers, "API-KEY"):
        problems.append(Problem("header.API-KEY", "security", "the key is missing"))
    if "requestBody" in operation:
        problems += _body_problems(operation["requestBody"]["content"], headers, body)
    elif body:
        problems.append(Problem("", "content", f"{method} takes no body"))
    if problems:
        raise ContractError(what, problems)


def check_reply(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise ContractError unless the reply is one that the service is known to give to this request."""
    what = f"the reply {status} to {method} {path}"
    operation, _ = _operation_or_error(what, method, path)
    reply = operation["responses"].get(str(status))
    if reply is None:
        raise ContractError(what, [Problem("", "status", f"status {status} is not described")])
    if "$ref" in reply:
        reply = description()["components"]["responses"][reply["$ref"].rsplit("/", 1)[1]]
    problems = _body_problems(reply["content"], headers, body)
    if problems:
        raise ContractError(what, problems)


def uploaded_file(headers: Mapping[str, str], body: bytes) -> UploadedFile:
    """The file of a multipart upload. Raises ContractError when the body is not exactly one part named `asset`."""
    parts, problems = _multipart_or_problems(headers, body)
    schema = description()["paths"]["/api/assets"]["post"]["requestBody"]["content"]["multipart/form-data"]
    problems = problems or _form_problems(schema["schema"], parts)
    if problems:
        raise ContractError("the upload", problems)
    return parts[0][1]


def _is_whole(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@cache
def _validator(schema_json: str) -> Validator:
    registry = Registry().with_resource("urn:contract", DRAFT202012.create_resource(description()))
    formats = FormatChecker(formats=())
    for name in ("uuid", "date-time"):
        formats.checkers[name] = Draft202012Validator.FORMAT_CHECKER.checkers[name]

    @formats.checks("json", raises=ValueError)
    def _is_json(text: object) -> bool:
        return isinstance(text, str) and json.loads(text) is not None

    @formats.checks("uri")
    def _is_absolute(text: object) -> bool:
        parts = urlsplit(str(text))
        return parts.scheme in ("http", "https") and bool(parts.netloc)

    strict = extend(Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole))
    # References of the description are local ("#/components/…"): they resolve against the whole of it.
    schema = json.loads(schema_json.replace('"#/components/', '"urn:contract#/components/'))
    return strict(schema, registry=registry, format_checker=formats)


def _schema_problems(schema: dict[str, Any], value: object, prefix: str = "") -> list[Problem]:
    found: list[Problem] = []
    for error in _validator(json.dumps(schema)).iter_errors(value):
        found += _leaf_problems(error, prefix)
    return sorted(set(found), key=lambda problem: (problem.field, problem.rule, problem.message))


def _leaf_problems(error: ValidationError, prefix: str) -> list[Problem]:
    path = ".".join([*([prefix] if prefix else []), *(str(step) for step in error.absolute_path)])
    keyword = str(error.validator)
    if keyword == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [Problem(_join(path, name), keyword, f"{name} is missing") for name in missing]
    if keyword == "additionalProperties" and error.validator_value is False:
        unknown = [name for name in error.instance if name not in error.schema.get("properties", {})]
        return [Problem(_join(path, name), keyword, f"{name} is not known") for name in unknown]
    # Of alternatives, the one that the value comes nearest to says most; if none is, best_match gives the error back.
    nearest = best_match([error])
    if nearest is not error:
        return _leaf_problems(nearest, prefix)
    if error.validator is None:
        return [Problem(path, "false", f"{error.instance!r} must not be there")]
    return [Problem(path, keyword, error.message if len(error.message) < 300 else error.message[:300] + "…")]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _operation_or_error(what: str, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    bare = urlsplit(path).path
    for template, item in description()["paths"].items():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        match = re.fullmatch(pattern, bare)
        if match is None:
            continue
        if method.lower() not in item:
            raise ContractError(what, [Problem("", "method", f"{method} is not described for {template}")])
        return item[method.lower()], {name: unquote(value) for name, value in match.groupdict().items()}
    raise ContractError(what, [Problem("", "path", f"{bare} is no path of the service")])


def _parameter_problems(operation: dict[str, Any], in_path: dict[str, str], path: str) -> list[Problem]:
    in_query = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
    problems: list[Problem] = []
    described = operation.get("parameters", [])
    for parameter in described:
        given = (in_path if parameter["in"] == "path" else in_query).get(parameter["name"])
        field = f"{parameter['in']}.{parameter['name']}"
        if given is not None:
            problems += _schema_problems(parameter["schema"], given, field)
        elif parameter.get("required"):
            problems.append(Problem(field, "required", f"{parameter['name']} is missing"))
    known = {parameter["name"] for parameter in described if parameter["in"] == "query"}
    problems += [
        Problem(f"query.{name}", "additionalProperties", f"{name} is not known")
        for name in in_query
        if name not in known
    ]
    return problems


def _body_problems(content: dict[str, Any], headers: Mapping[str, str], body: bytes) -> list[Problem]:
    media = _content_type(headers).get_content_type()
    if media not in content:
        given = _header(headers, "Content-Type") or "none"
        return [Problem("header.Content-Type", "content", f"{given} is none of {', '.join(content)}")]
    schema = content[media]["schema"]
    if media == "multipart/form-data":
        parts, problems = _multipart_or_problems(headers, body)
        return problems or _form_problems(schema, parts)
    try:
        value = json.loads(body, parse_constant=_no_number)
    except ValueError as error:
        return [Problem("", "content", f"the body is no JSON: {error}")]
    return _schema_problems(schema, value)


def _multipart_or_problems(
    headers: Mapping[str, str], body: bytes
) -> tuple[list[tuple[str, UploadedFile]], list[Problem]]:
    boundary = _content_type(headers).get_param("boundary")
    if not isinstance(boundary, str):
        return [], [Problem("header.Content-Type", "multipart", "the boundary is missing")]
    parts: list[tuple[str, UploadedFile]] = []
    chunks: list[bytes] = []
    segment: multipart.MultipartSegment | None = None
    try:
        with multipart.PushMultipartParser(boundary, content_length=len(body), strict=True) as parser:
            for event in parser.parse(body):
                if isinstance(event, multipart.MultipartSegment):
                    segment, chunks = event, []
                elif event is not None:
                    chunks.append(bytes(event))
                elif segment is not None:
                    name, mime = segment.filename or "", segment.content_type or ""
                    parts.append((segment.name, UploadedFile(name, mime, b"".join(chunks))))
    except multipart.MultipartError as error:
        return [], [Problem("", "multipart", f"the body is no multipart form: {error}")]
    return parts, []


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _form_problems(schema: dict[str, Any], parts: list[tuple[str, UploadedFile]]) -> list[Problem]:
    problems = _schema_problems(schema, {name: "" for name, _ in parts})
    if len(parts) > len({name for name, _ in parts}):
        problems.append(Problem("", "multipart", "a part is sent twice"))
    problems += [Problem(name, "multipart", "the part has no file name") for name, file in parts if not file.name]
    return problems


def _content_type(headers: Mapping[str, str]) -> Message:
    message = Message()
    message["Content-Type"] = _header(headers, "Content-Type") or "application/octet-stream"
    return message


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")

"""The bodies of the service's replies, in the shapes that `tests/service/openapi.yaml` describes.

Builds values only: knows no connection and no state of the server.
"""

import json
import uuid
from datetime import datetime, timezone
from typing import Any

MODEL = "black-forest-labs/flux-depth-pro"
FEATURE = "IMAGE_EDITOR"
STAND_IN = "Loopback stand-in of the service: no model was asked, this is a plain picture operation."

Body = dict[str, Any]


def now() -> str:
    """The time in the service's way of writing it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def error(code: str, message: str, details: Any = None) -> Body:
    """An error; `details` goes out as a JSON string, as the service does it."""
    body = {"errorCode": code, "message": message}
    if details is not None:
        body["details"] = json.dumps(details)
    return body


def external_error(status: int, message: str) -> Body:
    """The model's own refusal, which the service wraps in words about being busy."""
    details = {"response": {"status": status, "data": {"message": message}}}
    busy = "Black Forest Labs service is a bit busy at the moment, please try again later"
    return error("EXTERNAL_API_RESPONSE_WITH_ERROR", busy, details)


def missing_fields(fields: dict[str, str]) -> Body:
    details = [{"field": field, "message": message} for field, message in fields.items()]
    return error("MISSING_REQUIRED_FIELDS", "Missing required fields", details)


def unsupported_model(model: object) -> Body:
    return error("UNSUPPORTED_MODEL", f"Model {model} is not supported for feature {FEATURE}")


def unsupported_feature(feature: object) -> Body:
    return error("UNKNOWN_ERROR", f"Unsupported feature type: {feature}")


def key_not_active() -> Body:
    return error("HTTP_EXCEPTION", "API Key is not active")


TYPED_ERRORS: dict[str, tuple[int, dict[str, str], Body]] = {
    "http_500": (500, {}, error("HTTP_EXCEPTION", "Internal server error")),
    "rate_limit": (
        429,
        {"Retry-After": "1"},
        error("HTTP_EXCEPTION", "ThrottlerException: Too Many Requests"),
    ),
    "rate_limit_bare": (429, {}, error("HTTP_EXCEPTION", "ThrottlerException: Too Many Requests")),
    "unauthorized": (401, {}, key_not_active()),
    "key_deleted": (401, {}, error("HTTP_EXCEPTION", "API Key has been deleted")),
    "no_credits": (
        406,
        {},
        error(
            "INSUFFICIENT_CREDITS",
            "The feature requires 4800 credits, but the Sandbox team only has 46 credits",
        ),
    ),
    "unsupported_model": (400, {}, unsupported_model(MODEL)),
    "unsupported_feature": (400, {}, unsupported_feature(FEATURE)),
    "missing_fields": (400, {}, missing_fields({"promptObject.imageUrl": "imageUrl is required"})),
    "busy": (400, {}, external_error(503, "no capacity")),
    "error_envelope": (
        400,
        {},
        {
            "success": False,
            "error": {"code": "INVALID_REQUEST", "message": "The request could not be handled"},
        },
    ),
}
"""kind of fault → status, headers, body"""

PAGES: dict[str, tuple[int, str]] = {
    "html": (
        200,
        "<!DOCTYPE html><html><head><title>1min.AI</title></head><body><div id=root></div></body></html>",
    ),
    "html_403": (403, "<html><head><title>Access denied</title></head><body>error code: 1010</body></html>"),
    "html_503": (
        503,
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>",
    ),
    "http_522": (
        522,
        "<!DOCTYPE html><html><head><title>Connection timed out</title></head><body>522</body></html>",
    ),
}
"""kind of fault → status, HTML of the edge"""


def upload(*, key: str, name: str, mime: str, content: bytes, etag: str, base_url: str, team: "Team") -> Body:
    """The reply to an upload, as the vendor's asset page shows it."""
    return {
        "asset": {
            "fieldname": "asset",
            "originalname": name,
            "encoding": "7bit",
            "mimetype": mime,
            "size": len(content),
            "bucket": "asset.1min.ai",
            "key": key,
            "acl": "private",
            "contentType": "application/octet-stream",
            "contentDisposition": None,
            "contentEncoding": None,
            "storageClass": "STANDARD",
            "serverSideEncryption": None,
            "metadata": {
                "team-id": team.team_id,
                "user-id": team.user_id,
                "fieldname": "asset",
                "originalname": name,
                "encoding": "7bit",
                "mimetype": mime,
            },
            "location": f"{base_url}/s3/asset.1min.ai/{key}",
            "etag": f'"{etag}"',
        },
        "fileContent": {
            "uuid": str(uuid.uuid4()),
            "path": key,
            "type": key.rsplit(".", 1)[1].lower(),
            "name": key.rsplit("/", 1)[1],
            "status": "ACTIVE",
            "createdAt": now(),
        },
    }


class Team:
    """The invented owner of the key."""

    def __init__(self) -> None:
        self.team_id, self.user_id, self.since = str(uuid.uuid4()), str(uuid.uuid4()), now()

    def user(self) -> Body:
        return {
            "teamId": self.team_id,
            "userId": self.user_id,
            "userName": "Sandbox",
            "userAvatar": "",
            "status": "ACTIVE",
            "role": "ADMIN",
            "creditLimit": 100000000,
            "usedCredit": 0,
            "createdAt": self.since,
            "createdBy": "SYSTEM",
            "updatedAt": self.since,
            "updatedBy": "SYSTEM",
        }


def record(*, record_id: str, team: Team, status: str, created: str, prompt_object: Body, result: Any) -> Body:
    """One edit as the service tells it; `temporaryUrl` is the caller's to add."""
    return {
        "uuid": record_id,
        "userId": team.user_id,
        "teamId": team.team_id,
        "teamUser": team.user(),
        "model": MODEL,
        "type": FEATURE,
        "metadata": {"note": STAND_IN},
        "rating": None,
        "feedback": None,
        "conversationId": None,
        "status": status,
        "createdAt": created,
        "aiRecordDetail": {"promptObject": prompt_object, "resultObject": result, "responseObject": {}},
        "additionalData": None,
    }


def models(offered: bool = True, status: str | None = None) -> Body:
    """The model list in the shape of a reply that was really seen: no status, the price in `creditMetadata`.

    Our model stands in it unless it is not `offered`, with `status` where one is given: other replies had one.
    """
    listed = [_model("flux-kontext-pro", "Flux Kontext Pro", 40000)]
    if offered:
        ours = _model("flux-depth-pro", "Flux Depth Pro", 50000)
        listed.append(ours if status is None else {**ours, "status": status})
    return {"total": len(listed), "models": listed}


def _model(name: str, title: str, credits: int) -> Body:
    return {
        "modelId": f"black-forest-labs/{name}",
        "name": f"{title} - Black Forest Labs",
        "provider": "replicate",
        "group": "black_forest_labs/flux",
        "creditMetadata": {"ALL": credits},
        "features": [FEATURE],
        "modality": None,
    }

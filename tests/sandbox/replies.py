"""The bodies of the service's replies, in the shapes that `tests/service/openapi.yaml` describes.

Builds values only: knows no connection and no state of the server.
"""

import json
import uuid
from collections.abc import Collection
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


def record(
    *, model: str, record_id: str, team: Team, status: str, created: str, prompt_object: Body, result: Any
) -> Body:
    """One edit as the service tells it; `temporaryUrl` is the caller's to add."""
    return {
        "uuid": record_id,
        "userId": team.user_id,
        "teamId": team.team_id,
        "teamUser": team.user(),
        "model": model,
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


# Name → title and price, as far as saved replies and pages tell; {} where none is known. The last five are offered as
# well, and their fields are not known here.
OFFERED: dict[str, tuple[str, Body]] = {
    "flux-depth-pro": ("Flux Depth Pro", {"ALL": 50000}),
    "flux-canny-pro": ("Flux Canny Pro", {"ALL": 50000}),
    "flux-depth-dev": ("Flux Depth Dev", {"ALL": 25000}),
    "flux-kontext-pro": ("Flux Kontext Pro", {FEATURE: 40000}),
    "flux-kontext-max": ("Flux Kontext Max", {"ALL": 80000}),
    "flux-kontext-dev": ("Flux Kontext Dev", {"ALL": 25000}),
    "flux-2-pro": ("FLUX.2 Pro", {"INPUT": 5000, "OUTPUT": 10000}),
    "flux-2-max": ("FLUX.2 Max", {}),
    "flux-2-flex": ("FLUX.2 Flex", {}),
    "flux-canny-dev": ("Flux Canny Dev", {"ALL": 25000}),
    "flux-kontext-dev-lora": ("Flux Kontext Dev LoRA", {"ALL": 25000}),
    "qwen-image-edit-plus": ("Qwen Image Edit Plus", {}),
    "gpt-image-1": ("GPT Image 1", {}),
    "gemini-2.5-flash-image": ("Gemini 2.5 Flash Image", {}),
}
KNOWN = tuple(OFFERED)[:9]


def model_id(name: str) -> str:
    return f"black-forest-labs/{name}"


def models(offered: bool = True, status: str | None = None, withdrawn: Collection[str] = ()) -> Body:
    """The model list in the shape of a reply that was really seen: no status, the price in `creditMetadata`.

    The first model stands in it unless it is not `offered`, with `status` where one is given: other replies had one.
    `withdrawn` names others that do not.
    """
    gone = {*withdrawn, *(() if offered else ("flux-depth-pro",))}
    listed = [_model(name, *about) for name, about in OFFERED.items() if name not in gone]
    if status is not None:
        listed = [{**one, "status": status} if one["modelId"] == MODEL else one for one in listed]
    return {"total": len(listed), "models": listed}


def _model(name: str, title: str, credits: Body) -> Body:
    ours = name in KNOWN
    return {
        "modelId": model_id(name) if ours else name,
        "name": f"{title} - Black Forest Labs" if ours else title,
        "provider": "replicate" if ours else "other",
        "group": "black_forest_labs/flux" if ours else "others",
        "creditMetadata": credits,
        "features": [FEATURE],
        "modality": None,
    }

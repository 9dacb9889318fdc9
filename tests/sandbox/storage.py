"""The bucket: what was uploaded, what came out, and presigned URLs that are checked as S3 checks them.

Knows nothing of edits and of the service's JSON.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, urlencode

from aiohttp import web

BUCKET_PATH = "/s3/asset.1min.ai/"
_STAMP = "%Y%m%dT%H%M%SZ"


class Storage:
    """Objects in memory. `uploads` and `results` map a key to its bytes."""

    def __init__(self) -> None:
        self.uploads: dict[str, bytes] = {}
        self.results: dict[str, bytes] = {}
        self._secret = secrets.token_bytes(32)

    def new_key(self, name: str) -> str:
        """A key that is not taken: images/<timestamp>_<name>."""
        safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
        moment = datetime.now(timezone.utc)
        while True:
            key = f"images/{moment:%Y_%m_%d_%H_%M_%S}_{moment.microsecond // 1000:03}_{safe}"
            if key not in self.uploads and key not in self.results:
                return key
            moment += timedelta(milliseconds=1)

    def presigned(self, base_url: str, key: str, lifetime: int) -> str:
        """A URL for the object that is good for `lifetime` seconds."""
        moment = datetime.now(timezone.utc)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
            "X-Amz-Credential": f"SANDBOX/{moment:%Y%m%d}/us-east-1/s3/aws4_request",
            "X-Amz-Date": moment.strftime(_STAMP),
            "X-Amz-Expires": str(lifetime),
            "X-Amz-SignedHeaders": "host",
            "x-amz-checksum-mode": "ENABLED",
            "x-id": "GetObject",
        }
        query["X-Amz-Signature"] = self._signature(key, query)
        return f"{base_url}{BUCKET_PATH}{quote(key)}?{urlencode(query)}"

    def answer(self, request: web.Request, key: str) -> web.Response:
        """The object for a presigned URL, whole or the asked range; S3's XML errors otherwise."""
        query = dict(parse_qsl(request.query_string, keep_blank_values=True))
        given = query.pop("X-Amz-Signature", None)
        if given is None:
            return xml_error(403, "AccessDenied", "Access Denied")
        if not hmac.compare_digest(given, self._signature(key, query)):
            return xml_error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        signed = datetime.strptime(query["X-Amz-Date"], _STAMP).replace(tzinfo=timezone.utc)
        if datetime.now(timezone.utc) >= signed + timedelta(seconds=int(query["X-Amz-Expires"])):
            return expired()
        return self.object(request, key)

    def object(self, request: web.Request, key: str) -> web.Response:
        """The object, with no question asked of a signature."""
        content = self.results.get(key, self.uploads.get(key))
        if content is None:
            return xml_error(404, "NoSuchKey", "The specified key does not exist.")
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"',
        }
        try:
            wanted = request.http_range
        except ValueError:
            return xml_error(416, "InvalidRange", "The requested range is not satisfiable")
        if wanted.start is None and wanted.stop is None:
            return web.Response(body=content, content_type=content_type(key), headers=headers)
        start, stop, _ = wanted.indices(len(content))
        if start >= stop:
            return xml_error(416, "InvalidRange", "The requested range is not satisfiable")
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        return web.Response(status=206, body=content[start:stop], content_type=content_type(key), headers=headers)

    def _signature(self, key: str, query: dict[str, str]) -> str:
        text = key + "\n" + urlencode(sorted(query.items()))
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def content_type(key: str) -> str:
    """The type of a key by its extension."""
    known = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
    return known.get(key.rsplit(".", 1)[-1].lower(), "application/octet-stream")


def expired() -> web.Response:
    return xml_error(403, "AccessDenied", "Request has expired")


def xml_error(status: int, code: str, message: str) -> web.Response:
    """An error as S3 writes it."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")

"""A plain client of the service for the sandbox's own tests: it looks at every reply and repeats nothing."""

import io
import time
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray
from PIL import Image

from tests.sandbox.server import Sandbox

_y, _x = np.mgrid[0:48, 0:64]
_checks = (_x // 8 + _y // 8) % 2 * 60
PICTURE: NDArray[np.uint8] = np.dstack([_x * 3 + _checks, _y * 4 + _checks, 90 + _checks]).astype(np.uint8)
"""48×64×3, ramps under a checkerboard"""

TIMEOUT = 10.0


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """The pixels as a PNG."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def decoded(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture)


class Client:
    """Calls with the sandbox's key, or with `headers` in its place."""

    def __init__(self, sandbox: Sandbox, headers: dict[str, Any] | None = None) -> None:
        self.base_url = sandbox.base_url
        self.headers = {"API-KEY": sandbox.api_key} if headers is None else headers

    def upload(self, content: bytes, name: str) -> requests.Response:
        files = {"asset": (name, content, "image/png")}
        return requests.post(f"{self.base_url}/api/assets", headers=self.headers, files=files, timeout=TIMEOUT)

    def uploaded(self) -> str:
        """The path of PICTURE once it is uploaded."""
        return str(self.upload(encoded(PICTURE), "picture.png").json()["fileContent"]["path"])

    def body(self, image: str, **parameters: Any) -> dict[str, Any]:
        return {
            "type": "IMAGE_EDITOR",
            "model": "black-forest-labs/flux-depth-pro",
            "async": True,
            "promptObject": {"imageUrl": image, "prompt": "blur the background", "format": "jpg", **parameters},
        }

    def submit(self, body: object) -> requests.Response:
        return requests.post(f"{self.base_url}/api/features", headers=self.headers, json=body, timeout=TIMEOUT)

    def edit(self, *, wait: bool = False, **parameters: Any) -> dict[str, Any]:
        """The record in reply to a submit of PICTURE; `wait` leaves `async` away."""
        body = self.body(self.uploaded(), **parameters)
        if wait:
            del body["async"]
        reply = self.submit(body)
        assert reply.status_code == 200, reply.text
        return dict(reply.json()["aiRecord"])

    def get(self, path: str) -> requests.Response:
        return requests.get(self.base_url + path, headers=self.headers, timeout=TIMEOUT)

    def look_up(self, record_id: str) -> Any:
        reply = self.get(f"/api/results/{record_id}")
        assert reply.status_code == 200, reply.text
        return reply.json()["aiRecord"]

    def finished(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record once it is no longer PROCESSING."""
        deadline = time.monotonic() + TIMEOUT
        while record["status"] == "PROCESSING":
            assert time.monotonic() < deadline, record
            record = self.look_up(record["uuid"])
        return record

    def download(self, record: dict[str, Any]) -> bytes:
        reply = requests.get(record["temporaryUrl"], timeout=TIMEOUT)
        assert reply.status_code == 200, reply.text
        return reply.content

"""What the service was asked, and what it answered, as its pages show it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def of_models() -> list[dict[str, Any]]:
    """The body of each model's page, with the defaults of the page."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("models/*.json"))]


def without_upload(body: dict[str, Any]) -> dict[str, Any]:
    """``body`` without what differs from call to call: the picture's path, and how the result is waited for."""
    prompt_object = {name: value for name, value in body["promptObject"].items() if name != "imageUrl"}
    return {"type": body["type"], "model": body["model"], "promptObject": prompt_object}


def typed(body: dict[str, Any]) -> dict[str, str]:
    """The type of each field."""
    return {name: type(value).__name__ for name, value in body["promptObject"].items()}

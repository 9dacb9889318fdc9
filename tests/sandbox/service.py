"""What the service does with a request that arrives whole: upload, submit, look-up, model list.

Knows nothing of threads, connections and how a fault breaks them; it only carries out the faults that change what the
service itself does or says in a record.
"""

import asyncio
import hashlib
import ipaddress
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.sandbox import pictures, replies
from tests.sandbox.storage import Storage
from tests.service import contract

MAX_UPLOAD = 50 * 1024 * 1024
"""Bytes. The vendor documents no limit; others take it to be this."""

_RANGE_RULES = ("minimum", "maximum", "enum", "minLength")


@dataclass
class Settings:
    """What a test may turn while the sandbox runs."""

    latency: float = 0.0
    effect: pictures.Effect = "depth"
    result_size: tuple[int, int] | None = None
    url_lifetime: int = 604800
    private_url: str = "http://10.255.255.1/result.jpg"
    drip_interval: float = 0.1
    strict: bool = True
    withdrawn: set[str] = field(default_factory=set)
    """Short names of models that are neither listed nor asked any more."""


@dataclass
class Edit:
    """One taken edit. `fault` is the kind that spoils its finished record."""

    uuid: str
    model: str
    prompt_object: dict[str, Any]
    created: str
    status: str = "PROCESSING"
    key: str = ""
    text: str = ""
    fault: str | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Call:
    """A request as the service sees it. `fault` is the kind that strikes it, None for none."""

    headers: Mapping[str, str]
    body: bytes
    json: Any
    problems: list[contract.Problem]
    fault: str | None


class Service:
    """The service's state and its four calls. Each call returns the reply; `base_url` is set once the port is known."""

    def __init__(self, settings: Settings, max_concurrency: int | None) -> None:
        self.settings = settings
        self.base_url = ""
        self.storage = Storage()
        self.team = replies.Team()
        self.edits: dict[str, Edit] = {}
        self.taken = 0
        self.in_flight = 0
        self.peak_in_flight = 0
        self._slots = asyncio.Semaphore(max_concurrency) if max_concurrency else None
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="sandbox-picture")
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._workers.shutdown(wait=True, cancel_futures=True)

    def forget(self) -> None:
        """Drop edits, uploads, results and counts; edits that run end unseen."""
        self.edits.clear()
        self.storage.uploads.clear()
        self.storage.results.clear()
        self.taken = 0
        self.peak_in_flight = self.in_flight

    def upload(self, call: Call) -> web.Response:
        try:
            file = contract.uploaded_file(call.headers, call.body)
        except contract.ContractError as error:
            return web.json_response(_refusal(error.problems), status=400)
        stem, dot, extension = file.name.rpartition(".")
        if not (stem and dot and extension.isalnum()):
            return web.json_response(replies.error("UNKNOWN_ERROR", "This file type isn't supported"), status=400)
        if len(file.content) > MAX_UPLOAD:
            return web.json_response(replies.error("HTTP_EXCEPTION", "File too large"), status=413)
        key = self.storage.new_key(file.name)
        self.storage.uploads[key] = file.content
        return web.json_response(
            replies.upload(
                key=key,
                name=file.name,
                mime=file.content_type or "application/octet-stream",
                content=file.content,
                etag=hashlib.md5(file.content, usedforsecurity=False).hexdigest(),
                base_url=self.base_url,
                team=self.team,
            )
        )

    async def submit(self, call: Call) -> web.Response:
        refusal = self._submit_refusal(call)
        if refusal is not None:
            return web.json_response(refusal, status=400)
        wanted = call.json["promptObject"]
        if call.fault == "upload_forgotten":
            self.storage.uploads.clear()
        try:
            source = await self._source(str(wanted["imageUrl"]))
            size = pictures.size_of(source)
        except (KeyError, aiohttp.ClientError, asyncio.TimeoutError, pictures.NotAPicture) as error:
            message = f"Invalid image: {wanted['imageUrl']} could not be loaded ({type(error).__name__})"
            return web.json_response(replies.external_error(422, message), status=400)
        # What a lenient service overlooked is not in its record either.
        overlooked = {problem.field.removeprefix("promptObject.") for problem in call.problems}
        known = {name: value for name, value in wanted.items() if name not in overlooked}
        edit = Edit(str(uuid.uuid4()), call.json["model"], known, replies.now(), fault=call.fault)
        self.edits[edit.uuid] = edit
        self.taken += 1
        if call.fault == "failure_at_once":
            self._fail(edit)
        else:
            task = asyncio.create_task(self._carry_out(edit, source, self._wish(edit, size)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if call.json.get("async") is not True or call.fault == "async_ignored":
            await edit.done.wait()
        return web.json_response({"aiRecord": self._told(edit)})

    def look_up(self, call: Call, record_id: str) -> web.Response:
        if call.problems:
            return web.json_response(_refusal(call.problems), status=400)
        edit = self.edits.get(record_id)
        if edit is not None and call.fault is not None:
            edit.fault = call.fault
        return web.json_response({"aiRecord": self._told(edit) if edit is not None else None})

    def models(self, call: Call, feature: str | None) -> web.Response:
        if feature != replies.FEATURE:
            return web.json_response({"models": [], "total": 0})
        status = "DISABLED" if call.fault == "model_disabled" else None
        return web.json_response(replies.models(call.fault != "model_gone", status, self.settings.withdrawn))

    def _submit_refusal(self, call: Call) -> replies.Body | None:
        """The service's 400 for this body, None when it may be carried out."""
        sent = call.json
        if not isinstance(sent, dict):
            return _refusal(call.problems)
        if call.fault == "async_unsupported":
            return replies.error("HTTP_EXCEPTION", "property async should not exist")
        if sent.get("type") != replies.FEATURE:
            return replies.unsupported_feature(sent.get("type"))
        asked_for = str(sent.get("model")).removeprefix(replies.model_id(""))
        if asked_for not in set(replies.KNOWN) - self.settings.withdrawn or sent["model"] != replies.model_id(
            asked_for
        ):
            return replies.unsupported_model(sent.get("model"))
        if call.problems and (self.settings.strict or not _can_be_carried_out(sent)):
            return _refusal(call.problems)
        return None

    async def _source(self, image_url: str) -> bytes:
        """The picture that a submit names. Raises KeyError, aiohttp.ClientError, asyncio.TimeoutError."""
        if not image_url.lower().startswith(("http://", "https://")):
            return self.storage.uploads[image_url]
        if not _is_loopback(urlsplit(image_url).hostname or ""):
            raise aiohttp.InvalidURL(image_url)
        limit = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=limit) as session, session.get(image_url) as reply:
            reply.raise_for_status()
            content = await reply.content.read(MAX_UPLOAD + 1)
            while not reply.content.at_eof() and len(content) <= MAX_UPLOAD:
                content += await reply.content.read(MAX_UPLOAD + 1 - len(content))
        return content

    def _wish(self, edit: Edit, size: tuple[int, int]) -> pictures.Wish:
        asked, result_size = edit.prompt_object, self.settings.result_size
        if edit.fault == "other_size":
            result_size = (max(1, size[0] * 3 // 4), max(1, size[1] // 2))
        return pictures.Wish(
            effect=self.settings.effect,
            prompt=asked["prompt"],
            guidance=float(asked.get("guidance", 3.5)),
            seed=int(asked.get("seed", 0)),
            file_format=str(asked.get("format") or asked.get("output_format", "jpg")).replace("jpeg", "jpg"),
            size=result_size,
        )

    async def _carry_out(self, edit: Edit, source: bytes, wish: pictures.Wish) -> None:
        if self._slots is not None:
            await self._slots.acquire()
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            loop = asyncio.get_running_loop()
            # Side by side, so that the picture's own time does not add to the latency.
            work = loop.run_in_executor(self._workers, pictures.edit, source, wish)
            result, _ = await asyncio.gather(work, asyncio.sleep(self.settings.latency))
        except pictures.NotAPicture as error:
            self._fail(edit, f"Invalid image: {error}")
        else:
            edit.key = self.storage.new_key(f"{int(edit.uuid[:5], 16):06}.{wish.file_format}")
            self.storage.results[edit.key] = result
            edit.status = "SUCCESS"
        finally:
            self.in_flight -= 1
            if self._slots is not None:
                self._slots.release()
            edit.done.set()

    def _fail(self, edit: Edit, text: str = "The model could not edit this picture.") -> None:
        edit.status, edit.text = "FAILURE", text
        edit.done.set()

    def _told(self, edit: Edit) -> replies.Body:
        """The record as a reply tells it, spoiled by the edit's own fault once it is finished."""
        if edit.status == "SUCCESS" and edit.fault == "failure":
            self._fail(edit)
        result: Any = {"PROCESSING": [], "SUCCESS": [edit.key], "FAILURE": [edit.text]}[edit.status]
        url = None
        if edit.status == "SUCCESS":
            url = self.storage.presigned(self.base_url, edit.key, self.settings.url_lifetime)
            result, url = self._spoiled(edit, result, url)
        record = replies.record(
            model=edit.model,
            record_id=edit.uuid,
            team=self.team,
            status=edit.status,
            created=edit.created,
            prompt_object=edit.prompt_object,
            result=result,
        )
        return record if url is None else {**record, "temporaryUrl": url}

    def _spoiled(self, edit: Edit, result: Any, url: str) -> tuple[Any, str | None]:
        """resultObject and temporaryUrl after the edit's fault."""
        message = "The feature requires 4800 credits, but the Sandbox team only has 46 credits"
        match edit.fault:
            case "no_credits_200":
                return {"code": "INSUFFICIENT_CREDITS", "message": message}, None
            case "result_string":
                return edit.key, url
            case "result_dict_url":
                return {"url": url}, None
            case "result_absolute_url":
                return [url], None
            case "no_temporary_url":
                return result, None
            case "private_url":
                return result, self.settings.private_url
            case _:
                return result, url


def _refusal(problems: list[contract.Problem]) -> replies.Body:
    """The service's own words for a body that breaks the contract."""
    out_of_range = [problem for problem in problems if problem.rule in _RANGE_RULES]
    if out_of_range and len(out_of_range) == len(problems):
        return replies.external_error(422, "; ".join(f"{problem.field}: {problem.message}" for problem in problems))
    return replies.missing_fields({problem.field: problem.message for problem in problems})


def _can_be_carried_out(sent: dict[str, Any]) -> bool:
    """Whether a body that breaks the contract still says enough for a lenient service."""
    wanted = sent.get("promptObject")
    if not isinstance(wanted, dict):
        return False
    return all(isinstance(wanted.get(name), str) and wanted[name] for name in ("imageUrl", "prompt"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""`Sandbox`: the stand-in as a server on the loopback, in a thread of its own.

It records and checks what comes and goes and lets the faults strike. What the service says is in `service`, how a reply
is broken in `breakage`.
"""

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.sandbox import breakage, pictures, replies, storage
from tests.sandbox.faults import Fault
from tests.sandbox.service import MAX_UPLOAD, Call, Service, Settings
from tests.service import contract

_HOST = "127.0.0.1"
_START_DEADLINE = 10.0
_STOP_DEADLINE = 30.0
_PUBLIC_PATH = "/asset/"
"""The key without a signature, as `https://asset.1min.ai/<key>` may give it."""


@dataclass(frozen=True)
class Request:
    """A request as it came in. `headers` compare names without case; `json` is None unless the body is JSON.

    `time` is time.monotonic() once the body was read.
    """

    stage: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    json: Any
    time: float
    fault: str | None


@dataclass(frozen=True)
class Violation:
    """Something that broke the contract: `what` is "request" or "reply"."""

    what: str
    method: str
    path: str
    error: contract.ContractError


class Sandbox(Settings):
    """A context manager: inside it the stand-in serves on 127.0.0.1.

    latency: seconds that an edit takes. effect: "depth", or "echo" for the picture as it came. fault: a name as
    `Fault.parse` reads it. strict: a request that breaks the contract gets the service's 400. max_concurrency: edits
    that are worked on at a time, the others wait (None: no limit). port: 0 for any free one.

    Everything in `Settings` may be changed while it runs. Leaving the context raises AssertionError when the sandbox
    itself broke the contract in a reply that no fault had spoiled, and what the sandbox itself failed with.
    """

    def __init__(
        self,
        latency: float = 0.0,
        effect: pictures.Effect = "depth",
        fault: str | None = None,
        strict: bool = True,
        max_concurrency: int | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(latency=latency, effect=effect, strict=strict)
        self.api_key = secrets.token_hex(32)
        self.base_url = ""
        self.requests: list[Request] = []
        self.elsewhere: list[Request] = []
        self.contract_violations: list[Violation] = []
        self.failures: list[Exception] = []
        self.faults: list[Fault] = []
        self.fault = fault
        self.service = Service(self, max_concurrency)
        self._port = port
        self._changed = threading.Condition()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._start_error: OSError | None = None

    # What a test reads and turns

    @property
    def fault(self) -> str | None:
        """The kind of the first armed fault. Setting a name arms that fault alone, setting None disarms all."""
        return next((fault.kind for fault in self.faults if fault.times != 0), None)

    @fault.setter
    def fault(self, name: str | None) -> None:
        self.faults = [] if name is None else [Fault.parse(name)]

    @property
    def uploads(self) -> dict[str, bytes]:
        """Key → bytes of what was uploaded."""
        return self.service.storage.uploads

    @property
    def results(self) -> dict[str, bytes]:
        """Key → bytes of what came out."""
        return self.service.storage.results

    @property
    def submits(self) -> int:
        """How many submits arrived, whatever became of them."""
        return len(self.at("submit"))

    @property
    def taken(self) -> int:
        """How many submits were carried out: the number of edits that the service would have billed."""
        return self.service.taken

    @property
    def peak_in_flight(self) -> int:
        """The most edits that were worked on at one time."""
        return self.service.peak_in_flight

    def at(self, stage: str) -> list[Request]:
        """The recorded requests of one stage, in order."""
        return [request for request in self.requests if request.stage == stage]

    def wait_until(self, holds: Callable[["Sandbox"], bool], timeout: float = 10.0) -> None:
        """Return as soon as `holds(self)`. Raises TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not holds(self):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the sandbox did not get there within {timeout} s; it saw {self.requests}")
                self._changed.wait(0.05)

    def reset(self) -> None:
        """Forget requests, uploads, edits, violations and faults. Settings, address and key stay."""
        self._on_loop(self._forget())

    def stop_listening(self) -> None:
        """From now on connections are refused, and those that are open are cut."""
        self._on_loop(self._close_door())

    def start_listening(self) -> None:
        """Serve again, at the same address."""
        self._on_loop(self._open_door())

    # Its life

    def __enter__(self) -> "Sandbox":
        self._thread.start()
        if not self._started.wait(_START_DEADLINE):
            raise TimeoutError(f"the sandbox did not start within {_START_DEADLINE} s")
        if self._start_error is not None:
            raise self._start_error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_DEADLINE)
        if self._thread.is_alive():
            raise TimeoutError(f"the sandbox did not stop within {_STOP_DEADLINE} s")
        if error is not None:
            return
        if self.failures:
            raise self.failures[0]
        broken = [violation.error for violation in self.contract_violations if violation.what == "reply"]
        if broken:
            raise AssertionError("the sandbox broke the contract:\n" + "\n".join(str(each) for each in broken))

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._runner = _runner(self._serve)
        self._elsewhere_runner = _runner(self._serve_elsewhere)
        await self._runner.setup()
        await self._elsewhere_runner.setup()
        try:
            await self._open_door()
            elsewhere = web.TCPSite(self._elsewhere_runner, _HOST, 0)
            await elsewhere.start()
            self._elsewhere_url = f"http://localhost:{self._elsewhere_runner.addresses[0][1]}"
        except OSError as error:
            self._start_error = error
            self._stop.set()
        self._started.set()
        await self._stop.wait()
        await self.service.close()
        servers = [self._runner.server, self._elsewhere_runner.server]
        await self._runner.cleanup()
        await self._elsewhere_runner.cleanup()
        # A connection that came in at the last moment is taken in by a task of its own, after all others were closed.
        if late := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(late, timeout=1)
        for server in servers:
            _abort_all(server)
        await asyncio.sleep(0)

    async def _open_door(self) -> None:
        self._site = web.TCPSite(self._runner, _HOST, self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]
        self.base_url = self.service.base_url = f"http://{_HOST}:{self._port}"

    async def _close_door(self) -> None:
        await self._site.stop()
        _abort_all(self._runner.server)

    async def _forget(self) -> None:
        self.service.forget()
        self.faults = []
        for recorded in (self.requests, self.elsewhere, self.contract_violations, self.failures):
            recorded.clear()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_STOP_DEADLINE)

    # One request

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        stage = _stage(request.path)
        unread = self._strike(stage, None, unread=True)
        if unread is not None:
            self._record(self.requests, request, stage, b"", None, unread)
            return breakage.reset(request)
        body = await request.read()
        sent = _json_or_none(body)
        fault = self._strike(stage, sent, unread=False)
        self._record(self.requests, request, stage, body, sent, fault)
        try:
            return await self._reply(request, stage, body, sent, fault)
        except ConnectionResetError:  # the client went away, as it may
            raise
        except Exception as error:
            self.failures.append(error)
            raise
        finally:
            with self._changed:
                self._changed.notify_all()

    async def _reply(
        self, request: web.Request, stage: str, body: bytes, sent: Any, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is not None and fault.what.when == "instead":
            reply = await self._instead(request, stage, fault.kind)
        else:
            problems = self._request_problems(request, stage, body)
            kind = fault.kind if fault is not None and fault.what.when in ("record", "service") else None
            call = Call(request.headers, body, sent, problems, kind)
            reply = await self._answer(request, stage, call)
        if fault is not None and fault.what.when == "after":
            return await breakage.spoil(request, reply, fault.kind, self.drip_interval)
        if (fault is None or fault.what.keeps_contract) and isinstance(reply, web.Response):
            self._check_reply(request, stage, reply)
        return reply

    async def _answer(self, request: web.Request, stage: str, call: Call) -> web.Response:
        if stage == "download":
            return self._object(request)
        if stage == "models" and request.method == "GET":
            return self.service.models(call, request.query.get("feature"))
        if [problem for problem in call.problems if problem.rule in ("path", "method")]:
            return web.json_response(
                replies.error("HTTP_EXCEPTION", f"Cannot {request.method} {request.path}"), status=404
            )
        if not secrets.compare_digest(request.headers.get("API-KEY", "").encode(), self.api_key.encode()):
            return web.json_response(replies.key_not_active(), status=401)
        if stage == "upload":
            return self.service.upload(call)
        if stage == "submit":
            return await self.service.submit(call)
        return self.service.look_up(call, request.path.rsplit("/", 1)[1])

    def _object(self, request: web.Request) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            return storage.xml_error(405, "MethodNotAllowed", "The specified method is not allowed")
        if "API-KEY" in request.headers:
            return storage.xml_error(400, "InvalidArgument", "Unsupported header: API-KEY. It must not be sent here")
        if request.path.startswith(storage.BUCKET_PATH):
            return self.service.storage.answer(request, request.path.removeprefix(storage.BUCKET_PATH))
        return self.service.storage.object(request, request.path.removeprefix(_PUBLIC_PATH))

    async def _instead(self, request: web.Request, stage: str, kind: str) -> web.StreamResponse:
        if kind.startswith("redirect_"):
            targets = {
                "redirect_other_host": self._elsewhere_url + request.path_qs,
                "redirect_http": "http://storage.fluxdepth.invalid" + request.path_qs,
                "redirect_loop": request.path_qs,
            }
            return web.Response(status=307, headers={"Location": targets[kind]})
        if kind in breakage.RESULTS:
            return await breakage.result(request, kind, self._object(request))
        return await breakage.instead(request, stage, kind)

    async def _serve_elsewhere(self, request: web.Request) -> web.StreamResponse:
        """The other host that a redirect leads to: it would answer, and it remembers what it was told."""
        body, stage = await request.read(), _stage(request.path)
        self._record(self.elsewhere, request, stage, body, _json_or_none(body), None)
        return self._object(request) if stage == "download" else web.json_response({"aiRecord": None})

    def _strike(self, stage: str, sent: Any, *, unread: bool) -> Fault | None:
        """The first armed fault that strikes here, used up by one."""
        for fault in self.faults:
            if (fault.what.when == "unread") == unread and fault.strikes(stage, sent):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _record(
        self, to: list[Request], request: web.Request, stage: str, body: bytes, sent: Any, fault: Fault | None
    ) -> None:
        seen = Request(
            stage=stage,
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers=request.headers,
            body=body,
            json=sent,
            time=time.monotonic(),
            fault=fault.kind if fault is not None else None,
        )
        with self._changed:
            to.append(seen)
            self._changed.notify_all()

    def _request_problems(self, request: web.Request, stage: str, body: bytes) -> list[contract.Problem]:
        if stage == "download":
            return []
        try:
            contract.check_request(request.method, request.path_qs, request.headers, body)
        except contract.ContractError as error:
            self.contract_violations.append(Violation("request", request.method, request.path, error))
            return error.problems
        return []

    def _check_reply(self, request: web.Request, stage: str, reply: web.Response) -> None:
        if stage in ("download", "unknown") or reply.status == 404:
            return
        headers = {"Content-Type": f"{reply.content_type}"}
        try:
            contract.check_reply(request.method, request.path_qs, reply.status, headers, bytes(reply.body or b""))
        except contract.ContractError as error:
            self.contract_violations.append(Violation("reply", request.method, request.path, error))


def _abort_all(server: web.Server | None) -> None:
    for connection in server.connections if server is not None else ():
        connection.force_close()
        if connection.transport is not None:
            connection.transport.abort()


def _runner(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.AppRunner:
    # Well above the service's own limit, so that it is the service that refuses.
    app = web.Application(client_max_size=4 * MAX_UPLOAD)
    app.router.add_route("*", "/{path:.*}", handler)
    app.on_response_prepare.append(_sign_as_stand_in)
    # A handler that waits for a silent client must end with the client.
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)


async def _sign_as_stand_in(_request: web.Request, reply: web.StreamResponse) -> None:
    reply.headers["Server"] = "fluxdepth-sandbox (a stand-in, not the service)"


def _stage(path: str) -> str:
    if path.startswith((storage.BUCKET_PATH, _PUBLIC_PATH)):
        return "download"
    if path.startswith("/api/results/"):
        return "poll"
    return {"/api/assets": "upload", "/api/features": "submit", "/models": "models"}.get(path, "unknown")


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

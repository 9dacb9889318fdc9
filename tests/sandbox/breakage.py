"""How a reply is broken: connections cut or held, lengths that lie, pages of the edge, results that are none.

Each function gives back what aiohttp shall send; after a cut connection that is an empty reply which nobody gets.
"""

import asyncio
import socket
import struct

from aiohttp import web

from tests.sandbox import pictures, replies, storage

RESULTS = (
    "result_not_image",
    "result_truncated",
    "result_empty",
    "result_tail",
    "result_avif",
    "result_bomb",
    "result_huge",
    "expired_url",
)


def reset(request: web.Request) -> web.Response:
    """Cut the connection by RST."""
    transport = request.transport
    if transport is not None:
        # To linger for zero seconds makes the close an RST.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def instead(request: web.Request, stage: str, kind: str) -> web.Response:
    """The reply of a fault that answers in place of the service."""
    if kind == "reset":
        return reset(request)
    if kind == "silence":
        await _forever()
    if kind in replies.PAGES:
        return _page(kind)
    if stage == "download" and kind in ("http_500", "rate_limit", "rate_limit_bare"):
        code = "InternalError" if kind == "http_500" else "SlowDown"
        reply = storage.xml_error(replies.TYPED_ERRORS[kind][0], code, "Please try again.")
        reply.headers.update(replies.TYPED_ERRORS[kind][1])
        return reply
    status, headers, body = replies.TYPED_ERRORS[kind]
    return web.json_response(body, status=status, headers=headers)


async def spoil(request: web.Request, reply: web.StreamResponse, kind: str, drip_interval: float) -> web.StreamResponse:
    """The right reply, spoiled."""
    assert isinstance(reply, web.Response)
    body = bytes(reply.body or b"")
    if kind == "reset_after_taken":
        return reset(request)
    if kind == "silence_after_taken":
        await _forever()
    if kind in replies.PAGES:
        return _page(kind)
    if kind in ("slow_drip", "truncated", "wrong_length"):
        return await _misframed(request, reply, body, kind, drip_interval)
    if kind == "text_plain":
        return web.Response(body=body, content_type="text/plain")
    if kind == "json_shape":
        return web.json_response({"data": [1, 2, 3], "ok": True})
    if kind == "not_json":
        return web.Response(body=body[: len(body) // 2] + b"\x00<", content_type="application/json")
    if kind == "record_null":
        return web.json_response({"aiRecord": None})
    if kind == "unknown_status":
        return web.Response(body=_with_status(body, b"ARCHIVED"), content_type="application/json")
    raise ValueError(f"no such breakage: {kind!r}")


async def result(request: web.Request, kind: str, reply: web.Response) -> web.StreamResponse:
    """A download that is not the picture that was asked for."""
    body = bytes(reply.body or b"")
    if kind == "expired_url":
        return storage.expired()
    if kind == "result_not_image":
        return web.Response(body=b"This is no picture.\n" * 20, content_type=reply.content_type)
    if kind == "result_truncated":
        return web.Response(body=body[: len(body) // 2], content_type=reply.content_type)
    if kind == "result_empty":
        return web.Response(body=b"", content_type=reply.content_type)
    if kind == "result_tail":
        return web.Response(body=pictures.with_tail(body), content_type="image/jpeg")
    if kind == "result_avif":
        return web.Response(body=pictures.as_avif(body), content_type="image/avif")
    if kind == "result_bomb":
        return web.Response(body=pictures.bomb(), content_type="image/png")
    endless = web.StreamResponse(headers={"Content-Type": reply.content_type})
    await endless.prepare(request)
    await endless.write(body)
    while True:
        # Ends with the client: the handler is cancelled, or the write fails.
        await endless.write(bytes(1 << 20))


async def _misframed(
    request: web.Request, reply: web.Response, body: bytes, kind: str, drip_interval: float
) -> web.StreamResponse:
    framed = web.StreamResponse(status=reply.status, headers={"Content-Type": reply.content_type})
    framed.content_length = len(body) // 2 if kind == "wrong_length" else len(body)
    await framed.prepare(request)
    if kind == "slow_drip":
        for at in range(len(body)):
            await framed.write(body[at : at + 1])
            await asyncio.sleep(drip_interval)
        return framed
    await framed.write(body[: len(body) // 2])
    transport = request.transport
    if transport is not None:
        if kind == "wrong_length":
            transport.write(body[len(body) // 2 :])
        transport.close()
    return framed


def _with_status(body: bytes, status: bytes) -> bytes:
    for known in (b"PROCESSING", b"SUCCESS", b"FAILURE"):
        body = body.replace(b'"status": "' + known + b'"', b'"status": "' + status + b'"', 1)
    return body


def _page(kind: str) -> web.Response:
    status, text = replies.PAGES[kind]
    return web.Response(status=status, text=text, content_type="text/html")


async def _forever() -> None:
    """Until the client goes away, which cancels the handler."""
    await asyncio.Event().wait()

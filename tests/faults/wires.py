"""What stands between a client and the service: TLS with chosen certificates, and proxies that answer themselves."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme


class Certificates:
    """Server contexts by what is wrong with their certificate; ``bundle`` is the file of the trusted authority."""

    def __init__(self, folder: Path) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        self.bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.bundle))
        past = datetime.datetime(2021, 1, 1, tzinfo=datetime.timezone.utc)
        made = {
            "good": authority.issue_cert("localhost"),
            "wrong host": authority.issue_cert("elsewhere.example"),
            "expired": authority.issue_cert("localhost", not_before=past, not_after=past + datetime.timedelta(days=9)),
            "self-signed": stranger.issue_cert("localhost"),
        }
        self.contexts: dict[str, ssl.SSLContext] = {}
        for name, certificate in made.items():
            self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(self.contexts[name])


@contextlib.contextmanager
def secured(target: int, context: Callable[[], ssl.SSLContext]) -> Iterator[int]:
    """A port of localhost that speaks TLS, by the context that is asked for at each connection, for port ``target``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, target, context), daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, target: int, context: Callable[[], ssl.SSLContext]) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection, target, context), daemon=True).start()


def _serve(connection: socket.socket, target: int, context: Callable[[], ssl.SSLContext]) -> None:
    with contextlib.suppress(OSError), connection:
        safe = context().wrap_socket(connection, server_side=True)
        with safe, socket.create_connection(("127.0.0.1", target)) as inner:
            back = threading.Thread(target=_pump, args=(inner, safe), daemon=True)
            back.start()
            _pump(safe, inner)
            back.join(60)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


class Impostor(http.server.BaseHTTPRequestHandler):
    """A proxy that answers itself, whatever it is asked for, and keeps what it was told."""

    status = 200
    body = b""
    kind = "text/html"
    heard: list[str]

    def answer(self) -> None:
        self.heard.append(f"{self.command} {self.path} {dict(self.headers)}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = do_CONNECT = answer

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def impostor(status: int, kind: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The port of an :class:`Impostor`, and what it heard."""
    heard: list[str] = []
    facts = {"status": status, "kind": kind, "body": body, "heard": heard}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Impostor,), facts)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port, heard
        finally:
            server.shutdown()
            thread.join(10)

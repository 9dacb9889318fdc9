"""Proxies and certificates of the machine are honoured: what a company network asks of a client."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme
import urllib3

from shared.errors import ConnectionFailedError, ConnectionLostError, NetworkError, TimedOutError, TlsError
from shared.pictures.encoded import EncodedImage
from shared.service.client import Client
from shared.service.translation import translated
from tests.core.conftest import Bench


class Service(http.server.BaseHTTPRequestHandler):
    """Knows no edit: enough of the service for a look at key and models."""

    def do_GET(self) -> None:
        body = b'{"aiRecord": null}' if "results" in self.path else b'{"models": [], "total": 0}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""


class Proxy(Service):
    """A plain forwarding proxy that keeps what passed through it."""

    passed: list[str]

    def forward(self) -> None:
        self.passed.append(self.path)
        length = int(self.headers.get("Content-Length", 0))
        with requests.Session() as session:
            session.trust_env = False
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            reply = session.request(
                self.command, self.path, data=self.rfile.read(length) or None, headers=headers, timeout=20
            )
        self.send_response(reply.status_code)
        self.send_header("Content-Type", reply.headers["Content-Type"])
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST = forward  # type: ignore[assignment]


@contextlib.contextmanager
def serving(handler: type[Service], context: ssl.SSLContext | None = None) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(10)


def test_a_certificate_of_the_company_is_taken_when_it_is_named_and_refused_when_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    bundle = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with serving(Service, context) as port:
        client = Client(f"https://localhost:{port}", "some-key")
        problem = client.status().problem
        assert isinstance(problem, TlsError)
        assert "REQUESTS_CA_BUNDLE" in str(problem)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert Client(f"https://localhost:{port}", "some-key").status().key_accepted is True


def test_everything_goes_through_the_proxy(bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []
    with serving(type("Recording", (Proxy,), {"passed": passed})) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        (result,) = bench.run(photo).results
    assert result.image.width == 640
    assert len(passed) == len(bench.sandbox.requests) >= 4


def test_a_name_that_does_not_resolve(quick: None) -> None:
    status = Client("https://no-such-host.invalid", "some-key").status()
    assert status.key_accepted is None
    assert isinstance(status.problem, ConnectionFailedError)
    assert "can't be found" in str(status.problem)


def test_tls_to_a_plain_port_is_a_tls_error(bench: Bench) -> None:
    status = Client(bench.sandbox.base_url.replace("http://", "https://"), "some-key").status()
    assert isinstance(status.problem, TlsError)
    assert "secure connection" in str(status.problem)


def test_a_proxy_that_does_not_answer_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    status = Client("https://api.1min.ai", "some-key").status()
    assert isinstance(status.problem, ConnectionFailedError)
    assert "proxy" in str(status.problem)


HIGH, LOW = requests.exceptions, urllib3.exceptions
POOL = urllib3.HTTPConnectionPool("h")


def wrapped(reason: Exception, kind: type[Exception] = requests.ConnectionError) -> Exception:
    """As requests hands it on: the retries of urllib3, and in them the reason."""
    return kind(LOW.MaxRetryError(POOL, "/", reason))


@pytest.mark.parametrize(
    ("foreign", "error", "words"),
    [
        (wrapped(LOW.SSLError("bad cert"), HIGH.SSLError), TlsError, "bad cert"),
        (OSError("Could not find a suitable TLS CA certificate bundle, invalid path: x"), TlsError, "secure"),
        (wrapped(LOW.ProxyError("x", OSError("refused")), HIGH.ProxyError), ConnectionFailedError, "proxy"),
        (
            wrapped(LOW.NewConnectionError(POOL, "Failed: [Errno 111] Connection refused")),
            ConnectionFailedError,
            "refused",
        ),
        (
            wrapped(LOW.NewConnectionError(POOL, "x: [Errno -2] Name or service not known")),
            ConnectionFailedError,
            "found",
        ),
        (wrapped(LOW.NewConnectionError(POOL, "x: [Errno 11001] getaddrinfo failed")), ConnectionFailedError, "found"),
        (wrapped(LOW.ConnectTimeoutError("x"), HIGH.ConnectTimeout), ConnectionFailedError, "does not answer"),
        (HIGH.ReadTimeout("x"), TimedOutError, "in time"),
        (LOW.ReadTimeoutError(POOL, "/", "x"), TimedOutError, "in time"),
        (TimeoutError("x"), TimedOutError, "in time"),
        (HIGH.InvalidProxyURL("Please check proxy URL"), ConnectionFailedError, "can't be used"),
        (requests.ConnectionError("Read timed out."), TimedOutError, "stopped answering"),
        (requests.ConnectionError("Connection aborted."), ConnectionLostError, "lost"),
        (HIGH.ChunkedEncodingError("IncompleteRead"), ConnectionLostError, "lost"),
        (ConnectionResetError("reset by peer"), ConnectionLostError, "lost"),
    ],
)
def test_each_error_of_the_way_has_its_words(foreign: Exception, error: type[NetworkError], words: str) -> None:
    made = translated(foreign, "service.example")
    assert type(made) is error
    assert words in made.message and "service.example" in made.message


def test_a_netrc_is_not_sent_along(
    bench: Bench, photo: EncodedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    bench.run(photo)
    assert not any("Authorization" in request.headers for request in bench.sandbox.requests)

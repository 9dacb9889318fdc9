"""Settings, the key and the log: what is on disk, with which rights, and that no secret is."""

from __future__ import annotations

import json
import logging
import stat
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from shared.errors import KeyMissingError, ParameterError, StorageError
from shared.jobs import pipeline as job
from shared.service.client import Client
from shared.storage import credentials, files, log, settings
from shared.storage.credentials import KeySource
from shared.storage.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"


def test_settings_come_back_as_they_were_saved() -> None:
    chosen = Settings("https://proxy.example/flux", "sync", 50, {"https://proxy.example/flux": 1.0})
    settings.save(chosen)
    assert settings.load() == chosen


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"waiting": 3, "history_limit": "x", "service_address": 5, "new": 1}']
)
def test_damaged_settings_take_their_defaults(home: Path, text: str) -> None:
    home.mkdir()
    (home / "settings.json").write_text(text)
    assert settings.load() == Settings()


@pytest.mark.parametrize(
    "address", ["http://api.1min.ai", "ftp://x", "api.1min.ai", "", "https://", "https://u:p@x.y", "https://[x"]
)
def test_an_address_that_would_send_the_key_in_the_open_is_refused(address: str) -> None:
    with pytest.raises(ParameterError, match="https://"):
        settings.check_address(address)


@pytest.mark.parametrize(
    "address", ["https://api.1min.ai/", "http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:2"]
)
def test_https_and_loopback_are_allowed(address: str) -> None:
    assert settings.check_address(f" {address} ") == address.rstrip("/")


def test_the_environment_wins_over_the_stored_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXDEPTH_BASE_URL", "http://127.0.0.1:5000")
    assert settings.effective_address(Settings()) == "http://127.0.0.1:5000"


def test_settings_that_can_not_be_read_are_not_written_over_by_the_way(home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text('{"service_address": "https://proxy.exam')
    with pytest.raises(StorageError, match="Save them anew"):
        settings.load_or_error()
    job._remember_synchronous("https://x.example", home)
    assert (home / "settings.json").read_text() == '{"service_address": "https://proxy.exam'
    settings.save(Settings())
    assert settings.load_or_error() == Settings()


def test_what_a_newer_version_stored_stays(home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text('{"invented_later": 5}')
    settings.save(Settings())
    assert json.loads((home / "settings.json").read_text())["invented_later"] == 5


def test_a_file_that_another_program_is_reading_is_replaced_a_moment_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refusals = Path.replace, [PermissionError(13, "in use")] * 3

    def busy(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    settings.save(Settings())
    assert settings.load_or_error() == Settings()


def test_a_file_for_the_artist_has_the_usual_rights(tmp_path: Path) -> None:
    ours, usual = tmp_path / "new" / "result.png", tmp_path / "usual"
    files.write_by_rename(ours, b"1\n2\r\n", private=False)
    usual.touch()
    assert ours.stat().st_mode == usual.stat().st_mode
    assert ours.read_bytes() == b"1\n2\r\n" and list(ours.parent.iterdir()) == [ours]


@pytest.mark.parametrize("text", ["two lines\nof text here", "…………………………", "short"])
def test_a_key_that_can_not_be_sent_is_told_where_it_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXDEPTH_API_KEY", text)
    with pytest.raises(StorageError, match="environment .FLUXDEPTH_API_KEY. is no API key.*Nothing was billed"):
        credentials.find_key()


def test_a_key_file_with_a_byte_order_mark_is_read(home: Path) -> None:
    home.mkdir()
    (home / "key").write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    key = credentials.find_key()
    assert key and key.value == KEY


def test_the_key_is_kept_in_a_file_that_only_its_owner_reads(home: Path) -> None:
    credentials.save_key(f"  {KEY}\n")
    assert stat.S_IMODE((home / "key").stat().st_mode) == 0o600
    key = credentials.find_key()
    assert key and (key.value, key.source) == (KEY, KeySource.FILE)
    assert KEY not in repr(key)
    credentials.forget_key()
    credentials.forget_key()
    assert credentials.find_key() is None


def test_the_environment_wins_over_the_key_file(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials.save_key(KEY)
    monkeypatch.setenv("FLUXDEPTH_API_KEY", "from-the-environment")
    key = credentials.key_or_error()
    assert (key.value, key.source) == ("from-the-environment", KeySource.ENVIRONMENT)


def test_no_key_is_an_error_with_a_next_step() -> None:
    with pytest.raises(KeyMissingError, match="Settings.*FLUXDEPTH_API_KEY.*Nothing was billed"):
        Client.from_settings()


@pytest.mark.parametrize("text", ["", "short", "two words of text", "schlüssel-schlüssel", "a\nb" * 5])
def test_what_can_be_no_key_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="no API key"):
        credentials.save_key(text)


def test_a_key_file_that_can_not_be_read_is_told(home: Path) -> None:
    (home / "key").mkdir(parents=True)
    with pytest.raises(StorageError, match="key file"):
        credentials.find_key()


def test_a_file_in_place_of_the_data_folder_is_told(home: Path) -> None:
    home.write_text("")
    with pytest.raises(StorageError, match="can't be written"):
        settings.save(Settings())


def test_the_log_cuts_out_key_and_signed_addresses(home: Path) -> None:
    log.start(home, KEY)
    try:
        raise RuntimeError(f"inside {KEY}")
    except RuntimeError:
        log.LOGGER.exception("key %s at https://s3.example/a.jpg?X-Amz-Signature=5a66&x=1 end", KEY)
    text = log.log_file(home).read_text("utf-8")
    assert KEY not in text and "5a66" not in text
    assert "https://s3.example/a.jpg?[redacted] end" in text and "RuntimeError: inside [key]" in text


def test_the_log_cuts_out_the_forms_that_libraries_write(home: Path) -> None:
    key = 'ab"cd/ef+gh'
    text = log.redact(f"{quote(key, safe='')} {json.dumps(key)} {key}", {key})
    assert text == '[key] "[key]" [key]'
    message = "HTTPSConnectionPool(host='s3', port=443): Max retries exceeded with url: /a.jpg?X-Amz-Signature=5a66 (x)"
    assert "5a66" not in log.redact(message) and "(x)" in log.redact(message)


def test_the_log_is_turned_over_when_a_job_starts(home: Path) -> None:
    path = log.log_file(home)
    path.parent.mkdir(parents=True)
    path.write_text("x" * (log.LARGEST + 1))
    log.start(home)
    log.LOGGER.warning("new")
    assert path.stat().st_size < 200 and path.with_suffix(".1.log").stat().st_size > log.LARGEST


def test_a_log_that_any_thread_starts_writes_each_line_once(home: Path) -> None:
    threads = [threading.Thread(target=log.start, args=(home, KEY)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.LOGGER.warning("once")
    assert log.log_file(home).read_text("utf-8").count("once") == 1


def test_data_folder_and_log_are_for_their_owner_only_whatever_made_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "log").mkdir(parents=True)
    log.log_file(home).write_text("of version 0.1.0")
    for path in (home, home / "log"):
        path.chmod(0o755)
    log.log_file(home).chmod(0o644)
    monkeypatch.setenv("FLUXDEPTH_API_KEY", KEY)
    Client.from_settings()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "log", log.log_file(home))] == [
        *(0o700, 0o700, 0o600)
    ]


def test_secrets_are_cut_out_in_linear_time() -> None:
    def seconds(text: str) -> float:
        started = time.perf_counter()
        log.redact(text)
        return time.perf_counter() - started

    plain, slashes, marks = "a" * 200_000, "/" * 200_000, "/?" * 100_000
    least = min(seconds(plain) for _ in range(3)) + 1e-3
    assert min(seconds(slashes) for _ in range(3)) < 200 * least  # it was some 2000 times as long
    assert min(seconds(marks) for _ in range(3)) < 200 * least


def test_the_query_of_each_address_is_cut_out_wherever_it_stands() -> None:
    text = "<a>https://s/x?sig=5a66</a><b>https:\\/\\/s\\/y?sig=5a66</b> why? a/b"
    assert log.redact(text) == "<a>https://s/x?[redacted]</a><b>https:\\/\\/s\\/y?[redacted]</b> why? a/b"


def test_a_log_that_can_not_be_written_stops_nothing(home: Path) -> None:
    home.mkdir()
    (home / "log").write_text("")
    log.start(home, KEY)
    log.LOGGER.warning("x")


@pytest.fixture(autouse=True)
def fresh_log() -> object:
    yield
    for handler in list(log.LOGGER.handlers):
        if isinstance(handler, logging.FileHandler):
            log.LOGGER.removeHandler(handler)
            handler.close()

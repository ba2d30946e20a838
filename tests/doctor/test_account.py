"""What W&B would do here is known beforehand: its mode, its key, its server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.wandb_server import API_KEY, WandbServer
from triptych.doctor.account import check_wandb
from triptych.doctor.finding import Finding


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """A server that takes any key, and a process that is to use it."""
    with WandbServer() as serving:
        for name, value in serving.env().items():
            monkeypatch.setenv(name, value)
        yield serving


def _check() -> Finding:
    (finding,) = check_wandb()
    assert API_KEY not in repr(finding)
    return finding


def test_a_server_that_takes_the_key_is_green(server: WandbServer) -> None:
    """It is asked who we are, and gets no run."""
    found = _check()
    assert (found.level, found.what) == ("green", f"takes the login at {server.url}")
    assert set(server.requests) <= {"Viewer", "ServerFeaturesQuery"}
    assert server.runs == {}


@pytest.mark.parametrize(
    ("status", "what", "fix"),
    [
        (401, "does not take the API key at", "correct WANDB_API_KEY"),
        (404, "returned error 404", "correct WANDB_BASE_URL or the network"),
    ],
)
def test_a_server_that_refuses_is_red(
    server: WandbServer, status: int, what: str, fix: str
) -> None:
    """A key that it does not know is another fault than a server that is no W&B."""
    server.answer("graphql", status=status)
    found = _check()
    assert found.level == "red"
    assert what in found.what
    assert server.url in found.what
    assert found.fix.startswith(fix)


def test_a_web_server_that_is_no_wandb_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page is not quoted."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        monkeypatch.setenv("WANDB_API_KEY", API_KEY)
        monkeypatch.setenv("WANDB_BASE_URL", url)
        found = _check()
        other.shutdown()
    assert (found.level, found.what) == ("red", f"is not what answers at {url}, but a web page")


def test_a_server_that_hangs_is_red_in_time(server: WandbServer) -> None:
    """Nobody waits for long."""
    server.answer("graphql", stall=60)
    started = time.monotonic()
    found = _check()
    assert time.monotonic() - started < 20  # seconds; W&B's own limit is 90
    assert (found.level, found.what) == ("red", f"has no answer from {server.url} within 4 s")


@pytest.mark.parametrize(
    ("url", "what", "fix"),
    [
        ("http://127.0.0.1:9", "has no answer from http://127.0.0.1:9", "correct WANDB_BASE_URL"),
        ("https://wandb.ai", "https://wandb.ai is not a valid server", "or unset WANDB_BASE_URL"),
        ("nonsense", "does not take WANDB_BASE_URL: ", "correct or unset WANDB_BASE_URL"),
    ],
)
def test_a_wrong_address_is_red(
    url: str, what: str, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody listens, where W&B knows that it is none, and where it is none."""
    monkeypatch.setenv("WANDB_API_KEY", API_KEY)
    monkeypatch.setenv("WANDB_BASE_URL", url)
    found = _check()
    assert found.level == "red"
    assert what in found.what
    assert fix in found.fix


def test_no_key_is_yellow() -> None:
    """Nobody is asked for one, and nothing is sent."""
    found = _check()
    assert found.level == "yellow"
    assert "has no API key" in found.what
    assert found.what.endswith(": runs stay offline")
    assert found.fix.startswith("run `wandb login`")


def test_what_is_no_key_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """As W&B says it."""
    monkeypatch.setenv("WANDB_API_KEY", "hunter2")
    found = _check()
    assert found.level == "red"
    assert "40+ characters" in found.what
    assert "hunter2" not in found.what


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_mode_that_sends_nothing_is_green(
    server: WandbServer, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """And nobody is asked."""
    monkeypatch.setenv("WANDB_MODE", mode)
    found = _check()
    assert found.level == "green"
    assert f"WANDB_MODE={mode}" in found.what
    assert server.requests == []

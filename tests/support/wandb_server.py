"""A server in W&B's place on 127.0.0.1, which takes whole online runs of wandb 0.31 and keeps them.

It knows three kinds of requests: "graphql" (by operation), "filestream" (rows, summary, console,
exit code) and "storage" (files, pictures, artifacts). Each can be told to fail or to stall.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.wandb_graphql import Backend, SeenRun

API_KEY = "f" * 40
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class _Fault:
    status: int | None
    seconds: float


class WandbServer:
    """Serves from the moment it is made until `close`.

    Attributes:
        requests: all that was asked for, in order, also what was told to fail or to stall: a
            GraphQL operation such as "UpsertBucket", "filestream" or "storage".
        unknown: the operations it does not know. It answers them with an error; wandb-core lives
            with that, but most questions about the past raise.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.unknown: list[str] = []
        self._changed = threading.Condition(threading.RLock())
        self._closing = threading.Event()
        self._faults: dict[str, _Fault] = {}
        self._http = _Listener(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._backend = Backend(self.url)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def runs(self) -> dict[str, SeenRun]:
        """What each run sent so far, by its id; wait for more with `wait_for`."""
        return self._backend.runs

    @property
    def artifacts(self) -> list[dict[str, Any]]:
        """The artifacts created, each `{"input": …, "files": {name: bytes}, "committed": bool}`."""
        return list(self._backend.artifacts.values())

    def env(self) -> dict[str, str]:
        """Returns the variables that send a process here; the mode is left to the process."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": API_KEY, "WANDB_ENTITY": "tester"}

    def answer(self, where: str, *, status: int | None = None, stall: float = 0) -> None:
        """Makes requests fail from now on, until `heal`.

        Args:
            where: "graphql", "filestream", "storage", or one operation such as "UpsertBucket".
            status: the HTTP status to answer with; None answers as usual.
            stall: seconds to wait before the answer. `close` ends a wait, `heal` only prevents new
                ones.
        """
        self._faults[where] = _Fault(status, stall)

    def heal(self) -> None:
        """Answers as usual again."""
        self._faults.clear()

    def wait_for(self, fact: Callable[[], object], timeout: float = 20) -> None:
        """Waits until `fact()` is true, asking after every request.

        Raises:
            TimeoutError: it is still false after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(fact, timeout):
                raise TimeoutError(f"The fact never came true; runs seen: {list(self.runs)}.")

    def close(self) -> None:
        """Stops listening; requests under way are answered or dropped, later ones are refused."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        kind, request = "storage", dict[str, Any]()
        if path == "/graphql":
            kind, request = "graphql", json.loads(body)
        elif path.endswith("/file_stream"):
            kind, request = "filestream", json.loads(body or b"{}")
        name = _OPERATION.findall(request["query"])[0] if kind == "graphql" else kind
        with self._told():
            self.requests.append(name)
        fault = self._faults.get(name) or self._faults.get(kind)
        if fault is not None:
            self._closing.wait(fault.seconds)
            if fault.status is not None:
                return fault.status, b'{"error": "told to fail"}'
        with self._told():
            if kind == "storage":
                return self._backend.store(method, path, body)
            if kind == "filestream":
                return 200, self._backend.stream(path, request)
            if not self._backend.knows(name):
                self.unknown.append(name)
            return 200, self._backend.ask(name, request.get("variables") or {})

    @contextmanager
    def _told(self) -> Iterator[None]:
        with self._changed:
            yield
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        respond = self._respond

        class Handler(BaseHTTPRequestHandler):
            # HTTP/1.0 closes after each answer, so that a closed server is gone for its clients.
            protocol_version = "HTTP/1.0"

            def handle_one_request(self) -> None:
                """Answers every method alike."""
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = respond(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_request(self, *_: object) -> None:
                """Keeps stderr for what goes wrong."""

        return Handler


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        # wandb-core hangs up at the end of its life, whatever is still under way.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

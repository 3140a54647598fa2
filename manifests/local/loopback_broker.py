"""
A local stand-in for Knative's Broker and Triggers.

For `make run STORE=s3`. It keeps events in memory only.

Like Knative's Broker it delivers after it has answered 202, and it counts a 2xx with a body as 502.
It retries ten times after 5xx, 404, 408, 409, 429 or no answer. It prints events that match no
Trigger: those are the events that Circles sends.
"""

import heapq
import itertools
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import requests

RETRIES = 10
BACKOFF_S = 0.2  # doubled each time, as config-br-defaults has it
PARALLEL_DELIVERIES = 8
TIMEOUT_S = 90
RETRYABLE = (404, 408, 409, 429)


@dataclass(frozen=True)
class Event:
    """An event in binary mode, as it was received."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers["ce-type"]

    def __str__(self) -> str:
        return (
            f"{self.type} {unquote(self.headers.get('ce-subject', ''))} id={self.headers['ce-id']}"
        )


class Deliveries:
    """A queue of deliveries by due time, and its threads."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, int, str, Event]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        for _ in range(PARALLEL_DELIVERIES):
            threading.Thread(target=self._deliver, daemon=True).start()

    def add(self, event: Event, url: str, *, attempt: int = 0, wait_s: float = 0.0) -> None:
        with self._changed:
            heapq.heappush(
                self._due, (time.monotonic() + wait_s, next(self._numbers), attempt, url, event)
            )
            self._changed.notify()

    def _next(self) -> tuple[int, str, Event]:
        with self._changed:
            while True:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    _, _, attempt, url, event = heapq.heappop(self._due)
                    return attempt, url, event
                self._changed.wait(self._due[0][0] - now if self._due else None)

    def _deliver(self) -> None:
        session = requests.Session()
        session.trust_env = False
        while True:
            attempt, url, event = self._next()
            outcome = post(session, url, event)
            if outcome is None:
                continue
            retryable, words = outcome
            if retryable and attempt < RETRIES:
                self.add(event, url, attempt=attempt + 1, wait_s=BACKOFF_S * 2**attempt)
            else:
                print(f"dead letter: {event} {words}", flush=True)


def post(session: requests.Session, url: str, event: Event) -> tuple[bool, str] | None:
    """Deliver once. Return None if accepted, else whether to retry and the reason."""
    try:
        answer = session.post(url, data=event.body, headers=dict(event.headers), timeout=TIMEOUT_S)
    except requests.RequestException as error:
        return True, type(error).__name__
    if 200 <= answer.status_code < 300:
        return (True, "answered with a body that is not an event") if answer.content else None
    return (
        answer.status_code >= 500 or answer.status_code in RETRYABLE,
        f"answered {answer.status_code}",
    )


class Ingress(BaseHTTPRequestHandler):
    """The HTTP server that receives events."""

    protocol_version = "HTTP/1.1"
    triggers: dict[str, str]
    deliveries: Deliveries

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        event = self._event(body)
        self.send_response(202 if event else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if event:
            self._route(event)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _event(self, body: bytes) -> Event | None:
        """Return the event of a request in binary mode, or None."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        kept = {
            name: value
            for name, value in headers.items()
            if name.startswith("ce-") or name == "content-type"
        }
        return (
            Event(kept, body)
            if {"ce-id", "ce-type", "ce-source", "ce-specversion"} <= kept.keys()
            else None
        )

    def _route(self, event: Event) -> None:
        urls = [url for prefix, url in self.triggers.items() if event.type.startswith(prefix)]
        for url in urls:
            self.deliveries.add(event, url)
        if not urls:
            print(f"event out: {event} {_short(event.body)}", flush=True)

    def log_message(self, *_: object) -> None:
        """Log no successful requests."""


def _short(body: bytes) -> str:
    try:
        document = json.loads(body)
        return json.dumps(
            {name: document[name] for name in ("status", "object_count", "source", "file_name")}
        )
    except (ValueError, KeyError, TypeError):
        return f"{len(body)} bytes"


def main() -> None:
    """Listen on BROKER_PORT; BROKER_TRIGGERS has pairs such as com.amazonaws.s3.=http://127.0.0.1:8091/."""
    Ingress.triggers = dict(pair.split("=", 1) for pair in os.environ["BROKER_TRIGGERS"].split())
    Ingress.deliveries = Deliveries()
    address = os.environ.get("HOST", "127.0.0.1"), int(os.environ["BROKER_PORT"])
    with ThreadingHTTPServer(address, Ingress) as server:
        print("listening on {}:{}".format(*address), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

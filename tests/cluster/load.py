"""Requests to the deployed system: one, many at once, and so many a second while something happens."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests


def upload(gateway: str, picture: bytes, key: str | None = None, timeout_s: float = 95.0) -> requests.Response:
    """Send a picture through the gateway."""
    headers = {"Idempotency-Key": key} if key else {}
    return requests.post(
        f"{gateway}/images/", files={"file": ("coins.png", picture)}, headers=headers, timeout=timeout_s
    )


def upload_many(gateway: str, picture: bytes, count: int, clients: int) -> list[requests.Response]:
    """Send the picture count times at once, each under a key of its own."""
    run = str(time.time_ns())
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda number: upload(gateway, picture, f"{run}-{number}"), range(count)))


@dataclass
class Load:
    """Calls `call` so many times a second in the background until stopped, and counts how each ended."""

    call: object
    per_s: float
    results: Counter = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(64)
        self._ticker = threading.Thread(target=self._tick)
        self._ticker.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._ticker.join()
        self._pool.shutdown()

    def _tick(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(due - time.monotonic(), 0)):
            self._pool.submit(self._one)
            due += 1 / self.per_s

    def _one(self) -> None:
        try:
            response = self.call()
        except requests.RequestException as error:
            self.results[type(error).__name__] += 1
            return
        outcome = str(response.status_code)
        if response.status_code == 503 and "Retry-After" not in response.headers:
            outcome += " without Retry-After"
        self.results[outcome] += 1
        if response.request.method == "POST" and response.ok:
            self.accepted.append(response.json()["image_id"])

    def said(self) -> str:
        return ", ".join(f"{count} × {outcome}" for outcome, count in sorted(self.results.items()))

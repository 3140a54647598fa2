"""Load on the deployed system: parallel uploads, or a constant rate."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests


def upload_many(system, count: int, clients: int) -> list[requests.Response]:
    """Upload the picture `count` times from parallel clients, under different keys."""
    run = str(time.time_ns())
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda number: system.upload(key=f"{run}-{number}"), range(count)))


@dataclass
class Load:
    """Calls `call` at a constant rate and counts the outcomes."""

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

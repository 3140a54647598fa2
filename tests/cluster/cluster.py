"""What the smoke test asks of a cluster: kubectl, the gateway, and load that counts what it got."""

import json
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

NAMESPACE = "circles"
FUNCTION_PODS = "serving.knative.dev/service in (upload, list, detail, circles-predictor)"


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Return kubectl's output; what it says in failing becomes the exception's text."""
    done = subprocess.run(["kubectl", "-n", NAMESPACE, *arguments], capture_output=True, text=True, input=stdin)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def pods(selector: str) -> list[str]:
    """Names of the pods that live and are not going."""
    items = json.loads(kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]
    return [each["metadata"]["name"] for each in items if "deletionTimestamp" not in each["metadata"]]


def wait_until(what: str, condition, timeout_s: float) -> float:
    """Wait for condition() to be true and return the seconds that took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout_s:
            raise RuntimeError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began


def wait_for_zero(timeout_s: float = 150.0) -> float:
    """Wait until no function and no predictor runs."""
    return wait_until("scaled to zero", lambda: not pods(FUNCTION_PODS), timeout_s)


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
        self._pool = ThreadPoolExecutor(32)
        self._ticker = threading.Thread(target=self._tick)
        self._ticker.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._ticker.join()
        self._pool.shutdown()

    def _tick(self) -> None:
        while not self._stop.wait(1 / self.per_s):
            self._pool.submit(self._one)

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

"""Send many files at once, each of them once."""

import hashlib
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from circles_client.client import Client
from circles_client.errors import CirclesError, NotAllowed, NotCircles, Problem, Unreachable
from circles_client.files.find import Found
from circles_client.transport.http import Json

State = Literal["uploaded", "stored", "present", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What became of a file.

    state: uploaded now; stored in the bucket, so that it becomes an image later; present on the
    server already; failed; skipped, because the upload had to stop before its turn.
    image: the record, if it is an image yet. key: of the object in the bucket, if it was put there.
    error: why it failed, in words; code: of the API's problem, such as unsupported-picture.
    is_temporary: it failed, or was skipped, for a reason that has to do with the server alone.
    """

    path: Path
    state: State
    image: Json | None = None
    error: str | None = None
    code: str | None = None
    is_temporary: bool = False
    key: str | None = None

    @property
    def is_pending(self) -> bool:
        if self.image is None:
            return self.state == "stored"
        return bool(self.image["status"] == "pending")

    @property
    def has_failed(self) -> bool:
        """Tell whether it was not sent, or cannot be detected."""
        if self.image is None:
            return self.state in ("failed", "skipped")
        return bool(self.image["status"] == "failed")


class Uploads:
    """
    Send files in several threads, and yield what became of each as soon as it is known.

    A file is hashed first, and only sent if the server has no such bytes in the batch (or at
    all, without a batch): repeating an upload that was broken off sends the rest. It stops where
    the token is refused, and where the server stays unreachable for several files in a row.

    wait_s: how long to wait for each pending image. direct: put files into the bucket, past the
    functions; one that is put there again replaces itself, and is one image.
    """

    def __init__(
        self,
        client: Client,
        *,
        batch: str | None = None,
        jobs: int = 4,
        wait_s: float = 0,
        direct: bool = False,
    ) -> None:
        self._client, self._batch, self._jobs, self._wait_s = client, batch, jobs, wait_s
        self._direct = direct
        self._same_bytes: dict[str, threading.Lock] = {}
        self._unreachable_in_a_row = 0
        self.stopped_by: CirclesError | None = None

    def send(self, files: Iterable[Found]) -> Iterator[Sent]:
        """Yield the result of each file, in the order in which they are done."""
        running: set[Future[Sent]] = set()
        pool = ThreadPoolExecutor(self._jobs)
        try:
            for file in files:
                running.add(pool.submit(self._send_one, file))
                if len(running) >= 2 * self._jobs:  # enough to keep every thread busy
                    running = yield from _results(running)
            while running:
                running = yield from _results(running)
        finally:  # also where the caller stops reading: then it does not wait for the others
            pool.shutdown(wait=not running, cancel_futures=True)

    def _send_one(self, file: Found) -> Sent:
        if file.error:
            return Sent(file.path, "failed", error=file.error)
        if self.stopped_by:
            return Sent(file.path, "skipped", error="not tried", is_temporary=True)
        try:
            sent = self._send_bytes(file.path)
        except CirclesError as error:
            return self._fail(file.path, error)
        except OSError as error:
            return Sent(file.path, "failed", error=error.strerror or str(error))
        self._unreachable_in_a_row = 0
        return sent

    def _fail(self, path: Path, error: CirclesError) -> Sent:
        """Return why a file was not sent, and stop where it would be so with every other one."""
        is_away = isinstance(error, Unreachable)
        self._unreachable_in_a_row = self._unreachable_in_a_row + 1 if is_away else 0
        is_of_all = isinstance(error, NotAllowed | NotCircles)
        if is_of_all or self._unreachable_in_a_row >= self._jobs:
            self.stopped_by = error
        if not isinstance(error, Problem):
            return Sent(path, "failed", error=str(error), is_temporary=True)
        is_busy = error.status >= 500 or error.status == 429
        return Sent(path, "failed", None, str(error), error.code, is_temporary=is_busy)

    def _send_bytes(self, path: Path) -> Sent:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        # of equal files the first is sent, and the others find it
        with self._same_bytes.setdefault(sha256, threading.Lock()):
            image = self._client.find(sha256, self._batch)
            state: State = "present" if image else "uploaded"
            if image is None and self._direct:
                return self._send_direct(path, sha256)
            if image is None:
                image = self._client.upload(path, batch=self._batch, sha256=sha256)
            elif image["status"] == "failed":
                image = self._client.detect(image["image_id"])
        if image["sha256"] != sha256:
            return Sent(path, "failed", error="the file changed while it was read; send it again")
        if image["status"] == "pending" and self._wait_s:
            image = self._client.wait(image["image_id"], self._wait_s)
        return Sent(path, state, image)

    def _send_direct(self, path: Path, sha256: str) -> Sent:
        key = self._client.upload_direct(path, batch=self._batch, sha256=sha256)
        image = self._client.wait_for_key(key, self._wait_s) if self._wait_s else None
        return Sent(path, "stored", image, key=key)


def _results(running: set[Future[Sent]]) -> Generator[Sent, None, set[Future[Sent]]]:
    """Yield what is done, and return what is still running."""
    done, left = wait(running, return_when=FIRST_COMPLETED)
    for each in done:
        yield each.result()
    return left

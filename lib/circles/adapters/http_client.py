"""Send HTTP requests with a hard total deadline. The only file that imports requests."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import requests

from circles.adapters.deadlines import DeadlineAdapter, cut_off, was_reset
from circles.formats.fields import clean_text


class CallFailed(Exception):
    """The call did not end with a complete response."""


class NotReached(CallFailed):
    """No connection, or one that was reset before an answer began."""


class Reset(NotReached):
    """The connection was reset before a response. The request may be the cause."""


class TooSlow(CallFailed):
    """The deadline passed."""


class BrokenOff(CallFailed):
    """The response began, but was not HTTP, was cut off or has a wrong encoding."""


class TooMuch(CallFailed):
    """The response is larger than the caller's limit."""


class Response:
    """A response whose body is not read yet. It ends with the block of HttpClient.post."""

    def __init__(self, response: requests.Response, deadline: float) -> None:
        self._response, self._deadline = response, deadline
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def read(self, max_bytes: int) -> bytes:
        """Return the whole body. Raises TooMuch over max_bytes, TooSlow after the deadline."""
        parts: list[bytes] = []
        size = 0
        for part in self._response.iter_content(64 * 1024):
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                raise TooMuch
        # Without a length, a response that was cut off ends normally.
        if time.monotonic() >= self._deadline:
            raise TooSlow
        return b"".join(parts)

    def words(self) -> str:
        """Return the start of an error's body as one line, for the log. It may echo a request."""
        try:
            begin: bytes = next(self._response.iter_content(64 * 1024), b"")
        except requests.RequestException as error:
            return f"(its body cannot be read: {error})"
        return clean_text(begin[:300].decode("utf-8", "replace"), 300)


class HttpClient:
    """Keeps connections, without redirects and proxies. Safe to use from many threads."""

    def __init__(self, *, threads: int, connect_timeout_s: float) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy is not for calls inside the cluster
        pool = DeadlineAdapter(pool_maxsize=threads)
        self._session.mount("http://", pool)
        self._session.mount("https://", pool)

    @contextmanager
    def post(
        self,
        url: str,
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        *,
        deadline: float,
    ) -> Iterator[Response]:
        """
        Post once. The with block ends at deadline, a moment of time.monotonic().

        A body that is not bytes has a length.

        Raises:
            NotReached, TooSlow, BrokenOff: also from reading the response within the with block.
        """
        remaining_s = max(deadline - time.monotonic(), 0.001)
        timeouts = (min(self._connect_timeout_s, remaining_s), remaining_s)
        try:
            with (
                self._session.post(
                    url,
                    data=body,
                    headers=headers,
                    timeout=timeouts,
                    stream=True,
                    allow_redirects=False,
                ) as response,
                cut_off(deadline - time.monotonic(), response.raw.shutdown),
            ):
                yield Response(response, deadline)
        except requests.RequestException as error:
            raise _fault(error, deadline) from error


def _fault(error: requests.RequestException, deadline: float) -> CallFailed:
    if isinstance(error, requests.ReadTimeout) or time.monotonic() >= deadline:
        return TooSlow()
    if not isinstance(error, requests.ConnectionError):
        return BrokenOff()
    return Reset() if was_reset(error) else NotReached()

"""What every call of the class needs: a session, documents, pages and keys."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from circles_client.settings import DEFAULT_URL, ClientSettings, parse_token, parse_url
from circles_client.transport.http import Json, Transport

_FIRST_POLL_S, _LONGEST_POLL_S = 0.5, 5.0


class Calls:
    """The base of Client: it knows how to call, and not what."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str | None = None,
        *,
        timeout_s: float = 120,
        retries: int = 6,
        connections: int = 8,
    ) -> None:
        self._http = Transport(
            parse_url(url),
            parse_token(token) if token else None,
            timeout_s=timeout_s,
            retries=retries,
            connections=connections,
        )

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Return a client of CIRCLES_URL with the token CIRCLES_TOKEN. Raises SettingsError."""
        settings = ClientSettings.from_env()
        return cls(settings.url, settings.token, **options)

    @property
    def url(self) -> str:
        return self._http.url

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _get(self, path: str) -> Json:
        document: Json = self._http.document("GET", path)
        return document

    def _send(
        self, method: str, path: str, body: Json | None = None, *, if_match: str | None = None,
        key: str | None = None,
    ) -> Json:  # fmt: skip
        headers = {"If-Match": f'"{if_match}"'} if if_match else {}
        if method == "POST" and body is not None:
            headers["Idempotency-Key"] = key or str(uuid.uuid4())  # the same one in every retry
        document: Json = self._http.document(method, path, json=body, headers=headers)
        return document

    def _pages(self, path: str, rows: str, filters: Mapping[str, Any]) -> Iterator[Json]:
        """Yield the rows of all pages; of `next` only the query counts, behind any proxy."""
        wanted: dict[str, Any] | None = {"limit": 200, **given(filters)}
        while wanted is not None:
            page = self._http.document("GET", path, params=wanted)
            yield from page[rows]
            wanted = parse_qs(urlsplit(page["next"]).query) if page["next"] else None


def segment(text: str | None) -> str:
    """Return a segment of a path."""
    return quote(str(text), safe="")


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def poll(ask: Callable[[], Json | None], timeout_s: float) -> Json | None:
    """Ask with growing pauses until there is an image that is not pending, or time is up."""
    deadline, pause_s = time.monotonic() + timeout_s, _FIRST_POLL_S
    while (image := ask()) is None or image["status"] == "pending":
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        time.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, _LONGEST_POLL_S)
    return image

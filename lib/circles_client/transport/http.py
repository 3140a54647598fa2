"""One HTTP session with retries, whose errors are those of errors.py."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from circles_client.errors import (
    Incomplete,
    NotAllowed,
    NotCircles,
    Problem,
    Refused,
    Unreachable,
)
from circles_client.transport.multipart import FormWithFile
from circles_client.transport.retries import reason, retrying

Json = dict[str, Any]

_CONNECT_TIMEOUT_S = 10.0
_FIRST_RETRIES = 2
"""Retries until the server has answered once: a wrong address should be told at once."""
_NOT_REPEATABLE = ("/tokens/", "/deliveries/", "/exports")
"""Paths whose POST would do something twice. All other writes carry an Idempotency-Key, or repeat
without a change."""


class Transport:
    """
    Requests to one server. Threads may share it.

    retries: of one request once the server has answered; they wait 0, 1, 2, 4 … at most 15 s.
    connections: how many threads send at once.
    """

    def __init__(
        self, url: str, token: str | None, *, timeout_s: float, retries: int, connections: int
    ) -> None:
        self.url = url
        self._timeouts = (_CONNECT_TIMEOUT_S, timeout_s)
        self._retries, self._connections = retries, connections
        self._reached = False
        self._session = requests.Session()
        # A callable, because requests otherwise takes a password from ~/.netrc instead
        self._session.auth = _Bearer(token)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._mount(min(retries, _FIRST_RETRIES))

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """
        Return a successful answer.

        Raises:
            Unreachable: no answer, even after retries.
            NotAllowed, Problem: the API answered an error.
            NotCircles: another server answered.
        """
        try:
            response = self._session.request(
                method, self.url + path, params=params, headers=headers, json=json, data=data,
                stream=stream, timeout=self._timeouts, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} cannot be reached: {reason(error)}.") from error
        if not self._reached:
            self._reached = True
            self._mount(self._retries)
        if response.status_code >= 300:
            with response:
                raise self._error(response)
        return response

    def document(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON of an answer. Raises as request does."""
        with self.request(method, path, **options) as response:
            return self._parse(response)

    def put_form(self, url: str, body: FormWithFile) -> None:
        """
        Post a form to another server, without the token.

        Raises:
            Unreachable: no answer, even after retries.
            Refused: it does not take the file.
        """
        headers = {"Content-Type": body.content_type}
        with requests.Session() as session:
            session.auth = _Bearer(None)
            session.mount(url, retrying(self._retries, self._connections, ("POST",)))
            try:
                response = session.post(
                    url, data=body, headers=headers, timeout=self._timeouts, allow_redirects=False
                )
            except requests.RequestException as error:
                raise Unreachable(f"The store cannot be reached: {reason(error)}.") from error
        if response.status_code >= 300:
            code = re.search(r"<Code>(\w+)</Code>", response.text)
            raise Refused(f"The store refused it: {code[1] if code else response.status_code}.")

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any]) -> Iterator["Download"]:
        """Yield an answer to be read in pieces. Raises as request does."""
        with self.request("GET", path, params=params, stream=True) as response:
            yield Download(response)

    def _mount(self, retries: int) -> None:
        usual = retrying(retries, self._connections, ("GET", "PUT", "DELETE", "POST"))
        self._session.mount(self.url, usual)
        for path in _NOT_REPEATABLE:
            adapter = retrying(retries, self._connections, ("GET", "DELETE"))
            self._session.mount(self.url + path, adapter)

    def _error(self, response: requests.Response) -> Problem | NotCircles:
        if "location" in response.headers and response.status_code < 400:
            where = response.headers["location"]
            return NotCircles(f"{self.url} redirects to {where}: set CIRCLES_URL to that server.")
        document = self._parse(response)
        kind = NotAllowed if response.status_code in (401, 403) else Problem
        return kind(response.status_code, document if isinstance(document, dict) else {})

    def _parse(self, response: requests.Response) -> Any:
        try:
            if response.status_code == 204:
                return None
            if "json" in response.headers.get("content-type", ""):
                return response.json()
        except (ValueError, requests.RequestException) as error:
            raise Incomplete(f"The answer of {self.url} is not whole: {error}.") from error
        kind = response.headers.get("content-type", "no content type").partition(";")[0]
        raise NotCircles(
            f"{self.url} is not Circles, or something stands in between: it answered "
            f"{response.status_code} with {kind}. Is CIRCLES_URL right?"
        )


class Download:
    """An answer that is read in pieces."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.content_type = response.headers.get("content-type", "")
        self.headers = response.headers

    def __iter__(self) -> Iterator[bytes]:
        """Yield pieces of 64 KiB. Raises Incomplete where the connection breaks off."""
        try:
            yield from self._response.iter_content(64 * 1024)
        except requests.RequestException as error:
            raise Incomplete(f"The answer broke off: {reason(error)}.") from error


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

"""Send events over HTTP: CloudEvents to a broker, signed webhooks to other receivers."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from circles.adapters.http_client import CallFailed, HttpClient
from circles.domain.errors import Rejected, Unavailable
from circles.domain.events import OutgoingEvent
from circles.formats.cloud_events import Extensions, to_binary_message, to_structured_message

_RETRYABLE_STATUSES = (401, 403, 404, 408, 409, 425, 429)
"""
4xx that a retry may solve.

A wrong token or a missing route is a wrong setting more often than a wrong event. The others are
those that Knative retries (knative/eventing pkg/kncloudevents/retries.go).
"""


class BrokerSink:
    """
    Sends CloudEvents in binary mode, with the attributes of K_CE_OVERRIDES.

    token_file holds a token for the Broker, where SinkBinding gives one; it is replaced each hour.
    """

    def __init__(
        self,
        url: str,
        client: HttpClient,
        *,
        timeout_s: float,
        extensions: Extensions = (),
        token_file: Path | None = None,
    ) -> None:
        self._url, self._client, self._timeout_s = url, client, timeout_s
        self._extensions, self._token_file = extensions, token_file

    def send(self, event: OutgoingEvent) -> None:
        headers, body = to_binary_message(event, self._extensions)
        headers = {**headers, **_trace_header(event), **self._credentials()}
        _post(self._client, self._url, body, headers, self._timeout_s)

    def _credentials(self) -> dict[str, str]:
        try:
            token = self._token_file.read_text().strip() if self._token_file else ""
        except OSError:
            token = ""  # the Broker asks for none, or the next attempt finds it
        return {"Authorization": f"Bearer {token}"} if token else {}


class WebhookSink:
    """
    Sends CloudEvents in structured mode, signed according to Standard Webhooks 1.0.

    webhook-signature is the base64 HMAC-SHA256 of webhook-id, webhook-timestamp (seconds since
    1970) and the body, joined by dots (standardwebhooks.com).
    """

    def __init__(self, url: str, client: HttpClient, *, timeout_s: float, secret: bytes) -> None:
        self._url, self._client, self._timeout_s, self._secret = url, client, timeout_s, secret

    def send(self, event: OutgoingEvent) -> None:
        headers, body = to_structured_message(event)
        headers = {**headers, **self._sign(event.event_id, body), **_trace_header(event)}
        _post(self._client, self._url, body, headers, self._timeout_s)

    def _sign(self, message_id: str, body: bytes) -> dict[str, str]:
        moment = str(int(time.time()))  # of this attempt, because receivers refuse old ones
        signed = f"{message_id}.{moment}.".encode() + body
        digest = base64.b64encode(hmac.digest(self._secret, signed, hashlib.sha256)).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{digest}",
        }


def _trace_header(event: OutgoingEvent) -> dict[str, str]:
    """Return the header for proxies, which do not read events (W3C Trace Context)."""
    return {"traceparent": event.traceparent} if event.traceparent else {}


def _post(
    client: HttpClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
) -> None:
    try:
        with client.post(url, body, headers, deadline=time.monotonic() + timeout_s) as response:
            status = response.status
    except CallFailed as error:
        raise Unavailable("The receiver of events cannot be reached.") from error
    if 200 <= status < 300:
        return
    if 400 <= status < 500 and status not in _RETRYABLE_STATUSES:
        raise Rejected(f"The receiver of events answered {status}.")
    raise Unavailable(f"The receiver of events answered {status}.")


if TYPE_CHECKING:
    from circles.domain.events import EventSink

    _: tuple[type[EventSink], type[EventSink]] = (BrokerSink, WebhookSink)

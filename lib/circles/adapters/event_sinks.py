"""EventSink over HTTP: CloudEvents to a broker, and signed webhooks to whoever asked for them."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from circles.adapters.http_client import CallFailed, HttpClient
from circles.domain.errors import Rejected, Unavailable
from circles.domain.events import OutgoingEvent
from circles.formats.cloud_events import Extensions, to_binary_message, to_structured_message

_RETRYABLE_STATUSES = (401, 403, 404, 408, 409, 425, 429)
"""4xx that a repetition may cure: a wrong token and a missing route are wrong settings more often than wrong events,
the others are those that Knative repeats (knative/eventing pkg/kncloudevents/retries.go)."""


class BrokerSink:
    """CloudEvents in binary mode, with the attributes that K_CE_OVERRIDES adds."""

    def __init__(self, url: str, client: HttpClient, *, timeout_s: float, extensions: Extensions = ()) -> None:
        self._url, self._client, self._timeout_s, self._extensions = url, client, timeout_s, extensions

    def send(self, event: OutgoingEvent) -> None:
        headers, body = to_binary_message(event, self._extensions)
        _post(self._client, self._url, body, {**headers, **_trace(event)}, self._timeout_s)


class WebhookSink:
    """
    CloudEvents in structured mode, signed as Standard Webhooks 1.0 says (standardwebhooks.com): webhook-signature is
    the base64 HMAC-SHA256 of webhook-id, webhook-timestamp (seconds since 1970) and the body, joined by dots.
    """

    def __init__(self, url: str, client: HttpClient, *, timeout_s: float, secret: bytes) -> None:
        self._url, self._client, self._timeout_s, self._secret = url, client, timeout_s, secret

    def send(self, event: OutgoingEvent) -> None:
        headers, body = to_structured_message(event)
        signature = self._signature(event.event_id, body)
        _post(self._client, self._url, body, {**headers, **signature, **_trace(event)}, self._timeout_s)

    def _signature(self, message_id: str, body: bytes) -> dict[str, str]:
        moment = str(int(time.time()))  # of this attempt: receivers refuse old ones
        signed = f"{message_id}.{moment}.".encode() + body
        digest = base64.b64encode(hmac.digest(self._secret, signed, hashlib.sha256)).decode()
        return {"webhook-id": message_id, "webhook-timestamp": moment, "webhook-signature": f"v1,{digest}"}


def _trace(event: OutgoingEvent) -> dict[str, str]:
    """For what lies between here and the receiver, which knows HTTP and no events (W3C Trace Context)."""
    return {"traceparent": event.traceparent} if event.traceparent else {}


def _post(client: HttpClient, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> None:
    try:
        with client.post(url, body, headers, deadline=time.monotonic() + timeout_s) as answer:
            status = answer.status
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

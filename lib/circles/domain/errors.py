"""
All errors, each with its HTTP status and event status.

CirclesError             code                  HTTP  event
├── Malformed            malformed             400   422  not retried: to the dead-letter sink
├── Unauthorized         unauthorized          401   401  the token is missing or wrong
├── Forbidden            forbidden             403   422  the token has not the route's scope
├── TooManyRequests      too-many-requests     429   429  over the sender's limit a minute
├── NotFound             not-found             404   204  nothing to do
├── TooLarge             too-large             413   422
├── UnsupportedPicture   unsupported-picture   415   422
├── UnsupportedEncoding  unsupported-encoding  415   422
├── UndecodablePicture   undecodable-picture   422   422
├── KeyReused            key-reused            422   422
├── NotPossible          not-possible          422   422
├── PreconditionFailed   precondition-failed   412   422
├── PreconditionRequired precondition-required 428   422
├── NotConfigured        not-configured        501   422  the installation lacks a setting
├── Damaged              damaged               500   422  stored bytes differ from those uploaded
├── ObjectRefused        object-refused        503   422  the store refuses this one object
├── Rejected             rejected              500   422  a sink rejects this event permanently
├── Unavailable          unavailable           503   503  the broker retries
│   ├── Backlogged       backlogged            503   503  too many images are pending
│   ├── Overloaded       overloaded            503   503  no memory for one more picture now
│   └── StorageFull      storage-full          503   503  deleting frees space
└── DetectorFailed       detector-failed       503   503  the image is safe and stays pending
    ├── DetectorUnavailable  detector-failed   503   503  unreachable, too slow, overloaded
    └── DetectorRefused  detector-refused      422   422  it answers, but refuses this picture
(anything else)          internal              500   500  logged, never sent to a client

Knative's broker retries 404, 408, 409, 429 and 5xx, so an event that must not be retried gets 2xx
or 422 (knative/eventing pkg/kncloudevents/retries.go).
"""

from typing import ClassVar


class CirclesError(Exception):
    """
    Base class of all errors that a client may see.

    The message tells the client what to do; it has no path, internal host or secret.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    http_status: ClassVar[int] = 500
    event_status: ClassVar[int] = 500
    retry_after_s: int | None = None


class Malformed(CirclesError):
    """The request is wrong; a retry will not help."""

    code, title, http_status, event_status = "malformed", "Malformed request", 400, 422


class Unauthorized(CirclesError):
    """The token is missing, or it is wrong: then is_invalid is true."""

    code, title, http_status, event_status = "unauthorized", "Unauthorized", 401, 401

    def __init__(self, message: str, *, is_invalid: bool = False) -> None:
        super().__init__(message)
        self.is_invalid = is_invalid


class Forbidden(CirclesError):
    """The token does not have this scope."""

    code, title, http_status, event_status = "forbidden", "Forbidden", 403, 422

    def __init__(self, message: str, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class TooManyRequests(CirclesError):
    """The sender has used up its limit of this minute."""

    code, title, http_status, event_status = "too-many-requests", "Too many requests", 429, 429

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotFound(CirclesError):
    """The image, object or blob does not exist."""

    code, title, http_status, event_status = "not-found", "Not found", 404, 204


class TooLarge(CirclesError):
    """The picture has more bytes or pixels than the limit."""

    code, title, http_status, event_status = "too-large", "Too large", 413, 422


class UnsupportedPicture(CirclesError):
    """The content is not a picture in a supported format."""

    code, title, http_status, event_status = "unsupported-picture", "Unsupported picture", 415, 422


class UnsupportedEncoding(CirclesError):
    """The body has an unsupported content coding, such as gzip."""

    code, title, http_status = "unsupported-encoding", "Unsupported content coding", 415
    event_status = 422


class UndecodablePicture(CirclesError):
    """The picture cannot be decoded to its end."""

    code, title, http_status, event_status = "undecodable-picture", "Undecodable picture", 422, 422


class KeyReused(CirclesError):
    """An Idempotency-Key was reused with different bytes."""

    code, title, http_status, event_status = "key-reused", "Idempotency-Key reused", 422, 422


class NotPossible(CirclesError):
    """The request is well formed, but does not fit what is stored."""

    code, title, http_status, event_status = "not-possible", "Not possible", 422, 422


class PreconditionFailed(CirclesError):
    """What the client saw has changed since (RFC 9110, section 13.1.1)."""

    code, title, http_status = "precondition-failed", "Precondition failed", 412
    event_status = 422


class PreconditionRequired(CirclesError):
    """The request needs If-Match (RFC 6585, section 3)."""

    code, title, http_status = "precondition-required", "Precondition required", 428
    event_status = 422


class NotConfigured(CirclesError):
    """The installation lacks a setting that the request needs."""

    code, title, http_status = "not-configured", "Not configured here", 501
    event_status = 422


class Damaged(CirclesError):
    """The stored bytes differ from those that were put."""

    code, title, http_status, event_status = "damaged", "Stored content damaged", 500, 422


class ObjectRefused(CirclesError):
    """The store refuses to read or delete this object: archived, encrypted, locked."""

    code, title, http_status, event_status = "object-refused", "Object refused", 503, 422
    retry_after_s = 3600


class Rejected(CirclesError):
    """A sink rejects this event permanently. The event is kept for inspection."""

    code, title, http_status, event_status = "rejected", "Event rejected", 500, 422


class Unavailable(CirclesError):
    """The store or the catalogue is unavailable. The failed call wrote nothing."""

    code, title, http_status, event_status = "unavailable", "Temporarily unavailable", 503, 503
    retry_after_s = 5


class StorageFull(Unavailable):
    """A volume is full; deleting still works."""

    code, title = "storage-full", "Storage full"


class Overloaded(Unavailable):
    """Other pictures use the memory of this process at this moment."""

    code, title = "overloaded", "Too busy"


class Backlogged(Unavailable):
    """More images are pending than CIRCLES_MAX_PENDING; the event is to be sent again later."""

    code, title, retry_after_s = "backlogged", "Too many pending images", 30


class DetectorFailed(CirclesError):
    """The predictor gave no usable response within the deadline."""

    code, title, http_status, event_status = "detector-failed", "Detector failed", 503, 503
    retry_after_s: int | None = 5


class DetectorUnavailable(DetectorFailed):
    """The predictor is unreachable, too slow or overloaded. The picture is not the cause."""


class DetectorRefused(DetectorFailed):
    """The predictor refuses this picture with 413, 415 or 422."""

    code, title, http_status, event_status = "detector-refused", "Detector refused", 422, 422
    retry_after_s = None


class KeyTaken(Exception):
    """Internal signal, never sent to a client: another image has this idempotency key."""


class IdTaken(Exception):
    """Internal signal, never sent to a client: an image with this id exists."""


class Buried(Exception):
    """Internal signal, never sent to a client: the image's blob is being or was just deleted."""


class BlobTaken(Exception):
    """Internal signal, never sent to a client: another image already has this blob."""

"""
Everything that can go wrong, named once: what HTTP answers, and what an event's sender is told.

CirclesError             code                  HTTP  event
├── Malformed            malformed             400   422  never again: to the dead-letter sink
├── Unauthorized         unauthorized          401   401  the token is missing or wrong
├── NotFound             not-found             404   204  nothing left to do
├── TooLarge             too-large             413   422
├── UnsupportedPicture   unsupported-picture   415   422
├── UnsupportedEncoding  unsupported-encoding  415   422
├── UndecodablePicture   undecodable-picture   422   422
├── KeyReused            key-reused            422   422
├── Damaged              damaged               500   422  stored bytes are not those that came
├── ObjectRefused        object-refused        503   422  the store answers and refuses this one
├── Rejected             rejected              500   422  a sink will never take this event
├── Unavailable          unavailable           503   503  the broker retries
│   └── StorageFull      storage-full          503   503  deleting makes room
└── DetectorFailed       detector-failed       503   503  the image is safe and stays pending
(anything else)          internal              500   500  logged, never shown

Knative's broker retries 404, 408, 409, 429 and 5xx, so an event that needs no retry answers 2xx or 422
(knative/eventing pkg/kncloudevents/retries.go).
"""

from typing import ClassVar


class CirclesError(Exception):
    """The family. The message is a sentence for the caller: what to do, and no path, inner host or secret."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    http_status: ClassVar[int] = 500
    event_status: ClassVar[int] = 500
    retry_after_s: ClassVar[int | None] = None


class Malformed(CirclesError):
    """The request itself is wrong; sending it again will not help."""

    code, title, http_status, event_status = "malformed", "Malformed request", 400, 422


class Unauthorized(CirclesError):
    """The caller is not who may call this."""

    code, title, http_status, event_status = "unauthorized", "Unauthorized", 401, 401


class NotFound(CirclesError):
    """There is no such image, object or blob."""

    code, title, http_status, event_status = "not-found", "Not found", 404, 204


class TooLarge(CirclesError):
    """More bytes or more pixels than this installation takes."""

    code, title, http_status, event_status = "too-large", "Too large", 413, 422


class UnsupportedPicture(CirclesError):
    """The content is no picture of a kind we take."""

    code, title, http_status, event_status = "unsupported-picture", "Unsupported picture", 415, 422


class UnsupportedEncoding(CirclesError):
    """The body has a content coding, such as gzip, that is not taken."""

    code, title, http_status = "unsupported-encoding", "Unsupported content coding", 415
    event_status = 422


class UndecodablePicture(CirclesError):
    """It begins as a picture and does not decode to its end."""

    code, title, http_status, event_status = "undecodable-picture", "Undecodable picture", 422, 422


class KeyReused(CirclesError):
    """An Idempotency-Key came again with other bytes."""

    code, title, http_status, event_status = "key-reused", "Idempotency-Key reused", 422, 422


class Damaged(CirclesError):
    """The store gave back other bytes than were put."""

    code, title, http_status, event_status = "damaged", "Stored content damaged", 500, 422


class ObjectRefused(CirclesError):
    """The store answers and will not give or delete this object: archived, encrypted, locked."""

    code, title, http_status, event_status = "object-refused", "Object refused", 503, 422


class Rejected(CirclesError):
    """A sink of events says that it will never take this one; it is kept and can be looked at."""

    code, title, http_status, event_status = "rejected", "Event rejected", 500, 422


class Unavailable(CirclesError):
    """The store or the catalogue does not answer; nothing was written by the call that raised it."""

    code, title, http_status, event_status = "unavailable", "Temporarily unavailable", 503, 503
    retry_after_s = 5


class StorageFull(Unavailable):
    """A volume has no room for more; deleting still works."""

    code, title = "storage-full", "Storage full"


class DetectorFailed(CirclesError):
    """The predictor gave no usable answer within the deadline."""

    code, title, http_status, event_status = "detector-failed", "Detector failed", 503, 503
    retry_after_s = 5


class KeyTaken(Exception):
    """Not an answer but a fork in the road: another image holds this idempotency key."""


class IdTaken(Exception):
    """Not an answer but a fork in the road: there is an image with this id already."""


class Buried(Exception):
    """Not an answer but a fork in the road: the blob that this image names is being deleted, or was a moment ago."""

"""The nouns of the project and their rules; imports the standard library only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
}
"""The media types we take, told by content, and what their blobs' keys end with."""

Bbox = tuple[int, int, int, int]
"""COCO's [x, y, width, height] in whole pixels that enclose the object."""

Point = tuple[float, float]
"""[x, y] in pixels of the upright image: origin top left, x right, y down."""


class Status(StrEnum):
    """What is known of an image: detection still due, done, or given up."""

    PENDING = "pending"
    DETECTED = "detected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Picture:
    """Encoded bytes that were seen to decode. width and height are upright pixels; orientation is EXIF's 1..8."""

    data: bytes
    media_type: str
    width: int
    height: int
    orientation: int = 1


@dataclass(frozen=True, slots=True)
class Upload:
    """What a client sends: the bytes, and perhaps a file name (never used as a key) and a key against doubles."""

    data: bytes
    file_name: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """One round thing in pixels of the upright image; score is 0..1, None where the predictor gives none."""

    bbox: Bbox
    centroid: Point
    radius_px: float
    score: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Detection:
    """One run of a detector over one image: who found what, over which protocol, in which time."""

    model: str
    model_version: str
    protocol: str
    duration_ms: float
    circles: tuple[Circle, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """
    One stored image. width and height are upright pixels; key names its blob.

    attempts counts detections begun, and so names the claim of the last one; claimed_until keeps others from beginning
    one before that moment; from due_at on repair takes it up if it is still pending then.
    object_count, model, model_version, detection_ms and detected_at speak of the detection that is served.
    """

    image_id: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str
    width: int
    height: int
    source: str
    created_at: datetime
    status: Status = Status.PENDING
    file_name: str | None = None
    idempotency_key: str | None = None
    attempts: int = 0
    claimed_until: datetime | None = None
    due_at: datetime | None = None
    error: str | None = None
    object_count: int = 0
    model: str | None = None
    model_version: str | None = None
    detection_ms: float | None = None
    detected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many images are pending, or events wait, and since when the oldest has been there; None where none is."""

    pending: int
    oldest_created_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A circle that was recorded: the row of an object together with the run that found it."""

    object_id: str
    image_id: str
    circle: Circle
    model: str
    model_version: str


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which objects a reader wants: score 0..1, radii in pixels; None is no bound. No score passes no min_score."""

    min_score: float | None = None
    min_radius_px: float | None = None
    max_radius_px: float | None = None


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images a list holds; None is any. since is the earliest created_at."""

    status: Status | None = None
    sha256: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store tells of a blob without reading it. etag changes with the content; it is not quoted."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """
    What others are told, as CloudEvents 1.0 names it. A repeated delivery has the same source and event_id.

    type ends in image.uploaded, image.detected, image.failed or image.deleted; subject is the image's id; data is the
    image's JSON document as it was when the event happened; traceparent is the request's (W3C Trace Context).
    """

    event_id: str
    type: str
    source: str
    subject: str
    time: datetime
    traceparent: str | None
    data: dict[str, Any]

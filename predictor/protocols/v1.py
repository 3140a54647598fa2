"""
The V1 inference protocol, POST /v1/models/<model>:predict: JSON with base64 pictures, or one picture as the raw body.

Read from kserve/website docs/concepts/architecture/data-plane/v1-protocol.md; the instance forms are those of KServe's
TensorFlow and custom model samples, raw bodies those of its Python server since 0.11.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from predictor.errors import Refusal
from predictor.protocols import query
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.json_body import from_base64, parse_object
from predictor.protocols.query import Query
from predictor.settings import Settings

PICTURE_KEYS = ("image_bytes", "image")


def read(body: bytes, media_type: str, url_query: Mapping[str, str], settings: Settings) -> Query:
    """
    Read a request.

    Args:
        body: JSON or an encoded picture.
        media_type: Content-Type without its parameters, "" if absent: image/* is a picture, application/json is JSON,
            and under all others, application/octet-stream first, a body that starts like a JSON object is JSON.
        url_query: min_score and max_objects for a raw body; JSON carries them under "parameters".
        settings: the limits.
    """
    if _is_json(body, media_type):
        return _read_json(body, settings)
    return Query([body], query.from_query(url_query, max_objects=settings.max_objects))


def write(answers: list[PictureAnswer]) -> bytes:
    """Write the response body, one prediction per instance."""
    return orjson.dumps({"predictions": answers})


def _is_json(body: bytes, media_type: str) -> bool:
    if media_type.startswith("image/"):
        return False
    return media_type.endswith(("/json", "+json")) or body[:64].lstrip()[:1] == b"{"


def _read_json(body: bytes, settings: Settings) -> Query:
    request = parse_object(body)
    instances = request.get("instances", request.get("inputs"))
    if not isinstance(instances, list) or not instances:
        raise Refusal(400, "The JSON body needs 'instances', a list of objects with a picture each.")
    if len(instances) > settings.max_instances:
        raise Refusal(400, f"At most {settings.max_instances} instances in one request.")
    asked = query.from_json(request.get("parameters"), max_objects=settings.max_objects)
    return Query([_picture(each, index) for index, each in enumerate(instances)], asked)


def _picture(instance: Any, index: int) -> bytes:
    """Take the bytes out of {"image_bytes": {"b64": ...}}, {"image": {"b64": ...}} or {"b64": ...}."""
    held = instance
    if isinstance(instance, dict):
        held = next((instance[key] for key in PICTURE_KEYS if key in instance), instance)
    if not isinstance(held, dict) or "b64" not in held:
        raise Refusal(400, f'instances[{index}] must be {{"image_bytes": {{"b64": "<base64>"}}}}.')
    return from_base64(held["b64"], where=f"instances[{index}]")

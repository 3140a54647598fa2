"""
Read and write the V1 inference protocol, POST /v1/models/<model>:predict.

The body is JSON with base64 pictures, or one picture. Source: kserve/website
docs/concepts/architecture/data-plane/v1-protocol.md. The forms of an instance are those of KServe's
TensorFlow and custom model samples, raw bodies those of its Python server since 0.11.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from predictor.errors import Refusal
from predictor.protocols import query
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.json_body import decode_base64, parse_object
from predictor.protocols.query import Query
from predictor.settings import Settings

PICTURE_KEYS = ("image_bytes", "image")


def read(body: bytes, media_type: str, url_query: Mapping[str, str], settings: Settings) -> Query:
    """
    Read a request.

    Args:
        body: JSON or an encoded picture.
        media_type: Content-Type without its parameters, "" if absent. image/* is a picture and
            application/json is JSON. With any other type, such as application/octet-stream, a body
            that starts like a JSON object is JSON.
        url_query: min_score and max_objects of a raw body. JSON has them under "parameters".
        settings: the limits.
    """
    if _is_json(body, media_type):
        return _read_json(body, settings)
    return Query([body], query.read_url_parameters(url_query, max_objects=settings.max_objects))


def write(answers: list[PictureAnswer]) -> bytes:
    """Write the response body with one prediction for each instance."""
    return orjson.dumps({"predictions": answers})


def _is_json(body: bytes, media_type: str) -> bool:
    if media_type.startswith("image/"):
        return False
    return media_type.endswith(("/json", "+json")) or body[:64].lstrip()[:1] == b"{"


def _read_json(body: bytes, settings: Settings) -> Query:
    request = parse_object(body)
    instances = request.get("instances", request.get("inputs"))
    if not isinstance(instances, list) or not instances:
        raise Refusal(
            400, "The JSON body needs 'instances', a list of objects with one picture each."
        )
    if len(instances) > settings.max_instances:
        raise Refusal(400, f"A request must hold at most {settings.max_instances} instances.")
    parameters = query.read_json_parameters(
        request.get("parameters"), max_objects=settings.max_objects
    )
    pictures = [_read_picture(each, index) for index, each in enumerate(instances)]
    return Query(pictures, parameters)


def _read_picture(instance: Any, index: int) -> bytes:
    """
    Return the bytes of an instance in one of three forms.

    {"image_bytes": {"b64": ...}}, {"image": {"b64": ...}} or {"b64": ...}.
    """
    held = instance
    if isinstance(instance, dict):
        held = next((instance[key] for key in PICTURE_KEYS if key in instance), instance)
    if not isinstance(held, dict) or "b64" not in held:
        raise Refusal(400, f'instances[{index}] must be {{"image_bytes": {{"b64": "<base64>"}}}}.')
    return decode_base64(held["b64"], where=f"instances[{index}]")

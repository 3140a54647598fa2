"""The three forms in which a picture goes to a KServe predictor, and where its answer's predictions lie in each."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from circles.domain.pictures import Picture


class WrongAnswer(Exception):
    """A 200 whose body is not what the protocol says; the message is ours and safe to show."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """
    One wire form.

    path: format string with the model's name, to post to.
    encode: picture to (headers, body).
    predictions: the parsed JSON answer to (list with one entry per instance, model version or None).
    """

    path: str
    encode: Callable[[Picture], tuple[dict[str, str], bytes]]
    predictions: Callable[[dict[str, Any]], tuple[list[Any], str | None]]


def _encode_v1(picture: Picture) -> tuple[dict[str, str], bytes]:
    # Exactly "application/json": the KServe SDK compares the whole header and takes anything else for raw bytes.
    image = base64.b64encode(picture.data)
    return {"Content-Type": "application/json"}, b'{"instances": [{"image_bytes": {"b64": "%s"}}]}' % image


def _encode_v1_raw(picture: Picture) -> tuple[dict[str, str], bytes]:
    return {"Content-Type": picture.media_type}, picture.data


def _encode_v2_binary(picture: Picture) -> tuple[dict[str, str], bytes]:
    """Binary tensor data extension: a JSON header, then one BYTES element with its 4-byte little-endian length."""
    element = len(picture.data).to_bytes(4, "little") + picture.data
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(element)}}
    header = json.dumps({"inputs": [tensor]}).encode()
    sizes = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))}
    return sizes, header + element


def _predictions_v1(answer: dict[str, Any]) -> tuple[list[Any], str | None]:
    predictions = answer.get("predictions")
    if not isinstance(predictions, list):
        raise WrongAnswer("the answer has no list of predictions")
    return predictions, None


def _predictions_v2(answer: dict[str, Any]) -> tuple[list[Any], str | None]:
    """The first output is a BYTES tensor whose elements are JSON text, one an instance."""
    try:
        elements = answer["outputs"][0]["data"]
        return [_loads(element) for element in elements], answer.get("model_version")
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise WrongAnswer("the answer has no output tensor with JSON text") from error


PROTOCOLS = {
    "v1": Protocol("/v1/models/{model}:predict", _encode_v1, _predictions_v1),
    "v1-raw": Protocol("/v1/models/{model}:predict", _encode_v1_raw, _predictions_v1),
    "v2-binary": Protocol("/v2/models/{model}/infer", _encode_v2_binary, _predictions_v2),
}


def read_json(body: bytes) -> dict[str, Any]:
    """Parse an answer's body. Raises WrongAnswer unless it is a JSON object; NaN is no JSON (RFC 8259, section 6)."""
    try:
        answer = _loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongAnswer("the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise WrongAnswer("the answer is not a JSON object")
    return answer


def _loads(text: str | bytes) -> Any:
    """Parse JSON, whose writer may be Python and say NaN. Raises ValueError, RecursionError."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

"""Write requests and read responses of the three protocols of a KServe predictor."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from circles.adapters.kserve.base64_body import Base64Body
from circles.domain.pictures import Picture

Body = bytes | Base64Body

Parameters = Mapping[str, float]
"""Of the detection, such as min_score. Empty leaves all to the predictor."""


class WrongAnswer(Exception):
    """A 200 with a body that does not follow the protocol. A client may see the message."""


class Message(NamedTuple):
    """A request: its query, "" or with a question mark, its headers and its body."""

    query: str
    headers: dict[str, str]
    body: Body


@dataclass(frozen=True, slots=True)
class Protocol:
    """
    One protocol.

    path: where to post, a format string with the model's name.
    encode: returns query, headers and body for a picture.
    predictions: returns the predictions, one for each instance, and the model version or None, from
        the parsed JSON of a response.
    """

    path: str
    encode: Callable[[Picture, Parameters], Message]
    predictions: Callable[[dict[str, Any]], tuple[list[Any], str | None]]


def _encode_v1(picture: Picture, parameters: Parameters) -> Message:
    more = b', "parameters": %s' % json.dumps(parameters).encode() if parameters else b""
    start, end = b'{"instances": [{"image_bytes": {"b64": "', b'"}}]%s}' % more
    body = Base64Body(start, picture.data, end)
    # Exactly this value: the KServe SDK reads a body with any other as raw bytes.
    return Message("", {"Content-Type": "application/json"}, body)


def _encode_v1_raw(picture: Picture, parameters: Parameters) -> Message:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return Message(query, {"Content-Type": picture.media_type}, picture.data)


def _encode_v2_binary(picture: Picture, parameters: Parameters) -> Message:
    """
    Encode a picture with the binary tensor data extension.

    A JSON header is followed by one BYTES element with its 4-byte little-endian length.
    """
    length = len(picture.data).to_bytes(4, "little")
    tensor = {
        "name": "image",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(length) + len(picture.data)},
    }
    more = {"parameters": parameters} if parameters else {}
    header = json.dumps({"inputs": [tensor], **more}).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header)),
    }
    return Message("", headers, b"".join((header, length, picture.data)))


def _read_v1(answer: dict[str, Any]) -> tuple[list[Any], str | None]:
    predictions = answer.get("predictions")
    if not isinstance(predictions, list):
        raise WrongAnswer("the answer does not have a list of predictions")
    return predictions, None


def _read_v2(answer: dict[str, Any]) -> tuple[list[Any], str | None]:
    """Read the first output, a BYTES tensor of JSON texts, one for each instance."""
    try:
        elements = answer["outputs"][0]["data"]
        return [_loads(element) for element in elements], answer.get("model_version")
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise WrongAnswer("the answer does not have an output tensor of JSON texts") from error


PROTOCOLS = {
    "v1": Protocol("/v1/models/{model}:predict", _encode_v1, _read_v1),
    "v1-raw": Protocol("/v1/models/{model}:predict", _encode_v1_raw, _read_v1),
    "v2-binary": Protocol("/v2/models/{model}/infer", _encode_v2_binary, _read_v2),
}


def read_json(body: bytes) -> dict[str, Any]:
    """
    Parse a response's body.

    Raises WrongAnswer unless it is a JSON object. NaN is not JSON (RFC 8259, section 6).
    """
    try:
        answer = _loads(body)
    except (ValueError, RecursionError) as error:
        raise WrongAnswer("the answer is not JSON") from error
    if not isinstance(answer, dict):
        raise WrongAnswer("the answer is not a JSON object")
    return answer


def _loads(text: str | bytes) -> Any:
    """Parse JSON. Raises ValueError, also for the NaN that Python writes, and RecursionError."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")

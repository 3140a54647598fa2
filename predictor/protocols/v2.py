"""
The V2 inference protocol (Open Inference Protocol), POST /v2/models/<model>/infer, as JSON and with binary tensors.

In: one tensor, of any name, see tensors.py. Out: one BYTES tensor "objects", one element per picture, which is the JSON
text of that picture's answer (answers.PictureAnswer): as text in JSON, as bytes with their length in the binary form.
Read from kserve/open-inference-protocol specification/protocol/inference_rest.md; extension: see tensors.py.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from predictor.errors import Refusal
from predictor.protocols import query, tensors
from predictor.protocols.answers import PictureAnswer
from predictor.protocols.json_body import parse_object
from predictor.protocols.query import Query
from predictor.settings import Settings

INPUT = "image"
"""The name that the metadata gives; any is taken."""
OUTPUT = "objects"


@dataclass(frozen=True, slots=True)
class Reply:
    """How the answer is to be written: id to echo, and whether "objects" goes out in the binary form."""

    id: str
    binary: bool


def read(body: bytes, header_length: str | None, settings: Settings) -> tuple[Query, Reply]:
    """
    Read a request.

    Args:
        body: JSON, with binary tensors behind it where there is a header_length.
        header_length: Inference-Header-Content-Length, the bytes of JSON in body; None means all.
        settings: the limits.
    """
    text, tail = _split(body, header_length)
    request = parse_object(text)
    tensor = _only_input(request)
    common = _object(request, "parameters")
    asked = query.from_json(common, max_objects=settings.max_objects, known_only=False)
    return Query(_pictures(tensor, tail, settings), asked), Reply(_id(request), _wants_binary(request, common))


def write(reply: Reply, answers: list[PictureAnswer], *, model_name: str, version: str) -> tuple[bytes, dict[str, str]]:
    """Write the response's body and headers."""
    elements = [orjson.dumps(each) for each in answers]
    tail = tensors.to_binary(elements) if reply.binary else b""
    output: dict[str, Any] = {"name": OUTPUT, "datatype": "BYTES", "shape": [len(elements)]}
    if reply.binary:
        output["parameters"] = {"binary_data_size": len(tail)}
    else:
        output["data"] = [each.decode() for each in elements]
    text = orjson.dumps({"model_name": model_name, "model_version": version, "id": reply.id, "outputs": [output]})
    if not reply.binary:
        return text, {"Content-Type": "application/json"}
    return text + tail, {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(text))}


def _split(body: bytes, header_length: str | None) -> tuple[memoryview, memoryview]:
    view = memoryview(body)
    if header_length is None:
        return view, view[:0]
    if not (header_length.isascii() and header_length.isdigit()) or len(header_length) > 18:
        raise Refusal(400, "Inference-Header-Content-Length must be a whole number.")
    if int(header_length) > len(view):
        raise Refusal(400, "Inference-Header-Content-Length is more than the body.")
    return view[: int(header_length)], view[int(header_length) :]


def _only_input(request: dict[str, Any]) -> dict[str, Any]:
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise Refusal(400, "'inputs' must be a list of one tensor; several pictures are several elements of it.")
    tensors.check(inputs[0].get("datatype"), inputs[0].get("shape"))
    return inputs[0]


def _pictures(tensor: dict[str, Any], tail: memoryview, settings: Settings) -> list[bytes]:
    datatype, shape = tensor["datatype"], tensor["shape"]
    size = _object(tensor, "parameters").get("binary_data_size")
    if size is None:
        if tail:
            raise Refusal(400, "There are bytes behind the JSON, but no input has 'binary_data_size'.")
        return tensors.from_json(datatype, shape, tensor.get("data"), max_pictures=settings.max_instances)
    if type(size) is not int or size != len(tail):
        raise Refusal(400, "'binary_data_size' must be the number of bytes behind the JSON.")
    return tensors.from_binary(datatype, shape, tail, max_pictures=settings.max_instances)


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refusal(400, f"'{name}' must be an object.")
    return value or {}


def _id(request: dict[str, Any]) -> str:
    """Return the caller's id, or a fresh one: the KServe SDK's client cannot read an answer without."""
    given = request.get("id")
    if given is not None and not isinstance(given, str):
        raise Refusal(400, "'id' must be a string.")
    return given or str(uuid.uuid4())


def _wants_binary(request: dict[str, Any], common: dict[str, Any]) -> bool:
    """Read binary_data of the one output, else binary_data_output of the request; neither is JSON."""
    outputs = request.get("outputs") or [{"name": OUTPUT}]
    if not isinstance(outputs, list) or len(outputs) != 1 or not isinstance(outputs[0], dict):
        raise Refusal(400, f"'outputs' must be a list of one: '{OUTPUT}'.")
    if outputs[0].get("name") != OUTPUT:
        raise Refusal(400, f"There is one output, '{OUTPUT}'.")
    wish = _object(outputs[0], "parameters").get("binary_data", common.get("binary_data_output", False))
    if not isinstance(wish, bool):
        raise Refusal(400, "'binary_data' and 'binary_data_output' must be true or false.")
    return wish

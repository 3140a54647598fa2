"""
Read and write the V2 protocol (Open Inference Protocol), POST /v2/models/<model>/infer.

In: one tensor of any name, see tensors.py. Out: one BYTES tensor "objects" with one element for
each picture, the JSON text of its answer (answers.PictureAnswer). The element is a string in JSON,
and bytes with their length in the binary form. Source: kserve/open-inference-protocol
specification/protocol/inference_rest.md. Binary extension: see tensors.py.
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
"""The name in the model's metadata. Requests may use any name."""
OUTPUT = "objects"


@dataclass(frozen=True, slots=True)
class Reply:
    """The form of the response: the id to echo, and whether "objects" is in binary form."""

    id: str
    binary: bool


def read(body: bytes, header_length: str | None, settings: Settings) -> tuple[Query, Reply]:
    """
    Read a request.

    Args:
        body: JSON, with binary tensors behind it if there is a header_length.
        header_length: Inference-Header-Content-Length, the bytes of JSON in body. None means all.
        settings: the limits.
    """
    text, tail = _split(body, header_length)
    request = parse_object(text)
    tensor = _read_input(request)
    common = _read_object(request, "parameters")
    parameters = query.read_json_parameters(
        common, max_objects=settings.max_objects, known_only=False
    )
    reply = Reply(_read_id(request), _wants_binary(request, common))
    return Query(_read_pictures(tensor, tail, settings), parameters), reply


def write(
    reply: Reply, answers: list[PictureAnswer], *, model_name: str, version: str
) -> tuple[bytes, dict[str, str]]:
    """Write the body and the headers of the response."""
    elements = [orjson.dumps(each) for each in answers]
    tail = tensors.write_binary(elements) if reply.binary else b""
    output: dict[str, Any] = {"name": OUTPUT, "datatype": "BYTES", "shape": [len(elements)]}
    if reply.binary:
        output["parameters"] = {"binary_data_size": len(tail)}
    else:
        output["data"] = [each.decode() for each in elements]
    text = orjson.dumps(
        {
            "model_name": model_name,
            "model_version": version,
            "id": reply.id,
            "outputs": [output],
        }
    )
    if not reply.binary:
        return text, {"Content-Type": "application/json"}
    headers = {"Inference-Header-Content-Length": str(len(text))}
    return text + tail, {"Content-Type": "application/octet-stream", **headers}


def _split(body: bytes, header_length: str | None) -> tuple[memoryview, memoryview]:
    view = memoryview(body)
    if header_length is None:
        return view, view[:0]
    if not (header_length.isascii() and header_length.isdigit()) or len(header_length) > 18:
        raise Refusal(400, "Inference-Header-Content-Length must be a whole number.")
    if int(header_length) > len(view):
        raise Refusal(400, "Inference-Header-Content-Length is larger than the body.")
    return view[: int(header_length)], view[int(header_length) :]


def _read_input(request: dict[str, Any]) -> dict[str, Any]:
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise Refusal(
            400, "'inputs' must be a list of one tensor, with one element for each picture."
        )
    tensors.check_tensor(inputs[0].get("datatype"), inputs[0].get("shape"))
    return inputs[0]


def _read_pictures(tensor: dict[str, Any], tail: memoryview, settings: Settings) -> list[bytes]:
    datatype, shape = tensor["datatype"], tensor["shape"]
    size = _read_object(tensor, "parameters").get("binary_data_size")
    if size is None:
        if tail:
            raise Refusal(
                400,
                "There are bytes behind the JSON, but the input does not have 'binary_data_size'.",
            )
        return tensors.read_json(
            datatype, shape, tensor.get("data"), max_pictures=settings.max_instances
        )
    if type(size) is not int or size != len(tail):
        raise Refusal(400, "'binary_data_size' must be the number of bytes behind the JSON.")
    return tensors.read_binary(datatype, shape, tail, max_pictures=settings.max_instances)


def _read_object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refusal(400, f"'{name}' must be an object.")
    return value or {}


def _read_id(request: dict[str, Any]) -> str:
    """Return the id of the request, or a new one: the KServe SDK cannot read a response without."""
    given = request.get("id")
    if given is not None and not isinstance(given, str):
        raise Refusal(400, "'id' must be a string.")
    return given or str(uuid.uuid4())


def _wants_binary(request: dict[str, Any], common: dict[str, Any]) -> bool:
    """Read binary_data of the output, or else binary_data_output of the request."""
    outputs = request.get("outputs") or [{"name": OUTPUT}]
    if not isinstance(outputs, list) or len(outputs) != 1 or not isinstance(outputs[0], dict):
        raise Refusal(400, f"'outputs' must be a list of one output, '{OUTPUT}'.")
    if outputs[0].get("name") != OUTPUT:
        raise Refusal(400, f"The only output is '{OUTPUT}'.")
    default = common.get("binary_data_output", False)
    binary = _read_object(outputs[0], "parameters").get("binary_data", default)
    if not isinstance(binary, bool):
        raise Refusal(400, "'binary_data' and 'binary_data_output' must be true or false.")
    return binary

"""Test V2: JSON and the binary tensor extension."""

import json

import pytest

from tests.predictor.asking import INFER, assert_disc_found, assert_refused, element, elements
from tests.predictor.drawing import b64, disc, encoded

JPEG = encoded(disc())
EMPTY = encoded(disc(ink="black"), "PNG")


def bytes_tensor(*pictures, shape=None):
    shape = [len(pictures)] if shape is None else shape
    return {
        "name": "image",
        "datatype": "BYTES",
        "shape": shape,
        "data": [b64(each) for each in pictures],
    }


def binary(datatype, shape, size, **rest):
    tensor = {
        "name": "image",
        "datatype": datatype,
        "shape": shape,
        "parameters": {"binary_data_size": size},
    }
    return {"inputs": [tensor], **rest}


def answers_in(reply):
    """Return the answers of a JSON reply after checking its envelope."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    body = reply.json()
    assert set(body) == {"model_name", "model_version", "id", "outputs"}
    assert body["model_name"] == "circles"
    (output,) = body["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == (
        "objects",
        "BYTES",
        [len(output["data"])],
    )
    found = [json.loads(text) for text in output["data"]]
    assert {each["model_version"] for each in found} == {body["model_version"]}
    return found


def binary_answers_in(reply):
    """Return the answers of a binary reply after checking every size in it."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/octet-stream")
    length = int(reply.headers["Inference-Header-Content-Length"])
    (output,) = json.loads(reply.content[:length])["outputs"]
    tail = reply.content[length:]
    assert (output["name"], output["datatype"]) == ("objects", "BYTES")
    assert output["parameters"] == {"binary_data_size": len(tail)} and "data" not in output
    found = elements(tail)
    assert output["shape"] == [len(found)]
    return [json.loads(each) for each in found]


def test_base64_tensor_is_answered_with_json_text(server):
    (answer,) = answers_in(server.infer([bytes_tensor(JPEG)]))

    assert_disc_found(answer)


@pytest.mark.parametrize("min_score", [0.3, 0.99])
def test_threshold_is_independent_of_min_score(server, min_score):
    parameters = {"min_score": min_score}
    (default,) = server.raw(JPEG).json()["predictions"]

    raw = server.raw(JPEG, query=f"?min_score={min_score}").json()["predictions"]
    v1 = server.predict(JPEG, parameters=parameters).json()["predictions"]
    v2 = answers_in(server.infer([bytes_tensor(JPEG)], parameters=parameters))

    assert [each["threshold"] for each in (*raw, *v1, *v2)] == [default["threshold"]] * 3


def test_v1_and_v2_give_the_same_answer(server):
    v1 = server.raw(JPEG).json()["predictions"]

    assert answers_in(server.infer([bytes_tensor(JPEG)])) == v1


@pytest.mark.parametrize("shape", [[2], [2, 1], [1, 2], [1, 2, 1]])
def test_any_shape_of_two_elements_is_two_pictures(server, shape):
    answers = answers_in(server.infer([bytes_tensor(JPEG, EMPTY, shape=shape)]))

    assert [len(each["objects"]) for each in answers] == [1, 0]


def test_nested_data_is_read_row_by_row(server):
    tensor = bytes_tensor(JPEG, EMPTY, shape=[2, 1])
    tensor["data"] = [[each] for each in tensor["data"]]

    assert [len(each["objects"]) for each in answers_in(server.infer([tensor]))] == [1, 0]


@pytest.mark.parametrize("shape", [[len(JPEG)], [1, len(JPEG)]])
def test_uint8_tensor_is_one_picture(server, shape):
    tensor = {"name": "x", "datatype": "UINT8", "shape": shape, "data": list(JPEG)}

    (answer,) = answers_in(server.infer([tensor]))

    assert_disc_found(answer)


def test_request_id_is_returned_or_generated(server):
    ids = [
        server.infer([bytes_tensor(EMPTY)], **rest).json()["id"]
        for rest in ({"id": "seven"}, {}, {})
    ]

    assert ids[0] == "seven"
    assert ids[1] and ids[2] and ids[1] != ids[2]


def test_unknown_parameters_are_ignored(server):
    reply = server.infer(
        [bytes_tensor(JPEG)], parameters={"min_score": 0.0, "max_objects": 1, "sequence_id": 7}
    )

    assert len(answers_in(reply)[0]["objects"]) == 1


def test_binary_bytes_tensor_is_read(server):
    (answer,) = answers_in(server.infer_binary(binary("BYTES", [1], len(JPEG) + 4), element(JPEG)))

    assert_disc_found(answer)


def test_binary_pictures_are_answered_in_order(server):
    tail = element(EMPTY) + element(JPEG)

    answers = answers_in(server.infer_binary(binary("BYTES", [2], len(tail)), tail))

    assert [len(each["objects"]) for each in answers] == [0, 1]


def test_binary_uint8_tensor_is_read(server):
    (answer,) = answers_in(server.infer_binary(binary("UINT8", [len(JPEG)], len(JPEG)), JPEG))

    assert_disc_found(answer)


@pytest.mark.parametrize(
    "rest",
    [
        {"parameters": {"binary_data_output": True}},
        {"outputs": [{"name": "objects", "parameters": {"binary_data": True}}]},
        {
            "parameters": {"binary_data_output": False},
            "outputs": [{"name": "objects", "parameters": {"binary_data": True}}],
        },
    ],
)
def test_binary_output_is_sent_on_request(server, rest):
    tail = element(JPEG) + element(EMPTY)

    answers = binary_answers_in(server.infer_binary(binary("BYTES", [2], len(tail), **rest), tail))

    assert_disc_found(answers[0])
    assert answers[1]["objects"] == []


def test_json_request_may_ask_for_binary_output(server):
    reply = server.infer([bytes_tensor(JPEG)], parameters={"binary_data_output": True})

    assert_disc_found(binary_answers_in(reply)[0])


def test_output_parameter_overrides_the_request(server):
    outputs = [{"name": "objects", "parameters": {"binary_data": False}}]

    reply = server.infer(
        [bytes_tensor(JPEG)], parameters={"binary_data_output": True}, outputs=outputs
    )

    assert_disc_found(answers_in(reply)[0])


@pytest.mark.parametrize("length", ["-1", "1e2", "nine", "", "99999999", "9" * 30, "\xb2"])
def test_wrong_header_length_is_refused(server, length):
    reply = server.infer_binary(binary("BYTES", [1], len(JPEG) + 4), element(JPEG), length=length)

    assert_refused(reply, 400, "Inference-Header-Content-Length")


def test_header_length_inside_the_json_is_refused(server):
    reply = server.infer_binary(binary("BYTES", [1], len(JPEG) + 4), element(JPEG), length=20)

    assert_refused(reply, 400, "not valid JSON")


@pytest.mark.parametrize(
    "size", [0, 1, len(JPEG) + 3, len(JPEG) + 5, 10**15, -1, "many", True, 4.0]
)
def test_wrong_binary_data_size_is_refused(server, size):
    reply = server.infer_binary(binary("BYTES", [1], size), element(JPEG))

    assert_refused(reply, 400, "binary_data_size")


@pytest.mark.parametrize(
    ("datatype", "shape", "tail", "words"),
    [
        ("BYTES", [1], b"\x04\x00", "ends inside the length"),
        ("BYTES", [1], b"\xff\xff\xff\xff" + JPEG, "longer than the tensor"),
        ("BYTES", [1], (len(JPEG) + 1).to_bytes(4, "little") + JPEG, "longer than the tensor"),
        ("BYTES", [1], element(JPEG) + b"\x00", "ends inside the length"),
        ("BYTES", [2], element(JPEG), "as many elements"),
        ("BYTES", [1], element(JPEG) * 2, "as many elements"),
        ("BYTES", [1], element(b""), "empty"),
        ("BYTES", [0], b"", "from 1 to 16"),
        ("BYTES", [17], element(JPEG) * 17, "from 1 to 16"),
        ("BYTES", [10**18], element(JPEG), "from 1 to 16"),
        ("UINT8", [7], JPEG, "shape"),
        ("UINT8", [0], b"", "empty"),
        ("UINT8", [2, 3], b"abcdef", "[1, n]"),
    ],
)
def test_wrong_elements_and_shapes_are_refused(server, datatype, shape, tail, words):
    assert_refused(server.infer_binary(binary(datatype, shape, len(tail)), tail), 400, words)


def test_too_many_empty_elements_are_refused(server):
    tail = element(b"") * 100_000

    assert_refused(
        server.infer_binary(binary("BYTES", [16], len(tail)), tail), 400, "as many elements"
    )


def test_binary_data_without_a_tensor_is_refused(server):
    assert_refused(
        server.infer_binary({"inputs": [bytes_tensor(JPEG)]}, b"more"),
        400,
        "the input does not have",
    )


def test_tensor_without_its_bytes_is_refused(server):
    body = json.dumps(binary("BYTES", [1], 100))

    assert_refused(server.post(INFER, body, kind="application/json"), 400, "binary_data_size")


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        ({"data": [b64(JPEG)] * 2}, "as many elements"),
        ({"data": []}, "as many elements"),
        ({"data": None}, "'data'"),
        ({"data": "text"}, "'data'"),
        ({"data": [7]}, "base64 string"),
        ({"data": ["a*b="]}, "not valid base64"),
        ({"data": [[[[b64(JPEG)]]]]}, "base64 string"),
        ({"datatype": "FP32"}, "'datatype'"),
        ({"datatype": ["BYTES"]}, "'datatype'"),
        ({"datatype": None}, "'datatype'"),
        ({"shape": [-1]}, "'shape'"),
        ({"shape": []}, "'shape'"),
        ({"shape": "1"}, "'shape'"),
        ({"shape": [1.0]}, "'shape'"),
        ({"shape": [True]}, "'shape'"),
        ({"shape": [1] * 9}, "'shape'"),
        ({"parameters": 7}, "'parameters'"),
        ({"datatype": "UINT8", "shape": [2], "data": [1, 256]}, "0 to 255"),
        ({"datatype": "UINT8", "shape": [2], "data": [1, "2"]}, "0 to 255"),
        ({"datatype": "UINT8", "shape": [2], "data": [1, 2.5]}, "0 to 255"),
    ],
)
def test_invalid_tensor_is_refused(server, tensor, words):
    assert_refused(server.infer([{**bytes_tensor(JPEG), **tensor}]), 400, words)


@pytest.mark.parametrize(
    ("inputs", "rest", "words"),
    [
        ([], {}, "'inputs'"),
        (None, {}, "'inputs'"),
        ([7], {}, "'inputs'"),
        ([bytes_tensor(JPEG)] * 2, {}, "'inputs'"),
        ([bytes_tensor(JPEG)], {"id": 7}, "'id'"),
        ([bytes_tensor(JPEG)], {"parameters": []}, "'parameters'"),
        ([bytes_tensor(JPEG)], {"parameters": {"min_score": 2}}, "min_score"),
        ([bytes_tensor(JPEG)], {"parameters": {"binary_data_output": "yes"}}, "binary_data"),
        ([bytes_tensor(JPEG)], {"outputs": [{"name": "boxes"}]}, "'objects'"),
        ([bytes_tensor(JPEG)], {"outputs": [{"name": "objects"}] * 2}, "'outputs'"),
        ([bytes_tensor(JPEG)], {"outputs": "objects"}, "'outputs'"),
    ],
)
def test_invalid_request_is_refused(server, inputs, rest, words):
    assert_refused(server.infer(inputs, **rest), 400, words)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"inputs": NaN}', b"\xff\xd8\xff"])
def test_non_json_body_is_refused(server, body):
    assert_refused(server.post(INFER, body, kind="application/json"), 400, "JSON")

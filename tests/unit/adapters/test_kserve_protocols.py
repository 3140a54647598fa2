"""Test the requests and answers of the three protocols."""

import base64
import json
from dataclasses import replace

import pytest

from circles.adapters.kserve.protocols import PROTOCOLS, WrongAnswer, read_json
from circles.domain.pictures import Picture

PICTURE = Picture(bytes(range(256)) * 3, "image/png", 40, 30)
V1, RAW, V2 = (PROTOCOLS[name] for name in ("v1", "v1-raw", "v2-binary"))


def test_v1_request_has_one_base64_instance():
    query, headers, body = V1.encode(PICTURE, {})
    document = json.loads(b"".join(body))

    assert len(b"".join(body)) == len(body)
    assert (query, headers) == ("", {"Content-Type": "application/json"})
    assert list(document) == ["instances"]
    assert [list(instance) for instance in document["instances"]] == [["image_bytes"]]
    assert list(document["instances"][0]["image_bytes"]) == ["b64"]
    assert (
        base64.b64decode(document["instances"][0]["image_bytes"]["b64"], validate=True)
        == PICTURE.data
    )


@pytest.mark.parametrize("size", [0, 1, 2, 3, 196_607, 196_608, 196_609, 500_000])
def test_v1_body_is_encoded_while_it_is_sent(size):
    """It can be sent twice, because a call that failed is repeated."""
    picture = replace(PICTURE, data=bytes(range(256)) * (size // 256 + 1))
    picture = replace(picture, data=picture.data[:size])
    _, _, body = V1.encode(picture, {"min_score": 0.3})

    for _ in range(2):
        text = b"".join(body)
        assert len(text) == len(body)
        [instance] = json.loads(text)["instances"]
        assert base64.b64decode(instance["image_bytes"]["b64"], validate=True) == picture.data


def test_v1_raw_request_is_the_picture():
    assert RAW.encode(PICTURE, {}) == ("", {"Content-Type": "image/png"}, PICTURE.data)


def test_v2_binary_request_has_one_bytes_element():
    query, headers, body = V2.encode(PICTURE, {})
    assert query == ""
    assert set(headers) == {"Content-Type", "Inference-Header-Content-Length"}
    assert headers["Content-Type"] == "application/octet-stream"

    size = int(headers["Inference-Header-Content-Length"])
    header, element = json.loads(body[:size]), body[size:]
    (tensor,) = header["inputs"]
    assert (tensor["shape"], tensor["datatype"]) == ([1], "BYTES")
    assert tensor["parameters"] == {"binary_data_size": len(element)}
    assert int.from_bytes(element[:4], "little") == len(PICTURE.data)
    assert element[4:] == PICTURE.data


def test_parameters_are_where_each_protocol_has_them():
    asked = {"min_score": 0.3}
    v1, raw, v2 = (protocol.encode(PICTURE, asked) for protocol in (V1, RAW, V2))
    size = int(v2.headers["Inference-Header-Content-Length"])

    assert json.loads(b"".join(v1.body))["parameters"] == asked
    assert (raw.query, raw.body) == ("?min_score=0.3", PICTURE.data)
    assert json.loads(v2.body[:size])["parameters"] == asked


def test_paths_follow_the_protocols():
    assert (
        V1.path.format(model="circles")
        == RAW.path.format(model="circles")
        == "/v1/models/circles:predict"
    )
    assert V2.path.format(model="circles") == "/v2/models/circles/infer"


@pytest.mark.parametrize("protocol", [V1, RAW])
def test_v1_answer_is_a_list_without_a_version(protocol):
    assert protocol.predictions({"predictions": [{"a": 1}]}) == ([{"a": 1}], None)
    assert protocol.predictions({"predictions": [], "error": None}) == ([], None)


@pytest.mark.parametrize(
    "answer",
    [{}, {"predictions": None}, {"predictions": {}}, {"predictions": "[]"}, {"outputs": []}],
)
def test_v1_answer_without_predictions_is_wrong(answer):
    with pytest.raises(WrongAnswer):
        V1.predictions(answer)


def test_v2_answer_is_json_text_with_a_version():
    output = {"name": "x", "shape": [2], "datatype": "BYTES", "data": ['{"a": 1}', '{"b": 2}']}

    assert V2.predictions({"outputs": [output], "model_version": "7"}) == (
        [{"a": 1}, {"b": 2}],
        "7",
    )
    assert V2.predictions({"outputs": [output]}) == ([{"a": 1}, {"b": 2}], None)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"outputs": None},
        {"outputs": []},
        {"outputs": {}},
        {"outputs": "text"},
        {"outputs": [None]},
        {"outputs": [{}]},
        {"outputs": [{"data": None}]},
        {"outputs": [{"data": 5}]},
        {"outputs": [{"data": [5]}]},
        {"outputs": [{"data": [None]}]},
        {"outputs": [{"data": [[]]}]},
        {"outputs": [{"data": ["{"]}]},
        {"outputs": [{"data": [""]}]},
        {"outputs": [{"data": ['{"a": ' * 100_000]}]},
        {"outputs": [{"data": ['{"score": NaN}']}]},
        {"outputs": [{"data": ['{"score": -Infinity}']}]},
    ],
    ids=lambda answer: json.dumps(answer)[:40],
)
def test_v2_answer_without_json_text_is_wrong(answer):
    with pytest.raises(WrongAnswer):
        V2.predictions(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'"text"',
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"predictions": [',
        b'{"predictions": []} trailing',
        b'{"predictions": [NaN]}',
        b'{"predictions": [Infinity]}',
        b'{"predictions": [-Infinity]}',
        b"\xff\xfe\x00",
        b"\x80abc",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
    ids=lambda body: repr(body)[:40],
)
def test_body_that_is_not_a_json_object_is_wrong(body):
    with pytest.raises(WrongAnswer):
        read_json(body)


def test_json_object_is_read():
    assert read_json(b' {"predictions": [{"label": "\xc3\xbc"}]}\n') == {
        "predictions": [{"label": "ü"}]
    }


def test_wrong_answer_does_not_quote_the_body():
    with pytest.raises(WrongAnswer) as raised:
        read_json(b"<secret>")

    assert "secret" not in str(raised.value)

"""Test V1: JSON with base64, and raw bodies."""

import json

import pytest

from tests.predictor.asking import PREDICT, assert_disc_found, assert_refused
from tests.predictor.drawing import b64, disc, encoded

JPEG = encoded(disc())


@pytest.mark.parametrize(
    "instance",
    [
        {"image_bytes": {"b64": b64(JPEG)}},
        {"image_bytes": {"b64": b64(JPEG)}, "key": "7"},
        {"image": {"b64": b64(JPEG)}},
        {"b64": b64(JPEG)},
    ],
)
def test_every_instance_format_gives_the_same_result(server, instance):
    reply = server.post(PREDICT, json.dumps({"instances": [instance]}), kind="application/json")

    assert reply.status_code == 200
    assert set(reply.json()) == {"predictions"}
    (answer,) = reply.json()["predictions"]
    assert_disc_found(answer)


def test_inputs_is_an_alias_of_instances(server):
    """The KServe server accepts both names."""
    reply = server.post(
        PREDICT, json.dumps({"inputs": [{"b64": b64(JPEG)}]}), kind="application/json"
    )

    assert_disc_found(reply.json()["predictions"][0])


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
def test_json_content_type_may_have_parameters(server, kind):
    reply = server.post(PREDICT, json.dumps({"instances": [{"b64": b64(JPEG)}]}), kind=kind)

    assert_disc_found(reply.json()["predictions"][0])


@pytest.mark.parametrize(
    "kind",
    ["image/jpeg", "image/png", "image/jpeg; charset=binary", "application/octet-stream", None],
)
def test_raw_body_is_a_picture_whatever_its_type(server, kind):
    reply = server.raw(JPEG, kind)

    assert reply.status_code == 200
    (answer,) = reply.json()["predictions"]
    assert_disc_found(answer)


def test_octet_stream_of_json_is_read_as_json(server):
    body = json.dumps({"instances": [{"b64": b64(JPEG)}]})

    reply = server.post(PREDICT, "\n " + body, kind="application/octet-stream")

    assert_disc_found(reply.json()["predictions"][0])


def test_instances_are_answered_in_order(server):
    empty = encoded(disc(ink="black"), "PNG")

    answers = server.predict(JPEG, empty, JPEG).json()["predictions"]

    assert [len(each["objects"]) for each in answers] == [1, 0, 1]


def test_base64_may_contain_line_breaks(server):
    text = b64(JPEG)
    wrapped = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))

    reply = server.post(
        PREDICT, json.dumps({"instances": [{"b64": wrapped}]}), kind="application/json"
    )

    assert_disc_found(reply.json()["predictions"][0])


def test_min_score_filters_by_json_and_query(server):
    shipped = server.raw(JPEG).json()["predictions"][0]["objects"]
    score = shipped[0]["score"]

    for given in (0, score / 2, 1):
        by_json = server.predict(JPEG, parameters={"min_score": given})
        by_query = server.raw(JPEG, query=f"?min_score={given}")
        scores = [each["score"] for each in by_json.json()["predictions"][0]["objects"]]
        assert all(each >= given - 5e-5 for each in scores)  # scores are rounded to four decimals
        assert (score in scores) == (given < score)
        assert by_query.json() == by_json.json()


def test_max_objects_keeps_the_best(server, two_discs):
    both = server.raw(two_discs).json()["predictions"][0]["objects"]

    by_json = server.predict(two_discs, parameters={"max_objects": 1}).json()["predictions"][0][
        "objects"
    ]
    by_query = server.raw(two_discs, query="?max_objects=1").json()["predictions"][0]["objects"]

    assert len(both) == 2
    assert by_json == by_query == both[:1]
    assert both[0]["score"] >= both[1]["score"]


@pytest.fixture
def two_discs():
    """Return a picture of double width with the disc, and the same mirrored at the other end."""
    wide = disc().resize((480, 160))
    wide.paste(disc(), (0, 0))
    wide.paste(disc(ink="#888888").transpose(0), (240, 0))
    return encoded(wide, "PNG")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"min_score": -0.1}, "min_score"),
        ({"min_score": 1.1}, "min_score"),
        ({"min_score": "0.5"}, "min_score"),
        ({"min_score": True}, "min_score"),
        ({"min_score": [0.5]}, "min_score"),
        ({"max_objects": 0}, "max_objects"),
        ({"max_objects": -3}, "max_objects"),
        ({"max_objects": 2.5}, "max_objects"),
        ({"max_objects": 10**9}, "max_objects"),
        ({"max_objects": True}, "max_objects"),
        ({"min_scor": 0.5}, "Unknown parameter"),
        ([1], "object"),
    ],
)
def test_invalid_parameter_is_refused(server, parameters, words):
    assert_refused(server.predict(JPEG, parameters=parameters), 400, words)


def test_null_parameter_counts_as_absent(server):
    assert_disc_found(server.predict(JPEG, parameters={"min_score": None}).json()["predictions"][0])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_invalid_json(server, number):
    body = json.dumps(
        {"instances": [{"b64": b64(JPEG)}], "parameters": {"min_score": "?"}}
    ).replace('"?"', number)

    assert_refused(server.post(PREDICT, body, kind="application/json"), 400, "not valid JSON")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?min_score=nan", "min_score"),
        ("?min_score=inf", "min_score"),
        ("?min_score=2", "min_score"),
        ("?min_score=", "must be numbers"),
        ("?max_objects=1.5", "must be numbers"),
        ("?max_objects=0", "max_objects"),
        ("?max_objects=" + "9" * 5000, "must be numbers"),
        ("?color=red", "Unknown parameter"),
    ],
)
def test_invalid_query_is_refused(server, query, words):
    assert_refused(server.raw(JPEG, query=query), 400, words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ('{"instances": [', "not valid JSON"),
        (b'{"instances": ["\xff"]}', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "must be an object"),
        ("7", "must be an object"),
        ("{}", "'instances'"),
        ('{"instances": {}}', "'instances'"),
        ('{"instances": []}', "'instances'"),
        ('{"instances": [7]}', "instances[0]"),
        ('{"instances": [{}]}', "instances[0]"),
        ('{"instances": [{"image_bytes": "abc"}]}', "instances[0]"),
        ('{"instances": [{"image_bytes": {"b64": 7}}]}', "instances[0]"),
        ('{"instances": [{"image_bytes": {"b64": null}}]}', "instances[0]"),
        ('{"instances": [{"b64": "a*b="}]}', "not valid base64"),
        ('{"instances": [{"b64": "abc"}]}', "not valid base64"),
        ('{"instances": [{"b64": "\\u00e9\\u00e9\\u00e9\\u00e9"}]}', "not valid base64"),
        ('{"instances": [{"b64": ""}]}', "empty"),
    ],
)
def test_invalid_body_is_refused(server, body, words):
    assert_refused(server.post(PREDICT, body, kind="application/json"), 400, words)


def test_error_names_the_wrong_instance(server):
    body = json.dumps({"instances": [{"b64": b64(JPEG)}, {"b64": "?"}]})

    assert_refused(server.post(PREDICT, body, kind="application/json"), 400, "instances[1]")


def test_more_than_16_instances_are_refused(server):
    assert server.predict(*[JPEG] * 16).status_code == 200
    assert_refused(server.predict(*[JPEG] * 17), 400, "at most 16")


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", None])
def test_empty_raw_body_is_refused(server, kind):
    assert_refused(server.raw(b"", kind), 400, "empty")


def test_compressed_body_is_415(server):
    reply = server.post(PREDICT, JPEG, kind="image/jpeg", headers={"Content-Encoding": "gzip"})

    assert_refused(reply, 415, "Content-Encoding")

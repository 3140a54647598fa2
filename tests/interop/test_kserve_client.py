"""Test the KServe SDK's client against our predictor, in V1 and V2."""

import asyncio
import json

import numpy as np
import pytest

from tests.predictor.asking import assert_disc_found
from tests.predictor.drawing import b64, disc, encoded

JPEG = encoded(disc())

pytestmark = pytest.mark.filterwarnings("default")  # of the SDK's dependencies


def ask(protocol, method, *arguments, **options):
    """Call one method of a new KServe client."""
    from kserve import InferenceRESTClient, RESTConfig

    async def call():
        client = InferenceRESTClient(RESTConfig(protocol=protocol, timeout=30))
        try:
            return await getattr(client, method)(*arguments, **options)
        finally:
            await client.close()

    return asyncio.run(call())


def infer(url, tensor, data, *, binary, **options):
    """Send one tensor over V2 and return the texts of the output tensor."""
    from kserve import InferInput, InferRequest

    given = InferInput("image", tensor[1], tensor[0])
    if binary:
        given.set_data_from_numpy(data)
    else:
        given.data = data
    reply = ask(
        "v2", "infer", url, InferRequest("circles", [given], **options), model_name="circles"
    )
    (output,) = reply.outputs
    assert (reply.model_name, output.name, output.datatype) == ("circles", "objects", "BYTES")
    return [json.loads(text) for text in output.data]


def test_v1_json(predictor_url):
    request = {"instances": [{"image_bytes": {"b64": b64(JPEG)}}]}

    reply = ask("v1", "infer", predictor_url, request, model_name="circles")

    assert_disc_found(reply["predictions"][0])


def test_v1_raw(predictor_url):
    headers = {"Content-Type": "image/jpeg"}

    reply = ask("v1", "infer", predictor_url, JPEG, model_name="circles", headers=headers)

    assert_disc_found(reply["predictions"][0])


def test_v2_json(predictor_url):
    assert_disc_found(infer(predictor_url, ("BYTES", [1]), [b64(JPEG)], binary=False)[0])


def test_v2_binary_bytes(predictor_url):
    pictures = np.array([JPEG, encoded(disc(ink="black"))], dtype=object)

    answers = infer(predictor_url, ("BYTES", [2]), pictures, binary=True)

    assert_disc_found(answers[0])
    assert answers[1]["objects"] == []


def test_v2_binary_uint8(predictor_url):
    octets = np.frombuffer(JPEG, np.uint8)

    assert_disc_found(infer(predictor_url, ("UINT8", [len(JPEG)]), octets, binary=True)[0])


def test_v2_binary_output_for_all_outputs(predictor_url):
    pictures = np.array([JPEG], dtype=object)

    answers = infer(
        predictor_url,
        ("BYTES", [1]),
        pictures,
        binary=True,
        parameters={"binary_data_output": True},
    )

    assert_disc_found(answers[0])


def test_v2_binary_output_for_one_output(predictor_url):
    from kserve.protocol.infer_type import RequestedOutput

    wanted = [RequestedOutput("objects", {"binary_data": True})]

    answers = infer(
        predictor_url, ("BYTES", [1]), [b64(JPEG)], binary=False, request_outputs=wanted
    )

    assert_disc_found(answers[0])


@pytest.mark.parametrize("protocol", ["v1", "v2"])
def test_server_is_live_and_model_is_ready(predictor_url, protocol):
    assert ask(protocol, "is_server_live", predictor_url) is True
    assert ask(protocol, "is_model_ready", predictor_url, "circles") is True


def test_v2_server_is_ready(predictor_url):
    assert ask("v2", "is_server_ready", predictor_url) is True


def test_unknown_model_is_not_ready(predictor_url):
    import httpx

    assert ask("v2", "is_model_ready", predictor_url, "squares") is False
    with pytest.raises(httpx.HTTPStatusError, match="There is one model here"):
        ask("v1", "is_model_ready", predictor_url, "squares")


def test_error_message_reaches_the_client(predictor_url):
    import httpx

    with pytest.raises(httpx.HTTPStatusError, match="not a picture that is read here.*415"):
        ask(
            "v1",
            "infer",
            predictor_url,
            {"instances": [{"b64": b64(b"not a picture")}]},
            model_name="circles",
        )

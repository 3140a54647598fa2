"""Test with real processes that pictures on which the predictor fails delay no others."""

import base64
import json
import time

import pytest

from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects, answer_text
from tests.system.clients import Client, tick

POISON = [png(shade) for shade in range(30)]
GOOD = [png(shade) for shade in range(200, 203)]


@pytest.mark.parametrize(("poison_status", "left"), [(422, "failed"), (500, "pending")])
def test_poison_does_not_delay_good_pictures(start, predictor, volume, poison_status, left):
    """30 on which the predictor fails, then three good ones whose uploads met an outage."""
    known = [base64.b64encode(data).decode() for data in POISON]

    def is_poison(body):
        [instance] = json.loads(body)["instances"]
        return any(text in json.dumps(instance) for text in known)

    def answer(otherwise):
        poisoned = answer_text("", poison_status)
        return lambda body: poisoned(body) if is_poison(body) else otherwise(body)

    settings = {"predictor_url": predictor.url, "predictor_timeout_s": 5, "repair_after_s": 0.5}
    client = Client(start("upload", **settings).url, "upload")
    repair = start("repair", **settings)
    predictor.answer = answer(answer_objects(CIRCLE))
    poison = [client.upload(data).json() for data in POISON]
    predictor.answer = answer(answer_text("", 500))
    good = [client.upload(data).json() for data in GOOD]
    assert {image["status"] for image in poison + good} == {"pending"}
    predictor.answer = answer(answer_objects(CIRCLE))
    time.sleep(1)  # all are due

    began = time.monotonic()
    tick(repair.url)
    took_s = time.monotonic() - began

    status = {row["image_id"]: row["status"] for row in volume.rows("images")}
    assert {status[image["image_id"]] for image in good} == {"detected"}
    assert {status[image["image_id"]] for image in poison} == {left}
    assert took_s < 40
    print(f"repair of 33 images took {took_s:.1f} s")

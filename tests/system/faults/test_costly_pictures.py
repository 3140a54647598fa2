"""Test with real processes that costly pictures are bounded, lost never, and let others pass."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.functions.conftest import Volume
from tests.functions.pictures import encode, png
from tests.system.clients import Client
from tests.system.processes import wait_for

COSTLY = 8
SIDE_PX = 5100


def costly(shade):
    """Draw a progressive JPEG that has to be turned for the predictor."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGB", (SIDE_PX, SIDE_PX), (shade, 90, 80))
    return encode(picture, "JPEG", progressive=True, exif=exif)


@pytest.mark.timeout(180)
def test_costly_uploads_are_answered_and_let_others_pass(run, gateway):
    client, volume = Client(f"http://127.0.0.1:{run.port + 1}", "upload"), Volume(run.volume)
    before = len(volume.rows("images")), len(volume.blobs())
    pictures = [costly(100 + number) for number in range(COSTLY)]

    with ThreadPoolExecutor(COSTLY + 1) as clients:
        answers = [clients.submit(client.upload, picture) for picture in pictures]
        usual = [client.upload(png(number)) for number in range(200, 203)]
        costlies = [answer.result() for answer in answers]

    assert {answer.status_code for answer in usual} == {200}
    assert {answer.json()["status"] for answer in usual} == {"detected"}
    refused = [answer for answer in costlies if answer.status_code == 503]
    accepted = [answer for answer in costlies if answer.status_code in (200, 202)]
    assert len(refused) + len(accepted) == COSTLY and accepted
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)

    kept = len(accepted) + len(usual)
    added = len(volume.rows("images")) - before[0], len(volume.blobs()) - before[1]
    assert added == (kept, kept)
    assert {answer.json()["status"] for answer in accepted} <= {"detected", "pending"}


@pytest.mark.timeout(120)
def test_costly_picture_alone_is_detected(run, gateway):
    client = Client(f"http://127.0.0.1:{run.port + 1}", "upload")

    def detected():
        answer = client.upload(costly(60))
        return answer.status_code == 200 and answer.json()["status"] == "detected"

    wait_for(detected, "the pictures of other tests to be done with", timeout_s=60)

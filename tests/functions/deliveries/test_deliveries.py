"""Test the list of deliveries and replays over HTTP, with a real receiver."""

import pytest

from circles import bootstrap
from tests.functions.pictures import png
from tests.functions.sinks import FakeSink

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
SECRET = "whsec_" + "c2VjcmV0" * 4


class Client:
    """Call upload, and wait until its events were sent or failed."""

    def __init__(self, load, **settings):
        self._client = load("upload", **settings)
        self._background = bootstrap.load_services().background

    def send(self, shade=0):
        image = self._client.post("/images/", data=png(shade), content_type="image/png").json
        assert self._background.drain(timeout_s=10)
        return image["image_id"]

    def replay(self, event_id, query=""):
        response = self._client.post(f"/deliveries/{event_id}/replay{query}")
        assert self._background.drain(timeout_s=10)
        return response


def listed(load, query=""):
    return load("list").get(f"/deliveries{query}").json


def test_rejected_event_is_listed_and_replayed(load):
    with FakeSink(422, 422, 202) as receiver:
        client = Client(load, k_sink=receiver.url)
        image_id = client.send()
        page = listed(load)
        detected, uploaded = page["deliveries"]
        assert page["sinks"] == [{"sink": "broker", "waiting": 0, "aside": 2}]
        assert (uploaded["type"], uploaded["subject"], uploaded["sink"]) == (
            "dev.circles.image.uploaded",
            image_id,
            "broker",
        )
        assert (detected["state"], detected["attempts"], detected["due_at"]) == ("aside", 1, None)
        assert "422" in detected["error"]

        answer = client.replay(detected["event_id"])

        assert (answer.status_code, answer.json["deliveries"][0]["state"]) == (202, "waiting")
        assert receiver.ids() == [
            uploaded["event_id"],
            detected["event_id"],
            detected["event_id"],
        ]
        assert [each["event_id"] for each in listed(load)["deliveries"]] == [uploaded["event_id"]]
        assert client.replay(detected["event_id"]).status_code == 404


def test_replay_that_fails_is_laid_aside_again(load):
    with FakeSink(422, 422, 503) as receiver:
        client = Client(load, k_sink=receiver.url)
        client.send()
        [detected, _] = listed(load)["deliveries"]

        client.replay(detected["event_id"])

        [again, _] = listed(load)["deliveries"]
        assert (again["state"], again["event_id"]) == ("aside", detected["event_id"])
        assert "503" in again["error"]
        assert len(receiver.received) == 3


def test_replay_goes_only_to_the_named_sink(load):
    with FakeSink(422) as broker, FakeSink(422) as webhook:
        client = Client(load, k_sink=broker.url, webhook_urls=webhook.url, webhook_secret=SECRET)
        client.send()
        names = [each["sink"] for each in listed(load)["sinks"]]
        [detected] = listed(load, f"?sink={names[1]}&limit=1")["deliveries"]
        before = len(broker.received), len(webhook.received)

        answer = client.replay(detected["event_id"], f"?sink={names[1]}")

        assert [each["sink"] for each in answer.json["deliveries"]] == [names[1]]
        assert (len(broker.received), len(webhook.received)) == (before[0], before[1] + 1)


def test_event_of_a_removed_receiver_cannot_be_replayed(load):
    with FakeSink(422) as receiver:
        Client(load, k_sink=receiver.url).send()
        [detected, _] = listed(load)["deliveries"]

    answer = Client(load, k_sink="").replay(detected["event_id"])

    assert answer.status_code == 404
    assert listed(load)["sinks"] == [{"sink": "broker", "waiting": 0, "aside": 2}]


def test_pages_of_deliveries_follow_next(load):
    with FakeSink(422) as receiver:
        client = Client(load, k_sink=receiver.url)
        for shade in range(3):
            client.send(shade)
    everything = listed(load)["deliveries"]
    found, path = [], "/deliveries?limit=4&state=aside"
    for _ in range(3):
        page = load("list").get(path).json
        found += page["deliveries"]
        path = page["next"]
        if path is None:
            break

    assert found == everything
    assert len(found) == 6


BAD_QUERIES = [
    "?state=sent",
    "?sink=",
    "?limit=201",
    "?cursor=x",
    "?cursor=ZGVsaXZlcnkgOTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    "?state=aside&state=waiting",
    "?image=1",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_wrong_query_of_deliveries_is_refused(load, query):
    assert load("list").get(f"/deliveries{query}").status_code == 400


def test_wrong_replay_is_refused(upload):
    assert upload.post("/deliveries/7/replay").status_code == 400
    assert upload.post(f"/deliveries/{UNKNOWN}/replay?state=aside").status_code == 400
    assert upload.post(f"/deliveries/{UNKNOWN}/replay", json={"a": 1}).status_code == 400
    assert upload.post(f"/deliveries/{UNKNOWN}/replay").status_code == 404

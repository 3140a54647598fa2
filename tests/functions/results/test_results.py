"""Test results beside the files: what they hold, when they change, and what is never lost."""

import csv
import io
import json

import pytest

from circles import bootstrap
from circles.usecases.events.dispatch import dispatch_outbox
from circles.usecases.register import register_object
from circles.usecases.upkeep.repair import repair_images
from tests.functions.pictures import png
from tests.functions.predictors import CIRCLE, answer_objects, answer_text
from tests.functions.sinks import FakeSink

FAINT = {**CIRCLE, "bbox": [60, 20, 20, 20], "centroid": [70, 30], "radius": 10, "score": 0.5}


class Site:
    """Drop files as another program does, and do what ingest and repair do."""

    def __init__(self, client, load, volume):
        self.client, self.load = client, load
        self.services = bootstrap.load_services()
        self.bucket = volume.folder / "blobs"

    def drop(self, key, shade=40):
        path = self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(shade))
        stored = self.services.store.stat(key)
        image = register_object(stored.bucket, key, stored.etag, stored.size_bytes, self.services)
        self.settle()
        return image.image_id

    def settle(self):
        assert self.services.background.drain(timeout_s=20)

    def call(self, method, path, **request):
        response = self.client.open(path, method=method, **request)
        assert response.status_code < 300, response.text
        self.settle()
        return response

    def repair(self):
        repair_images(self.services)
        self.settle()

    def results(self):
        """Return the names of all objects below results/."""
        found = (self.bucket / "results").rglob("*")
        return sorted(str(path.relative_to(self.bucket)) for path in found if path.is_file())

    def result(self, name):
        return json.loads((self.bucket / "results" / name).read_text())

    def summary(self, batch):
        text = (self.bucket / "results" / batch / "summary.csv").read_text()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def waiting(self):
        return self.load("list").get("/deliveries").json["deliveries"]


@pytest.fixture
def site(predicted, predictor, load, volume):
    predictor.answer = answer_objects(CIRCLE, FAINT, threshold=0.85)
    client = predicted(results_prefix="results/", batch_quiet_s=1e-6, repair_after_s=1e-6)
    return Site(client, load, volume)


def test_result_is_the_record_with_its_objects(site, load):
    image_id = site.drop("incoming/d7/left/ä b.jpg")

    assert site.results() == ["results/d7/left/ä b.jpg.json"]
    result = site.result("d7/left/ä b.jpg.json")
    assert result.pop("objects") == load("list").get(f"/images/{image_id}/objects?fields=full").json
    assert result == load("detail").get(f"/images/{image_id}").json
    assert site.waiting() == []


def test_file_in_no_folder_has_a_result_too(site):
    site.drop("incoming/a.jpg")

    assert site.results() == ["results/a.jpg.json"]


def test_correction_and_scale_change_the_result(site):
    image_id = site.drop("incoming/d7/a.jpg")
    served = site.result("d7/a.jpg.json")["served"]
    drawn = {"centroid": [60, 40], "radius": 12}
    site.call(
        "POST",
        f"/images/{image_id}/detections",
        json={"based_on": served, "objects": [drawn]},
        headers={"If-Match": f'"{served}"'},
    )
    site.call("PUT", f"/images/{image_id}/scale", json={"mm_per_px": 0.5})

    result = site.result("d7/a.jpg.json")
    assert (result["review"], result["object_count"]) == ("corrected", 1)
    assert [each["diameter_mm"] for each in result["objects"]] == [12]

    site.call("PUT", "/batches/d7/scale", json={"mm_per_px": 2})
    site.call("DELETE", f"/images/{image_id}/scale")
    assert site.result("d7/a.jpg.json")["objects"][0]["diameter_mm"] == 48


def test_deletion_deletes_the_result(site):
    image_id = site.drop("incoming/d7/a.jpg")
    site.drop("incoming/d7/b.jpg", shade=41)

    site.call("DELETE", f"/images/{image_id}")

    assert site.results() == ["results/d7/b.jpg.json"]


def test_replaced_file_has_the_result_of_the_newer_image(site):
    older = site.drop("incoming/d7/a.jpg")
    newer = site.drop("incoming/d7/a.jpg", shade=90)
    assert older != newer

    site.call("PUT", f"/images/{older}/scale", json={"mm_per_px": 0.5})  # of the older image
    assert site.result("d7/a.jpg.json")["image_id"] == newer
    site.call("DELETE", f"/images/{older}")
    assert site.result("d7/a.jpg.json")["image_id"] == newer
    site.call("DELETE", f"/images/{newer}")
    assert site.results() == []


def test_failed_image_has_a_result_that_says_so(site, predictor):
    predictor.answer = answer_text("", 422)
    site.drop("incoming/d7/a.jpg")
    assert site.results() == []  # it is tried again

    site.repair()

    result = site.result("d7/a.jpg.json")
    assert (result["status"], result["objects"]) == ("failed", [])
    assert "422" in result["error"]


def test_quiet_batch_is_summarised_each_time(site, load, predicted, volume):
    with FakeSink() as receiver:
        again = Site(
            predicted(results_prefix="results/", batch_quiet_s=1e-6, k_sink=receiver.url),
            load,
            volume,
        )
        first = again.drop("incoming/d7/a.jpg")
        again.drop("incoming/d7/b.jpg", shade=41)
        assert again.results() == ["results/d7/a.jpg.json", "results/d7/b.jpg.json"]

        again.repair()
        again.repair()
        assert [row["file_name"] for row in again.summary("d7")] == ["b.jpg", "a.jpg"]
        again.drop("incoming/d7/c.jpg", shade=42)
        assert len(again.summary("d7")) == 2  # it is not quiet
        again.repair()
        assert len(again.summary("d7")) == 3

        again.call("DELETE", f"/images/{first}")
        assert [row["file_name"] for row in again.summary("d7")] == ["c.jpg", "b.jpg"]
        again.repair()
        told = [
            json.loads(body)
            for headers, body in receiver.received
            if headers["ce-type"] == "dev.circles.batch.completed"
        ]
        assert [(each["revision"], each["detected"]) for each in told] == [(1, 2), (2, 3)]
        known = load("export").get("/batches/d7").json
        assert (known["revision"], known["open"]) == (2, False)


def test_summary_goes_with_the_last_image(site):
    image_id = site.drop("incoming/d7/a.jpg")
    site.repair()
    assert site.results() == ["results/d7/a.jpg.json", "results/d7/summary.csv"]

    site.call("DELETE", f"/images/{image_id}")

    assert site.results() == []


def test_correction_changes_a_summary(site):
    image_id = site.drop("incoming/d7/a.jpg")
    site.repair()
    assert site.summary("d7")[0]["mm_per_px"] == ""

    site.call("PUT", "/batches/d7/scale", json={"mm_per_px": 2})

    assert float(site.summary("d7")[0]["mm_per_px"]) == 2
    assert site.summary("d7")[0]["image_id"] == image_id


def test_uploads_have_no_results(site):
    site.call("POST", "/images/", data=png(), content_type="image/png")
    assert site.results() == site.waiting() == []

    site.call("POST", "/images/?batch=d8", data=png(41), content_type="image/png")
    site.repair()
    assert site.results() == ["results/d8/summary.csv"]


def test_result_that_cannot_be_written_is_written_later(site):
    blocked = site.bucket / "results"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file where the folder should be")
    site.drop("incoming/d7/a.jpg")
    [delivery] = site.waiting()
    assert (delivery["sink"], delivery["state"], delivery["attempts"]) == ("results", "waiting", 1)

    blocked.unlink()
    site.call("POST", f"/deliveries/{delivery['event_id']}/replay")

    assert site.results() == ["results/d7/a.jpg.json"]
    assert site.waiting() == []


def test_results_are_not_taken_for_files(site):
    site.drop("incoming/d7/a.jpg")
    site.repair()

    site.repair()

    assert len(site.load("list").get("/images/").json["images"]) == 1
    assert site.load("list").get("/refusals").json["refusals"] == []


def test_events_of_nothing_write_nothing(site):
    image_id = site.drop("incoming/d7/a.jpg")
    before = (site.bucket / "results/d7/a.jpg.json").stat().st_mtime_ns

    dispatch_outbox(site.services)

    assert (site.bucket / "results/d7/a.jpg.json").stat().st_mtime_ns == before
    assert image_id

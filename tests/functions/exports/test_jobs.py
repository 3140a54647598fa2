"""Test tables that are written into the bucket, on a folder and on a real S3 server."""

import json
from datetime import timedelta

import pytest

from circles import bootstrap
from circles.domain.exports.jobs import KEPT
from circles.formats.tables import workbook
from circles.usecases.exports import jobs
from circles.usecases.upkeep.repair import repair_images
from tests.functions.pictures import png

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


class Exporter:
    """Call export, and wait for what it does in the background."""

    def __init__(self, load, **settings):
        self.upload = load("upload", **settings)
        for shade in (10, 20, 30):
            self.upload.post("/images/", data=png(shade), content_type="image/png")
        self._settings, self._load = settings, load
        self.restart()

    def restart(self):
        """Begin with a new process."""
        self.client = self._load("export", **self._settings)
        self.services = bootstrap.load_services()

    def settle(self):
        assert self.services.background.drain(timeout_s=20)

    def begin(self, query="format=csv"):
        response = self.client.post(f"/exports?{query}")
        assert (response.status_code, response.json["status"]) == (202, "pending")
        assert response.headers["Location"] == f"/exports/{response.json['export_id']}"
        return response.json["export_id"]

    def write(self, query="format=csv"):
        export_id = self.begin(query)
        self.settle()
        return self.get(export_id)

    def get(self, export_id):
        response = self.client.get(f"/exports/{export_id}")
        self.settle()
        return response.json

    def keys(self):
        return [stored.key for stored in self.services.store.list("exports/")]


@pytest.fixture
def exporter(load):
    return Exporter(load)


@pytest.fixture
def in_s3(load, seaweedfs, request):
    made = Exporter(
        load,
        **seaweedfs.settings,
        s3_bucket=request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:40],
    )
    yield made
    for client in (made.services,):
        client.store._connections.clear()


FORMATS = ["csv", "csv-images", "coco", "yolo", "label-studio", "xlsx", "report"]


@pytest.mark.parametrize("chosen", FORMATS)
def test_written_table_is_the_streamed_one(exporter, chosen):
    job = exporter.write(f"format={chosen}")

    assert job["status"] == "done"
    content = exporter.client.get(job["content"])
    streamed = exporter.client.get(f"/export?format={chosen}")
    assert content.status_code == 200
    assert content.headers["Content-Length"] == str(len(content.data)) == str(job["size_bytes"])
    for name in ("Content-Type", "Content-Disposition"):
        assert content.headers[name] == streamed.headers[name]
    if chosen not in ("xlsx", "yolo", "report"):  # these hold the time
        assert content.data == streamed.data
    stored = exporter.services.store.get(job["key"])
    assert stored == content.data


def test_table_is_an_object_in_s3(in_s3):
    job = in_s3.write("format=coco")

    assert (job["status"], job["error"]) == ("done", None)
    document = json.loads(in_s3.services.store.get(job["key"]))
    assert document["complete"]["images"] == 3
    assert in_s3.client.get(job["content"]).json == document
    assert in_s3.client.head(job["content"]).headers["Content-Length"] == str(job["size_bytes"])


def test_table_holds_what_was_there_when_it_was_asked_for(monkeypatch, exporter):
    with monkeypatch.context() as patch:
        patch.setattr(exporter.services, "soon", lambda work, *, key: None)
        export_id = exporter.begin("format=csv-images")
        exporter.upload.post("/images/", data=png(99), content_type="image/png")

    exporter.get(export_id)

    content = exporter.client.get(f"/exports/{export_id}/content").text
    assert "# complete: 3 images" in content


def interrupt(monkeypatch, exporter):
    """Ask for a table whose process ends before it writes."""
    with monkeypatch.context() as patch:
        patch.setattr(exporter.services, "soon", lambda work, *, key: None)
        export_id = exporter.begin()
    exporter.restart()
    return export_id


def test_client_that_asks_begins_an_interrupted_job_again(monkeypatch, exporter):
    export_id = interrupt(monkeypatch, exporter)

    first = exporter.client.get(f"/exports/{export_id}")
    assert (first.status_code, first.headers["Retry-After"]) == (202, "2")
    exporter.settle()

    assert exporter.get(export_id)["status"] == "done"


def test_repair_begins_an_interrupted_job_again(monkeypatch, exporter):
    export_id = interrupt(monkeypatch, exporter)

    repair_images(exporter.services)
    exporter.settle()

    assert f"exports/{export_id}/circles.csv" in exporter.keys()


def test_store_that_fails_does_not_use_up_attempts(monkeypatch, exporter):
    export_id = interrupt(monkeypatch, exporter)
    blocked = exporter.services.settings.data_dir / "blobs/exports" / export_id
    blocked.write_text("a file where the folder should be")
    for _ in range(8):
        assert exporter.get(export_id)["status"] == "pending"

    blocked.unlink()
    exporter.get(export_id)
    assert exporter.get(export_id)["status"] == "done"


def test_job_that_ends_its_process_each_time_fails(monkeypatch, exporter):
    export_id = interrupt(monkeypatch, exporter)

    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    for _ in range(5):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(exporter.services.store, "put_blocks", kill)
            jobs._run(export_id, f"export {export_id}", exporter.services)
    exporter.get(export_id)

    job = exporter.get(export_id)
    assert (job["status"], job["content"]) == ("failed", None)
    assert exporter.client.get(f"/exports/{export_id}").status_code == 200
    assert exporter.client.get(f"/exports/{export_id}/content").status_code == 404


def test_job_that_another_process_has_is_left_to_it(monkeypatch, exporter):
    export_id = interrupt(monkeypatch, exporter)
    now = exporter.services.now()
    upkeep, name = exporter.services.upkeep, f"export {export_id}"
    assert upkeep.lease(name, "another", now=now, until=now + timedelta(minutes=2))
    exporter.get(export_id)
    assert exporter.get(export_id)["status"] == "pending"

    upkeep.end_lease(name, "another")
    exporter.get(export_id)
    assert exporter.get(export_id)["status"] == "done"


def test_impossible_table_says_why(monkeypatch, exporter):
    monkeypatch.setattr(workbook, "MAX_ROWS", 2)

    job = exporter.write("format=xlsx")

    assert job["status"] == "failed"
    assert "csv" in job["error"]


def test_exports_are_deleted_after_a_day(exporter):
    job = exporter.write()
    assert len(exporter.keys()) == 2
    real = exporter.services.now
    exporter.services.now = lambda: real() + KEPT - timedelta(minutes=1)
    repair_images(exporter.services)
    assert len(exporter.keys()) == 2

    exporter.services.now = lambda: real() + KEPT + timedelta(minutes=1)
    assert exporter.client.get(f"/exports/{job['export_id']}").status_code == 404
    repair_images(exporter.services)

    assert exporter.keys() == []


def test_damaged_job_is_unknown(exporter):
    job = exporter.write()
    folder = exporter.services.settings.data_dir / "blobs/exports"
    (folder / f"{job['export_id']}.json").write_text('{"table": 7}')
    (folder / "stray.json").write_text("x")

    assert exporter.client.get(f"/exports/{job['export_id']}").status_code == 404
    repair_images(exporter.services)


def test_wrong_request_of_an_export_is_refused(load):
    client = load("export")
    assert client.post("/exports").status_code == 400
    assert client.post("/exports?format=csv&limit=3").status_code == 400
    assert client.get("/exports/7").status_code == 400
    assert client.get(f"/exports/{UNKNOWN}?x=1").status_code == 400
    assert client.get(f"/exports/{UNKNOWN}").status_code == 404
    assert client.get(f"/exports/{UNKNOWN}/content").status_code == 404

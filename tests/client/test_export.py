"""Test circles export: whole, or not there."""

import io
import os
import resource
import subprocess

import pandas
import pytest

from circles_client.exports import FORMATS
from tests.client.conftest import started
from tests.client.pictures import fill
from tests.client.test_faults import answer
from tests.openapi import CONTRACT


@pytest.fixture
def images(run, site, tmp_path):
    site.add("export")
    fill(tmp_path / "pictures", 3)
    run("upload", tmp_path / "pictures", "--batch", "d7")
    return tmp_path


def test_formats_are_those_of_the_contract(run):
    [parameter] = [
        each for each in CONTRACT["paths"]["/export"]["get"]["parameters"]
        if each["name"] == "format"
    ]  # fmt: skip

    assert list(FORMATS) == parameter["schema"]["enum"]
    assert f"[{'|'.join(FORMATS)}]" in run("export", "--help", terminal_width=200).stdout


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written(run, images, name):
    file = images / "new folder" / "table"
    done = run("export", "--format", name, "-o", file)

    assert (done.exit_code, done.output) == (0, "")
    assert file.stat().st_size > 200
    assert os.listdir(file.parent) == ["table"]


def test_csv_on_stdout_is_the_table(run, images):
    table = pandas.read_csv(io.StringIO(run("export", "--batch", "d7").stdout), comment="#")

    assert list(table.radius) == [15.0] * 3
    assert len(run("export", "--batch", "other").stdout.splitlines()) == 2
    assert run("export", "--format", "label-studio", "--batch", "other").exit_code == 0


def test_table_that_was_edited_corrects(run, images, client):
    file = images / "table.csv"
    run("export", "-o", file)
    kept, moved, deleted = file.read_text().splitlines()[1:4]
    assert moved.count(",25.0,35.0,15.0,") == 1
    lines = [file.read_text().splitlines()[0], kept, moved.replace(",25.0,35.0,", ",26.0,35.0,")]
    lines.append(deleted.split(",")[0] + "," * (lines[0].count(",")))
    file.write_text("\n".join([*lines, "# complete: 3 objects of 3 images"]))
    done = run("correct", file)

    assert done.exit_code == 0, done.output
    assert [line[:9] for line in done.stdout.splitlines()] == [
        "confirmed",
        "corrected",
        "corrected",
    ]
    assert sorted(image["object_count"] for image in client.images()) == [0, 1, 1]


HALVES = {"csv": b"image_id\n1\n", "coco": b'{"annotations":[', "xlsx": b"PK\x03\x04",
          "label-studio": b"[{}", "report": b"<!DOCTYPE html>"}  # fmt: skip


@pytest.mark.parametrize("name", HALVES)
def test_half_an_export_leaves_no_file(run, site, tmp_path, name):
    """A proxy that knows no chunks makes a usual end of a broken one."""
    (tmp_path / "table").write_text("as it was")
    site.refuse = answer("200 OK", "text/csv", HALVES[name])
    done = run("export", "--format", name, "-o", tmp_path / "table")

    assert done.exit_code == 1
    assert "broke off" in done.stderr
    assert os.listdir(tmp_path) == ["table"]
    assert (tmp_path / "table").read_text() == "as it was"


def test_broken_connection_leaves_no_file(run, site, tmp_path):
    def broken(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv"), ("Content-Length", "1000")])
        return [b"image_id\n"]

    site.refuse = broken
    done = run("export", "-o", tmp_path / "table.csv")

    assert done.exit_code == 1
    assert "broke off" in done.stderr
    assert os.listdir(tmp_path) == []


def test_full_disk_leaves_no_file(site, images):
    """A limit of the process's files stands for a full disk."""
    folder = images / "out"
    folder.mkdir()
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))  # noqa: E731
    with started(
        site.url, "export", "-o", folder / "table.csv", stdout=subprocess.DEVNULL, preexec_fn=limit
    ) as process:
        _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors == "circles: File too large.\n"
    assert os.listdir(folder) == []


def test_full_stdout_is_told(site, images):
    with open("/dev/full", "wb") as full:
        with started(site.url, "export", stdout=full) as process:
            _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors == "circles: No space left on device.\n"


def test_device_is_written_and_not_replaced(run, images):
    (images / "link").symlink_to("target")
    (images / "target").write_text("before")
    run("export", "-o", "/dev/null")
    run("export", "-o", images / "link")

    assert not os.path.isfile("/dev/null")
    assert (images / "link").is_symlink()
    assert (images / "target").read_text().startswith('"image_id"')


def test_overlays_are_written(run, images, client):
    ids = [image["image_id"] for image in client.images()]
    done = run("overlay", *ids, "--folder", images / "drawn", "--min-score", "0.3")
    one = run("overlay", ids[0], "--format", "png", "--size", "full", "-o", images / "one.png")

    assert (done.exit_code, one.exit_code) == (0, 0)
    assert done.stdout.splitlines() == [str(images / "drawn" / f"{each}.svg") for each in ids]
    assert b"<svg" in (images / "drawn" / f"{ids[0]}.svg").read_bytes()[:200]
    assert (images / "one.png").read_bytes().startswith(b"\x89PNG")
    assert run("overlay", *ids, "-o", "one.svg").exit_code == 2
    assert run("overlay", ids[0], "--size", "full", "-o", images / "no.svg").exit_code == 1
    assert not (images / "no.svg").exists()

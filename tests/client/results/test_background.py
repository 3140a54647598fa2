"""Test circles export --background: the server writes the table first."""

import os

import pytest

from circles import bootstrap
from tests.client.pictures import fill
from tests.client.test_faults import answer

PENDING = b'{"export_id": "01890a5d-ac96-774b-bcce-b302099a8057", "status": "pending"}'
FAILED = PENDING.replace(b'"pending"', b'"failed", "error": "There is no space left."')


@pytest.fixture
def images(run, site, tmp_path):
    site.add("export")
    run("upload", *fill(tmp_path / "pictures", 3))
    yield
    assert bootstrap.load_services().background.drain(timeout_s=20)


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_table_of_the_background_is_that_of_a_request(run, site, images, tmp_path, name):
    direct, later = tmp_path / "direct", tmp_path / "later"
    run("export", "--format", name, "-o", direct)
    done = run("export", "--format", name, "-o", later, "--background")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "The server writes the table: export " in done.stderr
    assert site.count("POST", "/exports") == 1
    assert site.count("GET", "/export") == 1
    if name == "csv":
        assert later.read_text().splitlines()[1:-1] == direct.read_text().splitlines()[1:-1]
    assert abs(later.stat().st_size - direct.stat().st_size) < 50


def test_table_that_takes_too_long_is_pending(run, site, tmp_path):
    site.refuse = answer("202 Accepted", "application/json", PENDING)
    done = run("export", "-o", tmp_path / "table", "--background", "--timeout", "0")

    assert done.exit_code == 8
    assert os.listdir(tmp_path) == []


def test_table_that_cannot_be_written_is_told(run, site, tmp_path):
    site.refuse = answer("200 OK", "application/json", FAILED)
    done = run("export", "-o", tmp_path / "table", "--background")

    assert done.exit_code == 1
    assert "There is no space left." in done.stderr
    assert os.listdir(tmp_path) == []

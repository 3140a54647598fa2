"""Test circles stats and batches."""

import pytest

from tests.client.conftest import documents
from tests.client.pictures import fill


@pytest.fixture
def images(run, site, tmp_path):
    """Upload three pictures of one circle each, two of them in a batch."""
    site.add("export")
    paths = fill(tmp_path, 3)
    run("upload", paths[0])
    run("upload", *paths[1:], "--batch", "d7")


def test_stats_are_those_of_the_api(run, client, images):
    done = run("stats", "--json", "--by", "batch", "--bins", 3)

    assert documents(done) == [client.stats(by="batch", bins=3)]
    assert documents(done)[0]["objects"] == 3
    [one] = documents(run("stats", "--json", "--batch", "d7"))
    assert (one["images"]["total"], one["objects"]) == (2, 2)


def test_stats_are_a_table_with_a_total(run, images):
    head, *rows = run("stats", "--by", "batch").stdout.splitlines()

    assert head.split()[:4] == ["IMAGES", "PENDING", "FAILED", "CIRCLES"]
    assert head.endswith("MEAN PX    MAX PX  BATCH")
    assert sorted(row.split()[-1] for row in rows) == ["-", "all", "d7"]
    assert rows[-1].split() == ["3", "0", "0", "3", *["15.00"] * 4, "all"]


def test_stats_of_nothing_are_a_row_of_nothing(run, site):
    site.add("export")

    assert run("stats").stdout.splitlines()[1].split() == ["0", "0", "0", "0", *"----"]


def test_batches_are_listed(run, client, images):
    assert documents(run("batches", "--json")) == list(client.batches())
    head, row = run("batches").stdout.splitlines()
    assert head.split() == ["CREATED", "DETECTED", "PENDING", "FAILED", "COMPLETED", "BATCH"]
    assert row.split()[2:] == ["2", "0", "0", "-", "d7"]

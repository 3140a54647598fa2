"""Test circles list, show and objects."""

import pytest

from tests.client.conftest import documents
from tests.client.pictures import fill


@pytest.fixture
def images(run, tmp_path):
    """Return the records of three images, two of them in a batch, newest first."""
    paths = fill(tmp_path, 3)
    run("upload", paths[0])
    run("upload", paths[1], paths[2], "--batch", "d7", "--jobs", "1")
    return documents(run("list", "--json"))


def test_list_of_nothing_is_nothing(run):
    """Check 7 of a user: nothing is nothing."""
    done = run("list", "--json")

    assert (done.exit_code, done.stdout) == (0, "")


def test_list_is_the_records_of_all_pages(run, images, client):
    assert documents(run("list", "--json")) == list(client.images(limit=2)) == images
    assert documents(run("list", "--json", "--limit", 1)) == images[:1]
    assert documents(run("list", "--json", "--batch", "d7", "--min-count", 1)) == images[:2]
    assert documents(run("list", "--json", "--review", "corrected")) == []


def test_table_is_aligned(run, images):
    lines = run("list").stdout.splitlines()

    assert len(lines) == 4
    for title in ("CREATED", "STATUS", "REVIEW", "BATCH", "FILE"):
        column = lines[0].index(title)
        assert {line[column - 1] for line in lines} == {" "}
        assert all(line[column] != " " for line in lines)


def test_show_is_the_record(run, images):
    ids = [image["image_id"] for image in images]
    done = run("show", *ids, "--json")

    assert documents(done) == images
    text = run("show", ids[0]).stdout
    assert f"image       {ids[0]}\n" in text
    assert "circles     1\n" in text


def test_show_of_an_unknown_image_fails(run, images):
    done = run("show", "01890a5d-ac96-774b-bcce-b302099a8057")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("circles: ")


def test_objects_are_whole_documents(run, images, client):
    image_id = images[0]["image_id"]
    [listed] = client.objects(image_id)

    [found] = documents(run("objects", image_id, "--json"))
    assert found == client.object(image_id, listed["object_id"])
    assert documents(run("objects", image_id, "--json", "--min-radius", 100)) == []
    assert "      25.0      35.0      15.0   0.90" in run("objects", image_id).stdout


@pytest.mark.parametrize(
    "arguments", ["list --status new", "show", "fly", "list --limit 0", "objects I --edge yes"]
)
def test_wrong_usage_is_2(run, arguments):
    assert run(*arguments.split()).exit_code == 2

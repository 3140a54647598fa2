"""Test circles correct and circles scale."""

import pytest

from tests.client.conftest import documents
from tests.client.pictures import fill
from tests.functions.predictors import answer_objects

COIN = {"bbox": [10, 20, 30, 30], "centroid": [25, 35], "radius": 15.0, "score": 0.95}
BUTTON = {**COIN, "bbox": [60, 20, 20, 20], "centroid": [70, 30], "radius": 10.0, "score": 0.9}
FAINT = {**COIN, "bbox": [90, 50, 10, 10], "centroid": [95, 55], "radius": 5.0, "score": 0.4}
HEAD = "image_id,object_id,centroid_x,centroid_y,radius"


@pytest.fixture
def image(run, predictor, tmp_path):
    predictor.answer = answer_objects(COIN, BUTTON, FAINT, threshold=0.87)
    [path] = fill(tmp_path, 1)
    [document] = documents(run("upload", path, "--json"))
    return document["image"]


@pytest.fixture
def coin(image, client):
    return client.objects(image["image_id"])[0]["object_id"]


@pytest.fixture
def correct(run, tmp_path):
    """Return a function that corrects by a table's text or bytes."""

    def with_table(table, *arguments):
        file = tmp_path / "table.csv"
        file.write_bytes(table if isinstance(table, bytes) else table.encode())
        return run("correct", file, *arguments)

    return with_table


def circles(client, image):
    """Return centre, radius and score of the served objects."""
    found = client.objects(image["image_id"], fields="full")
    return [(*each["centroid"], each["radius"], each["score"]) for each in found]


def test_rows_keep_move_add_and_delete(correct, client, image, coin):
    line = image["image_id"]
    table = f"{HEAD}\n{line},{coin},25,35,15\n{line},,50.5,40,7.25\n"
    done = correct(table, "--json")

    assert done.exit_code == 0
    [run] = documents(done)
    assert (run["review"], run["object_count"]) == ("corrected", 2)
    assert sorted(circles(client, image)) == [(25, 35, 15, 0.95), (50.5, 40, 7.25, None)]


def test_moved_circle_keeps_its_origin(correct, client, image, coin):
    correct(f"{HEAD}\n{image['image_id']},{coin},26.5,35,15\n")

    [found] = client.objects(image["image_id"], fields="full")
    assert found["centroid"] == [26.5, 35]
    assert found["origin_id"] == coin != found["object_id"]


def test_same_rows_confirm_and_image_alone_empties(correct, client, image):
    kept = client.objects(image["image_id"])
    known = client.objects(image["image_id"], fields="full", min_score=0)
    rows = [
        f"{image['image_id']},{each['object_id']},{each['centroid'][0]},{each['centroid'][1]},"
        f"{each['radius']},{'object' if each['score'] > 0.87 else 'candidate'}"
        for each in known
    ]
    same = "\n".join([f"{HEAD},kind", *rows, "# complete: 3 objects of 1 images", ""])
    assert "confirmed" in correct(same).stdout
    assert len(circles(client, image)) == len(kept) == 2
    correct(f"{HEAD}\n{image['image_id']},,,,\n")

    assert circles(client, image) == []
    assert client.image(image["image_id"])["review"] == "corrected"


TABLES = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "line ends of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "decimal commas": lambda text: text.replace(",", ";").replace(".", ",").encode(),
    "tabs in UTF-16": lambda text: text.replace(",", "\t").encode("utf-16"),
    "other order and names": lambda text: text.replace("centroid_", "").encode(),
    "a name in another encoding": lambda text: text.replace("note", "n\xf6te").encode("latin-1"),
}


@pytest.mark.parametrize("write", TABLES.values(), ids=TABLES)
def test_spreadsheets_write_it_differently(correct, client, image, write):
    table = f'Note,{HEAD}\n"a note",{image["image_id"]},,50.5,40.25,7.75\n,,,,,\n'
    done = correct(write(table))

    assert done.exit_code == 0, done.stderr
    assert circles(client, image) == [(50.5, 40.25, 7.75, None)]


BAD_TABLES = {
    "": "lacks 'image_id'",
    "image_id,object_id,x\n": "lacks 'centroid_y', 'radius'",
    f"{HEAD},radius\n": "has 'radius' twice",
    f"{HEAD}\n,,1,2,3\n": "Line 2 has no image_id",
    f"{HEAD}\nI,,1,2,wide\n": "Line 2: radius is not a number: 'wide'",
    f"{HEAD}\nI,,1,2,nan\n": "Line 2: radius is not a number: 'nan'",
    f"{HEAD}\nI,,1,2,-3\n": "Line 2: the radius must be above 0",
    f"{HEAD}\nI,,1,2\n": "Line 2 has 4 cells",
    f"{HEAD}\nI,,1,5,2,5,3\n": "Decimal commas need semicolons",
    f"{HEAD}\nI,O,1,2,3\nI,\"x": "is not CSV",
    f"{HEAD},detection_id\nI,,1,2,3,A\nI,,1,2,3,B\n": "name different runs",
}  # fmt: skip


@pytest.mark.parametrize("table", BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_bad_table_is_refused_with_its_line(correct, site, table):
    before = len(site.requests)
    done = correct(table)

    assert done.exit_code == 2
    assert BAD_TABLES[table] in done.stderr
    assert len(site.requests) == before


def test_image_that_was_corrected_since_is_left_alone(correct, client, image, coin):
    head = f"{HEAD},detection_id"
    row = f"{image['image_id']},{coin},25,35,15,{image['served']}"
    correct(f"{head}\n{row}\n")
    late = correct(f"{head}\n{image['image_id']},,,,,{image['served']}\n")

    assert late.exit_code == 1
    assert late.stderr.startswith(f"failed: {image['image_id']}: ")
    assert len(circles(client, image)) == 1


def test_one_bad_image_does_not_stop_the_others(correct, client, image):
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    table = f"{HEAD}\n{unknown},,1,2,3\n{image['image_id']},{unknown},1,2,3\nx/../y,,1,2,3\n"
    done = correct(table + f"{image['image_id']},,50,40,5\n")

    assert done.exit_code == 2
    assert f"Line 3: the run has no object {unknown}" in done.stderr
    assert len(done.stderr.splitlines()) == 3
    assert len(circles(client, image)) == 2


def test_scale_of_a_marked_circle(run, image, coin, client):
    done = run("scale", image["image_id"], "--object", coin, "--diameter-mm", "23.25", "--json")

    assert done.exit_code == 0
    assert documents(done) == [client.image(image["image_id"])]
    assert documents(done)[0]["scale"]["mm_per_px"] == pytest.approx(23.25 / 30)
    assert "   23.250  " in run("objects", image["image_id"]).stdout
    assert "0.775 mm per px, reference-under-80-px" in run("show", image["image_id"]).stdout
    assert run("scale", image["image_id"], "--remove").exit_code == 0
    assert client.image(image["image_id"])["scale"] is None


def test_scale_of_a_batch(run, client, tmp_path):
    paths = fill(tmp_path, 2)
    run("upload", *paths, "--batch", "a b")
    done = run("scale", "--batch", "a b", "--mm-per-px", "0.25")

    assert done.stdout == "0.25 mm per px, of batch a b\n"
    assert {image["scale"]["mm_per_px"] for image in client.images()} == {0.25}


@pytest.mark.parametrize("arguments", ["I", "--mm-per-px 1", "I --batch b --mm-per-px 1",
    "I --object o", "I --object o --diameter-mm 1 --mm-per-px 1", "I --mm-per-px 0",
    "I --remove --mm-per-px 1"])  # fmt: skip
def test_scale_says_what_it_needs(run, site, arguments):
    before = len(site.requests)

    assert run("scale", *arguments.split()).exit_code == 2
    assert len(site.requests) == before

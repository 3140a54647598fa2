"""Test circles upload on all functions."""

import contextlib
import os
import sqlite3
from hashlib import sha256

import pytest

from tests.client.conftest import documents, volume  # noqa: F401
from tests.client.pictures import fill, picture

STRANGE_NAMES = [b'quo"te.png', b"line\nend.png", b"x" * 251 + b".png",
                 "rtl\u202egnp.png".encode(), b"not-utf8-\xff.png", b"back\\slash.png"]  # fmt: skip


def test_every_file_becomes_an_image_once(run, site, client, tmp_path):
    paths = fill(tmp_path, 5)
    first = run("upload", tmp_path, "--json")
    again = run("upload", tmp_path, "--json")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert {each["path"] for each in documents(first)} == set(map(str, paths))
    assert [each["state"] for each in documents(first)] == ["uploaded"] * 5
    assert [each["state"] for each in documents(again)] == ["present"] * 5
    assert site.count("POST", "/images/") == 5
    stored = {image["sha256"]: image for image in client.images()}
    assert set(stored) == {sha256(path.read_bytes()).hexdigest() for path in paths}
    assert all(each["image"] == stored[each["image"]["sha256"]] for each in documents(again))


def test_equal_files_are_sent_once(run, site, tmp_path):
    for name in ("a.png", "b.png", "c.png", "d.png"):
        (tmp_path / name).write_bytes(picture(1))
    done = run("upload", tmp_path, "--json")

    assert sorted(each["state"] for each in documents(done)) == ["present"] * 3 + ["uploaded"]
    assert site.count("POST", "/images/") == 1


def test_batch_gets_the_files_that_others_have(run, client, tmp_path):
    fill(tmp_path, 2)
    run("upload", tmp_path)
    done = run("upload", tmp_path, "--batch", "d 7/x")
    assert done.exit_code == 1
    done = run("upload", tmp_path, "--batch", "d 7")

    assert done.exit_code == 0
    assert [image["batch"] for image in client.images()] == ["d 7", "d 7", None, None]
    assert run("upload", tmp_path, "--batch", "d 7").stderr == "2 files: 2 already there.\n"


def test_folders_patterns_and_subfolders(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "top", 1)
    fill(tmp_path / "top/sub/deep", 1, start=1)
    (tmp_path / "top/notes.txt").write_text("no picture")
    (tmp_path / "top/.hidden.png").write_bytes(picture(9))
    (tmp_path / "top/UPPER.PNG").write_bytes(picture(3))

    def paths(*arguments):
        return sorted(each["path"] for each in documents(run("upload", "--json", *arguments)))

    assert paths("top") == ["top/0000.png", "top/UPPER.PNG"]
    assert paths("-r", "top") == ["top/0000.png", "top/UPPER.PNG", "top/sub/deep/0001.png"]
    assert paths("top/0*.png", "top") == ["top/0000.png", "top/UPPER.PNG"]
    assert paths("top/**/00*.png") == ["top/0000.png", "top/sub/deep/0001.png"]
    assert run("upload", "top/*.tif").exit_code == 1
    assert run("upload", "top/sub").exit_code == 2


def test_loop_of_links_ends(run, tmp_path):
    fill(tmp_path / "a/b", 1)
    (tmp_path / "a/b/up").symlink_to(tmp_path)
    (tmp_path / "a/b/self.png").symlink_to("self.png")
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    done = run("upload", "-r", tmp_path, "--json")

    assert done.exit_code == 1
    states = sorted((each["state"], each["error"]) for each in documents(done))
    assert states == [("failed", "Too many levels of symbolic links"), ("uploaded", None)]


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=range(len(STRANGE_NAMES)))
def test_strange_name_is_sent_and_printed(run, client, tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    with open(path, "wb") as file:
        file.write(picture(1))
    done = run("upload", tmp_path)

    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.strip().isprintable()
    [image] = client.images()
    kept = name.rpartition(b"\\")[2].decode("utf-8", "replace").replace("\n", " ")
    assert image["file_name"] == kept.replace("\u202e", "")
    [document] = documents(run("upload", tmp_path, "--json"))
    assert os.fsencode(document["path"]) == path


def test_file_that_is_no_picture_fails_alone(run, client, tmp_path):
    fill(tmp_path, 2)
    (tmp_path / "a.png").write_text("no picture")
    (tmp_path / "b.png").write_bytes(b"")
    done = run("upload", tmp_path, tmp_path / "absent.png", "--json")

    assert done.exit_code == 1
    failed = {os.path.basename(each["path"]): each for each in documents(done) if each["error"]}
    assert failed["a.png"]["code"] == "unsupported-picture"
    assert failed["b.png"]["error"] == "the file is empty"
    assert failed["absent.png"]["error"] == "No such file or directory"
    assert len(list(client.images())) == 2


def test_pending_image_is_told_and_waited_for(run, client, predictor, tmp_path):
    [path] = fill(tmp_path, 1)
    answer, predictor.answer = predictor.answer, lambda _: (503, {}, b"")
    pending = run("upload", path)
    waited = run("upload", path, "--wait", "--timeout", "0.1")
    predictor.answer = answer
    [image] = client.images()
    client.detect(image["image_id"])

    assert (pending.exit_code, waited.exit_code) == (8, 8)
    assert " pending " in pending.stdout
    assert run("upload", path, "--wait").exit_code == 0


def test_image_that_failed_is_detected_again(run, client, predictor, volume, tmp_path):  # noqa: F811
    [path] = fill(tmp_path, 1)
    answer, predictor.answer = predictor.answer, lambda _: (422, {}, b"{}")
    run("upload", path)
    with contextlib.closing(sqlite3.connect(volume.database)) as connection, connection:
        connection.execute("UPDATE images SET status = 'failed'")  # as repair does after a while
    failed = run("upload", path)
    predictor.answer = answer

    assert failed.exit_code == 1
    assert f"failed: {path}: The predictor answered 422." in failed.stderr
    assert run("upload", path).exit_code == 0
    assert [image["status"] for image in client.images()] == ["detected"]

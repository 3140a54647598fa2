"""Test refused objects, free space and leftovers of the object stores."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circles.adapters import volume
from circles.adapters.folder_store import FolderStore
from circles.domain.errors import NotFound, ObjectRefused, StorageFull, Unavailable
from tests.contract.processes import python
from tests.contract.sqlite.full_disks import tiny_disk
from tests.contract.stores.test_object_store import (
    KNOWN,
    PUT_FOREVER,
    InBucket,
    clients,  # noqa: F401 # a fixture
    content,
    files,
    put,
    s3_store,
    sha,
)
from tests.unit.fakes.store import FakeStore

CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
MIB = 1024**2


@pytest.fixture
def encrypted(seaweedfs, clients):  # noqa: F811
    """Return SeaweedFS with an encrypted object. Reading it without the key is a 400."""
    s3 = InBucket(seaweedfs, clients(seaweedfs), "shared")
    put(s3.store, "incoming/plain", b"x")
    s3.client.put_object(Bucket="shared", Key="incoming/secret", Body=b"y", **CUSTOMER_KEY)
    return s3.store, "incoming/secret"


@pytest.fixture
def archived(moto, clients):  # noqa: F811
    """Return an object in cold storage. Reading its content is a 403."""
    s3 = InBucket(moto, clients(moto), "shared")
    put(s3.store, "incoming/plain", b"x")
    s3.client.put_object(Bucket="shared", Key="incoming/cold", Body=b"y", StorageClass="GLACIER")
    return s3.store, "incoming/cold"


@pytest.mark.parametrize("refused", ["encrypted", "archived"])
def test_one_object_is_refused_with_its_reason(request, refused):
    store, key = request.getfixturevalue(refused)
    with pytest.raises(ObjectRefused) as raised:
        store.get(key)

    assert any(word in str(raised.value) for word in ("InvalidArgument", "InvalidObjectState"))
    assert "127.0.0.1" not in str(raised.value)
    assert store.get("incoming/plain") == b"x"
    assert {key, "incoming/plain"} <= {stored.key for stored in store.list("incoming/")}


def test_refused_head_gets_its_reason_from_a_get(encrypted):
    """The answer to a HEAD has no body and so no reason."""
    store, key = encrypted
    with pytest.raises(ObjectRefused, match="InvalidArgument"):
        store.stat(key)


DENIED = (
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code>'
    "<Message>Access Denied.\n</Message></Error>"
)


@pytest.mark.parametrize(("bucket_status", "error"), [(200, ObjectRefused), (403, Unavailable)])
def test_denied_access_is_one_objects_if_the_bucket_answers(httpserver, bucket_status, error):
    httpserver.expect_request("/circles", method="HEAD").respond_with_data(status=bucket_status)
    for path in ("/circles/a/b", "/circles/"):
        httpserver.expect_request(path).respond_with_data(
            DENIED, 403, content_type="application/xml"
        )
    store = s3_store(httpserver.url_for("").rstrip("/"), **KNOWN)

    for call in (lambda: store.get("a/b"), lambda: store.stat("a/b"), lambda: store.delete("a/b")):
        with pytest.raises(error) as raised:
            call()
        assert "\n" not in str(raised.value)
    with pytest.raises(Unavailable):
        list(store.list("a/"))


def test_large_put_is_one_request(moto, clients):  # noqa: F811
    """A killed multipart put would leave its parts in the bucket."""
    s3 = InBucket(moto, clients(moto), "shared")
    put(s3.store, "images/large", content(20 * MIB))

    assert "-" not in s3.head("images/large")["ETag"]
    assert s3.store.remove_leftovers(before=datetime.now(UTC)) == 0


@pytest.fixture
def unreadable(tmp_path, monkeypatch):
    """Return a folder store with an unreadable file and an unreadable folder."""
    store = FolderStore(tmp_path / "blobs")
    for key in ("incoming/mine", "incoming/theirs", "incoming/closed/a", "incoming/z"):
        put(store, key, b"x")
    theirs, closed = (str(tmp_path / "blobs/incoming" / name) for name in ("theirs", "closed"))

    def refuse(call):
        def refusing(path, *arguments, **named):
            if str(path) in (theirs, closed):
                raise PermissionError(13, "Permission denied")
            return call(path, *arguments, **named)

        return refusing

    # root may read everything, so file modes do not help
    monkeypatch.setattr("builtins.open", refuse(open))
    monkeypatch.setattr(os, "scandir", refuse(os.scandir))
    return store


def test_unreadable_file_is_refused(unreadable):
    with pytest.raises(ObjectRefused):
        unreadable.get("incoming/theirs")

    assert unreadable.get("incoming/mine") == b"x"


def test_unreadable_folder_hides_no_other(unreadable):
    keys = [stored.key for stored in unreadable.list("incoming/")]

    assert keys == ["incoming/mine", "incoming/theirs", "incoming/z"]


# Space


def test_put_leaves_space_free(tmp_path):
    with tiny_disk(tmp_path / "disk", 4 * MIB) as disk:
        store = FolderStore(disk / "blobs", keep_free_bytes=MIB)
        put(store, "images/1", content(2 * MIB))
        with pytest.raises(StorageFull):
            put(store, "images/2", content(2 * MIB))
        assert volume.free_bytes(disk) >= MIB
        assert files(disk) == ["blobs/images/1"]

        store.delete("images/1")
        put(store, "images/2", content(2 * MIB))


def test_disk_filled_by_others_is_full(tmp_path):
    with tiny_disk(tmp_path / "disk", MIB) as disk:
        store = FolderStore(disk)
        put(store, "a", b"x")
        with pytest.raises(StorageFull):
            put(store, "b", content(MIB))


# Leftovers of killed puts


def test_old_parts_of_killed_puts_are_removed(tmp_path):
    store, left = FolderStore(tmp_path), []
    while not left:
        with python(PUT_FOREVER, tmp_path) as process:
            process.stdout.readline()
            process.kill()
        left = [name for name in files(tmp_path) if name.endswith(".part")]
    kept = {name: (tmp_path / name).read_bytes() for name in files(tmp_path) if name not in left}
    (tmp_path / "images" / "a.part").write_bytes(b"a client's own")

    assert store.remove_leftovers(before=datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.remove_leftovers(before=datetime.now(UTC) + timedelta(seconds=1)) == len(left)
    assert files(tmp_path) == sorted([*kept, "images/a.part"])
    assert all((tmp_path / name).read_bytes() == data for name, data in kept.items())


def test_missing_folder_has_no_leftovers(tmp_path):
    assert FolderStore(tmp_path / "not yet").remove_leftovers(before=datetime.now(UTC)) == 0
    assert FakeStore().remove_leftovers(before=datetime.now(UTC)) == 0


def test_names_of_new_folders_are_synced(tmp_path, monkeypatch):
    """POSIX stores a name in its parent folder, which must therefore be synced."""
    synced, fsync = [], os.fsync

    def watch(handle):
        synced.append(Path(f"/proc/self/fd/{handle}").resolve())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    store = FolderStore(tmp_path / "data/blobs")
    put(store, "images/2026/1", b"x")

    root = tmp_path.resolve()
    folders = [
        root,
        root / "data",
        root / "data/blobs",
        root / "data/blobs/images",
        root / "data/blobs/images/2026",
    ]
    assert [path for path in synced if path.is_dir()] == folders
    assert store.get("images/2026/1", sha256=sha(b"x")) == b"x"
    with pytest.raises(NotFound):
        store.get("images/2026/2")

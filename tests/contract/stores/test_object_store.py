"""Test the ObjectStore contract on a folder, two S3 servers and the fake."""

import hashlib
import io
import json
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from circles.adapters.folder_store import FolderStore
from circles.bootstrap import ConfiguredServices
from circles.domain.errors import (
    CirclesError,
    Damaged,
    Malformed,
    NotFound,
    NotPossible,
    TooLarge,
    Unavailable,
)
from circles.settings import Settings
from tests.contract.faulty_server import faulty_server
from tests.contract.processes import output, python
from tests.contract.sqlite.full_disks import LIMIT_FILES, tiny_disk
from tests.scraping import Counted
from tests.servers import free_ports
from tests.unit.domain.test_blobs import BAD_KEYS
from tests.unit.fakes.store import FakeStore

ALL_BYTES = bytes(range(256))


def sha(data):
    return hashlib.sha256(data).hexdigest()


def put(store, key, data):
    store.put(key, data, media_type="image/png", sha256=sha(data))


def content(size, salt=0):
    """Return size bytes of all values, different for each salt."""
    return (salt.to_bytes(4, "big") + ALL_BYTES * (size // 256 + 1))[:size]


class InFolder:
    def __init__(self, folder):
        self.folder = folder
        self.store = FolderStore(folder / "blobs")

    def overwrite(self, key, data):
        (self.folder / "blobs" / key).write_bytes(data)


class InBucket:
    """A bucket with our adapter and a second S3 client."""

    def __init__(self, server, boto3_client, bucket):
        self.server, self.bucket, self.client = server, bucket, boto3_client
        self.store = self.another()

    def another(self, **settings):
        known = {"s3_access_key": self.server.access_key, "s3_secret_key": self.server.secret_key}
        return s3_store(self.server.url, **{"s3_bucket": self.bucket, **known, **settings})

    def overwrite(self, key, data):
        self.client.put_object(
            Bucket=self.bucket, Key=key, Body=data, Metadata=self.head(key)["Metadata"]
        )

    def head(self, key):
        return self.client.head_object(Bucket=self.bucket, Key=key)

    def exists(self):
        return self.bucket in [each["Name"] for each in self.client.list_buckets()["Buckets"]]


class InMemory:
    def __init__(self):
        self.store = FakeStore()

    def overwrite(self, key, data):
        self.store.blobs[key] = data


def s3_store(url, **settings):
    return ConfiguredServices(Settings(store="s3", s3_endpoint=url, **settings)).store


@pytest.fixture(scope="session")
def clients():
    """Return a function that gives one boto3 client per server. They are slow to make."""
    made = {}
    yield lambda server: made.setdefault(server.url, server.boto3_client())
    for client in made.values():
        client.close()


@pytest.fixture(params=["moto", "seaweedfs"])
def s3(request, clients):
    """Return a bucket that does not exist yet."""
    server = request.getfixturevalue(request.param)
    return InBucket(server, clients(server), f"new-{uuid.uuid4()}")


@pytest.fixture(params=["fake", "folder", "moto", "seaweedfs"])
def place(request, tmp_path, clients):
    """Return a store and a way to change its blobs from outside. All S3 tests share a bucket."""
    if request.param == "fake":
        return InMemory()
    if request.param == "folder":
        return InFolder(tmp_path)
    server = request.getfixturevalue(request.param)
    return InBucket(server, clients(server), "shared")


@pytest.fixture
def store(place):
    return place.store


@pytest.fixture
def key():
    """Return a unique key."""
    return f"images/{uuid.uuid4()}.png"


# Reading and writing


@pytest.mark.parametrize("size", [1, 2, 255, 256, 65_536, 1_000_003, 5 * 1024**2, 8 * 1024**2])
def test_same_bytes_are_read_back(store, key, size):
    data = content(size)
    put(store, key, data)

    assert store.get(key, sha256=sha(data)) == data


@pytest.mark.parametrize("value", [0, 10, 13, 26, 255])
def test_bytes_of_one_value_are_read_back(store, key, value):
    data = bytes([value]) * 1000
    put(store, key, data)

    assert store.get(key, sha256=sha(data)) == data


@pytest.mark.parametrize("blocks", [0, 1, 3, 200])
def test_blocks_are_read_back_as_one_blob(store, key, blocks):
    data = [content(100_000, number) for number in range(blocks)]  # up to three parts in S3

    store.put_blocks(key, iter(data), media_type="text/csv")

    assert store.get(key) == b"".join(data)
    assert store.stat(key).size_bytes == 100_000 * blocks


@pytest.mark.parametrize("before", [0, 1, 100])
def test_blocks_that_fail_store_nothing(store, key, before):
    def fail():
        yield from [content(100_000)] * before
        raise NotPossible("There are too many rows.")

    with pytest.raises(NotPossible):
        store.put_blocks(key, fail(), media_type="text/csv")

    with pytest.raises(NotFound):
        store.stat(key)


def test_second_put_replaces_the_first(store, key):
    put(store, key, b"first, and longer")
    put(store, key, b"second")

    assert store.get(key, sha256=sha(b"second")) == b"second"


def test_similar_keys_are_separate(store, key):
    put(store, key, b"one")
    put(store, key + "2", b"two")

    assert store.get(key, sha256=sha(b"one")) == b"one"


def test_missing_blob_is_not_found(store, key):
    put(store, "another", b"x")
    with pytest.raises(NotFound):
        store.get(key, sha256=sha(b""))


def test_folder_of_blobs_is_not_a_blob(store, key):
    put(store, f"{key}/part", b"x")
    with pytest.raises(NotFound):
        store.get(key, sha256=sha(b"x"))


def test_deleted_blob_is_not_found(store, key):
    put(store, key, b"x")
    store.delete(key)
    with pytest.raises(NotFound):
        store.get(key, sha256=sha(b"x"))


def test_deleting_a_missing_blob_is_no_error(store, key):
    put(store, key, b"x")
    for _ in range(2):
        store.delete(key)
        store.delete(f"{key}/below")
        store.delete(f"never/{key}")

    put(store, key, b"y")
    assert store.get(key, sha256=sha(b"y")) == b"y"


def test_ping_succeeds(store):
    store.ping()


# Changed blobs


@pytest.mark.parametrize(
    "changed", [b"fixed bytes", b"Fixed byte", b"", b"fixed bytes and more"], ids=len
)
def test_externally_changed_bytes_are_damaged(place, key, changed):
    put(place.store, key, b"fixed byte")
    place.overwrite(key, changed)
    with pytest.raises(Damaged):
        place.store.get(key, sha256=sha(b"fixed byte"))


def test_unexpected_hash_is_damaged(store, key):
    put(store, key, b"x")
    with pytest.raises(Damaged):
        store.get(key, sha256=sha(b"y"))


# Parts


PARTS = [(0, None), (0, 0), (1, 2), (700_000, 999_999), (999_999, None), (5, 300_000)]


@pytest.mark.parametrize(("first", "last"), PARTS)
def test_open_reads_a_part(store, key, first, last):
    data = content(1_000_000)
    put(store, key, data)
    end = 1_000_000 if last is None else last + 1

    with store.open(key, size_bytes=1_000_000, first=first, last=last) as file:
        assert file.read(end - first) == data[first:end]


def test_opened_blob_outlives_its_deletion(store, key):
    """A slow client goes on reading what it began to read."""
    put(store, key, b"some bytes")
    with store.open(key, size_bytes=10) as file:
        store.delete(key)

        assert file.seek(5) == 5
        assert file.read() == b"bytes"


@pytest.mark.parametrize("size_bytes", [1, 9, 11, 1000])
def test_blob_of_another_size_is_damaged(store, key, size_bytes):
    put(store, key, b"some bytes")

    for first, last in [(0, None), (0, 0), (size_bytes - 1, None)]:
        with pytest.raises(Damaged):
            store.open(key, size_bytes=size_bytes, first=first, last=last)


def test_missing_blob_cannot_be_opened(store, key):
    with pytest.raises(NotFound):
        store.open(key, size_bytes=1)
    with pytest.raises(Malformed):
        store.open("../" + key, size_bytes=1)


# Metadata


def facts(found):
    return (found.key, found.size_bytes)


def test_stat_describes_a_blob_without_reading(store, key):
    put(store, key, b"twelve bytes")
    found = store.stat(key)

    assert facts(found) == (key, 12)
    assert found.bucket == store.bucket and found.etag and '"' not in found.etag
    assert abs(found.modified_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_stat_of_a_missing_blob_is_not_found(store, key):
    put(store, f"{key}/part", b"x")
    for missing in (key, f"{key}/part/more", f"other/{key}"):
        with pytest.raises(NotFound):
            store.stat(missing)


def test_etag_changes_with_the_content(store, key):
    put(store, key, b"first")
    first = store.stat(key).etag
    assert store.stat(key).etag == first

    put(store, key, b"second")
    assert store.stat(key).etag != first


def test_get_reads_only_the_given_etag(store, key):
    put(store, key, b"first")
    first = store.stat(key).etag
    assert store.get(key, etag=first) == b"first"

    put(store, key, b"second")
    with pytest.raises(NotFound):
        store.get(key, etag=first)
    assert store.get(key, etag=store.stat(key).etag) == b"second"


def test_get_without_a_hash_reads_any_bytes(store, key):
    put(store, key, b"x")

    assert store.get(key) == b"x"


def test_get_over_max_bytes_is_too_large(store, key):
    put(store, key, content(1000))

    assert store.get(key, max_bytes=1000) == content(1000)
    for limit in (999, 1, 0):
        with pytest.raises(TooLarge):
            store.get(key, max_bytes=limit)


def test_empty_blob_can_be_read(store, key):
    put(store, key, b"")

    assert (store.stat(key).size_bytes, store.get(key, max_bytes=0)) == (0, b"")


def test_multipart_object_has_one_etag(s3, key):
    put(s3.store, "any", b"x")
    with io.BytesIO(content(6 * 1024**2)) as file:
        config = TransferConfig(
            multipart_threshold=5 * 1024**2, multipart_chunksize=5 * 1024**2, use_threads=False
        )
        s3.client.upload_fileobj(file, s3.bucket, key, Config=config)
    found = s3.store.stat(key)

    assert list(s3.store.list("images/")) == [found]
    assert len(s3.store.get(key, etag=found.etag)) == found.size_bytes == 6 * 1024**2
    assert s3.head(key)["ETag"].strip('"') == found.etag


# Listing


@pytest.fixture
def folder():
    """Return a unique folder."""
    return f"list-{uuid.uuid4()}/"


def test_list_returns_everything_below_a_prefix(store, folder):
    keys = [
        folder + name
        for name in ("a", "b.jpg", "c/d.jpg", "c/e/f.jpg", "c-d", "c.d", "g h+i ü.jpg")
    ]
    for number, each in enumerate(keys):
        put(store, each, b"x" * number)
    put(store, f"other-{folder}a", b"x")
    found = list(store.list(folder))

    assert sorted(map(facts, found)) == sorted((each, number) for number, each in enumerate(keys))
    assert [store.stat(each.key).etag for each in found] == [each.etag for each in found]


def test_list_continues_after_any_key(store, folder):
    for name in ("a", "b/c", "b/d", "b-e", "b.f", "g/h/i", "g/j", "k"):
        put(store, folder + name, b"x")
    keys = [found.key for found in store.list(folder)]

    assert len(keys) == 8
    for number, key in enumerate(keys):
        assert [found.key for found in store.list(folder, after=key)] == keys[number + 1 :]


def test_list_continues_after_a_deleted_key(store, folder):
    for name in "abcd":
        put(store, folder + name, b"x")
    store.delete(folder + "b")

    assert [found.key for found in store.list(folder, after=folder + "b")] == [
        folder + "c",
        folder + "d",
    ]


def test_list_without_matches_is_empty(store, folder):
    put(store, "list", b"x")

    assert list(store.list(folder)) == []
    assert list(store.list(folder, after=folder + "a")) == []


def test_list_of_a_missing_bucket_or_folder_is_empty(s3, tmp_path):
    assert list(s3.store.list("images/")) == []
    assert list(FolderStore(tmp_path / "never").list("images/")) == []


def test_list_spans_several_pages(store, folder):
    names = [f"{folder}{number:04}" for number in range(1100)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda each: put(store, each, b"x"), names))

    assert [found.key for found in store.list(folder)] == names


def test_list_skips_foreign_files_in_a_folder(tmp_path):
    store = FolderStore(tmp_path)
    put(store, "incoming/a", b"x")
    (tmp_path / "incoming/.k3j2_9x1.part").write_bytes(b"half")
    (tmp_path / "incoming/empty").mkdir()
    (tmp_path / "incoming/link").symlink_to(tmp_path / "incoming/a")
    (tmp_path / b"incoming/\xff".decode(errors="surrogateescape")).write_bytes(b"x")

    assert [found.key for found in store.list("incoming/")] == ["incoming/a"]


def test_list_skips_foreign_entries_in_a_bucket(s3):
    put(s3.store, "incoming/a", b"x")
    s3.client.put_object(Bucket=s3.bucket, Key="incoming/folder/")

    assert [found.key for found in s3.store.list("incoming/")] == ["incoming/a"]


# Keys


ODD_KEYS = [
    "with space.jpg",
    " leading and trailing ",
    "plus+and&and=and?and#and%20.jpg",
    "münzen/日本/🪙.png",
    "e\u0301 is not \u00e9",
    "quotes'\"<>[]{}|^`~.jpg",
    "...",
    ".hidden",
    "-rf",
    "a,b;c:d@e!f$g(h)*i",
    "UPPER and lower",
    "/".join(["x" * 60] * 16),
    "ü" * 100,
]


@pytest.mark.parametrize("odd", ODD_KEYS, ids=lambda odd: ascii(odd)[:30])
def test_odd_keys_work(store, odd):
    data = odd.encode()
    put(store, f"odd/{odd}", data)

    assert store.get(f"odd/{odd}", sha256=sha(data)) == data
    assert f"odd/{odd}" in [found.key for found in store.list("odd/")]
    assert facts(store.stat(f"odd/{odd}")) == (f"odd/{odd}", len(data))
    store.delete(f"odd/{odd}")
    with pytest.raises(NotFound):
        store.get(f"odd/{odd}", sha256=sha(data))


def test_malformed_keys_are_rejected(store, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"x")
    for bad in BAD_KEYS:
        with pytest.raises(Malformed):
            put(store, bad, b"y")
        with pytest.raises(Malformed):
            store.get(bad, sha256=sha(b"x"))
        with pytest.raises(Malformed):
            store.delete(bad)
        with pytest.raises(Malformed):
            store.stat(bad)

    assert list(tmp_path.iterdir()) == [secret]
    assert secret.read_bytes() == b"x"


def test_path_traversal_keys_are_malformed(tmp_path):
    (tmp_path / "secret").write_bytes(b"x")
    store = FolderStore(tmp_path / "blobs")
    put(store, "a/b", b"y")
    for bad in ("../secret", "a/../../secret", str(tmp_path / "secret"), "a/b/../../../secret"):
        with pytest.raises(Malformed):
            store.get(bad, sha256=sha(b"x"))
        with pytest.raises(Malformed):
            put(store, bad, b"z")
        with pytest.raises(Malformed):
            store.delete(bad)

    assert (tmp_path / "secret").read_bytes() == b"x"


# Concurrency


def test_threads_use_the_store_concurrently(store, key):
    def visit(number):
        mine, data = f"{key}/{number}", content(20_000, number)
        put(store, mine, data)
        read = store.get(mine, sha256=sha(data))
        store.delete(mine)
        return read == data

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(visit, range(64)))


def test_concurrent_puts_of_one_key_are_atomic(store, key):
    versions = [content(100_000, number) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda data: put(store, key, data), versions))
    winners = []
    for data in versions:
        try:
            winners.append(store.get(key, sha256=sha(data)))
        except Damaged:
            continue

    assert len(winners) == 1 and winners[0] in versions


# Buckets


def test_missing_bucket_is_created_by_put(s3, key):
    assert not s3.exists()
    put(s3.store, key, b"x")

    assert s3.exists()
    assert s3.store.get(key, sha256=sha(b"x")) == b"x"


def test_missing_bucket_has_no_blobs(s3, key):
    with pytest.raises(NotFound):
        s3.store.get(key, sha256=sha(b"x"))
    s3.store.delete(key)

    assert not s3.exists()


def test_deleted_bucket_is_recreated_by_the_second_put(s3, key):
    put(s3.store, key, b"x")
    s3.store.delete(key)
    s3.client.delete_bucket(Bucket=s3.bucket)
    try:
        put(s3.store, key, b"y")
    except Unavailable:
        put(s3.store, key, b"y")

    assert s3.another().get(key, sha256=sha(b"y")) == b"y"


def test_concurrent_bucket_creation_succeeds(s3, key):
    stores = [s3.another() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: put(stores[number], f"{key}/{number}", b"x"), range(6)))

    assert all(stores[0].get(f"{key}/{number}", sha256=sha(b"x")) == b"x" for number in range(6))


def test_bucket_is_checked_once():
    def behave(number, connection):
        connection.answer(200, ETag='"0"')

    with faulty_server(behave) as (url, came):
        store = s3_store(url, **KNOWN, s3_bucket="seen")
        for _ in range(3):
            put(store, "a", b"x")
        asked = [connection.request.split(b" HTTP/")[0] for connection in came]

    assert asked == [b"HEAD /seen", b"PUT /seen/a", b"PUT /seen/a", b"PUT /seen/a"]


def test_s3_object_has_media_type_and_hash(s3, key):
    put(s3.store, key, b"x")
    head = s3.head(key)

    assert head["ContentType"] == "image/png"
    assert head["Metadata"]["sha256"] == sha(b"x")
    assert head["ContentLength"] == 1


def test_large_s3_object_has_media_type_and_hash(s3, key):
    data = content(6 * 1024**2)
    put(s3.store, key, data)
    head = s3.head(key)

    assert (head["ContentType"], head["Metadata"]["sha256"]) == ("image/png", sha(data))


def test_s3_object_of_another_program_is_read(s3, key):
    put(s3.store, "any", b"x")
    s3.client.put_object(Bucket=s3.bucket, Key=key, Body=b"theirs")

    assert s3.store.get(key, sha256=sha(b"theirs")) == b"theirs"


def test_s3_object_with_a_wrong_hash_is_damaged(s3, key):
    put(s3.store, "any", b"x")
    s3.client.put_object(
        Bucket=s3.bucket, Key=key, Body=b"theirs", Metadata={"sha256": sha(b"ours")}
    )
    with pytest.raises(Damaged):
        s3.store.get(key, sha256=sha(b"theirs"))


@pytest.mark.parametrize(
    "wrong", [{"s3_secret_key": "wrong"}, {"s3_access_key": "unknown"}], ids=["secret", "name"]
)
def test_wrong_credentials_are_unavailable(seaweedfs, clients, key, wrong):
    s3 = InBucket(seaweedfs, clients(seaweedfs), "shared")
    put(s3.store, key, b"x")

    assert_unavailable(s3.another(**wrong), key)
    assert s3.store.get(key, sha256=sha(b"x")) == b"x"
    with pytest.raises(ClientError):
        s3.head(f"{key}/new")


# Unavailable stores


def assert_unavailable(store, key="images/1.png"):
    """Assert that every call raises Unavailable without internals in its message."""
    calls = [
        lambda: put(store, f"{key}/new", b"y"),
        lambda: store.get(key, sha256=sha(b"x")),
        lambda: store.delete(key),
        lambda: store.stat(key),
        lambda: list(store.list("images/")),
        store.ping,
    ]
    for call in calls:
        with pytest.raises(Unavailable) as raised:
            call()
        assert not any(
            word in str(raised.value) for word in ("127.0.0.1", "http", "Error", "/", "x-amz")
        )


KNOWN = {"s3_access_key": "me", "s3_secret_key": "hush"}


@pytest.mark.timeout(20)
def test_s3_faults_are_counted_missing_blobs_are_not(seaweedfs, clients, key):
    s3 = InBucket(seaweedfs, clients(seaweedfs), "shared")
    put(s3.store, key, b"x")
    counted = Counted()
    [port] = free_ports(1)
    for store in (s3_store(f"http://127.0.0.1:{port}", **KNOWN), s3.another(s3_secret_key="wrong")):
        with pytest.raises(Unavailable):
            store.put(key, b"x", media_type="image/png", sha256=sha(b"x"))
    with pytest.raises(NotFound):
        s3.store.get(f"{key}/new", sha256=sha(b"x"))

    assert counted("circles_s3_faults_total", fault="unreachable") == 1
    assert counted("circles_s3_faults_total", fault="refused") == 1
    assert counted("circles_s3_faults_total") == 2


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", [b"", b"nothing here", b"<html><body>404</body></html>"])
def test_404_without_an_s3_error_is_unavailable(httpserver, body):
    httpserver.expect_request(re.compile(".*")).respond_with_data(body, status=404)
    settings = Settings(
        store="s3",
        s3_endpoint=httpserver.url_for("").rstrip("/"),
        s3_access_key="me",
        s3_secret_key="hush",
    )
    store = ConfiguredServices(settings).store

    for call in (
        lambda: store.stat("a/b"),
        lambda: store.get("a/b"),
        lambda: store.delete("a/b"),
        lambda: put(store, "a/b", b"c"),
    ):
        with pytest.raises(Unavailable):
            call()


def test_unreachable_s3_server_is_unavailable():
    (port,) = free_ports(1)

    assert_unavailable(s3_store(f"http://127.0.0.1:{port}", **KNOWN))


@pytest.mark.timeout(20)
def test_silent_s3_server_is_unavailable():
    with faulty_server(lambda number, connection: connection.hold()) as (url, _):
        store = s3_store(url, **KNOWN, s3_timeout_s=0.1)
        with pytest.raises(Unavailable):
            put(store, "a", b"x")
        with pytest.raises(Unavailable):
            store.get("a", sha256=sha(b"x"))


@pytest.mark.parametrize(
    "behave",
    [
        lambda number, connection: connection.reset(),
        lambda number, connection: connection.answer(500, b"<html>broken</html>", "text/html"),
        lambda number, connection: connection.answer(503, b""),
        lambda number, connection: connection.answer(
            403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml"
        ),
        lambda number, connection: connection.send(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
    ids=["resets", "500 with HTML", "503", "403", "not HTTP"],
)
@pytest.mark.timeout(30)
def test_failing_s3_server_is_unavailable(behave):
    with faulty_server(behave) as (url, _):
        store = s3_store(url, **KNOWN, s3_timeout_s=2)
        with pytest.raises(Unavailable):
            put(store, "a", b"x")
        with pytest.raises(Unavailable):
            store.get("a", sha256=sha(b"x"))


@pytest.mark.timeout(20)
def test_threads_wait_for_s3_in_parallel():
    """Otherwise the last thread would wait for the timeouts of all others."""
    together = threading.Barrier(4, timeout=10)

    def behave(number, connection):
        if number < 4:
            together.wait()
        connection.answer(200, ETag='"0"')

    with faulty_server(behave) as (url, _), ThreadPoolExecutor(4) as pool:
        store = s3_store(url, **KNOWN)
        list(pool.map(lambda number: put(store, f"{number}", b"x"), range(4)))

    assert not together.broken


@pytest.mark.timeout(20)
def test_truncated_s3_answer_is_unavailable_not_damaged():
    def half(number, connection):
        connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n" + b"x" * 500
        )

    with faulty_server(half) as (url, _), pytest.raises(Unavailable):
        s3_store(url, **KNOWN).get("a", sha256=sha(b"x" * 1000))


@pytest.mark.timeout(20)
def test_s3_connection_reset_is_retried():
    def first_fail_then_answer(number, connection):
        if number == 0:
            connection.reset()
        else:
            connection.answer(200, b"x", "image/png")

    with faulty_server(first_fail_then_answer) as (url, came):
        assert s3_store(url, **KNOWN).get("a", sha256=sha(b"x")) == b"x"
        assert len(came) == 2


def test_impossible_folder_is_unavailable(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file")

    with pytest.raises(Unavailable):
        put(store, "a", b"x")
    with pytest.raises(Unavailable):
        store.ping()
    with pytest.raises(CirclesError):
        store.get("a", sha256=sha(b"x"))


# Full disks


def files(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_full_disk_is_unavailable_and_leaves_no_part(tmp_path):
    with tiny_disk(tmp_path / "disk", 256 * 1024) as disk:
        store = FolderStore(disk)
        put(store, "a", content(100_000))
        with pytest.raises(Unavailable):
            put(store, "b", content(300_000))
        with pytest.raises(Unavailable):
            put(store, "a", content(300_000))

        assert files(disk) == ["a"]
        assert store.get("a", sha256=sha(content(100_000))) == content(100_000)
        with pytest.raises(NotFound):
            store.get("b", sha256=sha(content(300_000)))
        put(store, "c", content(10_000))
        assert store.get("c", sha256=sha(content(10_000)))


PUT_TOO_MUCH = (
    LIMIT_FILES.format(100_000)
    + """
import json, sys
from pathlib import Path
from circles.adapters.folder_store import FolderStore
from circles.domain.errors import CirclesError
store, outcomes = FolderStore(Path(sys.argv[1])), []
for key, size in ("a", 50_000), ("b", 200_000), ("a", 200_000), ("c", 10):
    try:
        store.put(key, b"x" * size, media_type="image/png", sha256="")
        outcomes.append("stored")
    except CirclesError as error:
        outcomes.append(error.code)
print(json.dumps(outcomes))
"""
)


def test_refused_write_leaves_no_partial_blob(tmp_path):
    outcomes = json.loads(output(PUT_TOO_MUCH, tmp_path))

    assert outcomes == ["stored", "unavailable", "unavailable", "stored"]
    assert files(tmp_path) == ["a", "c"]
    assert len((tmp_path / "a").read_bytes()) == 50_000


PUT_FOREVER = """
import hashlib, itertools, sys
from pathlib import Path
from circles.adapters.folder_store import FolderStore
store = FolderStore(Path(sys.argv[1]))
for number in itertools.count():
    data = bytes([number % 256]) * 300_000
    sha256 = hashlib.sha256(data).hexdigest()
    store.put(f"images/{number % 4}", data, media_type="image/png", sha256=sha256)
    print(number, flush=True)
"""


def test_killed_writer_leaves_only_complete_blobs(tmp_path):
    for kill_after in (1, 6, 9):
        with python(PUT_FOREVER, tmp_path) as process:
            for _ in range(kill_after):
                process.stdout.readline()
            process.kill()
        blobs = [
            path for path in (tmp_path / "images").iterdir() if not path.name.endswith(".part")
        ]

        assert blobs
        assert all(
            len(set(data)) == 1 and len(data) == 300_000
            for data in (path.read_bytes() for path in blobs)
        )


def test_no_temporary_files_are_left(tmp_path):
    store = FolderStore(tmp_path)
    for number in range(5):
        put(store, f"images/{number}", content(1000, number))
        put(store, f"images/{number}", content(2000, number))
    store.delete("images/0")

    assert files(tmp_path) == [f"images/{number}" for number in range(1, 5)]

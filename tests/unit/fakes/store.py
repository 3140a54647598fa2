"""Fake object store in memory. tests/contract/ runs the contract tests against it."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO

from circles.domain.blobs import StoredObject, check_key
from circles.domain.errors import Damaged, NotFound, TooLarge
from tests.unit.fakes.faults import Faults


class FakeStore(Faults):
    port = "store"
    bucket = "circles"

    def __init__(self, journal=None, now=lambda: datetime.now(UTC)):
        super().__init__(journal)
        self.blobs = {}
        self.modified = {}
        self.key_errors = {}  # what is wrong with single objects, by key
        self.now = now

    def put(self, key, data, *, media_type, sha256):
        check_key(key)
        self.reach("put")
        self.drop(key, data)

    def put_blocks(self, key, blocks, *, media_type):
        check_key(key)
        self.reach("put_blocks")
        self.drop(key, b"".join(blocks))

    def drop(self, key, data):
        """Put a blob as another program would."""
        self.blobs[key], self.modified[key] = data, self.now()

    def get(self, key, *, sha256=None, etag=None, max_bytes=None):
        check_key(key)
        self.reach("get", key)
        data = self.blobs.get(key)
        if data is None or (etag and _etag(data) != etag):
            raise NotFound("The stored picture is gone.")
        if max_bytes is not None and len(data) > max_bytes:
            raise TooLarge("The picture is too large.")
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("The stored picture is not the one that was uploaded.")
        return data

    def open(self, key, *, size_bytes, first=0, last=None):
        check_key(key)
        self.reach("open")
        data = self.blobs.get(key)
        if data is None:
            raise NotFound("The stored picture is gone.")
        if len(data) != size_bytes:
            raise Damaged("The stored picture is not the one that was uploaded.")
        file = BytesIO(data)
        file.seek(first)
        return file

    def reach(self, method, key=None):
        super().reach(method)
        if key in self.key_errors:
            raise self.key_errors[key]

    def stat(self, key):
        check_key(key)
        self.reach("stat", key)
        return self._facts(key)

    def _facts(self, key):
        if key not in self.blobs:
            raise NotFound("The stored picture is gone.")
        data = self.blobs[key]
        return StoredObject(
            self.bucket, key, _etag(data), len(data), self.modified.get(key, self.now())
        )

    def list(self, prefix, *, after=None):
        self.reach("list")
        for key in sorted(self.blobs):
            if key.startswith(prefix) and key > (after or ""):
                super().reach("stat")
                yield self._facts(key)

    def delete(self, key):
        check_key(key)
        self.reach("delete", key)
        self.blobs.pop(key, None)

    def remove_leftovers(self, *, before):
        self.reach("remove_leftovers")
        return 0

    def ping(self):
        self.reach("ping")


def _etag(data):
    return hashlib.md5(data).hexdigest()

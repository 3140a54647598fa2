"""Store blobs in a bucket of any S3 endpoint. Only this folder imports minio."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.error import InvalidResponseError, MinioException, S3Error

from circles.adapters.minio.blocks import BlockReader
from circles.adapters.minio.connections import make_pool
from circles.adapters.minio.refusals import may_be_about_object, reason_of
from circles.adapters.minio.responses import DAMAGED, closing_response, copy_to, read_all
from circles.adapters.spool import Spool
from circles.domain.blobs import StoredObject, check_key
from circles.domain.errors import Damaged, Malformed, NotFound, ObjectRefused, Unavailable
from circles.telemetry.metrics import metrics

_SHA256 = "x-amz-meta-sha256"
_GONE = ("NoSuchKey", "NoSuchBucket", "NoSuchObject")
_LEAST_PART_BYTES = 5 * 1024**2
_PART_BYTES = 8 * 1024**2
"""Held in memory. 10,000 parts are the most of an object."""
_MADE_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class MinioStore:
    """
    Stores blobs in one bucket, created if missing.

    Connects on the first call. sha256 is stored as object metadata.
    """

    def __init__(
        self,
        url: str,
        bucket: str,
        *,
        region: str,
        access_key: str,
        secret_key: str,
        timeout_s: float,
        threads: int,
        spool: Spool | None = None,
    ) -> None:
        endpoint = urlsplit(url)
        self.bucket = bucket
        self._region = region
        self._bucket_seen = False
        self._spool = spool or Spool()
        self._connections = make_pool(threads, timeout_s)
        self._client = Minio(
            endpoint.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=endpoint.scheme == "https",
            region=region,
            http_client=self._connections,
        )

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        check_key(key)
        try:
            with self._faults_named():
                self._ensure_bucket()
                self._client.put_object(
                    self.bucket,
                    key,
                    BytesIO(data),
                    len(data),
                    content_type=media_type,
                    metadata={_SHA256: sha256},
                    # One request: a killed put does not leave parts in the bucket.
                    part_size=max(len(data), _LEAST_PART_BYTES),
                )
        except NotFound as error:
            self._bucket_seen = False  # it was deleted; the next put creates it again
            raise Unavailable(
                "The object store's bucket was missing; send the picture again."
            ) from error

    def put_blocks(self, key: str, blocks: Iterator[bytes], *, media_type: str) -> None:
        """Store blocks in parts. The store forgets those of a killed process by itself, in days."""
        check_key(key)
        with self._faults_named():
            self._ensure_bucket()
            self._client.put_object(
                self.bucket,
                key,
                BlockReader(blocks),
                -1,
                content_type=media_type,
                part_size=_PART_BYTES,
                num_parallel_uploads=1,
            )

    def get(
        self,
        key: str,
        *,
        sha256: str | None = None,
        etag: str | None = None,
        max_bytes: int | None = None,
    ) -> bytes:
        check_key(key)
        with self._faults_named(one_object=True):
            response = self._client.get_object(self.bucket, key)
            with closing_response(response):
                if etag and _unquoted(response.headers.get("ETag", "")) != etag:
                    raise NotFound("The stored picture was replaced.")
                data = read_all(response, max_bytes)
                # objects of other writers do not have it
                stored_sha256 = response.headers.get(_SHA256, sha256)
        if sha256 and not sha256 == stored_sha256 == hashlib.sha256(data).hexdigest():
            raise Damaged(DAMAGED)
        return data

    def open(
        self, key: str, *, size_bytes: int, first: int = 0, last: int | None = None
    ) -> IO[bytes]:
        check_key(key)
        end = size_bytes if last is None else last + 1
        size = 0 if (first, end) == (0, size_bytes) else end - first  # 0: without a Range
        with self._spool.filled(end - first) as file, self._faults_named(one_object=True):
            response = self._client.get_object(self.bucket, key, offset=first, length=size)
            with closing_response(response):
                copy_to(file, response, size_bytes)
        return file

    def stat(self, key: str) -> StoredObject:
        check_key(key)
        with self._faults_named(one_object=True):
            try:
                return self._object(self._client.stat_object(self.bucket, key))
            except S3Error as error:
                if error.response.status < 500:
                    self._ask_in_words(key)
                raise

    def _ask_in_words(self, key: str) -> None:
        """
        Raise the error of a GET.

        The response to a HEAD has no body and so no error code, and a 404 may come from a proxy or
        an ingress while the store is unavailable. To a GET, S3 answers NoSuchKey in XML; any other
        reply did not come from an S3 server.
        """
        with closing_response(self._client.get_object(self.bucket, key)):
            pass

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        with suppress(NotFound), self._faults_named():  # without a bucket there is nothing to list
            for found in self._client.list_objects(
                self.bucket, prefix, recursive=True, start_after=after
            ):
                try:
                    check_key(found.object_name or "")
                except Malformed:
                    continue  # such as a "folder" created by a console
                yield self._object(found)

    def _object(self, found: Object) -> StoredObject:
        modified_at = found.last_modified or datetime.fromtimestamp(0, UTC)
        return StoredObject(
            self.bucket,
            found.object_name or "",
            _unquoted(found.etag or ""),
            found.size or 0,
            modified_at,
        )

    def delete(self, key: str) -> None:
        check_key(key)
        try:
            with self._faults_named(one_object=True):
                self._client.remove_object(self.bucket, key)
        except NotFound:
            return

    def remove_leftovers(self, *, before: datetime) -> int:
        """Return 0. A put is one request, so it does not leave parts."""
        return 0

    def ping(self) -> None:
        with self._faults_named():
            self._client.bucket_exists(self.bucket)

    @contextmanager
    def _faults_named(self, *, one_object: bool = False) -> Iterator[None]:
        """Raise the port's errors. one_object: a 4xx may concern this object alone."""
        try:
            yield
        except S3Error as error:
            if error.code in _GONE:
                raise NotFound("The stored picture is gone.") from error
            if error.code == "InvalidRange":  # the object is shorter than before
                raise Damaged(DAMAGED) from error
            if one_object and self._is_about_object(error):
                raise ObjectRefused(reason_of(error)) from error
            metrics.s3_failed("refused")
            raise Unavailable("The object store refuses the call now.") from error
        except (
            MinioException,
            InvalidResponseError,
            urllib3.exceptions.HTTPError,
            OSError,
        ) as error:
            metrics.s3_failed("unreachable")
            self._connections.clear()  # one may lead to another server, and would be reused
            raise Unavailable("The object store cannot be reached now.") from error

    def _is_about_object(self, error: S3Error) -> bool:
        if not may_be_about_object(error):
            return False
        try:  # a client without access to the bucket has wrong credentials
            return error.code != "AccessDenied" or self._client.bucket_exists(self.bucket)
        except (MinioException, urllib3.exceptions.HTTPError, OSError):
            return False

    def _ensure_bucket(self) -> None:
        """Create a missing bucket, once per process. A concurrent creation is not an error."""
        if self._bucket_seen:
            return
        try:
            if not self._client.bucket_exists(self.bucket):
                self._client.make_bucket(self.bucket, self._region)
        except S3Error as error:
            if error.code not in _MADE_ALREADY:
                raise
        self._bucket_seen = True


def _unquoted(etag: str) -> str:
    """Remove the quotes of an ETag header (RFC 9110, section 8.8.3); events have none."""
    return etag.removeprefix("W/").strip('"')


if TYPE_CHECKING:
    from circles.domain.blobs import ObjectStore

    _: type[ObjectStore] = MinioStore

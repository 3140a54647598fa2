"""ObjectStore in a bucket of any S3 endpoint: the only file that imports minio and urllib3."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error

from circles import metrics
from circles.errors import Damaged, NotFound, Unavailable
from circles.keys import check_key
from circles.settings import Settings

_SHA256 = "x-amz-meta-sha256"
_GONE = ("NoSuchKey", "NoSuchBucket", "NoSuchObject")
_MADE_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class MinioStore:
    """Opens nothing before the first call; makes the bucket where it is missing. sha256 travels as object metadata."""

    def __init__(self, settings: Settings) -> None:
        endpoint = urlsplit(settings.s3_endpoint)
        self._bucket = settings.s3_bucket
        self._region = settings.s3_region
        self._bucket_seen = False
        self._client = Minio(
            endpoint.netloc,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            secure=endpoint.scheme == "https",
            region=settings.s3_region,
            http_client=_pool(settings),
        )

    def put(self, key: str, data: bytes, *, media_type: str, sha256: str) -> None:
        check_key(key)
        try:
            with _faults_named():
                self._ensure_bucket()
                self._client.put_object(
                    self._bucket, key, BytesIO(data), len(data), content_type=media_type, metadata={_SHA256: sha256}
                )
        except NotFound as error:
            self._bucket_seen = False  # it was deleted behind us: the next put makes it again
            raise Unavailable("The object store's bucket was missing; send the picture again.") from error

    def get(self, key: str, *, sha256: str) -> bytes:
        check_key(key)
        with _faults_named():
            response = self._client.get_object(self._bucket, key)
            try:
                data = response.read()
                stored_sha256 = response.headers.get(_SHA256, sha256)  # objects of other writers carry none
            finally:
                response.close()
                response.release_conn()
        if not sha256 == stored_sha256 == hashlib.sha256(data).hexdigest():
            raise Damaged("The stored picture is not the one that was uploaded.")
        return data

    def delete(self, key: str) -> None:
        check_key(key)
        try:
            with _faults_named():
                self._client.remove_object(self._bucket, key)
        except NotFound:
            return

    def ping(self) -> None:
        with _faults_named():
            self._client.bucket_exists(self._bucket)

    def _ensure_bucket(self) -> None:
        """Once a process. Another thread or process that makes it at the same moment is no fault."""
        if self._bucket_seen:
            return
        try:
            if not self._client.bucket_exists(self._bucket):
                self._client.make_bucket(self._bucket, self._region)
        except S3Error as error:
            if error.code not in _MADE_ALREADY:
                raise
        self._bucket_seen = True


def _pool(settings: Settings) -> urllib3.PoolManager:
    """As many connections as threads; two tries more where the endpoint resets or is overloaded."""
    return urllib3.PoolManager(
        maxsize=settings.threads,
        timeout=urllib3.Timeout(connect=min(2.0, settings.s3_timeout_s), read=settings.s3_timeout_s),
        retries=urllib3.Retry(
            total=2, backoff_factor=0.1, status_forcelist=(500, 502, 503, 504), raise_on_status=False
        ),
    )


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in _GONE:
            raise NotFound("The stored picture is gone.") from error
        metrics.s3_failed("refused")
        raise Unavailable("The object store refuses the call now.") from error
    except (MinioException, InvalidResponseError, urllib3.exceptions.HTTPError, OSError) as error:
        metrics.s3_failed("unreachable")
        raise Unavailable("The object store cannot be reached now.") from error


if TYPE_CHECKING:
    from circles.ports import ObjectStore

    _: type[ObjectStore] = MinioStore

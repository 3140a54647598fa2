"""Sign forms with which clients upload to an S3 endpoint."""

from datetime import datetime
from typing import TYPE_CHECKING

from minio.credentials.credentials import Credentials
from minio.datatypes import PostPolicy

from circles.domain.blobs import UploadForm, check_key


class MinioForms:
    """
    Signs POST policies of Signature Version 4.

    The store checks key, size and time (Amazon S3 API Reference, "Creating a POST Policy").
    """

    def __init__(
        self, public_url: str, bucket: str, *, region: str, access_key: str, secret_key: str
    ) -> None:
        self._url, self._bucket, self._region = f"{public_url}/{bucket}", bucket, region
        self._credentials = Credentials(access_key, secret_key)

    def sign(self, key: str, *, expires_at: datetime, max_bytes: int) -> UploadForm:
        policy = PostPolicy(self._bucket, expires_at)
        policy.add_equals_condition("key", check_key(key))
        policy.add_content_length_range_condition(1, max_bytes)
        signed = policy.form_data(self._credentials, self._region)
        return UploadForm(self._url, key, {"key": key, **signed}, expires_at, max_bytes)


if TYPE_CHECKING:
    from circles.domain.blobs import UploadForms

    _: type[UploadForms] = MinioForms

"""Make what keeps images: S3 or a folder."""

from typing import TYPE_CHECKING

from circles.domain.blobs import ObjectStore, UploadForms
from circles.settings import Settings

if TYPE_CHECKING:
    from circles.bootstrap.services import ConfiguredServices


def make_store(known: Settings, services: "ConfiguredServices") -> ObjectStore:
    if known.store == "s3":
        from circles.adapters.minio.store import MinioStore

        return MinioStore(
            known.s3_endpoint,
            known.s3_bucket,
            region=known.s3_region,
            access_key=known.s3_access_key,
            secret_key=known.s3_secret_key,
            timeout_s=known.s3_timeout_s,
            threads=known.threads,
            spool=services.temporary,
        )
    from circles.adapters.folder_store import FolderStore

    return FolderStore(known.data_dir / "blobs", keep_free_bytes=2 * known.reserve_bytes)


def make_upload_forms(known: Settings) -> UploadForms | None:
    """Return None where clients do not reach the store."""
    if known.store != "s3" or not known.s3_public_endpoint:
        return None
    from circles.adapters.minio.forms import MinioForms

    return MinioForms(
        known.s3_public_endpoint,
        known.s3_bucket,
        region=known.s3_region,
        access_key=known.s3_access_key,
        secret_key=known.s3_secret_key,
    )

"""make_bucket.py: create the bucket and its notifications to the bridge."""

from urllib.parse import urlsplit

from minio import Minio
from minio.notificationconfig import NotificationConfig, PrefixFilterRule, QueueConfig

from circles.settings import Settings

ARN = "arn:minio:sqs::BRIDGE:webhook"
"""MINIO_NOTIFY_WEBHOOK_…_BRIDGE of minio.yaml."""

CREATED = [f"s3:ObjectCreated:{how}" for how in ("Put", "Post", "Copy", "CompleteMultipartUpload")]
"""By name: ObjectCreated:* includes tags and retention too (minio internal/event/name.go)."""


def main() -> None:
    settings = Settings.from_env()
    endpoint = urlsplit(settings.s3_endpoint)
    client = Minio(
        endpoint.netloc,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        secure=endpoint.scheme == "https",
        region=settings.s3_region,
    )
    if not client.bucket_exists(settings.s3_bucket):
        client.make_bucket(settings.s3_bucket)
    prefix = PrefixFilterRule(settings.incoming_prefix)
    created = QueueConfig(CREATED, "incoming", prefix, queue=ARN)
    client.set_bucket_notification(
        settings.s3_bucket, NotificationConfig(queue_config_list=[created])
    )
    print(f"{settings.s3_bucket}/{settings.incoming_prefix} notifies {ARN} about new objects")


if __name__ == "__main__":
    main()

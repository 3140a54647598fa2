"""Files that an S3 client puts into the bucket become images."""

import base64
import time

import boto3
from botocore.config import Config
from steps import step

from cluster import get, kubectl, object_store, of_service, pods, wait_for_zero, wait_until

DROPPED = 200


def client(url: str):
    """Return a boto3 client, as another program would use it."""
    names = [each["metadata"]["name"] for each in get("secrets")["items"]]
    [secret] = [name for name in names if name.startswith("circles-s3")]
    data = get("secret", secret)["data"]
    user, password = (
        base64.b64decode(data[f"CIRCLES_S3_{part}_KEY"]).decode() for part in ("ACCESS", "SECRET")
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=user,
        aws_secret_access_key=password,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


def images(system, source: str) -> list[dict]:
    """Return all images of a source, page by page."""
    found, url = [], "/images/?limit=200"
    while url:
        page = system.get(url).json()
        found += [each for each in page["images"] if each["source"] == source]
        url = page["next"]
    return found


@step("one file put into the bucket, everything at zero")
def dropped(system):
    before = {each["image_id"] for each in images(system, "s3")}
    wait_for_zero()
    with object_store() as url:
        client(url).put_object(
            Bucket="circles", Key=f"incoming/a b+ü-{time.time_ns()}.png", Body=system.picture
        )

    def arrived():
        return [
            each
            for each in images(system, "s3")
            if each["image_id"] not in before and each["status"] == "detected"
        ]

    took_s = wait_until("detected", arrived, 90)
    [image] = arrived()
    assert image["object_count"] > 15, image
    return f"detected after {took_s:.1f} s, {image['object_count']} objects"


@step(f"{DROPPED} files from zero; pods of ingest, broker and MinIO are deleted")
def many_dropped(system):
    before = {each["image_id"] for each in images(system, "s3")}
    wait_for_zero()
    began = time.monotonic()
    with object_store() as url:
        s3 = client(url)
        for number in range(DROPPED):
            s3.put_object(
                Bucket="circles", Key=f"incoming/{time.time_ns()}-{number}.png", Body=system.picture
            )
    wait_until("an ingest pod", lambda: pods(of_service("ingest")), 60)
    delete_one(of_service("ingest"))
    kubectl(
        "-n",
        "knative-eventing",
        "delete",
        "pod",
        "-l",
        "eventing.knative.dev/brokerRole=ingress",
        "--wait=false",
    )
    time.sleep(5)
    delete_one("app=minio")

    def arrived():
        return [each for each in images(system, "s3") if each["image_id"] not in before]

    def detected():
        return [each for each in arrived() if each["status"] == "detected"]

    wait_until(f"{DROPPED} detected images", lambda: len(detected()) >= DROPPED, 300)
    took_s = time.monotonic() - began
    found = arrived()
    assert len(found) == DROPPED, len(found)
    return f"{len(found)} images, each once, detected after {took_s:.0f} s"


def delete_one(selector: str) -> None:
    """Delete the first pod that a selector matches."""
    for name in pods(selector)[:1]:
        kubectl("delete", "pod", name, "--wait=false")

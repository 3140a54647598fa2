"""Test presigned forms with pictures of the real limit, against a real S3 server."""

from io import BytesIO

import pytest
import requests

from circles.bootstrap import load_services
from circles.domain.errors import NotFound
from circles_pictures.limits import MAX_PICTURE_BYTES


@pytest.fixture
def upload(load, seaweedfs):
    yield load(
        "upload",
        **seaweedfs.settings,
        s3_public_endpoint=seaweedfs.url,
        s3_bucket="presigned-sizes",
    )
    load_services().store._connections.clear()


@pytest.mark.parametrize(
    "size_bytes, status",
    [(MAX_PICTURE_BYTES, 204), (MAX_PICTURE_BYTES + 1, 400), (33 * 1024 * 1024, 400)],
)
def test_store_takes_32_mib_and_not_33(upload, size_bytes, status):
    services = load_services()
    services.store.put("images/any.png", b"x", media_type="image/png", sha256="0" * 64)
    form = upload.post("/uploads", json={"file_name": "a.jpg", "batch": "d7"}).json
    assert form["max_bytes"] == MAX_PICTURE_BYTES

    with requests.Session() as session:
        file = {"file": ("blob", BytesIO(bytes(size_bytes)))}
        answer = session.post(form["url"], data=form["fields"], files=file, timeout=120)

    assert answer.status_code == status, answer.text
    if status == 204:
        assert services.store.stat(form["key"]).size_bytes == size_bytes
        return
    assert "EntityTooLarge" in answer.text
    with pytest.raises(NotFound):  # nothing of it is kept
        services.store.stat(form["key"])

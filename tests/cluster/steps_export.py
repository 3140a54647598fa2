"""What export makes of an image, from zero and kept."""

import time
from io import BytesIO

from PIL import Image
from steps import step

from cluster import wait_for_zero


@step("export from zero: thumbnail, overlay, crop, statistics; gone with the image")
def export(system):
    record = system.upload().json()
    path = f"/images/{record['image_id']}"
    objects = system.get(f"{path}/objects").json()
    wait_for_zero()
    said = [
        f"{name} {get_picture(system, path + query, size) * 1000:.0f} ms"
        for name, query, size in (
            ("from zero", "/thumbnail?width=256", (256, 202)),
            ("kept", "/thumbnail?width=256", (256, 202)),
            ("overlay", "/overlay?format=png", (384, 303)),
            ("kept", "/overlay?format=png", (384, 303)),
            ("whole", "/overlay?format=png&size=full", (384, 303)),
            ("crop", f"/objects/{objects[0]['object_id']}/crop", tuple(objects[0]["bbox"][2:])),
        )
    ]
    svg = system.get(f"{path}/overlay")
    assert svg.text.count("<text ") == len(objects), svg.text[-500:]
    found = system.get("/stats?by=model").json()
    assert found["objects"] >= len(objects) and found["quantiles"]["p50"] > 5, found
    assert system.request("DELETE", path).status_code == 204
    assert system.get(f"{path}/thumbnail").status_code == 404
    return ", ".join(said) + f"; {found['objects']} objects in {found['images']['total']} images"


def get_picture(system, path: str, size: tuple[int, int]) -> float:
    """Request a picture and check its size; return the seconds it took."""
    began = time.monotonic()
    response = system.get(path)
    took_s = time.monotonic() - began
    assert response.status_code == 200, response.text
    assert Image.open(BytesIO(response.content)).size == size, path
    return took_s

"""The last steps: all of it taken away, and back again."""

import subprocess

import requests
from load import upload
from steps import step

from cluster import get, kubectl, wait_until


def make(*arguments: str) -> None:
    done = subprocess.run(["make", "-s", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"make {' '.join(arguments)}: {(done.stdout + done.stderr)[-500:]}")


def deployed_images() -> tuple[str, str]:
    """REGISTRY and TAG of what runs, whatever this command was told."""
    [container] = get("services.serving.knative.dev", "upload")["spec"]["template"]["spec"]["containers"]
    registry, tag = container["image"].split("/circles-functions:")
    return f"REGISTRY={registry}", f"TAG={tag}"


@step("undeploy keeps the volumes; deployed again, every image is there")
def undeploy(system):
    image_id = upload(system.gateway, system.picture).json()["image_id"]
    images = deployed_images()
    make("undeploy")
    assert {each["metadata"]["name"] for each in get("persistentvolumeclaims")["items"]} >= {"catalogue", "minio"}
    wait_until("all pods gone", lambda: not get("pods")["items"], 180)
    kinds = "services.serving.knative.dev,deployments,statefulsets,inferenceservices"
    assert not kubectl("get", kinds, "-o", "name").split()
    make("deploy", *images)
    content = requests.get(f"{system.gateway}/images/{image_id}/content", timeout=90)
    assert content.content == system.picture, content.status_code
    return "nothing but claims was left; the image came back byte for byte"

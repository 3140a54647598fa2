"""The last step: undeploy and deploy again."""

import subprocess

from steps import step

from cluster import first_token, get, kubectl, wait_until


def make(*arguments: str) -> None:
    """Run make. Raises RuntimeError with the end of its output."""
    done = subprocess.run(["make", "-s", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"make {' '.join(arguments)}: {(done.stdout + done.stderr)[-500:]}")


def deployed_images() -> tuple[str, str]:
    """Return REGISTRY and TAG of the running images."""
    [container] = get("services.serving.knative.dev", "upload")["spec"]["template"]["spec"][
        "containers"
    ]
    registry, tag = container["image"].split("/circles-functions:")
    return f"REGISTRY={registry}", f"TAG={tag}"


def deployed_with() -> str:
    """Return the make target of this installation. Only `make deploy` makes a Trigger ingest."""
    names = {each["metadata"]["name"] for each in get("triggers.eventing.knative.dev")["items"]}
    return "deploy" if "ingest" in names else "deploy-kn"


@step("undeploy keeps the volumes; after a new deployment the image is there")
def undeploy(system):
    image_id = system.upload().json()["image_id"]
    images, target = deployed_images(), deployed_with()
    make("undeploy")
    assert {each["metadata"]["name"] for each in get("persistentvolumeclaims")["items"]} >= {
        "catalogue",
        "minio",
    }
    wait_until("all pods gone", lambda: not get("pods")["items"], 180)
    kinds = "services.serving.knative.dev,deployments,statefulsets,inferenceservices"
    assert not kubectl("get", kinds, "-o", "name").split()
    make(target, *images)
    first_token.cache_clear()  # undeploy deletes the Secret, deploy creates another
    content = system.get(f"/images/{image_id}/content")
    assert content.content == system.picture, content.status_code
    return f"only claims were left; after {target} the image was the same byte for byte"

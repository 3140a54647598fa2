"""New revisions and deleted pods under load lose no accepted image."""

import time

from load import Load
from steps import step

from cluster import SERVING, get, kubectl, of_service, pods, wait_until


@step("rollout of each function at 20 requests a second")
def rollout(system):
    image_id = system.upload().json()["image_id"]
    calls = {
        "list": lambda: system.get(f"/images/{image_id}/objects"),
        "detail": lambda: system.get(f"/images/{image_id}"),
        "upload": lambda: system.upload(),
    }
    said = []
    for function, call in calls.items():
        with Load(call, 20) as load:
            time.sleep(3)
            roll_out(function)
            time.sleep(3)
        assert set(load.results) <= {"200", "202"}, (function, load.results)
        for accepted in load.accepted:
            assert system.get(f"/images/{accepted}").status_code == 200, accepted
        said.append(f"{function} {load.said()}")
    return "; ".join(said)


def roll_out(function: str) -> None:
    """Make a new revision and wait until it is ready."""
    annotation = (
        f'{{"spec":{{"template":{{"metadata":{{"annotations":{{"smoke":"{time.time_ns()}"}}}}}}}}}}'
    )
    before = get(SERVING, function)["status"]["latestReadyRevisionName"]
    kubectl("patch", SERVING, function, "--type", "merge", "-p", annotation)
    wait_until(
        f"new revision of {function}",
        lambda: get(SERVING, function)["status"]["latestReadyRevisionName"] != before,
        120,
    )


@step("pods of upload, predictor and MinIO deleted under load")
def killed(system):
    with Load(lambda: system.upload(), 5) as load:
        for selector in (of_service("upload"), of_service("circles-predictor"), "app=minio"):
            time.sleep(4)
            for name in pods(selector)[:1]:
                kubectl("delete", "pod", name, "--wait=false", "--grace-period=1")
        time.sleep(8)
    assert set(load.results) <= {"200", "202", "503"}, load.results
    for image_id in load.accepted:
        response = system.get(f"/images/{image_id}/content")
        assert response.content == system.picture, (image_id, response.status_code)
    return load.said() + "; none lost"

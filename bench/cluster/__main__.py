"""
Measure from zero to the first answer, beside a hello-world and a static server on the same cluster.

    python -m bench.cluster --rounds 10 [--ingress http://127.0.0.1:8880]

Run `make deploy` first. A round waits until everything is at zero, then sends one request after
the other, in an order that rotates with the rounds. upload starts with the predictor at zero, too.
Single values vary by a second, because a kubelet looks at its containers once a second: read the
medians.
"""

import argparse
import base64
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import requests

from bench.cluster.kubernetes import (
    apply,
    delete_namespace,
    get_json,
    list_live_pods,
    wait_until_ready,
)
from bench.harness.pictures import draw_small_jpeg
from bench.harness.tables import compute_ratio, format_table

NAMESPACE, BASELINES = "circles", "circles-bench"
HELLO = "hello-world (functions-framework)"
TARGETS = {"list": "≤ 1.15×", "detail": "≤ 1.15×", "upload, predictor at zero too": "≤ 1.6×"}
HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--ingress",
        help="address of the cluster's ingress, if the hosts of the services do not resolve",
    )
    options = parser.parse_args()
    deploy_baselines()
    try:
        print(measure(Client(options.ingress), options.rounds), flush=True)
    finally:
        delete_namespace(BASELINES)


class Client:
    """Sends requests to Knative Services by their own routes."""

    def __init__(self, ingress: str | None) -> None:
        self._ingress = ingress
        self._urls: dict[str, str] = {}
        secret = get_json("secret", "circles-admin", namespace=NAMESPACE)
        self._token = base64.b64decode(secret["data"]["token"]).decode()

    def ask(
        self, service: str, path: str, namespace: str = NAMESPACE, body: bytes | None = None
    ) -> requests.Response:
        """Send one request on a connection of its own: POST if there is a body, else GET."""
        if service not in self._urls:
            found = get_json("services.serving.knative.dev", service, namespace=namespace)
            self._urls[service] = found["status"]["url"]
        url = self._urls[service]
        headers = {
            "Host": urlsplit(url).netloc,
            "Content-Type": "image/jpeg",
            "Authorization": f"Bearer {self._token}",
        }
        method, address = "POST" if body else "GET", (self._ingress or url) + path
        return requests.request(method, address, headers=headers, data=body, timeout=120)


def measure(client: Client, rounds: int) -> str:
    """Return the table. Prints one line per round."""
    picture = draw_small_jpeg()
    image_id = client.ask("upload", "/images/", body=picture).json()["image_id"]
    asked = {
        HELLO: lambda: client.ask("hello", "/", BASELINES),
        "static server": lambda: client.ask("static", "/", BASELINES),
        "list": lambda: client.ask("list", f"/images/{image_id}/objects"),
        "detail": lambda: client.ask("detail", f"/images/{image_id}"),
        "upload, predictor at zero too": lambda: client.ask("upload", "/images/", body=picture),
    }
    samples: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(rounds):
        wait_for_zero()
        for name in rotate(list(asked), number):
            began = time.perf_counter()
            response = asked[name]()
            samples[name].append(time.perf_counter() - began)
            if response.status_code != 200:
                raise SystemExit(f"{name}: {response.status_code} {response.text[:300]}")
            time.sleep(3)  # a start must not slow down the next one
        newest = ", ".join(f"{name} {values[-1]:.2f} s" for name, values in samples.items())
        print(f"round {number + 1}: {newest}", flush=True)
    rows = [
        [
            name,
            f"{median(values):.2f}",
            f"{min(values):.2f}",
            f"{max(values):.2f}",
            f"{median(values) / median(samples[HELLO]):.2f}×",
            f"{compute_ratio(samples, name, HELLO):.2f}×",
            TARGETS.get(name, ""),
        ]
        for name, values in samples.items()
    ]
    columns = [
        "from zero to the first answer",
        "median s",
        "fastest s",
        "slowest s",
        "ratio of medians",
        "median ratio",
        "target",
    ]
    return format_table(columns, rows)


def rotate(names: list[str], number: int) -> list[str]:
    """Return the names, starting with another one in each round."""
    start = number % len(names)
    return names[start:] + names[:start]


def deploy_baselines() -> None:
    """Apply the two baselines and wait until they have been ready once."""
    image = get_json("services.serving.knative.dev", "list", namespace=NAMESPACE)
    functions = image["spec"]["template"]["spec"]["containers"][0]["image"]
    gateway = get_json("deployment", "gateway", namespace=NAMESPACE)
    hello = (HERE.parent / "hello.py").read_text()
    text = (HERE / "baselines.yaml").read_text()
    for name, value in {
        "functions": functions,
        "caddy": gateway["spec"]["template"]["spec"]["containers"][0]["image"],
        "hello": "".join(f"    {line}\n" for line in hello.splitlines()),
    }.items():
        text = text.replace("{" + name + "}", value)
    apply(text)
    wait_until_ready(BASELINES)


def wait_for_zero() -> None:
    """Wait until all pods of the measured services are gone or terminating."""
    deadline = time.monotonic() + 300
    while list_live_pods(NAMESPACE) or list_live_pods(BASELINES):
        if time.monotonic() > deadline:
            raise SystemExit("A service did not scale to zero within 300 s.")
        time.sleep(1)


if __name__ == "__main__":
    main()

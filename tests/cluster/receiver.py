"""A receiver of events on the cluster: a Trigger, and a pod that writes down what arrives."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from cluster import SERVING, get, kubectl

SCRIPT = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        body = b"".join(self.chunks())
        names = ("ce-id", "ce-type", "ce-subject")
        told = [self.headers.get(name, "") for name in names] + [body.decode()]
        print("EVENT " + "\\t".join(told), flush=True)
        self.answer(202)

    def chunks(self):
        if "Content-Length" in self.headers:
            yield self.rfile.read(int(self.headers["Content-Length"]))
            return
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
"""
PORT = 8080


@contextmanager
def receiving(name: str, event_type: str, subject: str) -> Iterator["Receiver"]:
    """Receive the events of a type and a subject until the with block ends."""
    kubectl("apply", "-f", "-", stdin=json.dumps(_manifests(name, event_type, subject)))
    try:
        kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
        kubectl("wait", "--for=condition=Ready", f"trigger/{name}", "--timeout=120s")
        yield Receiver(name)
    finally:
        kinds = ("trigger", "service", "pod", "networkpolicy")
        kubectl("delete", *(f"{kind}/{name}" for kind in kinds), "--wait=false")


class Receiver:
    """Reads what the pod has written down."""

    def __init__(self, name: str) -> None:
        self._name = name

    def events(self) -> dict[str, dict]:
        """Return the data by event id: a Broker may deliver an event more than once."""
        lines = kubectl("logs", self._name).splitlines()
        told = [line[6:].split("\t", 3) for line in lines if line.startswith("EVENT ")]
        return {event_id: json.loads(data) for event_id, _, _, data in told}


def _manifests(name: str, event_type: str, subject: str) -> dict:
    """Return a pod that runs SCRIPT in the image of the functions, its Service and its Trigger."""
    image = get(SERVING, "list")["spec"]["template"]["spec"]["containers"][0]["image"]
    labels = {"app": name}
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [
            {
                "name": "receiver",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["python", "-c", SCRIPT, str(PORT)],
                "readinessProbe": {"httpGet": {"path": "/", "port": PORT}},
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }
        ],
    }
    service = {"selector": labels, "ports": [{"port": 80, "targetPort": PORT}]}
    trigger = {
        "broker": "default",
        "filters": [{"exact": {"type": event_type, "subject": subject}}],
        "subscriber": {"ref": {"apiVersion": "v1", "kind": "Service", "name": name}},
    }
    policy = {"podSelector": {"matchLabels": labels}, "ingress": [{"ports": [{"port": PORT}]}]}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            _manifest("v1", "Pod", name, pod, labels),
            _manifest("v1", "Service", name, service, labels),
            _manifest("eventing.knative.dev/v1", "Trigger", name, trigger, labels),
            _manifest("networking.k8s.io/v1", "NetworkPolicy", name, policy, labels),
        ],
    }


def _manifest(version: str, kind: str, name: str, spec: dict, labels: dict[str, str]) -> dict:
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}

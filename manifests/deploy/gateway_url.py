"""
gateway_url.py NAMESPACE: print the gateway's URL as seen from this machine.

Tries load balancers, node ports, and the port that kind maps to this machine.
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from rendered import kubectl


def main() -> None:
    """Print one line. Exit with 1 if no address answers."""
    namespace = sys.argv[1]
    tried = list(candidates(found("-n", namespace, "get", "service", "gateway")))
    for url in tried:
        if answers(url):
            print(url)
            return
    where = f" (tried {', '.join(tried)})" if tried else ""
    forward = f"kubectl -n {namespace} port-forward service/gateway 8080:80"
    sys.exit(f"the gateway cannot be reached from this machine{where}: {forward}")


def found(*arguments: str) -> Any:
    """Return kubectl's JSON output, or exit."""
    text = kubectl(*arguments, "-o", "json")
    if text is None:
        sys.exit(
            f"kubectl {' '.join(arguments)} failed: is Circles deployed, and is KUBECONFIG right?"
        )
    return json.loads(text)


def candidates(service: Any) -> Iterator[str]:
    """Yield the addresses that the cluster gives to the gateway."""
    for address in service.get("status", {}).get("loadBalancer", {}).get("ingress") or []:
        yield f"http://{address.get('ip') or address.get('hostname')}"
    for port in service["spec"]["ports"]:
        if "nodePort" in port:
            [node, *_] = found("get", "nodes")["items"]
            hosts = [
                each["address"]
                for each in node["status"]["addresses"]
                if each["type"] == "InternalIP"
            ]
            yield from (f"http://{host}:{port['nodePort']}" for host in (*hosts, "127.0.0.1"))


def answers(url: str) -> bool:
    """Return whether our gateway answers at a URL."""
    try:
        with urllib.request.urlopen(f"{url}/health/gateway", timeout=3):
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()

"""gateway_url.py NAMESPACE: print where the gateway answers from here: a load balancer, a node port, or kind's own."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from rendered import kubectl


def main() -> None:
    """One line; exit with 1 where the gateway cannot be reached from here."""
    namespace = sys.argv[1]
    tried = list(candidates(found("-n", namespace, "get", "service", "gateway")))
    for url in tried:
        if answers(url):
            print(url)
            return
    where = f" (tried {', '.join(tried)})" if tried else ""
    sys.exit(
        f"the gateway cannot be reached from here{where}: kubectl -n {namespace} port-forward service/gateway 8080:80"
    )


def found(*arguments: str) -> Any:
    text = kubectl(*arguments, "-o", "json")
    if text is None:
        sys.exit(f"kubectl {' '.join(arguments)} failed: is it deployed, and KUBECONFIG right?")
    return json.loads(text)


def candidates(service: Any) -> Iterator[str]:
    """Every address that the cluster gives it."""
    for address in service.get("status", {}).get("loadBalancer", {}).get("ingress") or []:
        yield f"http://{address.get('ip') or address.get('hostname')}"
    for port in service["spec"]["ports"]:
        if "nodePort" in port:
            [node, *_] = found("get", "nodes")["items"]
            hosts = [each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"]
            yield from (f"http://{host}:{port['nodePort']}" for host in (*hosts, "127.0.0.1"))


def answers(url: str) -> bool:
    """Whether a gateway of ours answers there."""
    try:
        with urllib.request.urlopen(f"{url}/health/gateway", timeout=3):
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()

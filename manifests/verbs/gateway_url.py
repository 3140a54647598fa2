"""gateway_url.py NAMESPACE: print where the gateway answers from outside, a load balancer or a node port."""

import json
import subprocess
import sys


def get(*arguments: str) -> dict[str, list[dict[str, str]]]:
    """Return a part of kubectl's JSON under "found"."""
    text = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=True).stdout
    return {"found": json.loads(text or "[]") or []}


def main() -> None:
    """One line; exit with 1 where the gateway is reachable from inside the cluster only."""
    service = ["-n", sys.argv[1], "get", "service", "gateway", "-o"]
    for address in get(*service, "jsonpath={.status.loadBalancer.ingress}")["found"]:
        print(f"http://{address.get('ip') or address.get('hostname')}")
        return
    for port in get(*service, "jsonpath={.spec.ports}")["found"]:
        if "nodePort" in port:
            nodes = get("get", "nodes", "-o", "jsonpath={.items[0].status.addresses}")["found"]
            host = next(each["address"] for each in nodes if each["type"] == "InternalIP")
            print(f"http://{host}:{port['nodePort']}")
            return
    sys.exit("the gateway has no address outside: kubectl -n " + sys.argv[1] + " port-forward service/gateway 8080:80")


if __name__ == "__main__":
    main()

"""
first_token.py NAMESPACE: create the Secret circles-admin with a new token, unless there is one.

The Job first-token stores the token's digest. Everything else needs a token.
"""

import json
import subprocess
import sys

from circles.usecases.access.manage import new_token
from rendered import kubectl

SECRET = "circles-admin"


def main() -> None:
    place = sys.argv[1]
    if kubectl("get", "namespace", place) is None:
        kubectl("create", "namespace", place)
    if kubectl("-n", place, "get", "secret", SECRET) is not None:
        return
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": place},
        "stringData": {"token": new_token()},
    }
    command = ["kubectl", "create", "-f", "-"]  # from standard input: arguments can be seen
    done = subprocess.run(command, input=json.dumps(document), text=True, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{SECRET} cannot be created: kubectl ended with {done.returncode}")
    print(f"Created the first token, with every scope, in Secret {SECRET}. Read it with")
    print(f"  kubectl -n {place} get secret {SECRET} -o jsonpath='{{.data.token}}' | base64 -d")


if __name__ == "__main__":
    main()

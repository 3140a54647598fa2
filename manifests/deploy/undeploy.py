"""undeploy.py NAMESPACE: delete all that runs there and keep the volumes, with every picture and row."""

import subprocess
import sys

from rendered import run

FUNCTIONS_FIRST = (
    "pingsources.sources.knative.dev,sinkbindings.sources.knative.dev,triggers.eventing.knative.dev",
    "brokers.eventing.knative.dev,services.serving.knative.dev,inferenceservices.serving.kserve.io",
    "jobs,deployments,statefulsets,services,configmaps,secrets,networkpolicies,ingresses",
)
"""Senders before receivers, so that nothing calls what is gone; claims and the namespace stay."""


def main() -> None:
    namespace = sys.argv[1]
    try:
        for kinds in FUNCTIONS_FIRST:
            run("kubectl", "-n", namespace, "delete", "--all", "--ignore-not-found", kinds)
    except subprocess.CalledProcessError as error:
        sys.exit(f"undeploy: kubectl ended with {error.returncode}")
    print("the volumes stay, with every picture and row; make undeploy DELETE_DATA=1 deletes them too")


if __name__ == "__main__":
    main()

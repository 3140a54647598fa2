"""undeploy.py NAMESPACE: delete all but the volumes."""

import subprocess
import sys

from rendered import run

SENDERS_FIRST = (
    "pingsources.sources.knative.dev,sinkbindings.sources.knative.dev,triggers.eventing.knative.dev",
    "brokers.eventing.knative.dev,services.serving.knative.dev,inferenceservices.serving.kserve.io",
    "jobs,deployments,statefulsets,services,configmaps,secrets,networkpolicies,ingresses,"
    "poddisruptionbudgets.policy",
)
"""Kinds in the order of deletion. Volume claims and the namespace are kept."""


def main() -> None:
    namespace = sys.argv[1]
    try:
        for kinds in SENDERS_FIRST:
            run("kubectl", "-n", namespace, "delete", "--all", "--ignore-not-found", kinds)
    except subprocess.CalledProcessError as error:
        sys.exit(f"undeploy: kubectl ended with {error.returncode}")
    print("The volumes and all images in them are kept; make undeploy DELETE_DATA=1 deletes them.")


if __name__ == "__main__":
    main()

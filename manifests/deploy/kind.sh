#!/usr/bin/env bash
# make kind: a cluster in Docker with all that `make deploy` needs, in this order: kind, Knative
# Serving, Kourier, Knative Eventing, cert-manager, KServe, and the images of gateway and object
# store. What exists already is kept.
set -euo pipefail

KUBERNETES=v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a # of kind 0.30
KNATIVE=v1.23.0
CERT_MANAGER=v1.17.0
KSERVE=v0.20.0
CADDY=docker.io/library/caddy:2.11.7
MINIO=quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z # the last image that MinIO published

for tool in docker kind kubectl python3; do
  command -v $tool >/dev/null || { echo "make kind needs $tool on the PATH" >&2; exit 1; }
done
docker info >/dev/null 2>&1 || { echo "make kind needs a running Docker engine" >&2; exit 1; }

step() { echo "… $*"; }
from_github() { kubectl apply --server-side --force-conflicts -f "https://github.com/$1" >/dev/null; }
ready() { kubectl -n "$1" wait --for=condition=Available --timeout=300s deployment --all >/dev/null; }

step "kind, Kubernetes $KUBERNETES"
kind get clusters | grep -qx circles || kind create cluster --name circles --image "kindest/node:$KUBERNETES" --config=- <<CONFIG
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    extraPortMappings: # the gateway's node port, for machines that cannot reach Docker's addresses
      - {containerPort: 30080, hostPort: 30080, listenAddress: 127.0.0.1}
CONFIG
kubectl config use-context kind-circles >/dev/null

step "Knative Serving $KNATIVE with Kourier"
from_github "knative/serving/releases/download/knative-$KNATIVE/serving-crds.yaml"
from_github "knative/serving/releases/download/knative-$KNATIVE/serving-core.yaml"
from_github "knative-extensions/net-kourier/releases/download/knative-$KNATIVE/kourier.yaml"
kubectl -n knative-serving patch configmap config-network --type merge \
  -p '{"data":{"ingress-class":"kourier.ingress.networking.knative.dev"}}' >/dev/null
kubectl -n knative-serving patch configmap config-domain --type merge -p '{"data":{"127.0.0.1.sslip.io":""}}' >/dev/null
ready knative-serving
ready kourier-system

step "Knative Eventing $KNATIVE with its in-memory broker"
from_github "knative/eventing/releases/download/knative-$KNATIVE/eventing-crds.yaml"
from_github "knative/eventing/releases/download/knative-$KNATIVE/eventing-core.yaml"
ready knative-eventing
from_github "knative/eventing/releases/download/knative-$KNATIVE/in-memory-channel.yaml"
from_github "knative/eventing/releases/download/knative-$KNATIVE/mt-channel-broker.yaml"
ready knative-eventing

step "cert-manager $CERT_MANAGER"
from_github "cert-manager/cert-manager/releases/download/$CERT_MANAGER/cert-manager.yaml"
ready cert-manager

step "KServe $KSERVE"
kubectl get namespace kserve >/dev/null 2>&1 || kubectl create namespace kserve >/dev/null
from_github "kserve/kserve/raw/refs/tags/$KSERVE/install/$KSERVE/kserve-crds.yaml"
from_github "kserve/kserve/raw/refs/tags/$KSERVE/install/$KSERVE/kserve.yaml"
# Kourier routes Knative's hosts. Without Istio there is no second virtual host.
kubectl -n kserve get configmap inferenceservice-config -o json | python3 -c '
import json, sys
config = json.load(sys.stdin)
ingress = json.loads(config["data"]["ingress"])
ingress["disableIstioVirtualHost"] = True
print(json.dumps({"data": {"ingress": json.dumps(ingress)}}))' >"${TMPDIR:-/tmp}/circles-kserve.json"
kubectl -n kserve patch configmap inferenceservice-config --type merge --patch-file "${TMPDIR:-/tmp}/circles-kserve.json" >/dev/null
kubectl -n kserve rollout restart deployment kserve-controller-manager >/dev/null
ready kserve

step "images of the gateway and of the object store"
for pair in "$CADDY dev.local/caddy:1" "$MINIO dev.local/minio:1"; do
  # shellcheck disable=SC2086 # two words on purpose
  set -- $pair
  docker pull -q "$1" >/dev/null && docker tag "$1" "$2" && kind load docker-image --name circles "$2" >/dev/null
done

cat <<'NEXT'
The cluster is up. Next:
  make images kind-load
  make deploy
NEXT

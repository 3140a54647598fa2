# Targets for a cluster. kubectl, and for some targets kn or func, must be on the PATH, and KUBECONFIG
# must point to a cluster.
OVERLAY ?= kind
REGISTRY ?= dev.local
TAG ?= dev
NAMESPACE ?= circles
BUILD ?= $(firstword $(foreach tool,docker podman buildah,$(if $(shell command -v $(tool)),$(tool) build -t)))
DEPLOY_DIR := .work/deploy
FUNCTIONS := upload list detail export bridge ingest repair
SERVING := services.serving.knative.dev
APPLY := kubectl apply --server-side --force-conflicts
# A gateway copies the page when it starts: one whose page changed starts anew, under the same TAG too
PAGE_SUM = $(shell cat console/*.* console/*/*.* 2>/dev/null | cksum | tr ' ' -)
need = @command -v $(1) >/dev/null || { echo "$(1) is not on the PATH: $(2)" >&2; exit 1; }

.PHONY: first-token images render preflight prepared deploy deploy-kn func-deploy smoke bench-cluster status url undeploy kind kind-load

.venv/deploy.stamp: manifests/deploy/requirements.txt .venv/run.stamp
	$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

images: ## build both images (BUILD='docker build -t', REGISTRY=…, TAG=…)
	@test -n "$(BUILD)" || { echo "no docker, podman or buildah on the PATH: set BUILD='COMMAND …'" >&2; exit 1; }
	$(BUILD) $(REGISTRY)/circles-functions:$(TAG) . -f Dockerfile
	$(BUILD) $(REGISTRY)/circles-predictor:$(TAG) . -f predictor/Dockerfile

render: ## write what deploy applies to .work/deploy/all.yaml (OVERLAY=kind|production)
	$(call need,kubectl,it renders and applies the manifests)
	@mkdir -p $(DEPLOY_DIR)
	@printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' \
	  'resources: [../../manifests/overlays/$(OVERLAY)]' 'images:' \
	  '  - {name: dev.local/circles-functions, newName: $(REGISTRY)/circles-functions, newTag: "$(TAG)"}' \
	  '  - {name: dev.local/circles-predictor, newName: $(REGISTRY)/circles-predictor, newTag: "$(TAG)"}' \
	  'patches:' '  - target: {kind: Deployment, name: gateway}' '    patch: |-' \
	  '      {apiVersion: apps/v1, kind: Deployment, metadata: {name: gateway},' \
	  '      spec: {template: {metadata: {annotations: {circles.example.com/page: "$(PAGE_SUM)"}}}}}' \
	  > $(DEPLOY_DIR)/kustomization.yaml
	@kubectl kustomize $(DEPLOY_DIR) > $(DEPLOY_DIR)/all.yaml

preflight: render .venv/deploy.stamp ## print what the cluster lacks, and change nothing
	@python manifests/deploy/preflight.py $(DEPLOY_DIR)/all.yaml manifests/overlays/$(OVERLAY)

deploy: prepared ## apply an overlay, wait, print the address (OVERLAY=kind, REGISTRY=…, TAG=…)
	@python manifests/deploy/apply.py $(DEPLOY_DIR)/all.yaml
	@python manifests/deploy/wait.py $(DEPLOY_DIR)/all.yaml
	@$(MAKE) -s url

deploy-kn: prepared ## deploy with kn, and with kubectl only what kn cannot express
	$(call need,kn,see knative.dev/docs/client)
	@python manifests/deploy/kn.py $(DEPLOY_DIR)/all.yaml $(DEPLOY_DIR)
	@python manifests/deploy/wait.py $(DEPLOY_DIR)/kn.yaml
	@$(MAKE) -s url

prepared: preflight
	@! test -f manifests/overlays/$(OVERLAY)/knative-features.yaml || $(APPLY) -f manifests/overlays/$(OVERLAY)/knative-features.yaml
	@kubectl -n $(NAMESPACE) delete job bucket first-token --ignore-not-found
	@python manifests/deploy/first_token.py $(NAMESPACE)

first-token: .venv/deploy.stamp ## create the Secret circles-admin with a token, unless there is one
	@python manifests/deploy/first_token.py $(NAMESPACE)

func-deploy: preflight ## deploy the functions with func, as ready images (TAG=… or a digest)
	$(call need,func,see knative.dev/docs/functions)
	@python manifests/deploy/func.py $(DEPLOY_DIR)/all.yaml func.yaml $(DEPLOY_DIR)/func
	@for name in $(FUNCTIONS); do \
	  func deploy --path $(DEPLOY_DIR)/func/$$name --namespace $(NAMESPACE) --build=false --push=false \
	    --image $$(cat $(DEPLOY_DIR)/func/$$name/image) || exit 1; done

smoke: .venv/test.stamp ## test the deployment and print a table (ARGS="--ingress http://… --routes")
	@python tests/cluster/smoke.py $(ARGS)

bench-cluster: .venv/bench.stamp ## measure cold starts on the cluster (ARGS="--rounds 10 --ingress http://…")
	python -m bench.cluster $(ARGS)

status: ## show what runs, with all revisions
	@kubectl -n $(NAMESPACE) get $(SERVING),inferenceservices,brokers,triggers,pingsources,sinkbindings
	@echo; echo "Revisions, oldest first. Pods of older revisions may still be terminating."
	@kubectl -n $(NAMESPACE) get revisions.serving.knative.dev --sort-by=.metadata.creationTimestamp
	@echo; kubectl -n $(NAMESPACE) get pods -o wide

url: ## print the gateway's address
	@python manifests/deploy/gateway_url.py $(NAMESPACE)

undeploy: ## delete everything but the volumes (DELETE_DATA=1: these too)
	@kubectl get namespace $(NAMESPACE) >/dev/null 2>&1 || { echo "There is no namespace $(NAMESPACE)."; exit 0; }; \
	if [ "$(DELETE_DATA)" = 1 ]; then kubectl delete namespace $(NAMESPACE); else python manifests/deploy/undeploy.py $(NAMESPACE); fi

kind-load: ## load the images of docker into the kind cluster
	kind load docker-image --name circles $(REGISTRY)/circles-functions:$(TAG) $(REGISTRY)/circles-predictor:$(TAG)

kind: ## create a cluster in Docker with all that deploy needs
	@manifests/deploy/kind.sh

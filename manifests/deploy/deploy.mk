# Targets for a cluster. kubectl, and for some targets kn or func, must be on the PATH; KUBECONFIG must point to a cluster.
OVERLAY ?= kind
REGISTRY ?= dev.local
TAG ?= dev
NAMESPACE ?= circles
BUILD ?= $(firstword $(foreach tool,docker podman buildah,$(if $(shell command -v $(tool)),$(tool) build -t)))
DEPLOY_DIR := .work/deploy
FUNCTIONS := upload list detail bridge ingest repair
SERVING := services.serving.knative.dev
APPLY := kubectl apply --server-side --force-conflicts
need = @command -v $(1) >/dev/null || { echo "$(1) is not on the PATH: $(2)" >&2; exit 1; }

.PHONY: images render preflight prepared deploy deploy-kn func-deploy smoke bench-cluster status url undeploy kind kind-load

.venv/deploy.stamp: manifests/deploy/requirements.txt .venv/run.stamp
	$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

images: ## build both images (BUILD='docker build -t', REGISTRY=…, TAG=…)
	@test -n "$(BUILD)" || { echo "no docker, podman or buildah on the PATH: name one with BUILD='COMMAND …'" >&2; exit 1; }
	$(BUILD) $(REGISTRY)/circles-functions:$(TAG) . -f Dockerfile
	$(BUILD) $(REGISTRY)/circles-predictor:$(TAG) . -f predictor/Dockerfile

render: ## write what deploy would apply to .work/deploy/all.yaml (OVERLAY=kind|production)
	$(call need,kubectl,it renders and applies the manifests)
	@mkdir -p $(DEPLOY_DIR)
	@printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' \
	  'resources: [../../manifests/overlays/$(OVERLAY)]' 'images:' \
	  '  - {name: dev.local/circles-functions, newName: $(REGISTRY)/circles-functions, newTag: "$(TAG)"}' \
	  '  - {name: dev.local/circles-predictor, newName: $(REGISTRY)/circles-predictor, newTag: "$(TAG)"}' \
	  > $(DEPLOY_DIR)/kustomization.yaml
	@kubectl kustomize $(DEPLOY_DIR) > $(DEPLOY_DIR)/all.yaml

preflight: render .venv/deploy.stamp ## say what the cluster lacks, in one sentence each, and touch nothing
	@python manifests/deploy/preflight.py $(DEPLOY_DIR)/all.yaml manifests/overlays/$(OVERLAY)

deploy: prepared ## apply an overlay, wait until everything is ready, print the address (OVERLAY=kind, REGISTRY=…, TAG=…)
	@python manifests/deploy/apply.py $(DEPLOY_DIR)/all.yaml
	@python manifests/deploy/wait.py $(DEPLOY_DIR)/all.yaml
	@$(MAKE) -s url

deploy-kn: prepared ## the same with kn for functions, broker, triggers and sources, kubectl only for the rest
	$(call need,kn,see knative.dev/docs/client)
	@python manifests/deploy/kn.py $(DEPLOY_DIR)/all.yaml $(DEPLOY_DIR)
	@python manifests/deploy/wait.py $(DEPLOY_DIR)/kn.yaml
	@$(MAKE) -s url

prepared: preflight
	@! test -f manifests/overlays/$(OVERLAY)/knative-features.yaml || $(APPLY) -f manifests/overlays/$(OVERLAY)/knative-features.yaml
	@kubectl -n $(NAMESPACE) delete job bucket --ignore-not-found

func-deploy: preflight ## the functions through func, as ready images: a func.yaml each, derived from ours (TAG=… or a digest)
	$(call need,func,see knative.dev/docs/functions)
	@python manifests/deploy/func.py $(DEPLOY_DIR)/all.yaml func.yaml $(DEPLOY_DIR)/func
	@for name in $(FUNCTIONS); do \
	  func deploy --path $(DEPLOY_DIR)/func/$$name --namespace $(NAMESPACE) --build=false --push=false \
	    --image $$(cat $(DEPLOY_DIR)/func/$$name/image) || exit 1; done

smoke: .venv/test.stamp ## test the deployed system and print a table (ARGS="--ingress http://… --routes": without the gateway)
	@python tests/cluster/smoke.py $(ARGS)

bench-cluster: .venv/bench.stamp ## from zero to the first answer, beside a hello-world (ARGS="--rounds 10 --ingress http://…")
	python -m bench.cluster $(ARGS)

status: ## what runs, revision by revision
	@kubectl -n $(NAMESPACE) get $(SERVING),inferenceservices,brokers,triggers,pingsources,sinkbindings
	@echo; echo "revisions, the newest of each service last; pods of older ones may linger while they end"
	@kubectl -n $(NAMESPACE) get revisions.serving.knative.dev --sort-by=.metadata.creationTimestamp
	@echo; kubectl -n $(NAMESPACE) get pods -o wide

url: ## the gateway's address as seen from here
	@python manifests/deploy/gateway_url.py $(NAMESPACE)

undeploy: ## take it all away; the volumes, and so every picture and row, only with DELETE_DATA=1
	@kubectl get namespace $(NAMESPACE) >/dev/null 2>&1 || { echo "there is no namespace $(NAMESPACE)"; exit 0; }; \
	if [ "$(DELETE_DATA)" = 1 ]; then kubectl delete namespace $(NAMESPACE); else python manifests/deploy/undeploy.py $(NAMESPACE); fi

kind-load: ## hand the images that docker has built to the kind cluster
	kind load docker-image --name circles $(REGISTRY)/circles-functions:$(TAG) $(REGISTRY)/circles-predictor:$(TAG)

kind: ## a cluster of your own with all that deploy needs; Docker, kind and network must be there (versions: manifests/deploy/kind.sh)
	@manifests/deploy/kind.sh

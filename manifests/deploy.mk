# The cluster's verbs; kubectl and, for some, kn or func must be on the PATH and KUBECONFIG must point somewhere.
OVERLAY ?= kind
REGISTRY ?= dev.local
TAG ?= dev
NAMESPACE ?= circles
BUILD ?= $(firstword $(foreach tool,docker podman buildah,$(if $(shell command -v $(tool)),$(tool) build -t)))
DEPLOY_DIR := .work/deploy
FUNCTIONS := upload list detail
SERVING := services.serving.knative.dev
APPLY := kubectl apply --server-side --force-conflicts

.PHONY: images render preflight deploy deploy-kn smoke status url undeploy

images: ## build both images (BUILD='docker build -t', REGISTRY=…, TAG=…)
	@test -n "$(BUILD)" || { echo "no docker, podman or buildah on the PATH: name one with BUILD='COMMAND …'" >&2; exit 1; }
	$(BUILD) $(REGISTRY)/circles-functions:$(TAG) . -f Dockerfile
	$(BUILD) $(REGISTRY)/circles-predictor:$(TAG) . -f predictor/Dockerfile

render: ## write what deploy would apply to .work/deploy/all.yaml (OVERLAY=kind|production)
	@mkdir -p $(DEPLOY_DIR)
	@printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' \
	  'resources: [../../manifests/overlays/$(OVERLAY)]' 'images:' \
	  '  - {name: dev.local/circles-functions, newName: $(REGISTRY)/circles-functions, newTag: "$(TAG)"}' \
	  '  - {name: dev.local/circles-predictor, newName: $(REGISTRY)/circles-predictor, newTag: "$(TAG)"}' \
	  > $(DEPLOY_DIR)/kustomization.yaml
	@kubectl kustomize $(DEPLOY_DIR) > $(DEPLOY_DIR)/all.yaml

preflight: render install ## say what the cluster lacks, in one sentence each, and touch nothing
	@python manifests/preflight.py $(DEPLOY_DIR)/all.yaml manifests/overlays/$(OVERLAY)

deploy: preflight ## apply an overlay and wait until all is ready (OVERLAY=kind, REGISTRY=…, TAG=…)
	@! test -f manifests/overlays/$(OVERLAY)/knative-features.yaml || $(APPLY) -f manifests/overlays/$(OVERLAY)/knative-features.yaml
	$(APPLY) -f $(DEPLOY_DIR)/all.yaml
	kubectl -n $(NAMESPACE) wait --for=condition=Available --timeout=300s deployment --all
	kubectl -n $(NAMESPACE) wait --for=condition=Ready --timeout=300s $(SERVING) $(FUNCTIONS)
	kubectl -n $(NAMESPACE) wait --for=condition=Ready --timeout=300s inferenceservice circles
	@$(MAKE) -s url

deploy-kn: render ## apply the three functions through kn, each from its own document of the same YAML
	@for name in $(FUNCTIONS); do \
	  python manifests/document.py $(DEPLOY_DIR)/all.yaml $$name > $(DEPLOY_DIR)/$$name.yaml && \
	  kn service apply $$name -n $(NAMESPACE) -f $(DEPLOY_DIR)/$$name.yaml || exit 1; done

smoke: .venv/test.stamp ## the deployed system from the first photo to killed pods; a table at the end
	@python tests/cluster/smoke.py $$(python manifests/gateway_url.py $(NAMESPACE))

status: ## what runs, revision by revision
	@kubectl -n $(NAMESPACE) get $(SERVING),revisions.serving.knative.dev,inferenceservices,pods

url: ## the gateway's address as seen from here
	@python manifests/gateway_url.py $(NAMESPACE)

undeploy: ## take it all away; the volumes, and so every picture and row, only with DELETE_DATA=1
	kubectl -n $(NAMESPACE) delete --ignore-not-found $(SERVING) $(FUNCTIONS)
	kubectl -n $(NAMESPACE) delete --ignore-not-found inferenceservice/circles
	kubectl -n $(NAMESPACE) delete --ignore-not-found deployment,service,configmap,secret -l '!serving.knative.dev/service' --field-selector metadata.name!=kube-root-ca.crt
	@if [ "$(DELETE_DATA)" = 1 ]; then kubectl delete --ignore-not-found namespace $(NAMESPACE); \
	  else echo "the volumes stay; make undeploy DELETE_DATA=1 deletes them with every picture and row"; fi

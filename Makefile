# `make help` lists the targets. Everything runs from .venv, which is created when it is missing.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := lib
export PATH := $(CURDIR)/$(BIN):$(PATH)

PORT ?= 8080
STORE ?= folder
# open: every request is allowed, from this machine only. tokens: as in a cluster
ACCESS ?= open
# packed: as an installation sends it. source: console/ as it is, to change it and reload
PAGE ?= packed
PREDICTOR_PORT ?= 8085
export CIRCLES_DATA_DIR ?= data
DATA_DIR := $(CIRCLES_DATA_DIR)

PAGE_DIR = $(if $(filter source,$(PAGE)),.,.work/page)

# make run: every process listens on 127.0.0.1, the gateway on PORT and the others on the ports above it
offset = $(shell expr $(PORT) + $(1))
RUN_ENV = HOST=127.0.0.1 PAGE_DIR=$(PAGE_DIR) CIRCLES_ACCESS=$(ACCESS) GATEWAY_LOG_LEVEL=$(or $(GATEWAY_LOG_LEVEL),ERROR) GATEWAY_BIND=127.0.0.1 GATEWAY_PORT=$(PORT) GATEWAY_METRICS_PORT=$(call offset,19) GATEWAY_URL=http://127.0.0.1:$(PORT) \
  UPLOAD_PORT=$(call offset,1) LIST_PORT=$(call offset,2) DETAIL_PORT=$(call offset,3) \
  UPLOAD_ADDRESS=127.0.0.1:$(call offset,1) LIST_ADDRESS=127.0.0.1:$(call offset,2) DETAIL_ADDRESS=127.0.0.1:$(call offset,3) \
  PREDICTOR_PORT=$(call offset,5) PREDICTOR_HOST=127.0.0.1 CIRCLES_PREDICTOR_URL=$(or $(CIRCLES_PREDICTOR_URL),http://127.0.0.1:$(call offset,5)) \
  READY_URLS="upload=http://127.0.0.1:$(call offset,1)/health/readiness list=http://127.0.0.1:$(call offset,2)/health/readiness \
  detail=http://127.0.0.1:$(call offset,3)/health/readiness predictor=http://127.0.0.1:$(call offset,5)/v2/health/ready \
  gateway=http://127.0.0.1:$(PORT)/health/gateway $(EXPORT_READY) $(STORAGE_READY) $(EVENTS_READY)"
PROCESSES = upload list detail predictor gateway ready
ifneq ($(wildcard functions/export/main.py),)
PROCESSES += export
RUN_ENV += EXPORT_PORT=$(call offset,13) EXPORT_ADDRESS=127.0.0.1:$(call offset,13)
EXPORT_READY = export=http://127.0.0.1:$(call offset,13)/health/readiness
endif
ifeq ($(STORE),s3)
PROCESSES += s3 bridge ingest repair broker ticker
S3_DIR = $(DATA_DIR)/s3
# weed opens its S3 port before it knows its volumes, so the readiness check asks the master
STORAGE_READY = storage=http://127.0.0.1:$(call offset,7)/dir/assign
RUN_ENV += CIRCLES_STORE=s3 CIRCLES_S3_ENDPOINT=http://127.0.0.1:$(call offset,6) CIRCLES_S3_ACCESS_KEY=circles \
  CIRCLES_S3_SECRET_KEY=circles-local S3_DIR="$(S3_DIR)" S3_PORT=$(call offset,6) S3_MASTER_PORT=$(call offset,7) \
  S3_VOLUME_PORT=$(call offset,8) S3_FILER_PORT=$(call offset,9)
# Bucket events: weed's filer → bridge → local broker → ingest; local ticker → local broker → repair
LOCAL_TOKEN = circles-local
RUN_ENV += BRIDGE_PORT=$(call offset,4) INGEST_PORT=$(call offset,10) REPAIR_PORT=$(call offset,11) BROKER_PORT=$(call offset,12) \
  CIRCLES_BRIDGE_TOKEN=$(LOCAL_TOKEN) CIRCLES_EVENTS_TOKEN=$(LOCAL_TOKEN) K_SINK=http://127.0.0.1:$(call offset,12) \
  BROKER_TRIGGERS="com.amazonaws.s3.ObjectCreated:=http://events:$(LOCAL_TOKEN)@127.0.0.1:$(call offset,10)/ \
  dev.knative.sources.ping=http://events:$(LOCAL_TOKEN)@127.0.0.1:$(call offset,11)/" \
  WEED_NOTIFICATION_WEBHOOK_ENABLED=true WEED_NOTIFICATION_WEBHOOK_ENDPOINT=http://127.0.0.1:$(call offset,4)/ \
  WEED_NOTIFICATION_WEBHOOK_BEARER_TOKEN=$(LOCAL_TOKEN) WEED_NOTIFICATION_WEBHOOK_PATH_PREFIXES=/buckets/$(or $(CIRCLES_S3_BUCKET),circles)/$(or $(CIRCLES_INCOMING_PREFIX),incoming/) \
  WEED_NOTIFICATION_WEBHOOK_MAX_RETRIES=10 WEED_NOTIFICATION_WEBHOOK_BACKOFF_SECONDS=1
EVENTS_READY = bridge=http://127.0.0.1:$(call offset,4)/health/readiness ingest=http://127.0.0.1:$(call offset,10)/health/readiness \
  repair=http://127.0.0.1:$(call offset,11)/health/readiness broker=http://127.0.0.1:$(call offset,12)/
endif

.PHONY: help install lock run repair predictor test soak check lint test-interop test-readers bench train backgrounds evaluate clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/run.stamp ## create .venv with what `make run` needs

LOCKS := predictor/requirements.lock requirements.lock manifests/local/requirements.lock console/requirements.lock

.venv/run.stamp: $(LOCKS)
	@echo "Installing into .venv"
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes $(addprefix -r ,$^)
	@touch $@

# Each lock takes shared requirements from those before it, so that one environment holds them all
lock: .venv-lock/stamp ## pin every requirement of what runs, with hashes (ARGS=--upgrade for newer releases)
	@compile() { .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" $(ARGS) "$$@"; } && \
	compile predictor/requirements.txt -o predictor/requirements.lock && \
	compile requirements.txt -c predictor/requirements.lock -o requirements.lock && \
	compile manifests/local/requirements.txt -c predictor/requirements.lock -c requirements.lock -o manifests/local/requirements.lock && \
	compile console/requirements.txt -c requirements.lock -o console/requirements.lock

.venv-lock/stamp: Makefile
	@test -d .venv-lock || $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install -q --disable-pip-version-check uv==0.13.9
	@touch $@

.venv/test.stamp: tests/requirements.txt bench/requirements.txt tests/manifests/requirements.txt .venv/deploy.stamp
	$(BIN)/pip install -q --disable-pip-version-check -r tests/requirements.txt -r bench/requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --upgrade --target .venv/kubectl -r tests/manifests/requirements.txt
	@touch $@

.venv/bench.stamp: bench/requirements.txt .venv/run.stamp
	$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

# The stamp is from before packing, so that what changes meanwhile is packed next time. Folders are
# among what it depends on: they change with a file that goes.
.work/page/stamp: $(wildcard console console/* console/*/*) .venv/run.stamp
	@mkdir -p $(@D)
	@touch $@.new
	@python console/pack.py .work/page/console
	@mv $@.new $@

run: install $(if $(filter source,$(PAGE)),,.work/page/stamp) ## start everything on http://127.0.0.1:8080 (PORT=…, STORE=folder|s3, ACCESS=open|tokens, PAGE=packed|source, CIRCLES_DATA_DIR=…)
	@mkdir -p "$(DATA_DIR)" $(if $(S3_DIR),"$(S3_DIR)")
	@exec env $(RUN_ENV) honcho -f manifests/local/Procfile start $(PROCESSES)

repair: install ## resume interrupted work and print what was done (STORE and CIRCLES_DATA_DIR as for run)
	@env $(RUN_ENV) python -m circles.repair

predictor: install ## start the predictor alone (PREDICTOR_PORT=8085)
	@exec env PREDICTOR_PORT=$(PREDICTOR_PORT) python -m predictor

test: .venv/test.stamp ## run every test
	pytest

soak: .venv/test.stamp ## upload 1,000 files while ingest is killed and the predictor is stopped (DROPS=1000)
	pytest -s --timeout 0 tests/system/events/test_drops.py --drops $(or $(DROPS),1000)

test-interop: .venv-interop/stamp test-readers ## test against the KServe SDK and readers of tables, in separate environments
	.venv-interop/bin/python -m pytest --confcutdir tests/interop tests/interop/test_*.py

test-readers: .venv-readers/stamp ## open exported tables with supervision and Label Studio's SDK, in an environment of its own
	.venv-readers/bin/python -m pytest --confcutdir tests/interop/tables tests/interop/tables

.venv-readers/stamp: tests/interop/tables/requirements.txt
	@test -d .venv-readers || $(PYTHON) -m venv .venv-readers
	.venv-readers/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

.venv-interop/stamp: tests/interop/requirements.txt
	@test -d .venv-interop || $(PYTHON) -m venv .venv-interop
	.venv-interop/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

bench: .venv/bench.stamp ## measure beside a FastAPI service: cold start, upload, reads, memory (five minutes)
	python -m bench

train: .venv-training/stamp ## train the detector (hours): DATA=labelled folders, BACKGROUNDS=folder
	.venv-training/bin/python -m predictor.training $(DATA) --backgrounds $(BACKGROUNDS)

backgrounds: .venv-training/stamp ## download training pictures from packages of Debian 12: BACKGROUNDS=folder
	.venv-training/bin/python -m predictor.training.borrowed $(BACKGROUNDS)

.venv-training/stamp: predictor/training/requirements.txt predictor/evaluation/requirements.txt
	@test -d .venv-training || $(PYTHON) -m venv .venv-training
	.venv-training/bin/pip install -q --disable-pip-version-check $(addprefix -r ,$^)
	@touch $@

evaluate: .venv/evaluate.stamp ## evaluate the detector on DATA=folder with COCO labels (ARGS="--url … --json … --draw …")
	python -m predictor.evaluation $(DATA) $(ARGS)

.venv/evaluate.stamp: predictor/evaluation/requirements.txt .venv/run.stamp
	$(BIN)/pip install -q --disable-pip-version-check -r $<
	@touch $@

lint: .venv/test.stamp ## check format, lint and types without changing anything
	ruff format --check
	ruff check
	mypy lib functions predictor manifests bench console
	hadolint Dockerfile predictor/Dockerfile

check: lint test ## run lint and test, as CI does

clean: ## delete the environments and caches, and keep the data
	rm -rf .work/page .venv .venv-lock .venv-interop .venv-readers .venv-training .mypy_cache .ruff_cache .pytest_cache .hypothesis
include manifests/deploy/deploy.mk

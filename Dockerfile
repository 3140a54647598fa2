# One image for all functions: each Knative Service chooses its own by FUNCTION_SOURCE and
# FUNCTION_TARGET. Alpine, because every requirement has a musl wheel; any Debian or Alpine base with
# Python 3.11 or newer and venv works.
ARG BASE_IMAGE
# The page is packed on Debian, because musl cannot load tdewolff-minify: beside an Alpine BASE_IMAGE,
# give this too
ARG PAGE_IMAGE=${BASE_IMAGE:-docker.io/library/python:3.13-slim}

# What browsers get: an init container of the gateway copies it (console/kustomization.yaml)
FROM ${PAGE_IMAGE} AS page
WORKDIR /build
COPY console/requirements.lock .
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile \
      --require-hashes -r requirements.lock
COPY console console
RUN /opt/venv/bin/python console/pack.py /page/console

FROM ${BASE_IMAGE:-docker.io/library/python:3.13-alpine} AS build
WORKDIR /app
# Third party first: this layer changes with requirements.lock only. functions-framework requires
# servers and a file watcher that circles.serve does not use.
COPY requirements.lock .
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile \
      --require-hashes -r requirements.lock \
 && /opt/venv/bin/pip uninstall -q -y anyio gunicorn h11 starlette uvicorn uvicorn-worker watchdog pip setuptools \
 && find /opt/venv -name tests -type d -prune -exec rm -rf {} +
COPY pyproject.toml .
COPY lib lib
COPY functions functions
# Byte code for faster cold starts, because the container cannot write it. Unchecked, so that Python
# does not read the sources too.
RUN /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib lib functions

FROM ${BASE_IMAGE:-docker.io/library/python:3.13-alpine}
WORKDIR /app
COPY --from=page /page /page
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=lib PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# The build that /metrics reports, such as a commit: --build-arg BUILD_ID=…
ARG BUILD_ID=image
ENV CIRCLES_BUILD=${BUILD_ID}
USER 65532:65532
EXPOSE 8080
CMD ["python", "-m", "circles.serve"]

# Fieldstone with buf and git: for pipelines without Python (docs/how-to/ci.md), and for a registry server
# (deploy/compose.yaml).
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY schemas/fieldstone schemas/fieldstone
COPY src src
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[package,serve,objects]"

FROM python:3.13-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=65534 --group=65534 /data
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "fieldstone[package,serve,objects]"
USER 65534:65534
WORKDIR /repo
ENTRYPOINT ["fieldstone"]

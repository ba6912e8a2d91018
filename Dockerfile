# The image of the test line (SXKJ:32775/meta_be, from the branch `master`).
# Differs from Dockerfile_product: it declares the line's public port, FRP_REMOTE_PORT, and PROXY_PORT behind it, and can bring frpc,
# which runs where FRP_SERVER_ADDR and FRP_TOKEN are given. To bring it: --build-arg FRPC_URL=… --build-arg FRPC_SHA256=… (a release of frp, .tar.gz).

# Pinned to a release. Builders that reach a registry pin the digest as well: --build-arg BASE=python:3.11.14-slim-bookworm@sha256:…
ARG BASE=docker.io/library/python:3.11.14-slim-bookworm

# What compiles and lists the packages, and Node.
FROM ${BASE} AS tools
WORKDIR /build
COPY requirements-build.lock ./
RUN python3 -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-build.lock

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
COPY --from=tools /opt/tools /opt/tools
# No pip and no setuptools of the base: the environment holds what is locked, and nothing else.
RUN python3 -m venv --without-pip /opt/venv \
    && /opt/tools/bin/python -m pip wheel --no-cache-dir --no-build-isolation --require-hashes --wheel-dir wheels -r requirements.lock \
    && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-index --no-deps wheels/*.whl \
    && /opt/venv/bin/python -c "import sqlalchemy.cresultproxy"
# What the image holds, as CycloneDX.
RUN /opt/tools/bin/cyclonedx-py environment --output-reproducible --output-file /opt/venv/sbom.cdx.json /opt/venv/bin/python
RUN mkdir /opt/frpc \
    && if [ -n "$FRPC_URL" ]; then python3 fetch_frpc.py "$FRPC_URL" "$FRPC_SHA256" /opt/frpc; fi

# The pages of the console: Node is needed to build them, and not to serve them.
FROM tools AS pages
COPY package.json package-lock.json .npmrc ./
COPY clients clients
COPY console console
ENV PATH=/opt/tools/bin:$PATH
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

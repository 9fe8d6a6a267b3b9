# One image for all processes: the command is web, work, poll or migrate. It runs read-only as an unprivileged user. Build it from the lock file:
# docker build --build-arg VERSION=2026.12.0 --build-arg COMMIT=$(git rev-parse HEAD) --tag kosh .
FROM python:3.13-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY tools/uv.txt tools/uv.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement tools/uv.txt
COPY pyproject.toml uv.lock ./
# Names of optional dependencies: --build-arg EXTRAS="parquet traces"
ARG EXTRAS=""
# hadolint ignore=SC2046,SC2086
RUN uv sync --frozen --no-dev --no-install-project $(for extra in $EXTRAS; do printf -- '--extra %s ' "$extra"; done)
COPY flows flows
COPY bot bot
COPY locales locales
RUN python -m compileall -q flows bot

FROM python:3.13-slim
ARG VERSION=""
ARG COMMIT=""
# `backup` and `restore` need a pg_dump and pg_restore that are not older than the server, so install them from PostgreSQL's repository.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-common ca-certificates \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin kosh \
    && install --directory --mode 0700 --owner kosh --group kosh /keys /erased
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    KOSH_HOST=0.0.0.0 KOSH_KEY_DIR=/keys KOSH_ERASURE_JOURNAL=/erased/marks KOSH_DATA_DIR=/tmp/data \
    KOSH_VERSION=$VERSION KOSH_COMMIT=$COMMIT
USER 10001
VOLUME /keys /erased
EXPOSE 8080 9464
# For `web` only: the other commands serve no HTTP, so compose.yaml disables the check for them.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ.get('KOSH_PORT', '8080')}/health\", timeout=2)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["web"]

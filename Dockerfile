# One image for API, worker and migrations. Build tools stay in the first stage.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/reelwright \
    && /opt/reelwright/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY workers workers
COPY migrations migrations
COPY assets assets
RUN /opt/reelwright/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin reelwright \
    && install -d -o reelwright -g reelwright /data /fonts /app/assets
COPY --from=build /opt/reelwright /opt/reelwright
COPY assets /app/assets
ENV PATH=/opt/reelwright/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    APP_HOST=0.0.0.0 \
    MEDIA_ROOT=/data \
    FONT_DIR=/fonts \
    ASSETS_DIR=/app/assets
WORKDIR /data
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["reelwright", "serve"]

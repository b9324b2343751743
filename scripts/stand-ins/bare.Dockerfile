# A machine on which nothing was ever installed by hand: Python, make, and what they need.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --create-home someone

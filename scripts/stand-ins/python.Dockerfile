# Stands in for the official Python image: Debian's Python where that one has it, without compiled modules, as there.
FROM debian:trixie-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates netbase tzdata python3 python3-venv python3-pip \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3 /usr/local/bin/python \
    && ln -s /usr/bin/python3 /usr/local/bin/python3 \
    && find /usr/lib/python3* -name '*.pyc' -delete
ENV PATH=/usr/local/bin:$PATH
CMD ["python3"]

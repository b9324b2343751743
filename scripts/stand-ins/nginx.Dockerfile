# Stands in for the official nginx image: Debian's nginx with curl, which that one has too.
FROM debian:trixie-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nginx-light curl ca-certificates \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
STOPSIGNAL SIGQUIT
EXPOSE 80
CMD ["nginx", "-g", "daemon off;"]

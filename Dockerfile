# The Landfall service: one binary on a slim base with only the libraries it is linked to.
#
#   docker build -t landfall .
#   docker run --rm landfall --help

FROM swift:6.3-bookworm AS build
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends libcurl4-openssl-dev libssl-dev libpq-dev libsqlite3-dev libzstd-dev \
        zlib1g-dev libbz2-dev libbrotli-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.* ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product landfall \
    && install -D --strip "$(swift build -c release --static-swift-stdlib --show-bin-path)/landfall" /out/landfall

FROM debian:bookworm-slim
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends ca-certificates libcurl4 libssl3 libpq5 libsqlite3-0 libzstd1 zlib1g libbz2-1.0 libbrotli1 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 landfall \
    && useradd --uid 10001 --gid landfall --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin landfall \
    && install -d -o landfall -g landfall /data /srv/landfall /srv/landfall/config /srv/landfall/config/pipelines
COPY --from=build /out/landfall /usr/local/bin/landfall
COPY config/landfall.yaml /srv/landfall/config/landfall.yaml
USER 10001:10001
# config/landfall.yaml and config/pipelines are read from here: an image of your own adds its pipelines with
#   FROM landfall
#   COPY pipelines config/pipelines
WORKDIR /srv/landfall
ENV LANDFALL_WORK_DIR=/data
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["landfall", "check", "--health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["landfall"]
CMD ["worker"]

# A media process that stands alone: pictures, without a store, pages or a key but the one grants are signed with.
# docs/pictures.md says what it is told. Name the base by digest where you build.
ARG BASE=docker.io/library/python:3.13-slim-trixie

FROM ${BASE} AS build
WORKDIR /build
COPY requirements/media.txt ./
RUN python -m venv tools \
 && python -m venv --without-pip /opt/env \
 && tools/bin/pip --python /opt/env/bin/python install --no-cache-dir --require-hashes --only-binary=:all: --no-deps \
      --compile -r media.txt
COPY LICENSE NOTICE /opt/app/
COPY media/ /opt/app/media/
COPY net/ /opt/app/net/
COPY showcam/ /opt/app/showcam/
COPY store/ /opt/app/store/
RUN /opt/env/bin/python -P -m compileall -q /opt/app

FROM ${BASE}
COPY --from=build /opt/env /opt/env
COPY --from=build /opt/app /opt/app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/app \
    SHOWCAM_BIND=0.0.0.0 SHOWCAM_MEDIA_PORT=8081 SHOWCAM_DATA=/nowhere
WORKDIR /opt/app
USER 10001:10001
EXPOSE 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/opt/env/bin/python", "-P", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8081/healthz', timeout=2)"]
ENTRYPOINT ["/opt/env/bin/python", "-P", "-m", "showcam", "media"]

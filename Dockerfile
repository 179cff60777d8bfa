# syntax=docker/dockerfile:1

FROM python:3.12-slim-bookworm AS packages
COPY requirements/production.txt /tmp/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/production.txt

FROM python:3.12-slim-bookworm
# Pango draws PDF files.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home crm \
    && install -d -o crm -g crm /data /app
COPY --from=packages /venv /venv
WORKDIR /app
COPY --chown=crm . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 CRM_VAR=/data STATIC_ROOT=/app/static-collected LOG_FORMAT=json
USER crm
RUN SECRET_KEY=only-for-building python -m scripts.prepare static
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz', timeout=4)"]
CMD ["granian", "crm.wsgi:application", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--log-level", "warning"]

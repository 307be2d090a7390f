FROM python:3.13-slim AS build
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes pip \
    && mkdir /instance

FROM python:3.13-slim
COPY --from=build /venv /venv
WORKDIR /cerellama
COPY wsgi.py gunicorn.conf.py ./
COPY app app
COPY --from=build --chown=10001:10001 /instance instance

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=11434 \
    GRACE_S=25
EXPOSE 11434
USER 10001:10001
# GRACE_S must be shorter than the stop timeout of Docker: docker run --stop-timeout 30.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]

"""What a site consists of when it runs: a web server, a worker and beat, each ended when its block is left."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from celery.contrib.testing.worker import start_worker
from celery.platforms import EX_OK
from celery.worker import state
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)
from django_spotify_sync.sync import stop_runs

HOST = (
    "127.0.0.1"  # this machine only; and the one name for it that Spotify takes in a redirect URI
)
QUEUE = "demo"  # so that a worker that runs elsewhere takes nothing of the demo's
WORKER_SECONDS = 30  # to start, or to finish what it is at


@contextmanager
def web_server(port: int) -> Iterator[str]:
    """Serve the site, static files included, from threads; give its address. Port 0 takes a free one.

    :raises OSError: if the port is taken.
    """
    server = ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    serving = threading.Thread(target=server.serve_forever, args=(0.1,), name="web-server")
    serving.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


@contextmanager
def worker(app: Celery, environment: dict[str, str]) -> Iterator[str]:
    """Run a Celery worker, and say what kind: a thread beside the web server, or with Redis a process of its own.

    The process is given ``environment`` besides this one's.

    :raises RuntimeError: if the process does not start.
    """
    if settings.CELERY_BROKER_URL.startswith("memory:"):
        options = {"pool": "threads", "perform_ping_check": False, "hostname": QUEUE}
        with start_worker(app, shutdown_timeout=WORKER_SECONDS, **options):
            try:
                yield "a thread of this process"
            finally:
                _put_down_what_runs()
                # It waits for messages, for two seconds at a time: one has it see that it is to end, and another
                # one cuts short the last wait that it makes all the same.
                state.should_terminate = EX_OK
                app.control.broadcast("ping")
                app.control.broadcast("ping")
    else:
        with _worker_process(app, environment):
            yield "a process of its own, fed by Redis"


def _put_down_what_runs() -> None:
    """Have syncs under way stop as on a deploy: they go on when the site is started again."""
    stop_runs()
    last = time.monotonic() + WORKER_SECONDS
    while state.active_requests and time.monotonic() < last:
        time.sleep(0.05)


@contextmanager
def beat(app: Celery) -> Iterator[None]:
    """Run Celery's beat in a thread: what is due is looked for every minute. It keeps no file of what it did when."""
    service = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
    service.start()
    try:
        yield
    finally:
        service.stop()


@contextmanager
def _worker_process(app: Celery, environment: dict[str, str]) -> Iterator[None]:
    app.conf.task_default_queue = QUEUE
    options = ["--queues", QUEUE, "--hostname", f"{QUEUE}@%h", "--concurrency", "1", "--purge"]
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker", *options],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process, which then ends the worker
    )
    try:
        deadline = time.monotonic() + WORKER_SECONDS
        while not app.control.ping(timeout=0.25):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The Celery worker did not start.")
        yield
    finally:
        process.terminate()
        process.wait()

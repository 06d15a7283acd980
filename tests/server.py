"""The product as a person starts it: `streamlit run app.py` on a free port, over a store of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


class NotStarted(RuntimeError):
    """The server ended or gave no answer in time; the message is what it printed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(store: Path, log: Path, *, start_s: float = 60) -> Iterator[str]:
    """The address of a server over this store, while it runs."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, env=os.environ | {"HUIZONG_STORE": str(store)}
        )
        try:
            deadline = time.monotonic() + start_s
            while not healthy(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise NotStarted(log.read_text())
                time.sleep(0.1)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(10)


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False

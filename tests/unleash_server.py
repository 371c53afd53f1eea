"""A real Unleash server for tests: installed once from the npm registry into a cache folder, on a real PostgreSQL.

`unleash_server` skips with the reason when node, npm, the registry or PostgreSQL is missing. COUNTERPOINT_TEST_CACHE
names the folder to keep the installation in; the system's temporary folder otherwise.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from postgres_server import fresh_postgres_url

VERSION = "8.2.0"
ADMIN_TOKEN = "*:*.counterpoint-tests-admin"
_START_S = 90.0


@contextmanager
def unleash_server() -> Iterator[str]:
    """Yield the address of a new, empty Unleash; the token is `ADMIN_TOKEN`."""
    program = _installed()
    url = fresh_postgres_url()
    name, _, folder = url.removeprefix("postgresql://").partition("@/")[2].partition("?host=")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "DATABASE_HOST": folder,
        "DATABASE_NAME": name,
        "DATABASE_USERNAME": "counterpoint",
        "DATABASE_PASSWORD": "",
        "DATABASE_SSL": "false",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "INIT_ADMIN_API_TOKENS": ADMIN_TOKEN,
        "SEND_TELEMETRY": "false",
        "CHECK_VERSION": "false",
        "LOG_LEVEL": "warn",
        "TZ": "UTC",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [shutil.which("node") or "node", program],
            env={"PATH": os.environ["PATH"], **settings},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.skip(f"Unleash ended at its start with status {process.returncode}")
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    pytest.skip(f"Unleash did not answer within {_START_S:g} s")


def _installed() -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node and npm on this machine, which Unleash runs on")
    cache = Path(os.environ.get("COUNTERPOINT_TEST_CACHE", tempfile.gettempdir())) / f"counterpoint-unleash-{VERSION}"
    program = cache / "node_modules" / "unleash-server" / "dist" / "server.js"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", f"unleash-server@{VERSION}", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False, timeout=500)
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not install Unleash within 500 s")
        if done.returncode != 0 or not program.exists():
            pytest.skip(f"npm cannot install Unleash: {done.stderr.strip()[-300:]}")
    return program

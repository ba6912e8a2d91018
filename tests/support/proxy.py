"""nginx with the project's own configuration, in front of servers of a test."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.document.problem import Problem
from tests.conftest import ROOT
from tests.support.needed import require
from tests.support.servers import free_port, new_folder

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
_MAIN = """
daemon off; master_process on; worker_processes 1; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/meta_be.conf;
}}
"""


def require_nginx() -> None:
    """Skip where nginx is not installed, but not in CI."""
    require(NGINX, "nginx is not installed: apt-get install nginx-light")


ODD_PATHS = {
    b"/orders/1?q=13912345678": "/orders/1",
    b'/a"b': "/a",
    b"/a\\b": "/a",
    b'/","code":"ok': "/",
    b"/a%22b%5Cc%01%0A%7F": "/a%22b%5Cc%01%0A%7F",
    b"/%E6%9D%AF/%FF": "/%E6%9D%AF/%FF",
    "/杯".encode(): "/",
    b"/a\xff\xfe": "/a",
    b"/a<b>{c}'d": "/a<b>{c}'d",
    b"/" + b"a" * 2000: "/" + "a" * 999,
}
"""Paths, as bytes of a request, and what a problem of nginx says was asked."""


@contextmanager
def proxied(urls: list[str], *beside: Path) -> Iterator[str]:
    """`deploy/nginx.conf` in front of the two servers, with the files that stand beside it; its base URL."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    with _nginx(text, r"server 127\.0\.0\.1:800\d", urls, *beside) as url:
        yield url


@contextmanager
def routed(north: str, south: str) -> Iterator[str]:
    """`deploy/installations/nginx.conf` in front of two installations; its base URL."""
    text = (ROOT / "deploy/installations/nginx.conf").read_text()
    with _nginx(text, r"server 127\.0\.0\.1:808\d", [north, south]) as url:
        yield url


@contextmanager
def _nginx(text: str, named: str, urls: list[str], *beside: Path) -> Iterator[str]:
    """nginx by a configuration whose addresses `named` are those of the servers instead."""
    port = free_port()
    with new_folder() as folder:
        configuration = _with_ports(text, port, named, urls)
        (folder / "meta_be.conf").write_text("\n".join([configuration, *(file.read_text() for file in beside)]))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
        assert NGINX is not None
        process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            _wait_for(f"http://127.0.0.1:{port}", process, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _with_ports(text: str, port: int, named: str, urls: list[str]) -> str:
    servers = iter(urls)
    text, listens = re.subn(r"listen 8080;", f"listen 127.0.0.1:{port};", text)
    text, found = re.subn(named, lambda _: f"server {urlsplit(next(servers)).netloc}", text)
    assert (listens, found) == (1, len(urls))
    return text


def _wait_for(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(100):
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            httpx.get(url + "/metrics")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not answer")


def own_answer(url: str, path: bytes, *head: str) -> dict[str, Any]:
    """The problem that nginx at this URL itself answers a POST of the path with, whose bytes are sent as they are."""
    host, port = urlsplit(url).netloc.split(":")
    lines = [b"POST " + path + b" HTTP/1.1", *(line.encode() for line in (*head, "Connection: close"))]
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = HTTPResponse(connection)
        answer.begin()
        content = answer.read()
    assert answer.headers["content-type"] == "application/problem+json", content
    told = json.loads(content)
    assert told["status"] == answer.status
    Problem.model_validate(told, extra="forbid")
    return dict(told)


@contextmanager
def silent_server(asked: Counter[str]) -> Iterator[str]:
    """A server that takes each request and hangs up; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked[connection.recv(65536).split(b" ")[0].decode()] += 1

    threading.Thread(target=take, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()

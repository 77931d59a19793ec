"""A proxy in front of a server: it passes requests on, or fails as servers and networks do."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MODES = ("pass", "away", "error", "slow", "lost answer")
SLOW_SECONDS = 1.0
OF_A_HOP = ("Connection", "Transfer-Encoding", "Content-Length")


class Proxy(ThreadingHTTPServer):
    """Stands for a server; `mode` says how well it does."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.mode = "pass"
        self.requests = 0

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of connections that broke, which is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _handle(self) -> None:
        mode = self.server.mode
        self.server.requests += 1
        body = self._body()
        if mode == "away":
            self.close_connection = True
            return
        if mode == "error":
            self._answer(500, b"<html>Internal Server Error</html>", "text/html")
            return
        if mode == "slow":
            time.sleep(SLOW_SECONDS)
        connection = HTTPConnection(self.server.upstream, timeout=30)
        headers = {key: value for key, value in self.headers.items() if key not in OF_A_HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if mode == "lost answer":
            self.close_connection = True
            return
        self._answer(answer.status, content, answer.getheader("Content-Type") or "")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 (http.server's names)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing to read here."""


@contextmanager
def unreliable(upstream: str) -> Iterator[Proxy]:
    """A proxy in front of a server."""
    proxy = Proxy(upstream)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


if __name__ == "__main__":  # for who measures: python unreliable.py UPSTREAM MODE
    proxy = Proxy(sys.argv[1])
    proxy.mode = sys.argv[2]
    print(proxy.uri, flush=True)
    proxy.serve_forever()

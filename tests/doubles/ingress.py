"""A proxy that behaves as Home Assistant's ingress: a page in a frame, below a path, from an address of its own.

What it adds, drops and hands on is as in home-assistant/core (homeassistant/components/hassio/ingress.py) and
home-assistant/supervisor (supervisor/api/ingress.py). Of the two this has one: it takes the browser's request and asks
showcam from the supervisor's address.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.doubles.waiting import LONG_S

SUPERVISOR = "127.0.0.2"  # 172.30.32.2 in life
BROWSER, CORE = "192.168.1.20", "172.30.32.1"
BASE = "/api/hassio_ingress/j9wVk_0-Zq"
SESSION = "ingress_session=4711"
NOT_ON = ("content-length", "content-encoding", "transfer-encoding", "connection")
NOT_BACK = ("transfer-encoding", "content-length", "content-type", "content-encoding", "connection", "server", "date")
FRONTEND = f"""<!doctype html><meta charset="utf-8"><title>Home Assistant</title>
<iframe title="showcam" src="{BASE}/" style="border: 0; width: 100vw; height: 100vh"></iframe>"""


class Ingress:
    """`with Ingress(port) as ingress: ingress.url` leads to showcam on that port. `strays`: paths beside the base.

    `host` is showcam's address, `address` the one from which the supervisor asks it.
    """

    def __init__(
        self,
        port: int,
        *,
        base: str = BASE,
        host: str = "127.0.0.1",
        address: str = SUPERVISOR,
        browser: str = BROWSER,
    ) -> None:
        self.base, self.strays = base, list[str]()
        ingress = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, is_below = self.path.removeprefix(ingress.base), self.path.startswith(f"{ingress.base}/")
                if self.path == "/":
                    self._answer(200, [("Set-Cookie", f"{SESSION}; Path=/api/hassio_ingress/")], "text/html", FRONTEND)
                elif not is_below:
                    ingress.strays.append(self.path)
                    self._answer(404, [], "text/plain", "not of this app")
                elif SESSION not in self.headers.get("Cookie", ""):
                    self._answer(401, [], "text/plain", "no session of Home Assistant")
                else:
                    self._hand_on(path, body)

            do_GET = do_POST = do_HEAD = _take  # noqa: N815

            def _hand_on(self, path: str, body: bytes) -> None:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_ON}
                headers |= {
                    "X-Ingress-Path": ingress.base,
                    "X-Forwarded-For": f"{browser}, {CORE}",
                    "X-Forwarded-Host": self.headers["Host"],
                    "X-Forwarded-Proto": "http",
                }
                showcam = http.client.HTTPConnection(host, port, source_address=(address, 0))
                try:
                    showcam.request(self.command, path, body or None, headers)
                    answer = showcam.getresponse()
                    kept = [(name, text) for name, text in answer.getheaders() if name.lower() not in NOT_BACK]
                    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
                    self._answer(answer.status, kept, kind, answer.read())
                except OSError:
                    self._answer(502, [], "text/plain", "Bad Gateway")
                finally:
                    showcam.close()

            def _answer(self, status: int, headers: list[tuple[str, str]], kind: str, content: str | bytes) -> None:
                body = content.encode() if isinstance(content, str) else content
                self.send_response(status)
                for name, value in [*headers, ("Content-Type", kind), ("Content-Length", str(len(body)))]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="ingress", daemon=True)

    def __enter__(self) -> "Ingress":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(LONG_S)

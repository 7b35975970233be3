"""An HTTP proxy in front of a server that does what tests ask of it: drops answers, answers errors, waits.

    with FaultyProxy("127.0.0.1:8080") as proxy:
        proxy.fail(3, kind="late", method="POST", path="/tables/")
        proxy.change = lambda request, status, body: (status, body)  # lies
        ... proxy.address, proxy.seen ...
"""
import dataclasses
import http.client
import http.server
import socketserver
import ssl
import threading
import time


@dataclasses.dataclass
class Fault:
    kind: str       # status | drop (nothing is passed on) | late (passed on, the answer is dropped) | hang | hold
    value: object   # of status: the code; of hang: seconds; of hold: the event to wait for
    method: str     # "" is any
    path: str       # part of the path
    left: int


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # connections break on purpose


class FaultyProxy:
    def __init__(self, upstream, certificate=None):
        """certificate: a PEM file with a key; then the proxy speaks TLS."""
        self.upstream = upstream
        self.change = None
        self.lock = threading.Lock()
        self.faults = []
        self.seen = []  # (method, path, status or None)
        self.down = False
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_any(self):
                proxy.serve(self)
            do_GET = do_POST = do_DELETE = do_HEAD = do_any

        self.server = _Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def fail(self, times, kind, value=None, method="", path=""):
        with self.lock:
            self.faults.append(Fault(kind, value, method, path, times))

    def faults_left(self):
        with self.lock:
            return sum(fault.left for fault in self.faults)

    def count(self, method, path):
        with self.lock:
            return sum(1 for one in self.seen if one[0] == method and path in one[1])

    def take(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.left > 0 and fault.method in ("", method) and fault.path in path:
                    fault.left -= 1
                    return fault.kind, fault.value
        return ("drop", None) if self.down else (None, None)

    def serve(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        kind, value = self.take(request.command, request.path)
        status = None
        try:
            if kind == "drop":
                return self.cut(request)
            if kind == "hang":
                time.sleep(value)
            if kind == "hold":
                value.wait()
            if kind == "status":
                status = value
                return self.answer(request, value, {"Content-Type": "application/json"},
                                   b'{"error":{"message":"asked for","type":"TestException","code":%d}}' % value)
            status, headers, answer = self.forward(request, body)
            if kind == "late":
                return self.cut(request)
            if self.change:
                status, answer = self.change(request, status, answer)
            return self.answer(request, status, headers, answer)
        except OSError:
            return self.cut(request)
        finally:
            with self.lock:
                self.seen.append((request.command, request.path, status))

    def forward(self, request, body):
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(request.command, request.path, body or None, headers)
        response = connection.getresponse()
        out = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return out

    @staticmethod
    def cut(request):
        request.close_connection = True
        request.connection.close()

    @staticmethod
    def answer(request, status, headers, body):
        request.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                request.send_header(name, value)
        if status not in (204, 304):
            request.send_header("Content-Length", str(len(body)))
        request.send_header("Connection", "close")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

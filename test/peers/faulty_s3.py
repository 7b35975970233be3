"""A local S3 server (moto) behind a proxy that fails on demand. Prints `port N`; then obeys lines on its standard
input, each answered with `ok`:

  bucket NAME        make a bucket
  status CODE N      answer the next N requests with an HTTP error
  deny N             answer the next N requests as S3 does a wrong signature
  drop N             close the connection of the next N requests without an answer
  late N             pass the next N requests on, then close the connection: the outcome is unknown to the client
  hang SECONDS N     answer the next N requests only after a while
  well               fail no more
  requests           answers `ok N`: requests seen so far
"""
import http.client
import http.server
import logging
import socketserver
import sys
import threading
import time

import boto3
from moto.server import ThreadedMotoServer

lock = threading.Lock()
faults = []  # one (kind, argument) for each request to come
seen = 0


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = None

    def log_message(self, *args):
        pass

    def take(self):
        global seen
        with lock:
            seen += 1
            return faults.pop(0) if faults else (None, None)

    def body(self):
        length = self.headers.get("Content-Length")
        if length is not None:
            return self.rfile.read(int(length))
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return b""

    def answer(self, code, headers, body, head=False):
        self.send_response(code)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        length = dict((k.lower(), v) for k, v in headers).get("content-length") if head else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        kind, argument = self.take()
        body = self.body()
        if kind == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if kind in ("status", "deny"):
            code = 403 if kind == "deny" else argument
            name = "SignatureDoesNotMatch" if kind == "deny" else "ServiceUnavailable"
            text = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>no</Message></Error>".encode()
            self.answer(code, [("Content-Type", "application/xml")], b"" if self.command == "HEAD" else text)
            return
        if kind == "hang":
            time.sleep(argument)
        link = http.client.HTTPConnection("127.0.0.1", self.upstream)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("transfer-encoding", "expect")}
        headers["Content-Length"] = str(len(body))
        link.request(self.command, self.path, body, headers)
        reply = link.getresponse()
        data = reply.read()
        if kind == "late":
            self.close_connection = True
            self.connection.close()
            return
        self.answer(reply.status, reply.getheaders(), data, self.command == "HEAD")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that went away


def obey(words, moto_port):
    with lock:
        if words[0] == "requests":
            return f"ok {seen}"
        if words[0] == "well":
            faults.clear()
        elif words[0] == "status":
            faults.extend([("status", int(words[1]))] * int(words[2]))
        elif words[0] == "hang":
            faults.extend([("hang", float(words[1]))] * int(words[2]))
        elif words[0] != "bucket":
            faults.extend([(words[0], None)] * int(words[1]))
    if words[0] == "bucket":
        boto3.client("s3", endpoint_url=f"http://127.0.0.1:{moto_port}", region_name="us-east-1",
                     aws_access_key_id="k", aws_secret_access_key="s").create_bucket(Bucket=words[1])
    return "ok"


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    _, moto_port = moto.get_host_and_port()
    Proxy.upstream = moto_port
    proxy = Server(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    print("port", proxy.server_address[1], flush=True)
    for line in sys.stdin:
        print(obey(line.split(), moto_port), flush=True)
    moto.stop()


main()

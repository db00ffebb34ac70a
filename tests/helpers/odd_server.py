"""A local HTTP server that answers as it is told, to see what a download makes of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Handler(BaseHTTPRequestHandler):
    """Gives each request to the next answer of the server, the last one again and again."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = self.server.asked
        asked.append(self)
        answers = self.server.answers
        answers[min(len(asked), len(answers)) - 1](self)
        self.close_connection = True

    def send(self, body=b"", status=200, *, length=None, **headers):
        """Send a body under what is announced of it; a length below 0 announces none."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is None or length >= 0:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def file(content, *, stop=None, ranges=True, if_range=True, etag='"one"', **headers):
    """Answer with a file, as a server does that knows ranges; or break off at a byte."""

    def answer(request):
        start = request.headers.get("Range", "bytes=0-")
        start = int(start.removeprefix("bytes=").removesuffix("-"))
        changed = if_range and request.headers.get("If-Range", etag) != etag
        known = {"ETag": etag} if etag else {}
        if start >= len(content) and not changed:
            return request.send(status=416, Content_Range=f"bytes */{len(content)}", **known)
        if start and ranges and not changed:
            said = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body, known, status = content[start:stop], known | {"Content-Range": said}, 206
        else:
            start, body, status = 0, content[:stop], 200
        return request.send(body, status, length=len(content) - start, **known, **headers)

    return answer


def page(body, status=200, **headers):
    """Answer with a body, whatever is asked for."""
    return lambda request: request.send(body, status, **headers)


def chunked(*pieces, end=b"0\r\n\r\n"):
    """Answer in chunks, without a length."""

    def answer(request):
        request.send(length=-1, Transfer_Encoding="chunked")
        for piece in pieces:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        request.wfile.write(end)

    return answer


def moved(address):
    """Answer that the file is elsewhere."""
    return lambda request: request.send(status=302, Location=address)


@contextmanager
def serving(*answers, certificate=None):
    """Serve from a thread; yields the server, with `url` and the requests in `asked`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answers, server.asked = list(answers), []
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # clients that refuse the certificate
    server.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/file"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_certificate(path):
    """Write a certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(pem))
    return path

"""A time authority on this machine: `openssl ts` behind a small server of pages."""

import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SETTINGS = """
[ca]
default_ca = root
[root]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/root.pem
private_key = {folder}/root.key
default_md = sha256
default_days = 3650
default_crl_days = 3650
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[of_root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[of_time]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[of_pages]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,serverAuth
[tsa]
default_tsa = authority
[authority]
serial = {folder}/tsa.serial
signer_cert = {folder}/time.pem
signer_key = {folder}/time.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """Certificates of an authority in a folder, and what it answers."""

    def __init__(self, folder: Path, name: str = "Example Time Authority"):
        self.folder = folder
        self.name = name
        self.url = ""
        self.requests = []
        self.respond = self.right
        folder.mkdir()
        (folder / "openssl.cnf").write_text(SETTINGS.format(folder=folder))
        (folder / "index.txt").touch()
        (folder / "index.txt.attr").write_text("unique_subject = no\n")
        for file in ("serial", "tsa.serial"):
            (folder / file).write_text("1000\n")
        self.openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"),
            *("-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={name} root"),
            *("-extensions", "of_root", "-config", "openssl.cnf"),
        )
        self.certify()
        self.certificates = folder / "authority.pem"
        self.certificates.write_bytes((folder / "root.pem").read_bytes())

    def openssl(self, *words):
        done = subprocess.run(
            ["openssl", *map(str, words)], cwd=self.folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def certify(self, extensions="of_time", begin="20200101000000Z", end="20400101000000Z"):
        """Give the authority another key, with a certificate for a purpose and a time."""
        self.openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "time.key"),
            *("-out", "time.csr", "-subj", f"/CN={self.name}", "-config", "openssl.cnf"),
        )
        self.openssl(
            *("ca", "-batch", "-notext", "-in", "time.csr", "-out", "time.pem"),
            *("-extensions", extensions, "-startdate", begin, "-enddate", end),
            *("-config", "openssl.cnf", "-name", "root"),
        )

    def revoke(self, *reason):
        """Revoke the certificate, and list that in the file of the operator."""
        settings = ("-config", "openssl.cnf", "-name", "root")
        self.openssl("ca", "-revoke", "time.pem", *reason, *settings)
        self.openssl("ca", "-gencrl", "-out", "crl.pem", *settings)
        root, listed = (self.folder / one for one in ("root.pem", "crl.pem"))
        self.certificates.write_bytes(root.read_bytes() + listed.read_bytes())

    def right(self, request):
        """Return the answer that `openssl ts` makes."""
        (self.folder / "request.tsq").write_bytes(request)
        self.openssl(
            *("ts", "-reply", "-queryfile", "request.tsq", "-out", "answer.tsr"),
            *("-config", "openssl.cnf", "-section", "authority"),
        )
        return 200, {"Content-Type": "application/timestamp-reply"}, self.answer

    @property
    def answer(self):
        return (self.folder / "answer.tsr").read_bytes()


@contextmanager
def served(authority):
    """Serve an authority on the loopback address."""
    over = threading.Event()

    class Pages(BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["Content-Length"]))
            authority.requests.append((self.headers["Content-Type"], request))
            status, headers, data = authority.respond(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if data is None:  # an answer that never ends
                while not over.wait(0.05):
                    self.wfile.write(b"x")
            else:
                self.wfile.write(data)

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    try:
        yield authority
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def wait_for_next_second():
    """Wait until an authority, whose times are whole seconds, gives another one."""
    time.sleep(1.05 - time.time() % 1)

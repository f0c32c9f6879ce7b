"""Programs that are both ends of many HTTPS connections at once: CLIENTS of them, each with ROUNDS of requests.

Each is given a port, a certificate and a key; it says "ready", waits for a line, and has done all when it ends. Those that
are given a fourth word connect and make one request, to /warm, before they are ready, and another one behind the line.
"""

import os
import shutil
import subprocess
from atexit import register
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from bench.servers import find
from tests.live.conftest import need
from tests.live.tls.conftest import Certificate

CLIENTS, ROUNDS = 8, 12
SIZES = (0, 1, 100, 5_000, 20_000, 50_000)


@contextmanager
def started(command: list[str], port: int, certificate: Certificate, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A program that is ready; ended, if it was not by then."""
    words = [*command, str(port), str(certificate.certificate), str(certificate.key), *more]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@lru_cache
def go_talker() -> str:
    """The same in Go, in several ways: a program to be given one of them before all else; skips where there is no Go."""
    need("go")
    made = Path(mkdtemp(prefix="pxcap-go-"))
    register(shutil.rmtree, made, ignore_errors=True)
    build = [find("go") or "", "build", "-ldflags", "-s -w", "-o", str(made / "gotalker"), "main.go"]
    environment = {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOCACHE": str(made / "cache"), "PATH": os.defpath}
    subprocess.run(build, check=True, cwd=Path(__file__).parent / "gotalker", env=environment, capture_output=True)
    return str(made / "gotalker")


def talk(*processes: subprocess.Popen[str]) -> None:
    """Let them talk, all at the same time."""
    for process in processes:
        assert process.stdin is not None
        print("go", file=process.stdin, flush=True)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0


def expected() -> set[tuple[str, str, str]]:
    """Path, body and answer of each request."""
    pairs = [(client, round_) for client in range(CLIENTS) for round_ in range(ROUNDS)]
    return {(f"/{client}/{round_}", body(client, round_), f"{client}:{round_}") for client, round_ in pairs}


def body(client: int, round_: int) -> str:
    """What a request carries."""
    return chr(97 + client) * SIZES[(client + round_) % len(SIZES)]


_BEGIN = f"""
import sys
PORT, CERTIFICATE, KEY, WARM = int(sys.argv[1]), sys.argv[2], sys.argv[3], len(sys.argv) > 4
CLIENTS, ROUNDS, SIZES = {CLIENTS}, {ROUNDS}, {SIZES}
def body(client, round_):
    return chr(97 + client) * SIZES[(client + round_) % len(SIZES)]
def go():
    print("ready", flush=True)
    sys.stdin.readline()
"""
THREADS = (
    _BEGIN
    + """
import http.client, http.server, ssl, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        assert len(self.rfile.read(int(self.headers["Content-Length"]))) == int(self.headers["Content-Length"])
        answer = self.path[1:].replace("/", ":").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass
def ask(client):
    connection = http.client.HTTPSConnection("localhost", PORT, context=trusting, timeout=20)
    def once(path):
        connection.request("POST", path, "warm")
        connection.getresponse().read()
    if WARM:
        once("/warm")
    warm.wait()
    begin.wait()
    if WARM:
        once("/warm")
    for round_ in range(ROUNDS):
        connection.request("POST", f"/{client}/{round_}", body(client, round_))
        assert connection.getresponse().read() == f"{client}:{round_}".encode()
    connection.close()
trusting = ssl.create_default_context(cafile=CERTIFICATE)
serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
serving.load_cert_chain(CERTIFICATE, KEY)
server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
server.daemon_threads = False
server.socket = serving.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, args=(0.05,)).start()
warm, begin = threading.Barrier(CLIENTS + 1), threading.Event()
threads = [threading.Thread(target=ask, args=(client,)) for client in range(CLIENTS)]
for thread in threads:
    thread.start()
warm.wait()
go()
begin.set()
for thread in threads:
    thread.join()
server.shutdown()
server.server_close()
"""
)
"""Blocking sockets, which the library reads and writes itself; each connection has a thread at either end."""

ASYNCIO = (
    _BEGIN
    + """
import asyncio, ssl
async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            path = head.split()[1].decode()
            await reader.readexactly(int(head.split(b"Content-Length: ")[1].split()[0]))
            answer = path[1:].replace("/", ":").encode()
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(answer))
            await asyncio.sleep(0)
            writer.write(answer)
    except asyncio.IncompleteReadError:
        writer.close()
async def request(reader, writer, path, data):
    writer.write(b"POST %s HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % (path.encode(), len(data)))
    for at in range(0, len(data), 7000):
        writer.write(data[at : at + 7000])
        await asyncio.sleep(0)
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    return await reader.readexactly(int(head.split(b"Content-Length: ")[1].split()[0]))
async def ask(client, warm, begin):
    if WARM:
        reader, writer = await asyncio.open_connection("localhost", PORT, ssl=trusting)
        await request(reader, writer, "/warm", b"warm")
    warm.release()
    await begin.wait()
    if WARM:
        await request(reader, writer, "/warm", b"warm")
    else:
        reader, writer = await asyncio.open_connection("localhost", PORT, ssl=trusting)
    for round_ in range(ROUNDS):
        answer = await request(reader, writer, f"/{client}/{round_}", body(client, round_).encode())
        assert answer == b"%d:%d" % (client, round_)
    writer.close()
    await writer.wait_closed()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", PORT, ssl=serving)
    warm, begin = asyncio.Semaphore(0), asyncio.Event()
    asking = asyncio.gather(*(ask(client, warm, begin) for client in range(CLIENTS)))
    for _ in range(CLIENTS):
        await warm.acquire()
    await asyncio.get_running_loop().run_in_executor(None, go)
    begin.set()
    await asking
    server.close()
trusting = ssl.create_default_context(cafile=CERTIFICATE)
serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
serving.load_cert_chain(CERTIFICATE, KEY)
asyncio.run(main())
"""
)
"""One thread moves the encrypted bytes of all connections, at both ends, and hands them to the library."""

NODE = (
    f"const CLIENTS = {CLIENTS}, ROUNDS = {ROUNDS}, SIZES = {list(SIZES)};"
    + """
const https = require('https'), fs = require('fs');
const [PORT, CERTIFICATE, KEY] = [Number(process.argv[1]), process.argv[2], process.argv[3]];
const WARM = process.argv.length > 4;
const certificate = fs.readFileSync(CERTIFICATE);
const body = (client, round) => String.fromCharCode(97 + client).repeat(SIZES[(client + round) % SIZES.length]);
const server = https.createServer({cert: certificate, key: fs.readFileSync(KEY)}, (request, response) => {
  request.resume().on('end', () => response.end(request.url.slice(1).replace('/', ':')));
});
const ask = (agent, path, data, expected) => new Promise((done, failed) => {
  const headers = {'Content-Length': data.length};
  const options = {host: 'localhost', port: PORT, family: 4, path, method: 'POST', agent, headers, ca: certificate};
  const request = https.request(options, (response) => {
    let text = '';
    response.on('data', (part) => text += part);
    response.on('end', () => text === expected ? done() : failed(new Error(text)));
  });
  request.on('error', failed);
  request.end(data);
});
const agents = [...Array(CLIENTS).keys()].map(() => new https.Agent({keepAlive: true, maxSockets: 1}));
const warm = async (agent) => {
  if (WARM) await ask(agent, '/warm', 'warm', 'warm');
};
const talk = async (agent, client) => {
  await warm(agent);
  for (let round = 0; round < ROUNDS; round++)
    await ask(agent, `/${client}/${round}`, body(client, round), `${client}:${round}`);
  agent.destroy();
};
server.keepAliveTimeout = 60000;
server.listen(PORT, '127.0.0.1', async () => {
  await Promise.all(agents.map(warm));
  console.log('ready');
  process.stdin.once('data', async () => {
    await Promise.all(agents.map(talk));
    server.close();
    process.stdin.pause();
  });
});
"""
)
"""The same in Node, which brings a library of its own."""

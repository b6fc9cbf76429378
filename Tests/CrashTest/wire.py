"""A relay between one worker and its servers, which knows each request and can do harm to it.

How this works: the worker's AWS endpoint and database URL are ports of ours. Each request is read whole, named (`edges.py`) and
shown to a tap, once before it goes on and once when its answer is here, not yet passed on. The tap may let it be, or
answer with a harm. So a worker can be killed exactly between any two things it does, without a hook in the product.
"""
import http.client
import select
import socket
import socketserver
import struct
import threading
import time

import edges

PIECE = 1 << 16
BODILESS = ("204", "304")


class Gone(Exception):
    """One side has hung up."""


class Harm:
    """What is done to an exchange."""

    def __init__(self, kind, seconds=0.0, answer=None):
        self.kind, self.seconds, self.answer = kind, seconds, answer


DROP = Harm("drop")    # both connections are closed without a word
RESET = Harm("reset")  # the worker's connection is reset


class Tap:
    """Watches exchanges; what `before` and `after` return is done."""

    def before(self, exchange):
        return None

    def after(self, exchange):
        return None


class Exchange:
    """One request and, later, its answer."""

    def __init__(self, worker, method, path, headers, body):
        self.worker, self.method, self.path, self.headers, self.body = worker, method, path, headers, body
        self.status, self.answer_headers, self.answer = None, [], b""
        self.action, self.edge, self.facts = edges.name(method, path, headers, body)


# -- HTTP


def read_line(stream):
    line = stream.readline(PIECE)
    if not line.endswith(b"\n"):
        raise Gone
    return line.rstrip(b"\r\n").decode("latin-1")


def read_head(stream):
    """The first line and the headers."""
    first = read_line(stream)
    headers = []
    while line := read_line(stream):
        name, _, value = line.partition(":")
        headers.append((name.strip(), value.strip()))
    return first, headers


def header(headers, name):
    return next((value for key, value in headers if key.lower() == name), "")


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise Gone
    return data


def read_body(stream, headers):
    if "chunked" not in header(headers, "transfer-encoding").lower():
        return read_exactly(stream, int(header(headers, "content-length") or 0))
    parts = []
    while size := int(read_line(stream).split(";")[0], 16):
        parts.append(read_exactly(stream, size))
        read_line(stream)
    while read_line(stream):
        pass
    return b"".join(parts)


def readable(connections, seconds=None):
    """Those of them that can be read, or have been hung up; poll(2), because a long run has more descriptors than select(2) takes."""
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll(None if seconds is None else max(0, seconds) * 1000)}
    return [connection for connection in connections if connection.fileno() in ready]


def reset(connection):
    """Closes with RST instead of FIN."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    connection.close()


def head(first, headers, body, drop=("transfer-encoding", "content-length", "expect", "host"), more=()):
    lines = [first] + [f"{name}: {value}" for name, value in headers if name.lower() not in drop] + list(more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class Listener(socketserver.ThreadingTCPServer):
    """A port of 127.0.0.1."""
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, handle):
        self.handle_connection = handle
        super().__init__(("127.0.0.1", 0), None)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()

    def finish_request(self, request, client_address):
        try:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.handle_connection(request)
        except (Gone, OSError, ValueError):
            pass

    def shutdown_request(self, request):
        try:
            request.close()
        except OSError:
            pass

    @property
    def port(self):
        return self.server_address[1]


class HTTPWire:
    """The worker's way to AWS."""

    def __init__(self, worker, endpoint, tap):
        self.worker, self.tap = worker, tap
        self.upstream = tuple(endpoint.removeprefix("http://").split(":"))
        self.listener = Listener(self.connection)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.port}"

    def connection(self, client):
        stream, server = client.makefile("rb"), None
        try:
            while True:
                try:
                    first, headers = read_head(stream)
                except Gone:
                    return
                if "100-continue" in header(headers, "expect").lower():
                    client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = read_body(stream, headers)
                method, path, _ = first.split(" ")
                exchange = Exchange(self.worker, method, path, headers, body)
                if not self.do(self.tap.before(exchange), client, exchange):
                    return
                if server is None:
                    server = socket.create_connection(self.upstream)
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.ask(server, client, first, exchange)
                if not self.do(self.tap.after(exchange), client, exchange):
                    return
                self.reply(client, exchange)
        finally:
            if server:
                server.close()

    def ask(self, server, client, first, exchange):
        more = [f"Host: {self.upstream[0]}:{self.upstream[1]}", f"Content-Length: {len(exchange.body)}"]
        server.sendall(head(first, exchange.headers, exchange.body, more=more))
        while True:  # a worker that hangs up while it polls must take its poll with it
            ready = readable([server, client])
            if server in ready:
                break
            if client in ready:
                raise Gone  # hung up; nobody pipelines
        answer = server.makefile("rb")
        exchange.status, exchange.answer_headers = read_head(answer)
        code = exchange.status.split(" ")[1]
        bodiless = exchange.method == "HEAD" or code in BODILESS
        exchange.answer = b"" if bodiless else read_body(answer, exchange.answer_headers)

    @staticmethod
    def reply(client, exchange):
        length = header(exchange.answer_headers, "content-length")
        more = [f"Content-Length: {length}"] if length else []
        client.sendall(head(exchange.status, exchange.answer_headers, exchange.answer, more=more,
                            drop=("transfer-encoding", "content-length")))

    def do(self, harm, client, exchange):
        """Does the harm; whether the exchange goes on."""
        if harm is None:
            return True
        if harm.kind == "hold":
            time.sleep(harm.seconds)
            return True
        if harm.kind == "answer":
            status, content_type, body = harm.answer
            if exchange.method == "HEAD":
                body = b""
            first = f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}"
            client.sendall(head(first, [("Content-Type", content_type)], body, more=[f"Content-Length: {len(body)}"]))
            # The connection would be of use again, but a fresh one for each faulted call keeps this simple.
            return False
        if harm.kind == "truncate":
            length = max(len(exchange.answer), 64)
            first = head(exchange.status, exchange.answer_headers, b"", more=[f"Content-Length: {length}"],
                         drop=("transfer-encoding", "content-length"))
            client.sendall(first + exchange.answer[:len(exchange.answer) // 2])
            return False
        if harm.kind == "stall":
            deadline = time.monotonic() + harm.seconds
            while (left := deadline - time.monotonic()) > 0:
                ready = readable([client], left)
                if ready:
                    raise Gone
            return False
        if harm.kind == "reset":
            reset(client)
        return False


# -- PostgreSQL (manual, chapter "Frontend/Backend Protocol")

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class PostgresExchange:
    """A message of the worker's to PostgreSQL that is worth a name."""

    def __init__(self, worker, edge):
        self.worker, self.edge, self.action, self.facts = worker, edge, "PostgreSQL", {}


class PostgresWire:
    """The worker's way to its database."""

    def __init__(self, worker, port, tap):
        self.worker, self.port, self.tap = worker, port, tap
        self.listener = Listener(self.connection)

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.listener.port}/postgres"

    def connection(self, client):
        server = socket.create_connection(("127.0.0.1", self.port))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        state = {"asked": None, "lock": threading.Lock()}
        back = threading.Thread(target=self.answers, args=(server, client, state), daemon=True)
        try:
            self.greet(client, server)
            back.start()
            self.requests(client, server, state)
        finally:
            for one in (server, client):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                one.close()

    @staticmethod
    def receive(connection, count):
        parts = bytearray()
        while len(parts) < count:
            piece = connection.recv(count - len(parts))
            if not piece:
                raise Gone
            parts += piece
        return bytes(parts)

    def greet(self, client, server):
        while True:
            size = self.receive(client, 4)
            rest = self.receive(client, struct.unpack("!I", size)[0] - 4)
            server.sendall(size + rest)
            if struct.unpack("!I", rest[:4])[0] not in (SSL_REQUEST, GSS_REQUEST):
                return
            client.sendall(self.receive(server, 1))

    def requests(self, client, server, state):
        while True:
            start = self.receive(client, 5)
            body = self.receive(client, struct.unpack("!I", start[1:])[0] - 4)
            edge = edges.postgres(start[:1], body)
            if edge:
                exchange = PostgresExchange(self.worker, edge)
                harm = self.tap.before(exchange)
                if harm and harm.kind == "hold":
                    time.sleep(harm.seconds)
                elif harm:
                    return
                with state["lock"]:
                    state["asked"] = exchange
            server.sendall(start + body)

    def answers(self, server, client, state):
        try:
            while piece := server.recv(PIECE):
                with state["lock"]:
                    asked, state["asked"] = state["asked"], None
                if asked and (harm := self.tap.after(asked)):
                    if harm.kind != "hold":
                        break
                    time.sleep(harm.seconds)
                client.sendall(piece)
        except OSError:
            pass
        for one in (client, server):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

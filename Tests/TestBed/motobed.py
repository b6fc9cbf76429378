#!/usr/bin/env python3
"""The AWS of the tests and of `make demo-aws`: moto's server, mended where it differs from AWS in ways Landfall feels.

usage: motobed.py PORT        PORT 0 takes a free one; the first line on stdout is the URL, printed once it listens.
Ends on SIGTERM or SIGINT with exit code 0. Listens on 127.0.0.1 only.

What is mended (moto 5.2.1):
 1. Requests are atomic. moto's backends are not thread-safe under its own server: two conditional puts can both win,
    counters lose additions, SQS hands one message to two readers. One lock round every request mends it.
 2. A long poll does not hold that lock, wakes at once when something arrives, and stops when its caller has hung up
    (otherwise a killed worker's last poll swallows the next message until its visibility timeout).
 3. HTTP/1.1 with keep-alive: whole bodies are read before the answer, which carries an exact Content-Length.
 4. EventBridge "Object Created" events look like S3's: a unique `id` and `request-id`, `etag` in lower case, a `sequencer`
    that grows, no `version-id` for an unversioned bucket, `reason` in S3's words, and the default bus only.
 5. S3 notifications carry `sequencer`, `versionId` where there is one, an `eventTime` in UTC with its Z, and keys that keep
    their slashes.
 6. Checksums that the caller states are verified: x-amz-content-sha256, Content-MD5, x-amz-checksum-{crc32,sha1,sha256}.
 7. UploadPart or CompleteMultipartUpload for an upload that is gone says NoSuchUpload, not HTTP 500.
 8. State machines run, more than once per server, with or without a name for the execution.

What is left as it is, because it makes good tests: CompleteMultipartUpload announces the object twice (same sequencer), every
PutObject is followed by an "Object Tags Added" event.
"""
import base64
import copy
import hashlib
import io
import itertools
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import traceback
import uuid
import zlib
from datetime import datetime, timezone
from types import SimpleNamespace
from urllib.parse import quote_plus

if len(sys.argv) != 2 or not sys.argv[1].isdigit():
    sys.exit("usage: motobed.py PORT")

# The port is taken before moto is imported: its state machines call back to MOTO_PORT.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("127.0.0.1", int(sys.argv[1])))
except OSError as error:
    sys.exit(f"motobed.py: cannot listen on 127.0.0.1:{sys.argv[1]}: {error.strerror}. Choose another port, or 0.")
listener.listen(128)
PORT = listener.getsockname()[1]
os.environ["MOTO_PORT"] = str(PORT)

import moto.s3.notifications as notifications  # noqa: E402
import moto.stepfunctions.parser.models as state_machines  # noqa: E402
from moto.core.config import default_user_config  # noqa: E402
from moto.core.utils import unix_time  # noqa: E402
from moto.events.models import events_backends  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.s3.exceptions import NoSuchUpload  # noqa: E402
from moto.s3.models import S3Backend  # noqa: E402
from moto.sqs.models import SQSBackend  # noqa: E402
from werkzeug.serving import DechunkedInput, WSGIRequestHandler, make_server  # noqa: E402

LONGEST_NAP_SECONDS = 0.1  # how late a message may be seen whose visibility timeout or delay has ended

# -- 1, 2: atomic requests, polite long polls

arrived = threading.Condition()  # held by each request; notified after each; released while a long poll waits
caller = threading.local()       # .socket: the connection that the current request came in on


def has_hung_up(connection):
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


receive_now = SQSBackend.receive_message


def receive_message(self, queue_name, count, wait_seconds_timeout, visibility_timeout, *rest, **named):
    deadline = time.monotonic() + int(wait_seconds_timeout or 0)
    with arrived:
        while True:
            if has_hung_up(caller.socket):
                return []
            messages = receive_now(self, queue_name, count, 0, visibility_timeout, *rest, **named)
            left = deadline - time.monotonic()
            if messages or left <= 0:
                return messages
            arrived.wait(min(left, LONGEST_NAP_SECONDS))


SQSBackend.receive_message = receive_message
dispatch = DomainDispatcherApplication(create_backend_app)


def application(environ, start_response):
    caller.socket = environ["werkzeug.socket"]
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    body = environ["wsgi.input"].getvalue()
    polls = target.endswith(".ReceiveMessage") or body.startswith(b"Action=ReceiveMessage&") \
        or b"&Action=ReceiveMessage" in body[:4096]
    if polls or target.startswith("AWSStepFunctions."):  # state machines call back into this server
        return list(dispatch(environ, start_response))
    with arrived:
        try:
            return list(dispatch(environ, start_response))
        finally:
            arrived.notify_all()


# -- 3: HTTP/1.1


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one write

    def handle_expect_100(self):
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def read_body(self, environ):
        if "chunked" in environ.pop("HTTP_TRANSFER_ENCODING", "").lower():
            environ.pop("wsgi.input_terminated", None)
            return DechunkedInput(self.rfile).read()
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def run_wsgi(self):
        environ = self.environ = self.make_environ()
        body = self.read_body(environ)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))

        answer = {}

        def start_response(status, headers, exc_info=None):
            answer["status"], answer["headers"] = status, headers

        wrong = wrong_checksum(environ, body)
        try:
            if wrong:
                content = error_document(wrong, start_response)
            else:
                content = b"".join(self.server.app(environ, start_response))
        except Exception:
            sys.stderr.write(traceback.format_exc())
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            content = b"moto failed; see its stderr"
        self.reply(answer["status"], answer["headers"], content)

    def reply(self, status, headers, content):
        code, _, reason = status.partition(" ")
        bodiless = code in ("204", "304") or self.command == "HEAD"
        self.send_response_only(int(code), reason)
        names = set()
        for name, value in headers:
            names.add(name.lower())
            if name.lower() == "content-length" and self.command != "HEAD":
                continue
            self.send_header(name, value)
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        if code not in ("204", "304") and not (self.command == "HEAD" and "content-length" in names):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)

    def log(self, *_):
        pass


# -- 4, 5: events as S3 writes them

REASONS = {"Put": "PutObject", "Post": "POST Object", "Copy": "CopyObject",
           "CompleteMultipartUpload": "CompleteMultipartUpload", "Delete": "DeleteObject"}
ticks = itertools.count(time.time_ns())


def sequencer_of(key):
    """One object version keeps one sequencer, so that its second announcement is a true duplicate."""
    if not hasattr(key, "sequencer"):
        key.sequencer = f"00{next(ticks):016X}"
    return key.sequencer


def object_of(key, name, etag_name, version_name):
    described = {"key": name, "size": key.size, etag_name: key.etag.strip('"'), "sequencer": sequencer_of(key)}
    if key.version_id and key.version_id != "null":
        described[version_name] = key.version_id
    return described


def send_to_event_bridge(account_id, bucket, event_name, key):
    what = notifications._detail_type(event_name)
    action = str(getattr(event_name, "value", event_name)).split(":")[-1]
    detail = {"version": "0", "bucket": {"name": bucket.name},
              "object": object_of(key, key.name, "etag", "version-id"),
              "request-id": uuid.uuid4().hex[:16].upper(), "requester": account_id,
              "source-ip-address": "127.0.0.1", "reason": REASONS.get(action, action)}
    if what == "Object Deleted":
        detail["deletion-type"] = "Permanently Deleted"
    event = {"version": "0", "id": str(uuid.uuid4()), "detail-type": what, "source": "aws.s3", "account": account_id,
             "time": unix_time(), "region": bucket.region_name, "resources": [bucket.arn], "detail": detail}
    for rule in events_backends[account_id][bucket.region_name].event_buses["default"].rules.values():
        try:
            rule.send_to_targets(event, transform_input=False)
        except Exception as failure:  # on AWS a target that refuses does not fail the upload either
            sys.stderr.write(f"motobed.py: rule {rule.name} did not deliver: {failure}\n")


def notification_event(event_name, bucket, key, notification_id):
    moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": bucket.region_name, "eventTime": moment,
        "eventName": str(getattr(event_name, "value", event_name))[3:], "userIdentity": {"principalId": "AWS:TESTBED"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": "testbed"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": notification_id,
               "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": "TESTBED"}, "arn": bucket.arn},
               "object": object_of(key, quote_plus(key.name, safe="/"), "eTag", "versionId")}}]}


notifications._send_event_bridge_message = send_to_event_bridge
notifications._get_s3_event = notification_event

# -- 6: checksums

CHECKSUMS = {
    "HTTP_CONTENT_MD5": lambda body: hashlib.md5(body).digest(),
    "HTTP_X_AMZ_CHECKSUM_SHA1": lambda body: hashlib.sha1(body).digest(),
    "HTTP_X_AMZ_CHECKSUM_SHA256": lambda body: hashlib.sha256(body).digest(),
    "HTTP_X_AMZ_CHECKSUM_CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}


def wrong_checksum(environ, body):
    """The S3 error code for a body that is not what its headers say, or None."""
    if "aws-chunked" in environ.get("HTTP_CONTENT_ENCODING", "") or not body:
        return None
    stated = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if re.fullmatch("[0-9a-f]{64}", stated) and stated != hashlib.sha256(body).hexdigest():
        return "XAmzContentSHA256Mismatch"
    completes = environ["REQUEST_METHOD"] == "POST"  # there x-amz-checksum-* describes the object, not the body
    for header, digest in CHECKSUMS.items():
        if header in environ and not completes and environ[header] != base64.b64encode(digest(body)).decode():
            return "BadDigest"
    return None


def error_document(code, start_response):
    start_response("400 Bad Request", [("Content-Type", "application/xml"), ("x-amz-request-id", uuid.uuid4().hex[:16])])
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            "<Message>The checksum in the request is not that of the body the server received.</Message></Error>").encode()


# -- 7: uploads that are gone


def refuse_missing_uploads(name):
    known = getattr(S3Backend, name)

    def guarded(self, bucket_name, multipart_id, *rest, **named):
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(upload_id=multipart_id)
        return known(self, bucket_name, multipart_id, *rest, **named)

    setattr(S3Backend, name, guarded)


refuse_missing_uploads("upload_part")
refuse_missing_uploads("complete_multipart_upload")

# -- 8: state machines

default_user_config["stepfunctions"] = {"execute_state_machine": True}
state_machines.copy = SimpleNamespace(deepcopy=copy.copy, copy=copy.copy)  # a deep copy takes the whole backend, locks too
start_known = state_machines.StepFunctionsParserBackend.start_execution


def start_execution(self, state_machine_arn, name=None, *rest, **named):
    return start_known(self, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)


state_machines.StepFunctionsParserBackend.start_execution = start_execution


def stop(*_):
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server = make_server("127.0.0.1", PORT, application, threaded=True, request_handler=Handler, fd=listener.fileno())
    print(f"http://127.0.0.1:{PORT}", flush=True)
    server.serve_forever()

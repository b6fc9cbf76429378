#!/usr/bin/env python3
"""Checks that every repair motobed.py claims holds, on a running one.   usage: check_motobed.py URL"""
import hashlib
import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from provision import client, provision

URL = sys.argv[1]
MADE = provision(URL, prefix="check", versioned=False)
s3, sqs, dynamodb = (client(s, URL) for s in ("s3", "sqs", "dynamodb"))
QUEUE, INPUT = MADE["queue"]["url"], MADE["buckets"]["input"]


def take(queue=QUEUE, wait=2):
    bodies = []
    while True:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages", [])
        if not messages:
            return bodies
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        wait = 0


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def as_signed(service):
    """Enough of a signature to be routed: signatures are not checked."""
    scope = f"testing/20260101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def raw(method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection(urlparse(URL).netloc, timeout=30)
    connection.request(method, path, body, as_signed("s3") | (headers or {}))
    answer = connection.getresponse()
    return answer.status, answer.read(), connection


def conditional_puts_have_one_winner():
    def put(number):
        return code_of(dynamodb.put_item, TableName=MADE["table"], ConditionExpression="attribute_not_exists(job_id)",
                       Item={"job_id": {"S": f"one-{number // 8}"}, "status": {"S": "running"}, "updated_at": {"S": "0"}})
    with ThreadPoolExecutor(8) as threads:
        won = [code for code in threads.map(put, range(160)) if code is None]
    assert len(won) == 20, f"{len(won)} winners of 20"


def messages_are_delivered_once():
    url = sqs.create_queue(QueueName="check-once")["QueueUrl"]
    for _ in range(20):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "{}"} for n in range(10)])
    seen, lock = [], threading.Lock()

    def drain(_):
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            with lock:
                seen.extend(m["MessageId"] for m in messages)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(drain, range(8)))
    assert len(seen) == len(set(seen)) == 200, f"{len(seen)} received, {len(set(seen))} unique, 200 sent"


def a_long_poll_wakes_and_blocks_nobody():
    with ThreadPoolExecutor(1) as thread:
        poll = thread.submit(sqs.receive_message, QueueUrl=QUEUE, WaitTimeSeconds=20)
        time.sleep(0.3)
        started = time.monotonic()
        s3.put_object(Bucket=INPUT, Key="in/a +é.csv", Body=b"x")
        [message] = poll.result(10)["Messages"]
        assert time.monotonic() - started < 5, "woke late"
    sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def events_look_like_s3():
    first = a_long_poll_wakes_and_blocks_nobody()
    s3.put_object(Bucket=INPUT, Key="in/a +é.csv", Body=b"xy")
    [second] = take()
    for event in (first, second):
        thing = event["detail"]["object"]
        assert event["detail-type"] == "Object Created" and event["source"] == "aws.s3", event
        assert event["detail"]["reason"] == "PutObject" and event["time"].endswith("Z"), event
        assert thing["key"] == "in/a +é.csv" and "etag" in thing and "version-id" not in thing, thing
    assert first["id"] != second["id"]
    assert first["detail"]["object"]["sequencer"] < second["detail"]["object"]["sequencer"]


def multipart_objects_come_twice_with_one_sequencer():
    upload = s3.create_multipart_upload(Bucket=INPUT, Key="big")["UploadId"]
    part = s3.upload_part(Bucket=INPUT, Key="big", UploadId=upload, PartNumber=1, Body=b"p")["ETag"]
    s3.complete_multipart_upload(Bucket=INPUT, Key="big", UploadId=upload,
                                 MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
    events = take()
    assert [e["detail"]["reason"] for e in events] == ["PutObject", "CompleteMultipartUpload"], events
    assert len({e["detail"]["object"]["sequencer"] for e in events}) == 1, events
    assert code_of(s3.upload_part, Bucket=INPUT, Key="big", UploadId=upload, PartNumber=2, Body=b"p") == "NoSuchUpload"


def versioned_buckets_name_the_version():
    made = provision(URL, prefix="check-v", arrivals="sqs", versioned=True)
    version = s3.put_object(Bucket=made["buckets"]["input"], Key="in/a +é.csv", Body=b"x")["VersionId"]
    test, event = take(made["queue"]["url"])
    assert test["Event"] == "s3:TestEvent", test
    thing = event["Records"][0]["s3"]["object"]
    assert thing["key"] == "in/a+%2B%C3%A9.csv" and thing["versionId"] == version and thing["sequencer"], thing
    assert event["Records"][0]["eventTime"].endswith("Z")


def checksums_are_verified():
    good = hashlib.sha256(b"body").hexdigest()
    assert raw("PUT", f"/{INPUT}/sum", b"body", {"x-amz-content-sha256": good})[0] == 200
    status, answer, _ = raw("PUT", f"/{INPUT}/sum", b"bodY", {"x-amz-content-sha256": good})
    assert status == 400 and b"XAmzContentSHA256Mismatch" in answer, answer
    assert code_of(s3.put_object, Bucket=INPUT, Key="sum", Body=b"x", ChecksumSHA256="A" * 43 + "=") == "BadDigest"


def connections_are_kept_alive():
    _, _, connection = raw("PUT", f"/{INPUT}/alive", b"0123456789")
    used = connection.sock
    for method, headers, wanted in (("HEAD", {}, b""), ("GET", {}, b"0123456789"), ("GET", {"Range": "bytes=2-3"}, b"23")):
        connection.request(method, f"/{INPUT}/alive", headers=as_signed("s3") | headers)
        answer = connection.getresponse()
        assert answer.read() == wanted and connection.sock is used, f"{method} {headers}: {answer.getheaders()}"
        assert method == "GET" or answer.getheader("Content-Length") == "10", answer.getheaders()


def a_hung_up_poll_takes_nothing():
    url = sqs.create_queue(QueueName="check-hangup")["QueueUrl"]
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20})
    poll = http.client.HTTPConnection(urlparse(URL).netloc)
    poll.request("POST", "/", body, as_signed("sqs") | {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    time.sleep(0.3)
    poll.close()
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    time.sleep(0.3)
    assert take(url, wait=1) == [{}], "the message went to a reader that had hung up"


def announcements_reach_both_observers():
    sns, events = client("sns", URL), client("events", URL)
    sns.publish(TopicArn=MADE["topic"], Message="{}", Subject="Job Succeeded")
    events.put_events(Entries=[{"Source": "landfall", "DetailType": "Job Succeeded", "Detail": "{}",
                                "EventBusName": MADE["bus"]}])
    assert len(take(MADE["observers"]["topic"])) == len(take(MADE["observers"]["bus"])) == 1
    s3.put_object(Bucket=INPUT, Key="quiet", Body=b"x")
    assert not take(MADE["observers"]["bus"], wait=0), "an S3 event on a custom bus"
    take()


def state_machines_run_twice():
    iam_role, states = "arn:aws:iam::123456789012:role/states", client("stepfunctions", URL)
    machine = states.create_state_machine(name="check", roleArn=iam_role, definition=json.dumps(
        {"StartAt": "Wait", "States": {"Wait": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
         "Parameters": {"QueueUrl": MADE["dlq"]["url"], "MessageBody": {"token.$": "$$.Task.Token"}}, "End": True}}}))
    for _ in range(2):
        run = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
        [message] = take(MADE["dlq"]["url"], wait=10)
        states.send_task_success(taskToken=message["token"], output="{}")
        for _ in range(100):
            if (status := states.describe_execution(executionArn=run)["status"]) != "RUNNING":
                break
            time.sleep(0.1)
        assert status == "SUCCEEDED", status


CHECKS = [conditional_puts_have_one_winner, messages_are_delivered_once, events_look_like_s3,
          multipart_objects_come_twice_with_one_sequencer, versioned_buckets_name_the_version, checksums_are_verified,
          connections_are_kept_alive, a_hung_up_poll_takes_nothing, announcements_reach_both_observers,
          state_machines_run_twice]
failed = 0
for check in CHECKS:
    name = check.__name__.replace("_", " ")
    try:
        check()
        print(f"ok      {name}")
    except Exception as failure:
        failed += 1
        print(f"FAILED  {name}: {type(failure).__name__} {failure}")
sys.exit(1 if failed else 0)

#!/usr/bin/env python3
"""What `make demo-aws` does with boto3: uploads, and reads back what a user of AWS would read.

usage: aws.py upload FOLDER KEY...      into the input bucket
       aws.py download FOLDER           the whole output bucket
       aws.py dead-letters|items|announced-topic|announced-bus|depth FILE

The names of things come from the environment that `provision.py --shell` printed.
"""
import json
import os
import sys
from decimal import Decimal

import boto3
from botocore.config import Config

DRAIN_WAIT_SECONDS = 3
ENV = os.environ


def client(service):
    options = Config(s3={"addressing_style": "path"})
    return boto3.client(service, endpoint_url=ENV["AWS_ENDPOINT_URL"], region_name=ENV["AWS_REGION"], config=options)


def upload(folder, *keys):
    s3 = client("s3")
    for key in keys:
        s3.upload_file(os.path.join(folder, key), ENV["TESTBED_INPUT_BUCKET"], key)
        print(f"s3://{ENV['TESTBED_INPUT_BUCKET']}/{key}")


def download(folder):
    s3 = client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=ENV["TESTBED_OUTPUT_BUCKET"]):
        for item in page.get("Contents", []):
            path = os.path.join(folder, item["Key"])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            s3.download_file(ENV["TESTBED_OUTPUT_BUCKET"], item["Key"], path)
            print(f"{item['Size']:>10}  s3://{ENV['TESTBED_OUTPUT_BUCKET']}/{item['Key']}")


def drain(url):
    sqs, messages = client("sqs"), []
    while True:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0 if messages else DRAIN_WAIT_SECONDS,
                                  MessageAttributeNames=["All"], VisibilityTimeout=60).get("Messages", [])
        if not got:
            return messages
        messages += got


def write_lines(path, documents):
    with open(path, "w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False, default=plain) + "\n")


def plain(value):
    return (int(value) if value == value.to_integral_value() else float(value)) if isinstance(value, Decimal) else str(value)


def dead_letters(path):
    letters = [{"id": m["MessageId"], "body": m["Body"],
                "attributes": {k: v["StringValue"] for k, v in m.get("MessageAttributes", {}).items()}}
               for m in drain(ENV["LANDFALL_DLQ_URL"])]
    write_lines(path, letters)
    for letter in letters:
        print(letter["body"][:200])
        for name, value in sorted(letter["attributes"].items()):
            print(f"    {name}: {value}")


def items(path):
    table = boto3.resource("dynamodb", endpoint_url=ENV["AWS_ENDPOINT_URL"], region_name=ENV["AWS_REGION"]) \
        .Table(ENV["LANDFALL_JOBS_TABLE"])
    found = table.scan(ConsistentRead=True)["Items"]
    write_lines(path, found)
    for item in found:
        print(json.dumps({k: item.get(k) for k in ("job_id", "pipeline", "key", "status", "step", "attempt", "counts", "error")},
                         ensure_ascii=False, default=plain))


def announced_topic(path):
    write_lines(path, [json.loads(json.loads(m["Body"])["Message"]) for m in drain(ENV["TESTBED_TOPIC_OBSERVER"])])


def announced_bus(path):
    write_lines(path, [json.loads(m["Body"]) for m in drain(ENV["TESTBED_BUS_OBSERVER"])])


def depth(path):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=ENV["LANDFALL_QUEUE_URL"], AttributeNames=names)["Attributes"]
    left = sum(int(attributes[name]) for name in names)
    write_lines(path, [{"left": left}])
    print(f"{left} messages left in the queue")


COMMANDS = {"upload": upload, "download": download, "dead-letters": dead_letters, "items": items,
            "announced-topic": announced_topic, "announced-bus": announced_bus, "depth": depth}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])

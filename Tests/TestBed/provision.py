#!/usr/bin/env python3
"""Creates on an AWS-like endpoint what one Landfall service needs, and queues that watch what it announces.

usage: provision.py --endpoint URL [--prefix NAME] [--arrivals eventbridge|sqs|sns|none] [--versioned]
                    [--max-receive N] [--visibility SECONDS] [--shell]

Prints one JSON object with every name, ARN and URL; with --shell, `export` lines for the worker's environment and for a
script (TESTBED_*). Needs boto3 only. Safe to run twice. docs/AWS.md lists the same resources for a real account.
"""
import argparse
import json
import shlex

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def client(service, endpoint):
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=60))


class Unless:
    """Runs its block, and lets errors with one of the given codes pass: the thing is there already."""

    def __init__(self, *codes):
        self.codes = codes

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return isinstance(error, ClientError) and error.response["Error"]["Code"] in self.codes


def make_queue(sqs, name, attributes=None):
    url = sqs.create_queue(QueueName=name, Attributes=attributes or {})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn


def allow_to_send(sqs, url, arn, service, source):
    """On AWS events are dropped without a word when the queue's policy does not allow them."""
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage",
                       "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": source}}}]})})


def make_arrivals(kind, names, s3, sqs, sns, events, queue_url, queue_arn):
    """Routes "object created" in the input bucket to the work queue, by one of the three roads AWS has."""
    bucket, notification = names["input"], {}
    if kind == "eventbridge":
        rule = events.put_rule(Name=names["rule"], State="ENABLED", EventPattern=json.dumps({
            "source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [bucket]}}}))["RuleArn"]
        events.put_targets(Rule=names["rule"], Targets=[{"Id": "work", "Arn": queue_arn}])
        allow_to_send(sqs, queue_url, queue_arn, "events.amazonaws.com", rule)
        notification = {"EventBridgeConfiguration": {}}
    elif kind == "sqs":
        allow_to_send(sqs, queue_url, queue_arn, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}")
        notification = {"QueueConfigurations": [{"QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}]}
    elif kind == "sns":
        topic = sns.create_topic(Name=names["arrivals"])["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
        allow_to_send(sqs, queue_url, queue_arn, "sns.amazonaws.com", topic)
        notification = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notification)


def make_jobs_table(dynamodb, name):
    with Unless("ResourceInUseException"):
        dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("job_id", "status", "updated_at")],
            KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[{
                "IndexName": "by_status", "Projection": {"ProjectionType": "ALL"},
                "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"},
                              {"AttributeName": "updated_at", "KeyType": "RANGE"}]}])
        dynamodb.get_waiter("table_exists").wait(TableName=name)
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"})


def provision(endpoint, prefix="landfall", arrivals="eventbridge", versioned=False, max_receive=5, visibility=60):
    s3, sqs, sns, events, dynamodb = (client(s, endpoint) for s in ("s3", "sqs", "sns", "events", "dynamodb"))
    names = {"input": f"{prefix}-input", "rule": f"{prefix}-object-created", "arrivals": f"{prefix}-arrivals"}
    output, table, bus_name = f"{prefix}-output", f"{prefix}-jobs", f"{prefix}-bus"

    dlq_url, dlq_arn = make_queue(sqs, f"{prefix}-dlq", {"MessageRetentionPeriod": "1209600"})
    attributes = {"VisibilityTimeout": str(visibility), "ReceiveMessageWaitTimeSeconds": "20"}
    if max_receive:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dlq_arn, "maxReceiveCount": str(max_receive)})
    queue_url, queue_arn = make_queue(sqs, f"{prefix}-queue", attributes)
    from_topic_url, from_topic_arn = make_queue(sqs, f"{prefix}-observes-topic")
    from_bus_url, from_bus_arn = make_queue(sqs, f"{prefix}-observes-bus")

    for bucket in (names["input"], output):
        with Unless("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            s3.create_bucket(Bucket=bucket)
        if versioned:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    make_arrivals(arrivals, names, s3, sqs, sns, events, queue_url, queue_arn)
    make_jobs_table(dynamodb, table)

    topic_arn = sns.create_topic(Name=f"{prefix}-announcements")["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=from_topic_arn)
    allow_to_send(sqs, from_topic_url, from_topic_arn, "sns.amazonaws.com", topic_arn)

    with Unless("ResourceAlreadyExistsException"):
        events.create_event_bus(Name=bus_name)
    rule = events.put_rule(Name=f"{prefix}-announcements", EventBusName=bus_name, State="ENABLED",
                           EventPattern=json.dumps({"source": ["landfall"]}))["RuleArn"]
    events.put_targets(Rule=f"{prefix}-announcements", EventBusName=bus_name,
                       Targets=[{"Id": "observer", "Arn": from_bus_arn}])
    allow_to_send(sqs, from_bus_url, from_bus_arn, "events.amazonaws.com", rule)

    return {
        "endpoint": endpoint, "region": REGION,
        "queue": {"url": queue_url, "arn": queue_arn}, "dlq": {"url": dlq_url, "arn": dlq_arn},
        "buckets": {"input": names["input"], "output": output}, "table": table,
        "topic": topic_arn, "bus": bus_name,
        "observers": {"topic": from_topic_url, "bus": from_bus_url},
    }


def environment(made):
    """What the worker reads (AWS_*, LANDFALL_*), and what only a script needs (TESTBED_*)."""
    return {
        "AWS_ENDPOINT_URL": made["endpoint"], "AWS_REGION": made["region"], **CREDENTIALS,
        "LANDFALL_BACKEND": "aws", "LANDFALL_QUEUE_URL": made["queue"]["url"], "LANDFALL_DLQ_URL": made["dlq"]["url"],
        "LANDFALL_JOBS_TABLE": made["table"], "LANDFALL_TOPIC_ARN": made["topic"], "LANDFALL_EVENT_BUS": made["bus"],
        "LANDFALL_OUTPUT": f"s3://{made['buckets']['output']}/",
        "TESTBED_INPUT_BUCKET": made["buckets"]["input"], "TESTBED_OUTPUT_BUCKET": made["buckets"]["output"],
        "TESTBED_TOPIC_OBSERVER": made["observers"]["topic"], "TESTBED_BUS_OBSERVER": made["observers"]["bus"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, metavar="URL")
    parser.add_argument("--prefix", default="landfall", metavar="NAME")
    parser.add_argument("--arrivals", choices=["eventbridge", "sqs", "sns", "none"], default="eventbridge",
                        help="the road from the input bucket to the queue (default: eventbridge)")
    parser.add_argument("--versioned", action="store_true", help="versioned buckets")
    parser.add_argument("--max-receive", type=int, default=5, metavar="N", help="of the redrive policy; 0: none")
    parser.add_argument("--visibility", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--shell", action="store_true", help="print export lines instead of JSON")
    given = parser.parse_args()
    made = provision(given.endpoint, given.prefix, given.arrivals, given.versioned, given.max_receive, given.visibility)
    if given.shell:
        for name, value in environment(made).items():
            print(f"export {name}={shlex.quote(value)}")
    else:
        print(json.dumps(made, indent=2))


if __name__ == "__main__":
    main()

"""Messages as S3, SNS, EventBridge and Landfall's users write them, and bodies that are none of those."""
import json
import uuid
from urllib.parse import quote_plus

ACCOUNT, REGION = "123456789012", "us-east-1"


def record(expected, sequencer=None):
    thing = {"key": quote_plus(expected.key, safe="/"), "size": len(expected.data or b""), "eTag": expected.etag}
    if expected.version:
        thing["versionId"] = expected.version
    if sequencer:
        thing["sequencer"] = sequencer
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2026-01-01T00:00:00.000Z",
            "eventName": "ObjectCreated:Put", "s3": {"s3SchemaVersion": "1.0", "configurationId": "by-hand",
            "bucket": {"name": expected.bucket, "arn": f"arn:aws:s3:::{expected.bucket}"}, "object": thing}}


def s3_notification(*all_expected):
    return json.dumps({"Records": [record(one) for one in all_expected]})


def event_bridge(expected):
    thing = {"key": expected.key, "size": len(expected.data or b""), "etag": expected.etag}
    if expected.version:
        thing["version-id"] = expected.version
    return json.dumps({
        "version": "0", "id": str(uuid.uuid4()), "detail-type": "Object Created", "source": "aws.s3", "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z", "region": REGION, "resources": [f"arn:aws:s3:::{expected.bucket}"],
        "detail": {"version": "0", "bucket": {"name": expected.bucket}, "object": thing, "reason": "PutObject"}})


def in_sns(body):
    return json.dumps({"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:by-hand",
                       "Message": body, "Timestamp": "2026-01-01T00:00:00.000Z"})


def own(expected):
    message = {"landfall": 1, "source": f"s3://{expected.bucket}/{expected.key}", "etag": expected.etag}
    if expected.version:
        message["version"] = expected.version
    return json.dumps(message)


SHAPES = {
    "S3 notification": s3_notification,
    "EventBridge event": event_bridge,
    "S3 notification in SNS": lambda expected: in_sns(s3_notification(expected)),
    "EventBridge event in SNS": lambda expected: in_sns(event_bridge(expected)),
    "our own": own,
}

# Each goes to the dead-letter queue, at once and untouched.
GARBAGE = ["hello, \"world\" é \n  {", "[]", "{}", '{"landfall":7,"source":"s3://a/b"}', '{"Records":"none"}',
           '{"Type":"Notification","TopicArn":"arn:x","Message":"not one of ours"}', '{"landfall":1,"source":"ftp://a/b"}']
# Each is acknowledged without work.
IGNORED = ['{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}', '{"Records":[]}',
           '{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{}}',
           '{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{}}]}']

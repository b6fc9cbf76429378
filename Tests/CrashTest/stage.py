"""One deployment of Landfall on the bed: queues, buckets on every road that S3 has to a queue, table, observers, pipelines."""
import hashlib
import json
import random

import messages
import truth
from bed import TESTBED  # noqa: F401  (puts the test bed on the path)

import provision


class Stage:
    def __init__(self, bed, prefix, settings):
        self.bed, self.prefix = bed, prefix
        endpoint = bed.endpoint
        self.s3, self.sqs, self.sns, self.events, self.dynamodb = (
            provision.client(s, endpoint) for s in ("s3", "sqs", "sns", "events", "dynamodb"))
        # Our own redrive policy is in force; that of the queue must not take a message away because of many kills.
        self.made = provision.provision(endpoint, prefix, "eventbridge", max_receive=1000)
        self.queues = [self.made["queue"]["url"], self._second_queue()]
        self.buckets = {"eventbridge": self.made["buckets"]["input"]}
        for road, versioned in (("sqs", True), ("sns", False), ("none", False)):
            self.buckets[road] = self._bucket(road, versioned)
        pipelines = bed.folder / "pipelines"
        if not pipelines.exists():  # never written again while another stage's workers may read them
            pipelines.mkdir()
            for name, text in truth.PIPELINES.items():
                (pipelines / name).write_text(text)
        self.environment = {k: v for k, v in provision.environment(self.made).items() if not k.startswith("TESTBED_")} | {
            "LANDFALL_PIPELINES": str(pipelines), "LANDFALL_WORK_DIR": str(bed.work), "LANDFALL_ADMIN_ADDRESS": "off"} | settings

    def _second_queue(self):
        return provision.make_queue(self.sqs, f"{self.prefix}-second", {"VisibilityTimeout": "60"})[0]

    def _bucket(self, road, versioned):
        bucket = f"{self.prefix}-{road}"
        self.s3.create_bucket(Bucket=bucket)
        if versioned:
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        names = {"input": bucket, "rule": f"{bucket}-rule", "arrivals": f"{bucket}-arrivals"}
        queue = self.made["queue"]
        provision.make_arrivals(road, names, self.s3, self.sqs, self.sns, self.events, queue["url"], queue["arn"])
        return bucket

    # -- putting and sending

    def put(self, expected, road, in_parts=False):
        bucket = expected.bucket = self.buckets[road]
        if in_parts:
            upload = self.s3.create_multipart_upload(Bucket=bucket, Key=expected.key)["UploadId"]
            part = self.s3.upload_part(Bucket=bucket, Key=expected.key, UploadId=upload, PartNumber=1, Body=expected.data)["ETag"]
            answer = self.s3.complete_multipart_upload(Bucket=bucket, Key=expected.key, UploadId=upload,
                                                       MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
        else:
            answer = self.s3.put_object(Bucket=bucket, Key=expected.key, Body=expected.data)
        expected.etag = answer["ETag"].strip('"')
        expected.version = answer.get("VersionId") if road == "sqs" else None

    def claim_missing(self, expected):
        """An object that its message names, and that never was there."""
        expected.bucket = self.buckets["none"]
        expected.etag = hashlib.md5(expected.key.encode()).hexdigest()

    def send(self, body, queue=0, delay=0):
        self.sqs.send_message(QueueUrl=self.queues[queue], MessageBody=body, DelaySeconds=delay)

    # -- looking

    def depth(self, url):
        names = [f"ApproximateNumberOfMessages{end}" for end in ("", "NotVisible", "Delayed")]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def queued(self):
        return sum(self.depth(url) for url in self.queues)

    def items(self):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.made["table"], ConsistentRead=True)
        return [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def drain(self, url):
        found = []
        while batch := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                                                VisibilityTimeout=600).get("Messages", []):
            found += batch
            self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(batch)])
        return found

    def objects(self):
        bucket = self.made["buckets"]["output"]
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {f"s3://{bucket}/{key}": self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def plain(value):
    """A DynamoDB attribute value as Python has it."""
    [(kind, inner)] = value.items()
    if kind == "N":
        return int(inner)
    if kind == "M":
        return {name: plain(one) for name, one in inner.items()}
    if kind == "L":
        return [plain(one) for one in inner]
    return inner


class Feeder:
    """Brings files to the stage by all roads, and most of them more than once."""

    def __init__(self, stage, seed, files, count, large_every=None):
        self.stage, self.files = stage, files
        self.rng = random.Random(f"feeder {seed}")
        self.kinds = files.plan(count)
        self.expected, self.garbage, self.sent = [], [], 0
        self.duplicates = self.in_parts = self.many_records = 0
        self.second_versions = max(1, count // 40)
        self.extra_bodies = [("garbage", body) for body in messages.GARBAGE] + [("ignored", body) for body in messages.IGNORED]
        self.rng.shuffle(self.extra_bodies)
        self.total = count

    @property
    def is_done(self):
        return not self.kinds

    def feed(self):
        """Brings the next file, or the next few in one message."""
        if self.rng.random() < 0.12 and len(self.kinds) >= 3:
            batch = [self.make_quietly() for _ in range(self.rng.randrange(2, 5)) if self.kinds]
            body = messages.s3_notification(*batch)
            for wrap in [lambda b: b, messages.in_sns][:self.rng.randrange(1, 3)]:
                self.send(wrap(body))
            self.many_records += 1
            return
        kind = self.kinds.pop()
        expected = self.files.make(kind)
        self.expected.append(expected)
        if expected.is_missing:
            self.stage.claim_missing(expected)
            self.announce_by_hand(expected)
        else:
            road = self.rng.choice(["eventbridge", "eventbridge in parts", "sqs", "sns", "none"])
            in_parts = road.endswith("in parts")
            self.in_parts += in_parts
            self.stage.put(expected, road.split()[0], in_parts)
            if road == "none":
                self.announce_by_hand(expected)
            elif road == "sqs" and expected.kind == "csv" and self.second_versions:
                self.second_versions -= 1
                self.second_version_of(expected)
        if self.rng.random() < 0.35:
            self.duplicates += 1
            self.announce_by_hand(expected, delay=self.rng.choice([0, 0, 1, 5]))
        if self.extra_bodies and self.rng.random() < 0.5 + 10 / self.total:
            what, body = self.extra_bodies.pop()
            self.send(body)
            if what == "garbage":
                self.garbage.append(body)

    def make_quietly(self):
        """A file that nothing but our own messages announces."""
        expected = self.files.make(self.kinds.pop())
        self.expected.append(expected)
        if expected.is_missing:
            self.stage.claim_missing(expected)
        else:
            self.stage.put(expected, "none")
        return expected

    def second_version_of(self, first):
        """Another version under the same key; the first may be found superseded by it, but never the other way round."""
        second = self.files.make("csv")
        second.key = first.key
        self.stage.put(second, "sqs")
        self.expected.append(second)
        first.statuses.add("superseded")

    def announce_by_hand(self, expected, delay=0):
        shape = self.rng.choice(sorted(messages.SHAPES))
        self.send(messages.SHAPES[shape](expected), queue=self.rng.choice([0, 0, 1]), delay=delay)

    def send(self, body, queue=0, delay=0):
        self.sent += 1
        self.stage.send(body, queue, delay)


def attributes(message):
    return {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}


def collect(stage):
    """Everything that a run left behind, as plain values: what the verdict looks at."""
    topic = [json.loads(json.loads(m["Body"])["Message"]) for m in stage.drain(stage.made["observers"]["topic"])]
    bus = [json.loads(m["Body"]) for m in stage.drain(stage.made["observers"]["bus"])]
    return {
        "items": stage.items(),
        "rows": rows(stage.bed),
        "ledger": {row[0]: int(row[1]) for row in stage.bed.psql("SELECT load_id, rows FROM landfall.loads")},
        "objects": stage.objects(),
        "letters": [{"body": m["Body"], "attributes": attributes(m)} for m in stage.drain(stage.made["dlq"]["url"])],
        "announced": {
            "topic": [{"id": a["id"], "type": a["detail-type"], "job": a["detail"]["job_id"], "detail": a["detail"]} for a in topic],
            "bus": [{"id": a["detail"]["id"], "type": a["detail-type"], "job": a["detail"]["job_id"],
                     "detail": {k: v for k, v in a["detail"].items() if k != "id"}} for a in bus]},
        "queued": stage.queued(),
        "scratch": sorted(p.name for p in stage.bed.work.iterdir() if p.name != "lost+found"),
    }


def rows(bed):
    """Per table and source: job, rows, different rows, checksum."""
    found = {}
    for table in truth.TABLES.values():
        if bed.psql(f"SELECT to_regclass('{table}') IS NULL") == [["t"]]:
            continue
        for source, first, last, count, different, checksum in bed.psql(truth.select_digest(table)):
            found[table, source] = {"jobs": sorted({first, last}), "rows": int(count), "different": int(different), "checksum": checksum}
    return found

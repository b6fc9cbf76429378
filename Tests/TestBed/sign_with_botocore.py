#!/usr/bin/env python3
"""Signs random requests with botocore and prints them as JSON: what was signed, and what came of it.

usage: sign_with_botocore.py SEED COUNT
"""
import datetime
import json
import random
import sys
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.compat
import botocore.credentials

SPECIAL = "é+=*'()&@$,;:!%~[]{}|^`\"<>#? ./\\日"
LETTERS = "abcXYZ019-_"


def text(chance, least, most, letters=LETTERS + SPECIAL):
    return "".join(chance.choice(letters) for _ in range(chance.randint(least, most)))


def request(chance):
    service = chance.choice(["s3", "s3", "sqs", "execute-api"])
    key = text(chance, 0, 30)
    if service == "s3" and chance.random() < 0.3:
        key = chance.choice(["a//b", "a/../b", "./x", "a/./b/", "//", "é//ü"]) + key
    path = "/" + urllib.parse.quote(key, safe="/~")
    # names once each: of what it presigns botocore keeps the first value only
    query = list({text(chance, 1, 8): text(chance, 0, 12) for _ in range(chance.randint(0, 4))}.items())
    headers = [("Host", chance.choice(["bucket.s3.eu-central-1.amazonaws.com", "localhost:4566"]))]
    names = ["X-Amz-Meta-A", "Content-Type", "X-Amz-Target", "Range"]
    for name in chance.sample(names, chance.randint(0, 3)):
        headers.append((name, text(chance, 1, 20, LETTERS + "  =/;\"")))
    presigned = chance.random() < 0.3
    # botocore moves the body of what it presigns into the query
    body = "" if presigned else text(chance, 0, 40)
    return {
        "method": chance.choice(["GET", "PUT", "POST", "HEAD", "DELETE"]),
        "service": service,
        "region": chance.choice(["eu-central-1", "us-gov-west-1", "cn-north-1"]),
        "path": path,
        "query": query,
        "headers": headers,
        "body": body,
        "token": chance.choice([None, "a/token+with=signs"]),
        "seconds": chance.randint(0, 4_000_000_000),
        "expires": chance.randint(1, 604_800),
        "presigned": presigned,
    }


def sign(one):
    instant = datetime.datetime.fromtimestamp(one["seconds"], datetime.timezone.utc)
    # botocore asks the clock itself, in one of these two ways
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: instant.replace(tzinfo=None)
    botocore.compat.get_current_datetime = botocore.auth.get_current_datetime

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return instant.replace(tzinfo=None)

    fake = type(sys)("datetime")
    fake.datetime, fake.timedelta, fake.timezone = Clock, datetime.timedelta, datetime.timezone
    botocore.auth.datetime = fake

    credentials = botocore.credentials.Credentials(
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", one["token"]
    )
    host = dict(one["headers"])["Host"]
    query = "&".join(
        f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in one["query"]
    )
    url = f"https://{host}{one['path']}" + (f"?{query}" if query else "")
    aws = botocore.awsrequest.AWSRequest(
        method=one["method"], url=url, data=one["body"].encode(), headers=dict(one["headers"])
    )
    arguments = (credentials, one["service"], one["region"])
    is_s3 = one["service"] == "s3"
    if one["presigned"]:
        kind = botocore.auth.S3SigV4QueryAuth if is_s3 else botocore.auth.SigV4QueryAuth
        kind(*arguments, expires=one["expires"]).add_auth(aws)
        one["result"] = urllib.parse.urlsplit(aws.url).query.rsplit("X-Amz-Signature=", 1)[1]
    else:
        if is_s3:
            aws.context["client_config"] = None
            aws.context["payload_signing_enabled"] = True
        (botocore.auth.S3SigV4Auth if is_s3 else botocore.auth.SigV4Auth)(*arguments).add_auth(aws)
        one["result"] = aws.headers["Authorization"]
    return one


def main():
    chance = random.Random(int(sys.argv[1]))
    json.dump([sign(request(chance)) for _ in range(int(sys.argv[2]))], sys.stdout)


main()

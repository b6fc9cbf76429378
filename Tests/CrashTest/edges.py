"""Names of what a worker says to its servers: the edges at which it can be struck."""
import json
from urllib.parse import parse_qs, unquote, urlsplit

DEAD_LETTER = "dead-letter"


def text(value):
    """The string in a DynamoDB attribute value, or None."""
    return value.get("S") if isinstance(value, dict) else None


def name(method, path, headers, body):
    """The AWS action, the edge (the action and what it is about), and facts that were found on the way."""
    target = next((value for key, value in headers if key.lower() == "x-amz-target"), "")
    if target:
        action = target.split(".")[-1]
        try:
            message = json.loads(body)
        except ValueError:
            return action, action, {}
        if target.startswith("DynamoDB"):
            return record(action, message)
        return action, action, {"message": message}
    if body.startswith(b"Action=") or b"&Action=" in body[:4096]:
        form = {key: values[0] for key, values in parse_qs(body.decode(errors="replace")).items()}
        return form["Action"], form["Action"], {"message": form}
    return s3(method, path)


def record(action, message):
    """A job record's write is named by what it says."""
    item = message.get("Item")
    if item is None:  # an update: its values are named by their expression
        names = message.get("ExpressionAttributeNames", {})
        values = message.get("ExpressionAttributeValues", {})
        item = {real: values[":" + short[1:]] for short, real in names.items() if ":" + short[1:] in values}
        item |= message.get("Key", {})
    facts = {"job_id": text(item.get("job_id")), "message": message}
    status, step = text(item.get("status")), text(item.get("step"))
    if action in ("GetItem", "Query", "Scan") or status is None:
        return action, action, facts
    due = [text(entry) for entry in item.get("announcements", {}).get("L", [])]
    facts["dead_letter_due"] = DEAD_LETTER in due
    facts["ended"] = status != "running"
    if facts["ended"]:
        if any(entry != DEAD_LETTER for entry in due):
            what = "job ended"
        else:
            what = "job announced" if due else "job settled"
    elif "owner" not in item:
        what = "job handed back"
    elif "attribute_not_exists(#job)" in message.get("ConditionExpression", ""):
        what = "job made"
    elif step is None:
        what = "job taken over"
    else:
        mark = item.get("steps", {}).get("M", {}).get(step, {}).get("M", {})
        what = f"{step} {'ended' if 'ended' in mark else 'begun'}"
    return action, f"{action} {what}", facts


def s3(method, path):
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    key = unquote(parts.path).lstrip("/").partition("/")[2]
    facts = {"key": key}
    if "uploadId" in query:
        action = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}.get(method, "ListParts")
    elif "uploads" in query:
        action = "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    elif not key:
        action = {"GET": "ListObjectsV2", "HEAD": "HeadBucket"}.get(method, method)
    else:
        action = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, method)
    if action != "PutObject":
        return action, action, facts
    what = "receipt" if key.endswith(".receipt.json") else "rejects" if key.endswith(".rejects.csv") else "data"
    return action, f"PutObject {what}", facts


def postgres(kind, body):
    """The edge of a frontend message; None for those that are not worth a name."""
    if kind == b"Q":
        words = body.rstrip(b"\0").lstrip().split(None, 1)
        word = words[0].upper().decode(errors="replace").rstrip(";") if words else ""
        return f"PostgreSQL {word}" if word in ("BEGIN", "COPY", "COMMIT", "INSERT") else None
    return {b"P": "PostgreSQL ledger look-up", b"d": "PostgreSQL rows", b"c": "PostgreSQL end of rows"}.get(kind)

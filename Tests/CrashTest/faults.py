"""Faults that a service or the network can have, as answers of the relay."""
import json
import time

from wire import RESET, Harm, Tap

STALL_SECONDS = 300  # longer than any patience of the worker's

# How each protocol says it: the code for being throttled, and for being refused.
THROTTLED = {"DynamoDB": "ProvisionedThroughputExceededException", "AmazonSQS": "RequestThrottled", "AWSEvents": "ThrottlingException",
             "secretsmanager": "ThrottlingException", "AWSStepFunctions": "ThrottlingException", "query": "Throttling", "s3": "SlowDown"}


def protocol(exchange):
    target = next((value for name, value in exchange.headers if name.lower() == "x-amz-target"), "")
    if target:
        return target.split(".")[0].split("_")[0]
    return "query" if b"Action=" in exchange.body[:4096] else "s3"


def refusal(exchange, status, code):
    """An error as the exchange's service words it."""
    spoken = protocol(exchange)
    if spoken == "s3":
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>By the test.</Message></Error>'
        return Harm("answer", answer=(status, "application/xml", body.encode()))
    if spoken == "query":
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>By the test.</Message></Error></ErrorResponse>"
        return Harm("answer", answer=(status, "text/xml", body.encode()))
    body = json.dumps({"__type": f"com.amazonaws.test#{code}", "message": "By the test."})
    return Harm("answer", answer=(status, "application/x-amz-json-1.0", body.encode()))


def throttle(exchange):
    spoken = protocol(exchange)
    return refusal(exchange, 503 if spoken == "s3" else 400, THROTTLED.get(spoken, "ThrottlingException"))


def server_error(exchange):
    return refusal(exchange, 500, "InternalError" if protocol(exchange) in ("s3", "query") else "InternalServerError")


def access_denied(exchange):
    spoken = protocol(exchange)
    code = {"s3": "AccessDenied", "query": "AuthorizationError"}.get(spoken, "AccessDeniedException")
    return refusal(exchange, 403 if spoken in ("s3", "query") else 400, code)


# Name: when it strikes (before the request arrives, or after the service has done it), how often "a few times" is, and what.
FAULTS = {
    "throttled": ("before", 2, throttle),
    "500": ("before", 2, server_error),
    "reset": ("before", 2, lambda _: RESET),
    "answer lost": ("after", 2, lambda _: RESET),
    "truncated": ("after", 2, lambda _: Harm("truncate")),
    "stalled": ("before", 1, lambda _: Harm("stall", STALL_SECONDS)),
    "access denied": ("before", 2, access_denied),
}


class FaultTap(Tap):
    """Does one fault to one action, a few times or until it is lifted."""

    def __init__(self, action, fault, is_lasting, shorten):
        self.action = action
        self.phase, self.left, self.harm = FAULTS[fault] if fault else ("", 0, None)
        self.is_lasting, self.shorten = is_lasting, shorten
        self.holds = {}       # action -> seconds: how long it takes here
        self.actions = set()
        self.struck, self.first_at = 0, None

    def lift(self):
        self.harm = None

    def before(self, exchange):
        self.actions.add(exchange.action)
        if exchange.action == "ChangeMessageVisibility":
            self.shorten(exchange)
        harm = self._strike(exchange, "before")
        if harm is None and exchange.action in self.holds:
            return Harm("hold", self.holds[exchange.action])
        return harm

    def after(self, exchange):
        return self._strike(exchange, "after")

    def _strike(self, exchange, phase):
        if self.harm is None or exchange.action != self.action or phase != self.phase:
            return None
        if not self.is_lasting:
            if self.left == 0:
                return None
            self.left -= 1
        self.struck += 1
        self.first_at = self.first_at or time.monotonic()
        return self.harm(exchange)

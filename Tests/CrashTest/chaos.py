"""What is done to the workers, and when: a plan made from the seed, carried out as the edges come by."""
import collections
import hashlib
import json
import random
import threading
import time

from wire import DROP, Harm, Tap


class Strike:
    """One thing to be done: at an edge (before the request arrives, or after its answer is ready), or at a moment."""

    AT_EDGES = ("kill", "stop", "hold", "cut")

    def __init__(self, kind, edge=None, phase=None):
        self.kind, self.edge, self.phase = kind, edge, phase

    def __str__(self):
        return f"{self.kind} {self.phase} {self.edge}" if self.edge else self.kind


# Edges that only come by when something has gone wrong before.
RARE_EDGES = {"PutItem job taken over", "PutItem job handed back"}


def phases(edge):
    """The moments of an edge: rows on their way to PostgreSQL have no answer of their own."""
    return [(edge, "before")] + ([(edge, "after")] if edge != "PostgreSQL rows" else [])


def make_plan(seed, edges, kills, has_disk):
    """A list of strikes: every edge before and after, again and again up to `kills`, and the other faults among them."""
    rng = random.Random(f"plan {seed}")
    corners = [corner for edge in sorted(edges | RARE_EDGES) for corner in phases(edge)]
    strikes = []
    at_edges = kills - kills // 8
    while len(strikes) < at_edges:
        rng.shuffle(corners)
        strikes += [Strike("kill", *corner) for corner in corners[:at_edges - len(strikes)]]
    extra = [Strike("random kill") for _ in range(kills - at_edges)]
    extra += [Strike("stop", *rng.choice(corners)) for _ in range(max(2, kills // 12))]
    extra += [Strike("hold", *rng.choice([c for c in corners if c[1] == "before"])) for _ in range(max(1, kills // 20))]
    extra += [Strike("cut", *rng.choice(corners)) for _ in range(max(2, kills // 12))]
    extra += [Strike("cut", edge, phase) for edge in edges if edge == "PostgreSQL COMMIT" for phase in ("before", "after")]
    extra += [Strike("leave") for _ in range(max(1, kills // 20))]
    extra += [Strike("crash PostgreSQL") for _ in range(max(1, kills // 30))]
    if has_disk:
        extra += [Strike("fill the work folder") for _ in range(max(1, kills // 50))]
    for strike in extra:
        strikes.insert(rng.randrange(len(strikes) + 1), strike)
    return strikes


class Chaos(Tap):
    """Carries strikes out, and keeps book: which edges there are, what was struck where, which dead letters were in between."""

    VISIBILITY_SECONDS = 6  # longer waits are cut short: only the waiting, not what happens then, is of no interest here

    def __init__(self, lease_seconds, seed):
        self.lease_seconds = lease_seconds
        self.rng = random.Random(f"chaos {seed}")
        self.lock = threading.Lock()
        self.fleet = None
        self.armed = []
        self.seen = collections.Counter()
        self.struck = collections.Counter()   # by (kind, edge, phase)
        self.actions = set()
        self.open_letters = collections.defaultdict(set)  # per worker: dead letters sent, and not yet recorded
        self.excused_letters = set()
        self.bodies = {}                                  # receipt handle -> body
        self.disturbed_until = collections.Counter()      # per worker: until when a stop or a held request lasts
        self.journal = []
        self.begun = time.monotonic()

    # -- the wire's questions

    def before(self, exchange):
        with self.lock:
            self.actions.add(exchange.action)
            self.seen[exchange.edge] += 1
            if exchange.action == "SendMessage":
                self.open_letter(exchange)
        if exchange.action == "ChangeMessageVisibility":
            self.shorten(exchange)
        return self.strike(exchange, "before")

    def after(self, exchange):
        is_idle = False
        with self.lock:
            if exchange.action == "ReceiveMessage":
                messages = json.loads(exchange.answer or b"{}").get("Messages", []) if exchange.answer[:1] == b"{" else []
                is_idle = not messages
                for message in messages:
                    self.bodies[message["ReceiptHandle"]] = message["Body"]
        harm = None if is_idle else self.strike(exchange, "after")
        if harm is None or harm.kind == "hold":
            self.close_letters(exchange)
        return harm

    def strike(self, exchange, phase):
        with self.lock:
            index = next((i for i, s in enumerate(self.armed) if s.edge == exchange.edge and s.phase == phase), None)
            if index is None or exchange.worker.state != "up":
                return None
            strike = self.armed.pop(index)
            seconds = self.lease_seconds + self.rng.uniform(0.5, 3)
            self.note(strike, exchange.worker, seconds if strike.kind in ("stop", "hold") else 0, exchange.facts.get("job_id"))
        if strike.kind == "kill":
            self.fleet.kill(exchange.worker)
            return DROP
        if strike.kind == "stop":
            self.fleet.stop_for(exchange.worker, seconds)
            return None
        if strike.kind == "hold":
            return Harm("hold", seconds)
        return DROP

    # -- dead letters: a second copy is excused where its worker was struck between sending and recording it

    @staticmethod
    def letter_of(message):
        job = message.get("MessageAttributes", {}).get("job.id", {}).get("StringValue")
        return job or hashlib.sha256(message.get("MessageBody", "").encode()).hexdigest()

    def close_letters(self, exchange):
        with self.lock:
            letters = self.open_letters[exchange.worker.number]
            facts = exchange.facts
            if facts.get("ended") and not facts.get("dead_letter_due"):
                letters.discard(facts["job_id"])
            if exchange.action == "DeleteMessage":
                body = self.bodies.get(facts["message"].get("ReceiptHandle"), "")
                letters.discard(hashlib.sha256(body.encode()).hexdigest())

    def open_letter(self, exchange):
        letter, worker = self.letter_of(exchange.facts["message"]), exchange.worker
        self.open_letters[worker.number].add(letter)
        self.write_down(f"{worker} sends a dead letter of {letter}")
        if worker.state != "up" or time.monotonic() < self.disturbed_until[worker.number]:
            self.excused_letters.add(letter)

    def note(self, strike, worker, seconds=0, job=None):
        """Called with the lock held."""
        self.struck[strike.kind, strike.edge, strike.phase] += 1
        self.write_down(f"{strike}: {worker}, job {job}, open letters {sorted(self.open_letters[worker.number])}")
        self.excused_letters |= self.open_letters[worker.number]
        if strike.kind in ("kill", "random kill"):
            self.open_letters[worker.number].clear()
        self.disturbed_until[worker.number] = max(self.disturbed_until[worker.number], time.monotonic() + seconds)

    def write_down(self, text):
        self.journal.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {time.monotonic() - self.begun:8.3f} {text}")

    def shorten(self, exchange):
        message = exchange.facts["message"]
        if message.get("VisibilityTimeout", 0) > self.VISIBILITY_SECONDS:
            message["VisibilityTimeout"] = self.VISIBILITY_SECONDS
            exchange.body = json.dumps(message).encode()
            exchange.headers = [(n, hashlib.sha256(exchange.body).hexdigest() if n.lower() == "x-amz-content-sha256" else v)
                                for n, v in exchange.headers]


class Storm:
    """Goes through a plan: arms what waits for an edge, does the rest itself."""

    ARMED_AT_ONCE = 3
    EDGE_PATIENCE_SECONDS = 12  # an edge that does not come by for so long waits for later

    def __init__(self, plan, chaos, fleet, bed, pause_seconds, lease_seconds):
        self.plan, self.chaos, self.fleet, self.bed = list(plan), chaos, fleet, bed
        self.pause_seconds, self.lease_seconds = pause_seconds, lease_seconds
        self.rng = random.Random(chaos.rng.random())
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.over = threading.Event()
        self.failure = None
        self.put_off = collections.Counter()

    def start(self):
        self.thread.start()

    def stop(self):
        self.over.set()
        self.thread.join()
        with self.chaos.lock:
            left, self.chaos.armed = self.chaos.armed, []
        self.plan += left

    @property
    def is_done(self):
        return not self.plan and not self.chaos.armed

    def _run(self):
        try:
            armed_at = {}
            while not self.over.is_set() and (self.plan or self.chaos.armed):
                with self.chaos.lock:
                    for strike in list(self.chaos.armed):
                        if time.monotonic() - armed_at.get(strike, 0) > self.EDGE_PATIENCE_SECONDS:
                            self.chaos.armed.remove(strike)
                            self.put_off[strike] += 1
                            self.plan.append(strike)
                    free = self.ARMED_AT_ONCE - len(self.chaos.armed)
                if free and self.plan:
                    strike = self.plan.pop(0)
                    if strike.edge:
                        armed_at[strike] = time.monotonic()
                        with self.chaos.lock:
                            self.chaos.armed.append(strike)
                    else:
                        self._do(strike)
                self.over.wait(self.rng.uniform(*self.pause_seconds))
        except Exception as failure:  # shown as a violation: a storm that broke down proves nothing
            self.failure = failure

    def _do(self, strike):
        with self.chaos.lock:
            worker = self.rng.choice(self.fleet.workers)
            self.chaos.note(strike, worker)
        if strike.kind == "random kill":
            self.fleet.kill(worker)
        elif strike.kind == "leave":
            self.fleet.terminate(worker)
        elif strike.kind == "crash PostgreSQL":
            self.bed.crash_postgres()
        elif strike.kind == "fill the work folder":
            self.fill_disk()

    def fill_disk(self):
        """Leaves a few KB for as long as a lease, then as much as there was."""
        filler = self.bed.work / "filler"
        try:
            with open(filler, "wb") as file:
                while True:
                    file.write(b"\0" * (1 << 16))
                    file.flush()
        except OSError:
            pass
        self.over.wait(self.lease_seconds)
        filler.unlink()

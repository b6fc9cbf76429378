"""The workers: real processes that are started, struck and started again."""
import os
import signal
import subprocess
import threading
import time

from bed import WITH_US, landfall_binary, plain_environment
from wire import HTTPWire, PostgresWire


class Worker:
    """One worker's place in the fleet; its process is another one after each death. `endpoint` is AWS's; None: no AWS."""

    def __init__(self, number, environment, endpoint, postgres_port, tap, folder):
        self.number = number
        self.postgres = PostgresWire(self, postgres_port, tap)
        self.environment = plain_environment() | environment | {"LANDFALL_DATABASE_URL": self.postgres.url}
        if endpoint:
            self.http = HTTPWire(self, endpoint, tap)
            self.environment["AWS_ENDPOINT_URL"] = self.http.url
        self.folder = folder
        self.log = folder / f"worker-{number}.log"
        self.process, self.starts, self.state = None, 0, "down"
        self.logged = 0
        self.lock = threading.RLock()
        self.restart_at = 0.0
        self.wake_at = 0.0

    def start(self):
        with self.lock, open(self.log, "ab") as log:
            self.starts += 1
            self.state = "up"
            self.logged = log.tell()
            self.process = subprocess.Popen([*WITH_US, landfall_binary(), "worker"], env=self.environment, cwd=self.folder,
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def has_left_well(self, code):
        """After SIGTERM: with 0, or by the signal itself where the process was still being loaded and had said nothing."""
        return code == 0 or code == -signal.SIGTERM and self.log.stat().st_size == self.logged

    def send(self, number):
        try:
            os.kill(self.process.pid, number)
            return True
        except ProcessLookupError:
            return False

    def __repr__(self):
        return f"worker {self.number}"


class Fleet:
    """Keeps its workers up: whoever dies is started again, and a death that was not our doing is noted."""

    PATIENCE_SECONDS = 30

    def __init__(self, workers, rng, restart_seconds=(0.05, 0.8)):
        self.workers, self.rng, self.restart_seconds = workers, rng, restart_seconds
        self.unexpected = []
        self.leaving = False
        self.has_left = threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._supervise, daemon=True)

    def start(self):
        for worker in self.workers:
            worker.start()
        self.thread.start()

    def kill(self, worker):
        """kill -9; whether it was alive."""
        with worker.lock:
            if worker.state != "up":
                return False
            worker.state = "killed"
            worker.restart_at = time.monotonic() + self._delay()
            return worker.send(signal.SIGKILL)

    def stop_for(self, worker, seconds):
        """SIGSTOP, and SIGCONT after `seconds`."""
        with worker.lock:
            if worker.state != "up":
                return False
            worker.state = "stopped"
            worker.wake_at = time.monotonic() + seconds
            return worker.send(signal.SIGSTOP)

    def terminate(self, worker):
        """SIGTERM, as ECS sends it; a new process takes the place when the old one has left."""
        with worker.lock:
            if worker.state != "up":
                return False
            worker.state = "leaving"
            return worker.send(signal.SIGTERM)

    def renew(self, work, items):
        """New processes in the places of the workers, one after another: the last sweeps what those that died, or were stopped
        until their jobs had ended, have left in the work folder."""
        deadline = time.monotonic() + self.PATIENCE_SECONDS * (len(self.workers) + 1)
        for worker in self.workers:
            starts = worker.starts
            while not self.terminate(worker) and time.monotonic() < deadline:
                time.sleep(0.1)
            while worker.starts == starts and time.monotonic() < deadline:
                time.sleep(0.1)
        while time.monotonic() < deadline:
            done = {item["job_id"] for item in items() if item["status"] in ("succeeded", "superseded")}
            if not work.exists() or not any(path.name in done for path in work.iterdir()):
                return
            time.sleep(0.5)

    def _delay(self):
        with self.lock:
            return self.rng.uniform(*self.restart_seconds)

    def _supervise(self):
        while not self.leaving:
            for worker in self.workers:
                with worker.lock:
                    self._look_after(worker)
            time.sleep(0.02)
        self.has_left.set()
        threading.Event().wait()  # the workers that this thread started live as long as it does

    def _look_after(self, worker):
        code = worker.process.poll()
        if worker.state == "stopped" and time.monotonic() >= worker.wake_at:
            worker.send(signal.SIGCONT)
            worker.state = "up"
        if code is None:
            return
        if worker.state == "killed":
            if time.monotonic() >= worker.restart_at:
                worker.start()
        elif worker.state == "leaving" and worker.has_left_well(code):
            worker.start()
        else:
            self.unexpected.append(f"{worker} ended by itself with {code} (state {worker.state})")
            worker.start()

    def leave(self):
        """Ends all workers as ECS does."""
        self.leaving = True
        self.has_left.wait()
        for worker in self.workers:
            if worker.state == "stopped":
                worker.send(signal.SIGCONT)
            if worker.process.poll() is None:
                worker.send(signal.SIGTERM)
        for worker in self.workers:
            try:
                code = worker.process.wait(self.PATIENCE_SECONDS)
                if not worker.has_left_well(code) and worker.state != "killed":
                    self.unexpected.append(f"{worker} left with {code}")
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
                self.unexpected.append(f"{worker} did not leave within {self.PATIENCE_SECONDS} s of SIGTERM")

    def kill_all(self):
        """Whatever happens, no process of ours is left behind."""
        self.leaving = True
        for worker in self.workers:
            if worker.process and worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()

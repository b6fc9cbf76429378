"""What the crash tests stand on: a moto and a PostgreSQL of their own, and a small file system that can be filled up."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TESTBED = HERE.parent / "TestBed"
sys.path.insert(0, str(TESTBED))

READY_SECONDS = 60
# Before a program: it is killed when the thread that started it ends, however that comes.
WITH_US = ["setpriv", "--pdeathsig", "KILL"]


def plain_environment():
    """What a user's shell would have, and no settings of ours or of AWS."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}


def landfall_binary():
    path = os.environ.get("LANDFALL_BINARY") or str(TOP / ".build/release/landfall")
    if not os.access(path, os.X_OK):
        sys.exit(f"there is no {path}: swift build -c release, or set LANDFALL_BINARY")
    return path


class Bed:
    """Servers and a folder of the run's own; all of it is gone when the `with` block ends."""

    def __init__(self, keep=False, work_megabytes=0, has_aws=True):
        self.keep, self.work_megabytes, self.has_aws = keep, work_megabytes, has_aws
        self.moto = self.endpoint = self.postgres = None
        self.mounted = False

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="landfall-crash-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user when root runs the tests
        try:
            self._mount_work()
            if self.has_aws:
                self.start_moto()
            self.start_postgres()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.moto:
            self.moto.kill()
            self.moto.wait()
        if self.postgres:
            self._postgres("stop")
        if self.mounted:
            subprocess.run(["umount", "-l", self.work], check=False)
        if self.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the work folder

    def _mount_work(self):
        """A file system of its own where we may mount one: only then can it be filled up without harm to others."""
        self.work = self.folder / "work"
        self.work.mkdir()
        if self.work_megabytes:
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.work_megabytes}m", "landfall", self.work],
                                  capture_output=True, check=False)
            self.mounted = done.returncode == 0

    # -- moto

    def start_moto(self):
        log = open(self.folder / "moto.log", "wb")
        self.moto = subprocess.Popen([*WITH_US, sys.executable, TESTBED / "motobed.py", "0"], stdout=subprocess.PIPE, stderr=log,
                                     stdin=subprocess.DEVNULL, env=plain_environment())
        self.endpoint = self.moto.stdout.readline().decode().strip()
        if not self.endpoint:
            raise SystemExit(f"moto did not start; see {self.folder}/moto.log")

    # -- PostgreSQL

    def _postgres(self, command):
        environment = plain_environment() | {"LANDFALL_OWNER_PID": str(os.getpid())}
        return subprocess.run([TESTBED / "postgres.sh", command, self.folder / "postgres"], env=environment,
                              stdout=subprocess.PIPE, check=True, timeout=READY_SECONDS).stdout.decode().strip()

    def start_postgres(self):
        self.postgres = self._postgres("start")

    def crash_postgres(self):
        """Every session and every transaction that runs is lost; the server recovers and is there again."""
        self._postgres("crash")

    @property
    def postgres_port(self):
        return int(self.postgres.rsplit(":", 1)[1].split("/")[0])

    def psql(self, sql):
        """Rows of texts."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-R", "\x1e", "-c", sql,
                               self.postgres], capture_output=True, check=False, env=plain_environment())
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        text = done.stdout.decode().removesuffix("\n")
        return [record.split("\x1f") for record in text.split("\x1e")] if text else []

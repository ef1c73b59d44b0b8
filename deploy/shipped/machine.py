"""A machine without an engine: containers of a composition in one network of their own, beside a real Kafka.

Every name of the composition is 127.0.0.1 there, so that addresses and ports are those that compose.yaml says, and no
process of this machine can be reached, nor reach them. Kafka is Apache's own broker of the same version, started as its
image starts it; its image is not to be had here.
"""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self

from deploy.compose import logins
from deploy.kafka.broker import HOME
from deploy.kafka.distribution import fetch, java
from deploy.shipped.image import CONFINED, IMAGE, LIMITS, podman, podman_ended
from deploy.shipped.tools import LEAVING, ROOT, WrongError, end_all, path, run, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Service = dict[str, Any]

START_S = 240.0
POLL_S = 0.5
LOG_LINES = 40


class Machine:
    """What runs, and where its files lie; all of it ends with the context."""

    def __init__(self, folder: Path, composition: Mapping[str, Any]) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        self.services: dict[str, Service] = composition["services"]
        self._configs = composition["configs"]
        self._name = f"rater-{folder.name}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._containers: list[str] = []
        self._pid = 0
        self._ran = 0

    def __enter__(self) -> Self:
        """Make the network, the secrets and the names."""
        if logins.main(self.secrets):
            raise WrongError("logins.py failed")
        names = " ".join(("localhost", *self.services))
        (self.folder / "hosts").write_text(f"127.0.0.1 {names}\n")
        idle = ("-c", "import signal; signal.pause()")
        try:
            podman("run", *CONFINED, "--detach", "--network", "none", "--name", self._own(),
                   "--entrypoint", "python", IMAGE, *idle)  # fmt: skip
            self._pid = int(podman("inspect", "--format", "{{.State.Pid}}", self._name))
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """End all of it."""
        self.end()

    def end(self) -> None:
        """End all that runs, and all that may: the network last. A container that is gone already is no trouble."""
        for process in reversed(self._processes):
            end_all(process)
        for name in reversed(self._containers):
            podman("rm", "--force", "--time", "0", name, accepted=(0, 1, 125))

    def _own(self, name: str = "") -> str:
        """Name a container, to be removed in the end: noted before it is made, for we may be ended meanwhile."""
        own = f"{self._name}-{name}" if name else self._name
        self._containers.append(own)
        return own

    def beside(self, *words: str, log: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program of this machine in the network."""
        inside = [path("nsenter") or "nsenter", f"--net=/proc/{self._pid}/ns/net", "--", *words]
        with (self.folder / log).open("wb") as output, LEAVING.starting():
            process = subprocess.Popen(
                inside, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options
            )
            self._processes.append(process)
        return process

    def start_kafka(self) -> None:
        """Start Kafka as its image does: settings by its own wrapper, which formats the data, then the broker."""
        folder = self.folder / "kafka"
        for name in ("default", "mounted", "final", "data", "logs", "tmp"):
            (folder / name).mkdir(parents=True)
        text = (ROOT / "deploy" / "compose" / "kafka.properties").read_text()
        text = text.replace("/run/secrets", str(self.secrets))
        text = text.replace("/var/lib/kafka/data", str(folder / "data"))
        (folder / "mounted" / "server.properties").write_text(text)
        jars = fetch(HOME, say)
        hosts = (f"-Djdk.net.hosts.file={self.folder / 'hosts'}",)
        places = [word for name in ("default", "mounted", "final")
                  for word in (f"--{name}-configs-dir", str(folder / name))]  # fmt: skip
        environment = {"CLUSTER_ID": self.services["kafka"]["environment"]["CLUSTER_ID"]}
        run(*java(jars, folder, "kafka.docker.KafkaDockerWrapper", "setup", *places),
            env=environment)  # fmt: skip
        settings = folder / "final" / "server.properties"
        command = java(jars, folder, "kafka.Kafka", str(settings), options=hosts)
        self.beside(*command, log="kafka.log")
        test = self.services["kafka"]["healthcheck"]["test"][1:]
        self._within(START_S, lambda: self._probe(test), "kafka.log")

    def _probe(self, test: Iterable[str]) -> bool:
        inside = ["nsenter", f"--net=/proc/{self._pid}/ns/net", "--", *test]
        return subprocess.run(inside, capture_output=True, check=False).returncode == 0

    def start_mail(self) -> Path:
        """Start a mail server where the composition has mailpit, which is not to be had; return its mailbox."""
        mailbox = self.folder / "mails.jsonl"
        python = str(ROOT / ".venv" / "bin" / "python")
        words = ("-m", "loadtest.smtp_sink", "--port", "1025", "--mailbox", str(mailbox))
        self.beside(python, *words, log="mail.log", cwd=ROOT)
        return mailbox

    def run(self, name: str, *more: str, service: Service | None = None, **options: Any) -> str:
        """Run a service to its end, as `docker compose run --rm NAME` does, and return what it printed."""
        told = service or self.services[name]
        words = ("--interactive",) if "input" in options else ()
        self._ran += 1
        words = (*words, "--name", self._own(f"{name}-{self._ran}"))
        return podman("run", "--rm", *words, *self._options(told), *self._command(told, *more),
                      **options)  # fmt: skip

    def start(self, name: str, *more: str) -> None:
        """Start a service; where it ends it is started again, as the composition says."""
        told = self.services[name]
        kept = ("--detach", "--restart", told["restart"], "--name", self._own(name))
        podman("run", *kept, *self._options(told), *self._command(told, *more))

    def wait_for(self, name: str) -> None:
        """Wait until a service is well, as the composition asks it."""
        test = self.services[name]["healthcheck"]["test"][1:]
        own = f"{self._name}-{name}"
        deadline = time.monotonic() + START_S
        while True:
            code, said = podman_ended("exec", own, *test)
            if code == 0:
                return
            if time.monotonic() > deadline:
                raise WrongError(
                    f"{name} is not well after {START_S:.0f} s: {said}{self.log(name)}"
                )
            time.sleep(POLL_S)

    def stop(self, name: str) -> None:
        """Stop a service in order, within the time that the composition leaves it; WrongError if it cannot."""
        own, grace = f"{self._name}-{name}", self.services[name].get("stop_grace_period", "10s")
        podman("stop", "--time", str(_seconds(grace)), own)
        code = podman("inspect", "--format", "{{.State.ExitCode}}", own).strip()
        if code != "0":
            raise WrongError(f"{name}: stopped with {code}\n{self.log(name)}")

    def within(self, name: str, program: str) -> str:
        """Return what a program of Python prints in the container of a service."""
        return podman("exec", f"{self._name}-{name}", "python", "-c", program)

    def log(self, name: str) -> str:
        """Return the last that a service has said."""
        said = podman("logs", f"{self._name}-{name}", accepted=(0, 125))
        return "\n".join(said.splitlines()[-LOG_LINES:])

    def _within(self, seconds: float, condition: Callable[[], bool], log: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                text = (self.folder / log).read_text(errors="replace")
                raise WrongError(f"{log}: not there after {seconds:.0f} s\n{text[-4000:]}")
            time.sleep(POLL_S)

    def _options(self, told: Service) -> Iterable[str]:
        """Yield podman's words for what a service is told in the composition."""
        yield from ("--pull=never", *LIMITS, "--network", f"container:{self._name}")
        yield from ("--volume", f"{self.folder / 'hosts'}:/etc/hosts:ro")
        if told.get("read_only"):
            yield from ("--read-only", "--read-only-tmpfs=false")
        yield from (f"--cap-drop={each}" for each in told["cap_drop"])
        for each in told["security_opt"]:
            yield from ("--security-opt", each.replace(":true", ""))
        for each in told.get("tmpfs", ()):
            yield from ("--tmpfs", each)
        for name, value in told["environment"].items():
            yield from ("--env", f"{name}={value}")
        for each in told.get("secrets", ()):
            name = each["source"]
            yield from ("--volume", f"{self.secrets / name}:/run/secrets/{name}:ro")
        for each in told.get("configs", ()):
            yield from ("--volume", f"{self._configs[each['source']]['file']}:{each['target']}:ro")
        for each in told.get("volumes", ()):
            yield from ("--volume", f"{self._volume(each['source'])}:{each['target']}")
        if "working_dir" in told:
            yield from ("--workdir", told["working_dir"])

    def _volume(self, name: str) -> Path:
        folder = self.folder / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            run("chown", "10001:10001", folder)  # As a new volume has what the image has there.
        return folder

    @staticmethod
    def _command(told: Service, *more: str) -> Iterable[str]:
        first, *rest = told["entrypoint"] or ["rater"]
        words = more or tuple(told["command"] or ())
        return ("--entrypoint", first, IMAGE, *rest, *words)


def _seconds(grace: str) -> int:
    """Read a time as compose writes it: `1m0s`, `30s`."""
    found = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", grace)
    if not found:
        raise WrongError(f"stop_grace_period: {grace}")
    return 60 * int(found[1] or 0) + int(found[2] or 0)

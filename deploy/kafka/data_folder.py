"""A broker's settings and data folder: what it reads before it serves anybody."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import uuid
from typing import TYPE_CHECKING

from deploy.kafka.distribution import HERE, SHORT_LIVED, java, lock, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def settings_text(data: Path, port: int, controller_port: int) -> str:
    """Fill in server.properties.in."""
    text = (HERE / "server.properties.in").read_text()
    values = {"port": port, "controller_port": controller_port, "data": data}
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def format_once(data: Path, home: Path, jars: Path, node: int, cluster_id: str) -> None:
    """Give an empty data folder what Kafka's tool writes into one; leave a formatted one alone."""
    if (data / "meta.properties").exists():
        return
    formatted = _formatted(home, jars)
    # Its ids are its own: whoever mixes up the data of two instances is told so.
    ids = {"node.id": str(node), "cluster.id": cluster_id, "directory.id": new_id()}
    identified = _identified((formatted / "meta.properties").read_text(), ids)
    shutil.copytree(formatted, data, dirs_exist_ok=True)
    (data / "meta.properties").write_text(identified)


def _formatted(home: Path, jars: Path) -> Path:
    """Return a data folder that Kafka's tool has formatted; the tool takes 2 s of CPU and runs once."""
    inputs = (HERE / "server.properties.in", HERE / "pom.xml")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    formatted = home / "formatted" / digest[:16]
    with lock(home / "format.lock"):
        if not formatted.is_dir():
            partial = formatted.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            data = partial / "data"
            data.mkdir(parents=True)
            settings = partial / "server.properties"
            settings.write_text(settings_text(data, port=1, controller_port=2))
            tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={new_id()}", "-c")
            command = java(jars, partial, *tool, str(settings), options=SHORT_LIVED)
            run(command, f"formatting {data} failed")
            data.rename(formatted)
            shutil.rmtree(partial)
    return formatted


def _identified(meta: str, ids: Mapping[str, str]) -> str:
    """Return the text of a meta.properties with ids of one's own."""
    for name, own in ids.items():
        meta, found = re.subn(rf"(?m)^{name}=.*$", f"{name}={own}", meta)
        assert found == 1, meta
    return meta


def new_id() -> str:
    """Make an id as Kafka makes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")

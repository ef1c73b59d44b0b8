"""The image, built and run: what is in it, as whom it runs, and what it may not do."""

from __future__ import annotations

import tempfile
from pathlib import Path

from deploy.shipped.tools import CACHE, ROOT, WrongError, ended, run, say

BASE = "localhost/rater-base:bookworm"
IMAGE = "localhost/rater:checked"
PACKAGES = "python3,python3-venv,ca-certificates"
BUILD_PACKAGES = "gcc libc6-dev python3-dev"
STORE = (
    *("--root", str(CACHE / "images"), "--runroot", str(CACHE / "running")),
    *("--storage-driver", "overlay"),
)
PODMAN = ("podman", *STORE, "--cgroup-manager", "cgroupfs", "--runtime", "/usr/sbin/runc")
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")
"""Where the check itself runs in a container, podman may not ask for what it would by default."""
CONFINED = (
    *("--pull=never", "--rm", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all"),
    *("--security-opt", "no-new-privileges", *LIMITS),
)
INSIDE = """
import os, pathlib
from rater.shell.process.hot_path import is_compiled, refuse_stale
refuse_stale()
assert is_compiled(), "the hot path is not compiled"
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
assert (os.getuid(), os.getgid()) == (10001, 10001), os.getuid()
for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
    assert int(status[kind], 16) == 0, (kind, status[kind])
assert status["NoNewPrivs"].strip() == "1"
for folder in ("/", "/opt/rater", "/var/lib/rater", "/tmp", "/etc"):
    try:
        pathlib.Path(folder, "written").write_text("")
    except OSError as error:
        assert error.errno == 30, (folder, error)
    else:
        raise AssertionError(f"{folder} can be written")
import importlib.util
for file in ("sample_deck.csv", "canary_deck.csv", "sample_plans.toml"):
    assert pathlib.Path("/opt/rater/data", file).is_file(), file
for tool in ("pip", "mypy", "setuptools"):
    assert importlib.util.find_spec(tool) is None, tool
print("compiled; uid 10001; no capabilities; nothing can be written; no pip")
"""


def podman(*words: str | Path, **options: object) -> str:
    """Run podman on the images of the check, as `tools.run` does."""
    return run(*PODMAN, *words, **options)


def podman_ended(*words: str | Path) -> tuple[int, str]:
    """Run it as `tools.ended` does."""
    return ended(*PODMAN, *words)


def build() -> None:
    """Build the image of the Dockerfile, on a base that is made here: no registry of images is asked."""
    if (
        not run("buildah", *STORE, "images", "--quiet", BASE, accepted=(0, 1, 125))
        .strip()
        .isalnum()
    ):
        _make_base()
    say("building the image (some minutes) ...")
    arguments = (f"BASE={BASE}", f"BUILD_PACKAGES={BUILD_PACKAGES}")
    run(
        *("buildah", *STORE, "bud", "--isolation", "chroot", "--network", "host", "--pull-never"),
        *("--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"),
        *(word for each in arguments for word in ("--build-arg", each)),
        *("--file", ROOT / "deploy" / "image" / "Dockerfile", "--tag", IMAGE, ROOT),
    )


def _make_base() -> None:
    """Make a base of Debian's own packages."""
    say("making a base of Debian (some minutes, once) ...")
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        root = Path(folder) / "root"
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root)
        container = run("buildah", *STORE, "from", "scratch").strip()
        run("buildah", *STORE, "add", "--quiet", container, root, "/")
        run("buildah", *STORE, "commit", "--quiet", container, BASE)
        run("buildah", *STORE, "rm", container)


def check() -> None:
    """Run it without a network and look about from inside."""
    alone = ("run", *CONFINED, "--network", "none")
    version = podman(*alone, IMAGE, "--version").strip()
    inside = podman(*alone, "--entrypoint", "python", IMAGE, "-c", INSIDE).strip()
    checked = podman(*alone, IMAGE, "config", "check", "charging").strip()
    refused = podman(*alone, IMAGE, "config", "check", "gateway", accepted=(1,)).strip()
    if not checked.startswith("charging: good") or "--provider must be set" not in refused:
        raise WrongError(f"rater config check: {checked}\n{refused}")
    (size,) = podman("image", "inspect", "--format", "{{.Size}}", IMAGE).split()
    say(f"image: {version}, {int(size) // 1_000_000} MB with its base: {inside}")

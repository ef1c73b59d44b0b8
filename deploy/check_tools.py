"""Which of the tools that the project needs are missing, and how to install them.

Runs under any Python from 3.6 on, so that an old one gives this message and not a syntax error.

    check_tools.py            all of them: Python, a JDK, Maven
    check_tools.py --python   Python alone (`make install` needs no Kafka)
    check_tools.py --apt      print the Debian packages that are missing, nothing else

Exit code 0: all there; 1: something is missing.
"""

import os
import re
import shutil
import subprocess
import sys

PYTHON_MIN = (3, 11)
JAVA_MIN = 17
NEEDS = {
    "python": "Python 3.11 or newer",
    "venv": "Python's venv and ensurepip",
    "java": "a JDK, 17 or newer",
    "maven": "Maven (mvn)",
}
APT = {
    "python": "python3.11 python3.11-venv",
    "venv": "python3-venv",
    "java": "openjdk-17-jdk-headless",
    "maven": "maven",
}
BREW = {"python": "python@3.12", "venv": "python@3.12", "java": "openjdk@17", "maven": "maven"}


def python_trouble() -> str:
    """Say what is wrong with the version of this Python; empty when it will do."""
    if sys.version_info >= PYTHON_MIN:
        return ""
    return f"{sys.executable} is Python {sys.version.split()[0]}"


def venv_trouble() -> str:
    """Say whether this Python lacks what makes a virtual environment; Debian's does at first."""
    try:
        import ensurepip  # noqa: F401, PLC0415  # Missing is an answer here.
        import venv  # noqa: F401, PLC0415
    except ImportError:
        return f"{sys.executable} has no venv or no ensurepip"
    return ""


def java_trouble() -> str:
    """Say what is wrong with the Java that Kafka would run on; empty when it will do."""
    home = os.environ.get("JAVA_HOME")
    program = f"{home}/bin/java" if home else "java"
    where = f"JAVA_HOME is {home}: " if home else ""
    if shutil.which(program) is None:
        return f"{where}{program} is not there"
    said = _output_of([program, "-version"])
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None:
        return f"{where}`{program} -version` says: {said.strip() or 'nothing'}"
    return "" if int(found.group(1)) >= JAVA_MIN else f"{where}{program} is Java {found.group(1)}"


def maven_trouble() -> str:
    """Say whether Maven is missing; empty when it is there."""
    return "" if shutil.which("mvn") else "mvn is not on the PATH"


CHECKS = {"python": python_trouble, "venv": venv_trouble, "java": java_trouble}
CHECKS["maven"] = maven_trouble


def main(arguments: "list[str]") -> int:
    """Print what is missing; return the exit code."""
    asked = ["python", "venv"] if "--python" in arguments else list(CHECKS)
    troubles = {tool: CHECKS[tool]() for tool in asked}
    missing = [tool for tool in asked if troubles[tool]]
    if "python" in missing and "venv" in missing:
        missing.remove("venv")  # Comes with the newer Python.
    packages = " ".join(APT[tool] for tool in missing)
    if "--apt" in arguments:
        print(packages)
    elif missing:
        lines = ["Missing on this machine:"]
        lines += [f"  - {NEEDS[tool]}: {troubles[tool]}" for tool in missing]
        lines += [f"Debian, Ubuntu:  sudo apt-get install {packages}"]
        lines += [f"macOS:           brew install {' '.join(BREW[tool] for tool in missing)}"]
        if "java" in missing:
            lines += ["Where Debian has no JDK 17 any more: default-jdk-headless instead"]
        if "python" in missing:
            lines += ["Another Python:  make PYTHON=/path/to/python3.11 ..."]
        sys.stderr.write("\n".join(lines) + "\n")
    return 1 if missing else 0


def _output_of(command: "list[str]") -> str:
    """Run a program and return what it prints on either stream; empty when it cannot be run."""
    out = subprocess.PIPE
    try:
        done = subprocess.run(command, check=False, stdout=out, stderr=subprocess.STDOUT)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

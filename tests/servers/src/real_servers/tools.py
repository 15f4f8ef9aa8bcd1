"""Java and Maven: where they are, and what to do when they are not."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from real_servers.errors import ToolMissing

MINIMUM_JAVA = 17
"""Kafka 4 brokers need Java 17."""

HOW_TO_GET_THEM = (
    "install a JDK 17 or later and Maven (Debian, Ubuntu: apt install openjdk-17-jdk-headless maven; "
    "macOS: brew install openjdk@17 maven), or set KAFKA_BOOTSTRAP and MONGODB_URI to servers that run already"
)


@dataclass(frozen=True)
class Java:
    """A Java launcher and what it calls itself: archives made by one version are of no use to another."""

    program: Path
    version: str


def find_java() -> Java:
    """The `java` of the PATH.

    Raises:
        ToolMissing: there is none, or it is older than 17.
    """
    program = _find("java")
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "((\d+)[^"]*)"', answer.stderr)
    if found is None:
        raise ToolMissing(f"`java -version` failed; {HOW_TO_GET_THEM}")
    if int(found[2]) < MINIMUM_JAVA:
        raise ToolMissing(f"Java {found[1]} is too old, Kafka needs {MINIMUM_JAVA}; {HOW_TO_GET_THEM}")
    return Java(program=program, version=found[1])


def find_maven() -> Path:
    """The `mvn` of the PATH.

    Raises:
        ToolMissing: there is none.
    """
    return _find("mvn")


def _find(name: str) -> Path:
    program = shutil.which(name)
    if program is None:
        raise ToolMissing(f"`{name}` was not found on the PATH; {HOW_TO_GET_THEM}")
    return Path(program)

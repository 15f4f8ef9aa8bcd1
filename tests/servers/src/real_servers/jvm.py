"""How a Java server is started quickly: one compiler tier, the serial collector, and an archive of loaded classes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from real_servers.jars import Say, classpath, folder_of
from real_servers.server import Recipe, Server
from real_servers.tools import find_java

FAST_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


@dataclass(frozen=True)
class Jvm:
    """What is needed to run one server's classes."""

    java: Path
    jars: Path
    heap_mb: int
    sharing: tuple[str, ...] = ()
    """The option that reads or writes the archive of classes."""

    def command(self, main: str, *arguments: str) -> tuple[str, ...]:
        """The command line that runs `main`."""
        return (
            str(self.java),
            f"-Xmx{self.heap_mb}m",
            *FAST_START,
            *self.sharing,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            classpath(self.jars),
            main,
            *arguments,
        )


def prepare(server: str, heap_mb: int, cache: Path, recipe: Callable[[Jvm], Recipe], say: Say) -> Jvm:
    """Fetch `server` and make its archive, each only once; later calls cost some milliseconds.

    Raises:
        ToolMissing: Java or Maven is absent.
        FetchFailed: Maven or the compiler failed.
        ServerFailed: the run that makes the archive did not come up.
    """
    java = find_java()
    jvm = Jvm(java=java.program, jars=folder_of(server, cache, java, say), heap_mb=heap_mb)
    archive = jvm.jars / "classes.jsa"
    if not archive.exists():
        say(f"archiving {server}'s classes for quick starts (once)")
        _archive(jvm, archive, recipe)
    if not archive.exists():
        say(f"this Java made no archive: {server} starts more slowly")
        return jvm
    return replace(jvm, sharing=(f"-XX:SharedArchiveFile={archive}",))


def _archive(jvm: Jvm, archive: Path, recipe: Callable[[Jvm], Recipe]) -> None:
    """Java writes the archive when it ends; the rename shows it only when it is whole."""
    unfinished = archive.with_suffix(f".{uuid.uuid4().hex}")
    recording = replace(jvm, sharing=(f"-XX:ArchiveClassesAtExit={unfinished}",))
    with Server(recipe(recording)):
        pass
    if unfinished.exists():
        unfinished.rename(archive)

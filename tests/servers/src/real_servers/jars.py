"""Fetches a server's jars once, into a folder of the cache that is complete or absent."""

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from real_servers.errors import FetchFailed
from real_servers.tools import Java, find_maven

COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
"""Named in full: a short prefix would take whichever version is the newest."""

FETCH_SECONDS = 600

Say = Callable[[str], None]


def folder_of(server: str, cache: Path, java: Java, say: Say) -> Path:
    """The folder that holds the jars and compiled classes of `server` ("kafka" or "mongo").

    Its name is a digest of the sources and the Java version, so an edited pom is fetched anew.

    Raises:
        ToolMissing: Maven is needed and absent.
        FetchFailed: Maven or the compiler failed.
    """
    with as_file(files("real_servers") / "java" / server) as sources:
        target = cache / f"{server}-{_digest(sources, java)}"
        if not target.is_dir():
            say(f"fetching {server} with Maven (once, into {cache})")
            _build(sources, target, java)
    return target


def classpath(folder: Path) -> str:
    """Every jar in a fixed order: an archive of classes is only valid for the very same path."""
    return ":".join(str(jar) for jar in sorted(folder.glob("*.jar")))


def _digest(sources: Path, java: Java) -> str:
    digest = hashlib.sha256(java.version.encode())
    for source in sorted(sources.iterdir()):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _build(sources: Path, target: Path, java: Java) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        built = Path(scratch) / "built"
        built.mkdir()
        _fetch(sources, built)
        _compile(sources, built, java)
        _publish(built, target)


def _fetch(sources: Path, built: Path) -> None:
    pom = shutil.copy(sources / "pom.xml", built)
    maven = [str(find_maven()), "-q", "-B", "-Dstyle.color=never", "-f", str(pom)]
    command = [*maven, COPY_DEPENDENCIES, f"-DoutputDirectory={built}"]
    _run(command, f"Maven could not fetch what {sources.name} needs (is its repository reachable?)")


def _compile(sources: Path, built: Path, java: Java) -> None:
    """Into a jar: Java archives no classes that lie in a folder."""
    programs = [str(source) for source in sources.glob("*.java")]
    if not programs:
        return
    with tempfile.TemporaryDirectory() as classes:
        compiler = [str(java.program), "-m", "jdk.compiler/com.sun.tools.javac.Main", "--release", "17"]
        command = [*compiler, "-cp", classpath(built), "-d", classes, *programs]
        _run(command, f"the Java compiler failed on {sources.name} (a JRE is not enough: it must be a JDK)")
        with zipfile.ZipFile(built / "own.jar", "w") as jar:
            for compiled in sorted(Path(classes).iterdir()):
                jar.write(compiled, compiled.name)


def _run(command: list[str], complaint: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired as exc:
        raise FetchFailed(f"{complaint}: no end after {FETCH_SECONDS} s") from exc
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise FetchFailed(f"{complaint}: {lines[0] if lines else f'exit code {done.returncode}'}")


def _publish(built: Path, target: Path) -> None:
    """Rename into place; losing the race to another run that built the same is as good as winning."""
    try:
        built.rename(target)
    except OSError:
        if not target.is_dir():
            raise

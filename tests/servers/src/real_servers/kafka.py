"""Apache Kafka 4.4.0: one KRaft node that is broker and controller."""

import base64
import subprocess
import tempfile
import uuid
from functools import partial
from pathlib import Path

from real_servers.errors import ServerFailed
from real_servers.jars import Say
from real_servers.jvm import Jvm, prepare
from real_servers.kafka_protocol import lists_a_broker
from real_servers.ports import LOOPBACK, free_port
from real_servers.server import Recipe, Server
from real_servers.settings import ServerSettings

HEAP_MB = 256

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={host}:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data

# A missing topic is an error that tests rely on.
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1

# One node: internal topics have one replica, and few partitions because each costs start-up time.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4

# Groups form at once, and sessions may be short enough for tests of crashes.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# After kill -9 the controller waits for the dead broker's session: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


def kafka_server(settings: ServerSettings | None = None, say: Say = lambda _: None) -> Server:
    """A broker of its own, formatted and not yet started; data survives `kill` and `restart`.

    Raises:
        ToolMissing: Java or Maven is absent.
        FetchFailed: Maven failed.
        ServerFailed: the data folder could not be formatted.
    """
    cache = (settings or ServerSettings.from_environment()).cache
    return Server(_recipe(prepare("kafka", HEAP_MB, cache, _recipe, say)))


def _recipe(jvm: Jvm) -> Recipe:
    folder = Path(tempfile.mkdtemp(prefix="kafka-"))
    port = free_port()
    properties = folder / "server.properties"
    properties.write_text(PROPERTIES.format(host=LOOPBACK, port=port, controller=free_port(), folder=folder))
    _format(jvm, properties)
    return Recipe(
        name="kafka",
        address=f"{LOOPBACK}:{port}",
        command=jvm.command("kafka.Kafka", str(properties)),
        answers=partial(lists_a_broker, LOOPBACK, port),
        folder=folder,
    )


def _format(jvm: Jvm, properties: Path) -> None:
    command = jvm.command(
        "kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id(), "-c", str(properties)
    )
    log = properties.with_name("kafka.log")
    with log.open("ab") as output:
        done = subprocess.run(command, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise ServerFailed("kafka could not format its data folder", log)


def _cluster_id() -> str:
    """A random UUID in base 64; a leading "-" would be read as an option."""
    return "L" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]

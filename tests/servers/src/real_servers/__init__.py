"""Real Kafka and MongoDB-protocol servers as child processes, for tests."""

from real_servers.errors import FetchFailed, ProxyFailed, ServerFailed, ServersError, ToolMissing
from real_servers.kafka import kafka_server
from real_servers.mongo import mongo_server
from real_servers.proxy import Proxy
from real_servers.server import Server
from real_servers.settings import ServerSettings

__all__ = [
    "FetchFailed",
    "Proxy",
    "ProxyFailed",
    "Server",
    "ServerFailed",
    "ServerSettings",
    "ServersError",
    "ToolMissing",
    "kafka_server",
    "mongo_server",
]

"""The address that the driver gets names our database and nobody else's accounts."""

import pytest
from pymongo.uri_parser import parse_uri

from lyceum_database.uri import with_database


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mongodb://db", "mongodb://db/lyceum"),
        ("mongodb://db/", "mongodb://db/lyceum"),
        ("mongodb://db/other", "mongodb://db/lyceum"),
        ("mongodb://a:1,b:2/?replicaSet=rs0", "mongodb://a:1,b:2/lyceum?replicaSet=rs0"),
        ("mongodb://u:p@db", "mongodb://u:p@db/lyceum?authSource=admin"),
        ("mongodb://u:p@db/accounts", "mongodb://u:p@db/lyceum?authSource=accounts"),
        ("mongodb://u:p@db/x?AuthSource=y", "mongodb://u:p@db/lyceum?AuthSource=y"),
        ("mongodb+srv://u:p@db.example/?w=1", "mongodb+srv://u:p@db.example/lyceum?w=1&authSource=admin"),
    ],
)
def test_the_database_is_ours_and_the_account_stays_where_it_was(given: str, expected: str) -> None:
    assert with_database(given, "lyceum") == expected


def test_the_driver_reads_it_the_same_way() -> None:
    parsed = parse_uri(with_database("mongodb://u:p%40ss@db/accounts?tls=true", "lyceum"))

    assert (parsed["database"], parsed["options"]["authSource"]) == ("lyceum", "accounts")
    assert (parsed["username"], parsed["password"]) == ("u", "p@ss")

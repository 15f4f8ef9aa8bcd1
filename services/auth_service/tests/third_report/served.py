"""The program on an embedded database with one account: `python served.py FOLDER`; settings come by the environment."""

import sys
from pathlib import Path

from fastapi import FastAPI

from auth_service import storage
from auth_service.bootstrap import build
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher
from auth_service.passwords.turns import Turns
from auth_service.people import People
from auth_service.roles.builtin import role_id
from auth_service.settings import read_settings
from lyceum_database import DEFAULT_ORG, User
from lyceum_database.embedded import EmbeddedMongoClient
from lyceum_web.program import run_service
from lyceum_web.settings import WebSettings


def seeded(_: WebSettings) -> FastAPI:
    settings = read_settings()
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()
    hasher = PasswordHasher(Argon2Cost(memory_kib=8), Turns(width=1, waiting=0, patience_s=1))
    People().insert(
        User(
            name="Ada",
            email="ada@example.org",
            status="active",
            roles=[role_id(DEFAULT_ORG, "student")],
            org_ids=[DEFAULT_ORG],
            password_hash=hasher.hash("violet harbour 9"),
        )
    )
    return application


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(exist_ok=True)
    sys.exit(run_service("auth-service", seeded))

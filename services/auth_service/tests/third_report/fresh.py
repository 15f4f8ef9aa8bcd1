"""What goes on inside the fresh processes of these tests: `python fresh.py SCENARIO FOLDER`, one JSON line at the end.

Nothing of the service is imported at the top: what is under test is when that happens, and who does it.
"""

import importlib
import importlib.util
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier, Event, Lock, Thread
from typing import Any

CREDENTIALS = {"email": "ada@example.org", "password": "violet harbour 9"}
DOORS = ("lyceum_database", "auth_service.bootstrap")
"""What other code imports. Single modules of a package that another thread is importing as a whole are no way in: Python
takes the module's lock before the package's, so the two wait for each other, and one is handed a part (ImportError)."""


@contextmanager
def service(folder: Path) -> Iterator[Any]:
    """The service on an embedded database, with one account; yields a client for it."""
    from auth_service import storage
    from auth_service.bootstrap import build
    from auth_service.passwords.hashing import Argon2Cost
    from auth_service.settings import AuthSettings
    from auth_service.throttling import Limits
    from keylane import KafkaSettings
    from lyceum_database import close
    from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
    from lyceum_web.settings import WebSettings
    from lyceum_web.testing.client import application_client

    rate = "10000/second"
    settings = AuthSettings(
        web=WebSettings(environment="development", threads=100),
        mongo=embedded_settings("third_report"),
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"),
        keys_directory=folder / "keys",
        hash_cost=Argon2Cost(memory_kib=8),
        hashes_waiting=200,
        limits=Limits.of(account=rate, address=rate, sign_up=rate, token=rate),
    )
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()
    try:
        with application_client(application) as client:
            signed_up = client.post("/v1/signup", json={**CREDENTIALS, "name": "Ada"})
            assert signed_up.status_code == 202, signed_up.text
            yield client
    finally:
        close()


def sign_in(client: Any) -> int:
    """Sign in, and ask who that is: both look roles up."""
    answer = client.post("/v1/login", json=CREDENTIALS)
    if answer.status_code != 200:
        return int(answer.status_code)
    me = client.get("/v1/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    return int(me.status_code) if me.json().get("roles") == ["student"] else 0


def registered() -> dict[str, Any]:
    """How models came to be registered in this process."""
    import modelguard

    modelguard.check()
    stats = modelguard.stats()
    return {"conflicts": stats.conflicts, "changed": stats.changed, "rolled_back": stats.rolled_back}


def import_timing(folder: Path) -> dict[str, Any]:
    """A hundred threads sign in at one moment; each begins with an import, and nothing is imported before."""
    together, opening, opened = Barrier(100), Lock(), ExitStack()
    clients: list[Any] = []

    def first_request(number: int) -> int:
        together.wait()
        importlib.import_module(DOORS[number % len(DOORS)])
        with opening:
            if not clients:
                clients.append(opened.enter_context(service(folder)))
        return sign_in(clients[0])

    with opened, ThreadPoolExecutor(100) as threads:
        answers = Counter(threads.map(first_request, range(100)))
    return {"answers": answers, **registered()}


def duplicate_instances(folder: Path) -> dict[str, Any]:
    """The module of Role is loaded under other names while people sign in."""
    from lyceum_database import Role

    def load_again(number: int) -> bool:
        spec = importlib.util.spec_from_file_location(
            f"roles_again_{number}", sys.modules[Role.__module__].__file__ or ""
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return bool(module.Role is Role)

    with service(folder) as client, ThreadPoolExecutor(40) as threads:
        again = threads.map(load_again, range(20))
        answers = Counter(threads.map(lambda _: sign_in(client), range(100)))
        same = Counter(again)
    return {"answers": answers, "same": same, **registered()}


def bypassed_registry(folder: Path) -> dict[str, Any]:
    """Role is asked for by name before its module is imported, and meanwhile, by both registries."""
    from mongoengine import NotRegistered
    from mongoengine.base import get_document

    import modelguard

    said, found, imported = [], Counter[str](), Event()
    for look in (modelguard.require, get_document):
        try:
            look("Role")
        except NotRegistered as exc:
            said.append(str(exc).splitlines()[0])

    def keep_looking(look: Callable[[str], Any]) -> None:
        while not imported.wait(0.001):
            try:
                found["whole" if "permissions" in look("Role")._fields else "half"] += 1
            except NotRegistered:
                found["not yet"] += 1

    lookers = [Thread(target=keep_looking, args=(look,)) for look in (modelguard.require, get_document)]
    for looker in lookers:
        looker.start()
    with service(folder) as client:
        answers = Counter(sign_in(client) for _ in range(10))
        imported.set()
    for looker in lookers:
        looker.join()
    from lyceum_database import Role

    same = modelguard.require("Role") is get_document("Role") is Role
    return {"answers": answers, "said": said, "half": found["half"], "same": same, **registered()}


def in_child(folder: Path, answers: Any) -> None:
    """What a worker process does."""
    from lyceum_database import close

    close()  # a forked child has its parent's connection
    with service(folder) as client:
        answers.put([sign_in(client) for _ in range(5)])


def contexts(folder: Path) -> dict[str, Any]:
    """The same in a forked process, in a spawned one, and in many threads."""
    from auth_service.bootstrap import build

    assert callable(build)  # what a forked process inherits
    results = {}
    for method in ("fork", "spawn"):
        context: Any = multiprocessing.get_context(method)
        answers = context.Queue()
        child = context.Process(target=in_child, args=(folder, answers))
        child.start()
        results[method] = Counter(answers.get(timeout=60))
        child.join()
        assert child.exitcode == 0
    with service(folder) as client, ThreadPoolExecutor(50) as threads:
        results["threads"] = Counter(threads.map(lambda _: sign_in(client), range(100)))
    return {**results, **registered()}


SCENARIOS = {each.__name__: each for each in (import_timing, duplicate_instances, bypassed_registry, contexts)}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]](Path(sys.argv[2]))))

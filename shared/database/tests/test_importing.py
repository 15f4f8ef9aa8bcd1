"""`from lyceum_database import User` gives the same class however often, from wherever and by whomever it is imported.

Each scenario runs in a process of its own: what is under test is what a process's first import leaves behind.
"""

import os
import subprocess
import sys
import textwrap

import pytest

NO_EFFECT = """
    import os, socket, sys, threading

    def forbidden(*args, **options):
        raise AssertionError("importing must not use the network")

    def offline(event, args):
        if event.startswith("socket.") and event != "socket.__new__":
            raise AssertionError(f"importing must not use the network: {event}")

    sys.addaudithook(offline)
    os.environ.clear()
    os.environ["MONGODB_URI"] = "this is no address"

    import pkgutil
    import lyceum_database

    for module in pkgutil.walk_packages(lyceum_database.__path__, "lyceum_database."):
        __import__(module.name)

    import mongoengine.connection
    assert mongoengine.connection._connections == {}
    assert mongoengine.connection._connection_settings == {}
    assert threading.active_count() == 1
"""

BEGIN = """
    import importlib, importlib.util, sys, threading
    import modelguard

    def classes():
        import lyceum_database
        return {name: getattr(lyceum_database, name) for name in lyceum_database.models.__all__}

    def same(first):
        again = classes()
        assert {name for name in first if first[name] is not again[name]} == set()
        for name, model in first.items():
            assert modelguard.require(name) is model
        stats = modelguard.stats()
        assert (stats.conflicts, stats.changed) == (0, 0), stats
        modelguard.check()
        assert len(first) == 12
"""

SCENARIOS = {
    "the line of the first report": """
        from lyceum_database import User, Organization, Service, Session
        from lyceum_database import User as Again
        from lyceum_database.models import User as FromIndex
        from lyceum_database.models.user import User as FromModule

        assert User is Again is FromIndex is FromModule
        assert [model.__name__ for model in (User, Organization, Service, Session)] == [
            "User", "Organization", "Service", "Session"]
        same(classes())
        defined = modelguard.stats().defined
        for _ in range(100):
            from lyceum_database import User, Organization, Service, Session
        assert modelguard.stats().defined == defined
    """,
    "reloading every module, twice, in order and backwards": """
        first = classes()
        names = sorted(name for name in sys.modules if name.split(".")[0] == "lyceum_database")
        for name in [*names, *reversed(names)]:
            importlib.reload(sys.modules[name])
        same(first)
        assert modelguard.stats().reused > 0
    """,
    "forgetting the package and importing it again": """
        first = classes()
        for _ in range(3):
            for name in [name for name in sys.modules if name.split(".")[0] == "lyceum_database"]:
                del sys.modules[name]
            same(first)
        assert modelguard.stats().reused > 0
    """,
    "the same files under other names": """
        first = classes()
        for name, model in first.items():
            file = sys.modules[model.__module__].__file__
            spec = importlib.util.spec_from_file_location(f"alias_of_{name}", file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            assert getattr(module, name) is model
        same(first)
        assert modelguard.stats().reused >= len(first)
    """,
    "sixteen threads import at once": """
        start, found = threading.Barrier(16), []

        def import_it():
            start.wait()
            found.append(classes())

        threads = [threading.Thread(target=import_it) for _ in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert len(found) == 16
        for each in found:
            same(each)
    """,
    "sixteen threads run one file at once": """
        first = classes()
        file = sys.modules["lyceum_database.models.user"].__file__
        start, found = threading.Barrier(16), []

        def run_it(number):
            spec = importlib.util.spec_from_file_location(f"alias{number}", file)
            module = importlib.util.module_from_spec(spec)
            start.wait()
            spec.loader.exec_module(module)
            found.append(module.User)

        threads = [threading.Thread(target=run_it, args=(number,)) for number in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert found == [first["User"]] * 16
        same(first)
    """,
    "an import that fails after some models, and is tried again": """
        class Broken:
            def find_spec(self, name, path=None, target=None):
                if name == "lyceum_database.models.session":
                    raise ImportError("the disk hiccups")

        sys.meta_path.insert(0, Broken())
        for _ in range(4):
            try:
                import lyceum_database
            except ImportError as exc:
                assert "hiccups" in str(exc)
            else:
                raise AssertionError("the import should have failed")
        registered = dict(modelguard.models)
        assert "Course" in registered and "User" not in registered
        sys.meta_path.pop(0)

        first = classes()

        assert {name for name, model in registered.items() if name in first and first[name] is not model} == set()
        same(first)
    """,
    "documents survive a reload": """
        import lyceum_database
        from lyceum_database import User
        from lyceum_database.embedded import connect_embedded

        connect_embedded()
        lyceum_database.ensure_indexes([User])
        before = lyceum_database.UserRepository().insert(User(name="Ada", email="ada@example.org"))
        for name in [name for name in sys.modules if name.split(".")[0] == "lyceum_database"]:
            importlib.reload(sys.modules[name])
        import lyceum_database

        users = lyceum_database.UserRepository()
        after = users.get(before.id)
        assert isinstance(after, User) and after == before and type(after) is lyceum_database.User
        after.name = "Countess"
        assert users.save(after).version == 2
        try:
            users.insert(User(name="Eve", email="ADA@example.org"))
        except lyceum_database.Duplicate as exc:
            assert exc.field == "email"
        else:
            raise AssertionError("two people have one address")
    """,
}


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONGODB_")}  # noqa: TID251 - what the child inherits
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_importing_every_module_does_nothing_but_define() -> None:
    result = run(textwrap.dedent(NO_EFFECT))

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_gives_the_same_classes(scenario: str) -> None:
    result = run(textwrap.dedent(BEGIN) + textwrap.dedent(SCENARIOS[scenario]))

    assert (result.returncode, result.stderr) == (0, "")

"""Indexes are made by one step and verified by another."""

import pytest

import lyceum_database
from lyceum_database import IndexesDiffer, Notification, Record, Role, Session, User, models

RECORDS = [
    getattr(models, name) for name in models.__all__ if issubclass(getattr(models, name), lyceum_database.Record)
]


@pytest.mark.usefixtures("bare_database")
def test_what_was_ensured_is_verified_and_ensuring_again_is_fine() -> None:
    lyceum_database.ensure_indexes(RECORDS)

    lyceum_database.verify_indexes(RECORDS)


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_using_a_model_creates_no_index(bare_database: str, model: type[Record]) -> None:
    collection = model._get_collection()
    model.objects.first()
    collection.insert_one({"_id": "one"})
    model.objects.first()

    assert set(collection.index_information()) <= {"_id_"}


@pytest.mark.usefixtures("database")
def test_a_missing_index_is_named_with_its_model_and_fields() -> None:
    Session._get_collection().drop_index("user_id_1_expires_at_1")
    User._get_collection().drop_index("roles_1")

    with pytest.raises(IndexesDiffer) as raised:
        lyceum_database.verify_indexes(RECORDS)

    assert raised.value.problems == ("Session (user_id, expires_at) is missing", "User (roles) is missing")
    assert "index deploy step" in str(raised.value)


@pytest.mark.usefixtures("database")
def test_an_index_that_lost_its_uniqueness_is_reported() -> None:
    collection = User._get_collection()
    collection.drop_index("email_norm_1")
    collection.create_index([("email_norm", 1)], sparse=True)

    with pytest.raises(IndexesDiffer) as raised:
        lyceum_database.verify_indexes([User])

    assert raised.value.problems == ("User (email_norm) should be unique sparse but is sparse",)


@pytest.mark.usefixtures("database")
def test_an_index_that_expires_at_another_time_is_reported() -> None:
    collection = Notification._get_collection()
    collection.drop_index("expires_at_1")
    collection.create_index([("expires_at", 1)], expireAfterSeconds=60)

    with pytest.raises(IndexesDiffer) as raised:
        lyceum_database.verify_indexes([Notification])

    expected = "Notification (expires_at) should be expiring after 0 s but is expiring after 60 s"
    assert raised.value.problems == (expected,)


@pytest.mark.usefixtures("bare_database")
def test_documents_that_break_a_key_stop_its_index_with_the_model_named() -> None:
    Role._get_collection().insert_many([{"_id": "a", "name_key": "x"}, {"_id": "b", "name_key": "x"}])

    with pytest.raises(IndexesDiffer, match=r"Role \(name_key\)"):
        lyceum_database.ensure_indexes([Role])


@pytest.mark.usefixtures("bare_database")
def test_another_index_on_the_same_fields_is_named_or_replaced_never_left() -> None:
    """Servers differ: most refuse to change an index, one replaces it."""
    User._get_collection().create_index([("email_norm", 1)], sparse=True)

    refusal = ensured(User)

    if refusal:
        assert "User (email_norm)" in refusal
    else:
        lyceum_database.verify_indexes([User])


@pytest.mark.usefixtures("bare_database")
def test_a_server_that_says_yes_and_does_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(User._get_collection()), "create_index", lambda *_, **__: "yes")

    with pytest.raises(IndexesDiffer, match=r"User \(roles\) is missing"):
        lyceum_database.ensure_indexes([User])


def ensured(model: type[lyceum_database.Record]) -> str:
    """What ensuring the model's indexes complained of."""
    try:
        lyceum_database.ensure_indexes([model])
    except IndexesDiffer as exc:
        return str(exc)
    return ""

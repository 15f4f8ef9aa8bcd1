"""Rules that a model hangs on its neighbour: lost, doubled, and keeping classes alive."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from mongoengine import OperationError

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

USER = "class User(Document):\n    name = StringField()\n"
POST = """
from users import User
class Post(Document):
    author = ReferenceField(User, reverse_delete_rule=CASCADE)
"""
INVOICE = """
from users import User
class Invoice(Document):
    payer = ReferenceField(User, reverse_delete_rule=DENY)
"""

pytestmark = pytest.mark.usefixtures("database")


both_kinds = pytest.mark.parametrize("kind", ["Document", "DynamicDocument"])


def user_post_invoice(project: Project, kind: str) -> tuple[ModuleType, ModuleType, ModuleType]:
    users, posts, invoices = (text.replace("(Document)", f"({kind})") for text in (USER, POST, INVOICE))
    return project.module("users", users), project.module("posts", posts), project.module("invoices", invoices)


@pytest.mark.hazard(12, "plain")
def test_plain_reloading_the_parent_alone_strands_its_children(plain: Project) -> None:
    users = plain.module("users", USER)
    posts = plain.module("posts", POST)
    plain.reload(users)

    with pytest.raises(Exception, match="only accepts DBRef"):
        posts.Post(author=users.User().save()).save()

    assert not users.User._meta.get("delete_rules")


@pytest.mark.hazard(12, "gone")
def test_guarded_reloading_the_parent_alone_changes_nothing(guarded: Project) -> None:
    users = guarded.module("users", USER)
    posts = guarded.module("posts", POST)
    guarded.reload(users)
    author = users.User().save()
    posts.Post(author=author).save()

    author.delete()

    assert posts.Post.objects.count() == 0


@both_kinds
@pytest.mark.hazard(13, "plain")
def test_plain_a_redefined_target_forgets_cascade_and_deny(plain: Project, kind: str) -> None:
    users, posts, invoices = user_post_invoice(plain, kind)
    writer, payer = users.User().save(), users.User().save()
    posts.Post(author=writer).save()
    invoices.Invoice(payer=payer).save()
    again = plain.again(users)

    again.User.objects.get(pk=writer.pk).delete()
    again.User.objects.get(pk=payer.pk).delete()

    assert posts.Post.objects.count() == 1, "the orphan stays"
    assert again.User.objects.count() == 0, "the denied delete went through"


@both_kinds
@pytest.mark.hazard(13, "gone")
def test_guarded_a_redefined_target_keeps_cascade_and_deny(guarded: Project, kind: str) -> None:
    users, posts, invoices = user_post_invoice(guarded, kind)
    writer, payer = users.User().save(), users.User().save()
    posts.Post(author=writer).save()
    invoices.Invoice(payer=payer).save()
    again = guarded.again(users)

    again.User.objects.get(pk=writer.pk).delete()
    with pytest.raises(OperationError, match=r"Invoice\.payer"):
        again.User.objects.get(pk=payer.pk).delete()

    assert posts.Post.objects.count() == 0
    assert again.User.objects.count() == 1


@pytest.mark.hazard(14, "plain")
def test_plain_each_redefinition_of_the_child_adds_a_rule(plain: Project) -> None:
    users = plain.module("users", USER)
    posts = plain.module("posts", POST)
    kept = [plain.again(posts), plain.again(posts)]

    assert len(users.User._meta["delete_rules"]) == 1 + len(kept)


@pytest.mark.hazard(14, "gone")
def test_guarded_the_child_has_one_rule_however_often_it_is_defined(guarded: Project) -> None:
    users = guarded.module("users", USER)
    posts = guarded.module("posts", POST)
    for _ in range(3):
        guarded.again(posts)

    assert list(users.User._meta["delete_rules"]) == [(posts.Post, "author")]


def classes_alive_after_redefinitions(project: Project, count: int) -> int:
    project.module("users", USER)
    posts = project.module("posts", POST)
    born = [weakref.ref(posts.Post)]
    for _ in range(count):
        project.reload(posts)
        born.append(weakref.ref(posts.Post))
    gc.collect()
    return len({id(model) for ref in born if (model := ref()) is not None})


@pytest.mark.hazard(19, "plain")
def test_plain_every_redefined_child_stays_in_memory(plain: Project) -> None:
    assert classes_alive_after_redefinitions(plain, 20) == 21


@pytest.mark.hazard(19, "gone")
def test_guarded_one_class_is_alive_after_many_redefinitions(guarded: Project) -> None:
    assert classes_alive_after_redefinitions(guarded, 20) == 1

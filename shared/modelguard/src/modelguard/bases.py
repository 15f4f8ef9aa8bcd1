"""The guarded bases: mongoengine's own, with the guard in front of definitions; `bases.pyi` holds their types."""

import mongoengine

from modelguard._metaclasses import GuardedMetaclass, GuardedTopLevelMetaclass
from modelguard._mongoengine import DocumentMetaclass, TopLevelDocumentMetaclass

# `my_metaclass` is how mongoengine marks a base: without it "Document" itself would enter the registry.


class Document(mongoengine.Document, metaclass=GuardedTopLevelMetaclass):
    """`mongoengine.Document`, registered once."""

    my_metaclass = TopLevelDocumentMetaclass


class DynamicDocument(Document, mongoengine.DynamicDocument):
    """`mongoengine.DynamicDocument`, registered once."""

    my_metaclass = TopLevelDocumentMetaclass


class EmbeddedDocument(mongoengine.EmbeddedDocument, metaclass=GuardedMetaclass):
    """`mongoengine.EmbeddedDocument`, registered once."""

    my_metaclass = DocumentMetaclass


class DynamicEmbeddedDocument(EmbeddedDocument, mongoengine.DynamicEmbeddedDocument):
    """`mongoengine.DynamicEmbeddedDocument`, registered once."""

    my_metaclass = DocumentMetaclass

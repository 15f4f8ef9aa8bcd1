"""Register each mongoengine model once, provably.

    from modelguard import Document, check

    class User(Document): ...

    check()  # once, before the process starts to serve

Running a definition again gives back the same class; another definition under its name is an error that names both
places; a missing one is an error that names who needs it.
"""

from modelguard._isolation import isolated, unregister
from modelguard._lookup import models, require
from modelguard._table import Stats, stats
from modelguard.bases import Document, DynamicDocument, DynamicEmbeddedDocument, EmbeddedDocument
from modelguard.checking import check, problems
from modelguard.errors import (
    DefinitionTimeoutError,
    GuardError,
    ModelChangedError,
    ModelCheckError,
    ModelConflictError,
    ModelNotRegisteredError,
    UnsupportedError,
)
from modelguard.problem import Problem

__all__ = [
    "DefinitionTimeoutError",
    "Document",
    "DynamicDocument",
    "DynamicEmbeddedDocument",
    "EmbeddedDocument",
    "GuardError",
    "ModelChangedError",
    "ModelCheckError",
    "ModelConflictError",
    "ModelNotRegisteredError",
    "Problem",
    "Stats",
    "UnsupportedError",
    "check",
    "isolated",
    "models",
    "problems",
    "require",
    "stats",
    "unregister",
]

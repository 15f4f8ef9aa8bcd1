"""What `modelguard explain CODE` says: meaning, usual cause and remedy of each error and problem code."""

from types import MappingProxyType

EXPLANATIONS = MappingProxyType(
    {
        "model-conflict": (
            "Two places define a model of one registry name.\n"
            "mongoengine keeps one namespace per process, and without the guard the later class silently replaces the "
            "earlier: references, delete rules and handlers go on pointing at the earlier one.\n"
            "Usual causes: a file copied between services, a test model that is not isolated, an embedded document "
            "and a document of one name.\n"
            "Do: rename one of the two, or import the first instead of defining it again. In a test, use "
            "modelguard.isolated() or the fixture isolated_models."
        ),
        "model-changed": (
            "A class statement ran again with another content.\n"
            "Usual causes: a file edited while the process reloads it in place, an edited notebook cell, a factory "
            "that makes different models of one name, a default that differs each time it is evaluated; a model that "
            "it holds as a class was dropped and defined anew, or is not guarded and ran again.\n"
            "Do: restart the process, or call modelguard.unregister(NAME) and run the definition again; give each "
            "model of a factory its own name."
        ),
        "model-not-registered": (
            "A model was asked for by a name that nothing has registered.\n"
            "Usual causes: its module is not imported yet, or is missing from the package's index; a typing error.\n"
            "Do: import the module statically, at the top of the package that owns the models; the message lists near "
            "names."
        ),
        "model-check": (
            "check() found problems with the registered models; each has a code of its own.\n"
            "Do: read them all, then `modelguard explain` their codes."
        ),
        "definition-timeout": (
            "A class statement waited in vain for another thread that is defining a model.\n"
            "Usual cause: a hook that runs while the class is created (__init_subclass__, __set_name__, a computed "
            "collection) imports a module, which the waiting thread is importing.\n"
            "Do: move that import to the top of its module."
        ),
        "unsupported": (
            "The installed mongoengine keeps its registry where modelguard does not look.\n"
            "Do: use a release that modelguard's README lists."
        ),
        "missing-model": (
            'A field names a model that is not registered: by string, by references="Name", or among the choices of a '
            "generic field.\n"
            "mongoengine would find out when the field is first used, and would not say which field asked.\n"
            "Do: import the module that defines the model, before check() runs; or correct the name."
        ),
        "inexact-name": (
            "A name matches a registered model only by its last part, and mongoengine takes that one.\n"
            "It flips to another class, or to an error, when a further model of that last part appears.\n"
            "Do: write the full registry name."
        ),
        "invalid-references": (
            "references= on a field holds something that is no model's name.\n"
            'Do: write references="Name", or a list of names.'
        ),
        "wrong-kind": (
            "A reference names an embedded document, or an embedded field names a document that has a collection.\n"
            "Do: use the field that fits, or name another model."
        ),
        "stale-reference": (
            "A field holds a class object that is no longer the registered one of its name, and will refuse instances "
            "of the registered one.\n"
            "Usual causes: an unguarded model whose module was run again; unregister() of a model that others hold.\n"
            "Do: guard the model; refer to it by name if it is dropped and defined again."
        ),
        "shared-self": (
            'ReferenceField("self") stands on a mixin or an abstract base. The field object is shared, and "self" '
            "becomes the first class that uses it, for all of them.\n"
            "Do: declare the field on each concrete model."
        ),
        "overwritten-model": (
            "Two places define a model of one registry name on mongoengine's own bases, and the later one has replaced "
            "the earlier: references, delete rules and handlers go on pointing at the earlier one.\n"
            "On guarded bases the later one is refused with model-conflict.\n"
            "Do: rename one of the two, or import the first instead of defining it again."
        ),
        "redefined-model": (
            "One class statement on mongoengine's own bases ran several times and made different models of one name.\n"
            "On guarded bases the later one is refused with model-changed.\n"
            "Usual causes: a function that makes models, a file that is run again with other surroundings.\n"
            "Do: give each model of a factory its own name."
        ),
        "custom-metaclass": (
            "A model on mongoengine's own bases has a metaclass that derives from mongoengine's: Python refuses it on "
            "a guarded base, with a metaclass conflict.\n"
            "Do: derive the metaclass from that of the guarded base: class Own(type(modelguard.Document))."
        ),
        "unguarded-model": (
            "A registered model derives from mongoengine's plain bases, so a second definition replaces it silently.\n"
            "Do: derive it from modelguard's bases. Third-party models, or a project that adopts the guard step by "
            'step: check(ignore={"unguarded-model"}).'
        ),
        "replaced-model": (
            "An unguarded class of the same name was defined after a guarded one, and took its place.\n"
            "Do: rename one of the two, or derive both from modelguard's bases to be told where it happens."
        ),
        "unreachable-subclass": (
            "A registered subclass is not among the names that queries on its base look for.\n"
            "Usual cause: the base was defined again, the subclass was not.\n"
            "Do: define the base once; modelguard.unregister drops a base together with its subclasses."
        ),
        "stale-subclass": (
            "A model lists a subclass that is not registered; each query on the model carries the name.\n"
            "Usual cause: an entry was deleted from mongoengine's registry by hand.\n"
            "Do: use modelguard.unregister instead."
        ),
        "unattached-delete-rule": (
            "A reverse delete rule names a target that never appeared, or that is an embedded document: deleting the "
            "target would leave orphans.\n"
            "Do: import the target's module, or correct the name."
        ),
        "shared-collection": (
            "Two models that do not inherit from each other write to one collection of one database.\n"
            "Reading the other's rows fails, and their indexes collide.\n"
            'Do: give one of them another meta = {"collection": ...}.'
        ),
        "index-clash": (
            "Two indexes of one collection have the same name or the same keys, and differ otherwise.\n"
            "The server refuses the second one, at the first query of its model.\n"
            "Do: give them different keys and names, or make them the same."
        ),
    }
)

"""All rules, and the two codes that no rule has."""

from types import MappingProxyType

from modelguard.lint.rule import Rule
from modelguard.lint.rules import (
    class_places,
    cycles,
    decorators,
    dynamic_imports,
    exports,
    file_names,
    guarded_bases,
    import_places,
    module_state,
    references,
    registry_names,
    shared_collections,
    shared_meta,
)

RULES: tuple[Rule, ...] = (
    guarded_bases.RULE,
    import_places.INNER,
    import_places.CONDITIONAL,
    dynamic_imports.RULE,
    class_places.RULE,
    decorators.RULE,
    exports.RULE,
    registry_names.RULE,
    shared_collections.RULE,
    references.RULE,
    file_names.RULE,
    module_state.RULE,
    shared_meta.RULE,
    cycles.RULE,
)

UNREADABLE, SUPPRESSION = "MG00", "MG99"
_OTHERS = {
    UNREADABLE: (
        "A file that could not be read.\n"
        "What it registers stays unknown: it does not parse, is no UTF-8, holds a null byte, is nested too deeply, or "
        "is larger than a file that somebody wrote.\n"
        "Do: correct the file, or name it in exclude under [tool.modelguard]."
    ),
    SUPPRESSION: (
        "A comment for modelguard that allows nothing.\n"
        "It gives no reason, names no rule, or nothing is found at its line: it would hide the next finding there.\n"
        "Do: write `# modelguard: allow MG02 because REASON` behind the line or above it, and drop it in time."
    ),
}
CODES = tuple(rule.code for rule in RULES)
EXPLANATIONS = MappingProxyType(dict(sorted({**_OTHERS, **{rule.code: str(rule) for rule in RULES}}.items())))

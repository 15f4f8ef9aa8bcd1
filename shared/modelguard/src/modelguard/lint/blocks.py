"""Where a statement stands: the blocks around it, and the scope it binds names in."""

from typing import NamedTuple

from modelguard.lint.facts import ISOLATED


class Where(NamedTuple):
    """The blocks around a statement; scope and nesting are written as `facts` says.

    Attributes:
        branches: `number:arm` of each block that has arms which exclude each other.
        typing: whether only type checkers come here.
        qualname: what the names defined here begin with.
        isolates: whether the functions defined here run with models put back afterwards.
        is_script: whether this runs when the file is a program, not when it is imported.
    """

    scope: str = ""
    nesting: str = ""
    branches: tuple[str, ...] = ()
    typing: bool = False
    qualname: str = ""
    isolates: bool = False
    is_script: bool = False

    @property
    def runs_at_import(self) -> bool:
        """Whether importing the module runs what stands here."""
        return not ("f" in self.nesting or self.typing or self.is_script)

    def under(self, block: str, branch: str = "", *, typing: bool = False) -> "Where":
        """The same scope, one block further in."""
        branches = (*self.branches, branch) if branch else self.branches
        return self._replace(nesting=self.nesting + block, branches=branches, typing=self.typing or typing)

    def isolated(self) -> "Where":
        """The same place, where models are put back afterwards."""
        return self._replace(nesting=self.nesting + ISOLATED)

    def inside(self, block: str, name: str, line: int) -> "Where":
        """The scope of a class or function body; the line tells two of one name apart."""
        tail = ".<locals>." if block == "f" else "."
        return self._replace(
            scope=f"{self.scope}{block}:{name}@{line}/",
            nesting=self.nesting + block,
            qualname=f"{self.qualname}{name}{tail}",
        )

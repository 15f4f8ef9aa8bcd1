"""Where a statement stands: the blocks around it, and the scope it binds names in."""

from typing import NamedTuple


class Where(NamedTuple):
    """The blocks around a statement; scope and nesting are written as `facts` says.

    Attributes:
        branches: `number:arm` of each block that has arms which exclude each other.
        typing: whether only type checkers come here.
        qualname: what the names defined here begin with.
    """

    scope: str = ""
    nesting: str = ""
    branches: tuple[str, ...] = ()
    typing: bool = False
    qualname: str = ""

    @property
    def runs_at_import(self) -> bool:
        """Whether importing the module runs what stands here."""
        return "f" not in self.nesting

    def under(self, block: str, branch: str = "", *, typing: bool = False) -> "Where":
        """The same scope, one block further in."""
        branches = (*self.branches, branch) if branch else self.branches
        return self._replace(nesting=self.nesting + block, branches=branches, typing=self.typing or typing)

    def inside(self, block: str, name: str, line: int) -> "Where":
        """The scope of a class or function body; the line tells two of one name apart."""
        tail = ".<locals>." if block == "f" else "."
        return self._replace(
            scope=f"{self.scope}{block}:{name}@{line}/",
            nesting=self.nesting + block,
            qualname=f"{self.qualname}{name}{tail}",
        )

"""One finding of `check()`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that would fail, or mislead, once the models serve.

    Attributes:
        code: stable name of the kind; `modelguard explain CODE` says more.
        model: registry name of the model the problem was found on.
        field: dotted path of the field, empty if the model as a whole is meant.
        message: what is wrong, in one line.
        hint: what to do about it, in one line.
        site: `file:line` of the declaration; the file alone where no line is known.
    """

    code: str
    model: str
    field: str
    message: str
    hint: str
    site: str

    def __str__(self) -> str:
        owner = f"{self.model}.{self.field}" if self.field else self.model
        return f"  {owner}: {self.message} [{self.code}]\n    at {self.site}\n    {self.hint}"

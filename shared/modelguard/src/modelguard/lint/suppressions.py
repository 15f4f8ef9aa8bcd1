"""Findings that a comment allows, and comments that allow nothing."""

from collections.abc import Iterable, Iterator

from modelguard.lint.catalogue import CODES, SUPPRESSION, UNREADABLE
from modelguard.lint.facts import Comment
from modelguard.lint.finding import Finding
from modelguard.lint.modules import Module

_FIX = "write: # modelguard: allow {} because REASON"
_UNUSED = "drop it, or put it behind the line of the finding"


def allowed_out(findings: Iterable[Finding], modules: Iterable[Module]) -> Iterator[Finding]:
    """The findings that no comment allows, then what is wrong with comments."""
    comments = {module.path: module.facts.comments for module in modules if module.facts.comments}
    used: set[tuple[str, int, str]] = set()
    for finding in findings:
        by = [each for each in comments.get(finding.path, ()) if _allows(each, finding)]
        if not by:
            yield finding
        used.update((finding.path, each.place, finding.code) for each in by)
    for path, listed in comments.items():
        for comment in listed:
            yield from _complaints(path, comment, used)


def _allows(comment: Comment, finding: Finding) -> bool:
    if finding.code == UNREADABLE or not comment.reason:
        return False
    about = finding.line == comment.line or comment.first <= finding.line <= comment.last
    return about and finding.code in comment.codes


def _complaints(path: str, comment: Comment, used: set[tuple[str, int, str]]) -> Iterator[Finding]:
    def said(code: str, message: str, fix: str) -> Finding:
        return Finding(path, comment.place, comment.column + 1, SUPPRESSION, code, message, fix)

    if not comment.codes:
        yield said("", "this comment for modelguard says nothing that it understands", _FIX.format("MG02"))
        return
    if not comment.reason:
        codes = ", ".join(comment.codes)
        yield said(",".join(comment.codes), f"allows {codes} without a reason", _FIX.format(codes))
        return
    for code in comment.codes:
        if code not in CODES:
            yield said(code, f"allows {code}, which is no rule", "`modelguard explain` lists them")
        elif (path, comment.place, code) not in used:
            yield said(code, f"allows {code}, and nothing of the kind is found at line {comment.line}", _UNUSED)

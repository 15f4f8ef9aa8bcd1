"""`python -m lyceum_devstack.examples FOLDER` writes purchases.jsonl and faults.jsonl into FOLDER."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lyceum_devstack.examples import fault_lines, purchase_lines


def as_jsonl(lines: Iterable[dict[str, Any]]) -> str:
    """One JSON object per line, in the order of its keys, ended by a newline."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Write both files; 2 when the folder is not named or does not exist."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("usage: python -m lyceum_devstack.examples FOLDER (an existing folder, such as examples)\n")
        return 2
    folder = Path(arguments[0])
    (folder / "purchases.jsonl").write_text(as_jsonl(purchase_lines()), encoding="utf-8", newline="\n")
    (folder / "faults.jsonl").write_text(as_jsonl(fault_lines()), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

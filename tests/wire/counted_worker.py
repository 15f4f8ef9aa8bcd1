"""The worker's own program, which says at its end what the guard had counted when it was built and when it stopped."""

import dataclasses
import json
import sys
from typing import Any

from allocation_worker import main as program
from modelguard import stats

initialize = program.initialize
after_start: dict[str, int] = {}


def counted(*arguments: Any, **options: Any) -> Any:
    built = initialize(*arguments, **options)
    after_start.update(dataclasses.asdict(stats()))
    return built


if __name__ == "__main__":
    program.initialize = counted
    code = program.main(sys.argv[1:])
    sys.stdout.write(json.dumps({"start": after_start, "end": dataclasses.asdict(stats())}) + "\n")
    sys.exit(code)

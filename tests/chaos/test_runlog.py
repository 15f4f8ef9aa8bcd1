"""Notes survive the one who wrote them, and are read once each."""

import signal
import subprocess
import sys
from pathlib import Path

from .runlog import RunLog, read
from .witness import Witness


def test_what_a_process_noted_before_it_was_killed_is_there(tmp_path: Path) -> None:
    path = tmp_path / "ledger-1.jsonl"
    program = (
        "import os, signal; from pathlib import Path; from tests.chaos.runlog import RunLog; "
        f"RunLog(Path({str(path)!r})).note('claimed', id='a.ok'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, check=False)

    notes, _ = read(path)
    assert done.returncode == -signal.SIGKILL
    assert [(note.process, note.what, note.id) for note in notes] == [("ledger-1", "claimed", "a.ok")]


def test_a_line_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger-1.jsonl"
    log = RunLog(path)
    log.note("born")
    whole = path.read_bytes()
    log.note("finished", id="a.ok")
    line = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + line[:10])

    notes, position = read(path)
    assert [note.what for note in notes] == ["born"]
    assert position == len(whole)

    path.write_bytes(whole + line)
    notes, position = read(path, skip=position)
    assert [note.what for note in notes] == ["finished"]
    assert position == path.stat().st_size


def test_a_witness_takes_every_note_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger-1.jsonl"
    log, witness = RunLog(path), Witness()
    witness.look([path])
    log.note("assigned", partitions=["t/0"])
    witness.look([path])
    log.note("finished", id="a.ok")
    witness.look([path])
    witness.look([path])

    assert [note.what for note in witness.notes] == ["assigned", "finished"]
    assert witness.done == {"a.ok"}
    assert witness.working == {"ledger-1"}

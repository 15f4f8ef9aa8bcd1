"""A file is taken as a whole or refused as a whole, every mistake with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from lyceum_allocation import FileRefused, read_purchases, read_trainers

HEADER = "trainer_id,email,name,subjects,languages,capacity,timezone"
ADA = "t-ada,ada@example.org,Ada Lovelace,math;physics,en;fr,12,Europe/London"
PURCHASE = {
    "purchase_id": "p-1",
    "student_id": "s-1",
    "course_id": "c-1",
    "subject": "math",
    "language": "en",
    "amount_minor": 4900,
    "currency": "EUR",
    "paid_at": "2026-01-31T09:30:00Z",
}


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def csv_problems(folder: Path, content: str | bytes) -> list[str]:
    path = written(folder, "trainers.csv", content)
    with pytest.raises(FileRefused) as caught:
        read_trainers(path)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def jsonl_problems(folder: Path, *lines: Any) -> list[str]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = written(folder, "purchases.jsonl", "\n".join(texts))
    with pytest.raises(FileRefused) as caught:
        read_purchases(path)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_trainer_has_every_subject_in_every_language(tmp_path: Path) -> None:
    (row,) = read_trainers(written(tmp_path, "trainers.csv", f"{HEADER}\n{ADA}\n"))

    assert row.skills == ("math|en", "math|fr", "physics|en", "physics|fr")
    assert (row.trainer_id, row.capacity, row.timezone, str(row.place)) == (
        "t-ada",
        12,
        "Europe/London",
        f"{tmp_path}/trainers.csv:2",
    )


def test_what_spreadsheets_write_is_read(tmp_path: Path) -> None:
    columns = "capacity, notes ,email,trainer_id,name,timezone,languages,subjects"
    row = '3,"two\r\nlines",bo@example.org,t-bo,"Bo, Dr.",UTC,en, math ; art '
    content = b"\xef\xbb\xbf" + f"{columns}\r\n\r\n{row}\r\n".encode()

    (read,) = read_trainers(written(tmp_path, "trainers.csv", content))

    assert (read.name, read.subjects, read.capacity) == ("Bo, Dr.", ("math", "art"), 3)


@pytest.mark.parametrize(
    ("cell", "wrong", "found"),
    [
        ("t-ada", "t ada", "trainer_id 't ada': give 1 to 64"),
        ("t-ada", "", "trainer_id '': give 1 to 64"),
        ("ada@example.org", "ada", "email 'ada' is no address"),
        ("ada@example.org", "a@b@c.d", "email 'a@b@c.d' is no address"),
        ("Ada Lovelace", " ", "name '': give 1 to 200 printable"),
        ("Ada Lovelace", "Ada\x00\x1b", "name 'Ada\\x00\\x1b': give 1 to 200 printable"),
        ("math;physics", "ma\x1bth", "subjects 'ma\\x1bth': give one or more"),
        ("math;physics", ";", "subjects ';': give one or more"),
        ("math;physics", "ma|th", "subjects 'ma|th': give one or more"),
        ("en;fr", "english please", "languages 'english please': give one or more"),
        ("en;fr", "en" + "-abcdefgh" * 4, "languages 'en-abcdefgh"),
        ("12", "-3", "capacity -3 is negative: give 0 to 1000"),
        ("12", "1001", "capacity 1001 is too large"),
        ("12", "many", "capacity 'many' is no whole number"),
        ("12", "1_0", "capacity '1_0' is no whole number"),
        ("12", "١٢", "capacity '١٢' is no whole number"),
        ("math;physics", ";".join(f"s{n}" for n in range(101)), "has 202 skills"),
        ("12", "1.5", "capacity '1.5' is no whole number"),
        ("Europe/London", "Mars/Olympus", "timezone 'Mars/Olympus' is unknown"),
        ("Europe/London", "../../etc/passwd", "timezone '../../etc/passwd' is unknown"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path: Path, cell: str, wrong: str, found: str) -> None:
    (problem,) = csv_problems(
        tmp_path, f"{HEADER}\n{ADA.replace('t-ada', 't-1').replace('ada@', 'x@')}\n{ADA.replace(cell, wrong, 1)}\n"
    )

    assert problem.startswith(f"trainers.csv:3: {found}")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "trainers.csv:1: is empty"),
        (f"{HEADER}\n", "trainers.csv:1: holds no trainer"),
        (f"{HEADER.replace('capacity,', '')}\n{ADA}\n", "trainers.csv:1: misses column capacity"),
        (f"{HEADER},email\n{ADA},x\n", "trainers.csv:1: names column email twice"),
        (f"{HEADER}\n{ADA},more\n", "trainers.csv:2: has 8 cells, the header has 7"),
        (f"{HEADER}\nt-1,x\n", "trainers.csv:2: has 2 cells, the header has 7"),
        (f'{HEADER}\n{ADA}\n"unclosed', "trainers.csv:3: is no CSV"),
        (f"{HEADER}\n{ADA}\n{ADA.replace('ada@', 'eve@')}\n", "trainers.csv:3: trainer_id t-ada is in line 2 already"),
        (
            f"{HEADER}\n{ADA}\n{ADA.replace('t-ada', 't-2').replace('ada@', 'ADA@')}\n",
            "trainers.csv:3: email ADA@example.org is in line 2",
        ),
        (f"{HEADER}\n{ADA}\n".encode() + b"t-2,\xff", "trainers.csv:3: is not UTF-8"),
        (f"{HEADER}\n{ADA}\n".encode("utf-16"), "trainers.csv:1: is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_line(tmp_path: Path, content: str | bytes, found: str) -> None:
    (problem,) = csv_problems(tmp_path, content)

    assert problem.startswith(found)


def test_every_mistake_of_a_file_is_listed(tmp_path: Path) -> None:
    wrong = ADA.replace("12", "-1").replace("Europe/London", "Nowhere")

    assert len(csv_problems(tmp_path, f"{HEADER}\n{wrong}\n{wrong}\n")) == 4


def test_a_line_is_an_event_with_its_id_and_organization(tmp_path: Path) -> None:
    line = {"type": "PURCHASE_CREATED", "id": "e-1", "org_id": "acme", "data": {**PURCHASE, "campaign": "spring"}}
    (read,) = read_purchases(written(tmp_path, "purchases.jsonl", f"\n{json.dumps(line)}\n\n"))

    assert (read.event_id, read.org_id, str(read.place)) == ("e-1", "acme", f"{tmp_path}/purchases.jsonl:2")
    assert read.event.to_data() == {**PURCHASE, "campaign": "spring"}


def test_a_line_without_an_id_gets_the_same_one_each_time_and_another_content_another(tmp_path: Path) -> None:
    one = {"type": "PURCHASE_CREATED", "data": PURCHASE}
    other = {"type": "PURCHASE_CREATED", "data": {**PURCHASE, "amount_minor": 1}}
    foreign = {"type": "PURCHASE_CREATED", "org_id": "acme", "data": PURCHASE}
    content = "\n".join(json.dumps(line) for line in (one, one, other, foreign))

    ids = [line.event_id for line in read_purchases(written(tmp_path, "purchases.jsonl", content))]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{", "is no JSON"),
        ('{"type": ' + "9" * 5000 + "}", "is no JSON: it holds NaN, a number of thousands of digits"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no JSON object"),
        ({"type": "TRAINER_ALLOCATED", "data": {}}, "\"type\" is 'TRAINER_ALLOCATED': give PURCHASE_CREATED or"),
        ({"data": {}}, '"type" is None: give'),
        ({"type": "PURCHASE_CREATED"}, '"data" is no object'),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "organisation": "x"}, "has unknown keys organisation"),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "org_id": "a b"}, "\"org_id\" is 'a b'"),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "id": "a b"}, "\"id\" is 'a b'"),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "id": 7}, '"id" is 7'),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "id": "a\tb"}, "\"id\" is 'a\\tb'"),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "id": "a\n"}, "\"id\" is 'a\\n'"),
        ({"type": "PURCHASE_CREATED", "data": PURCHASE, "id": ""}, "\"id\" is ''"),
        (
            {"type": "PURCHASE_CREATED", "data": {**PURCHASE, "note": "\ud800"}},
            "PURCHASE_CREATED: data: cannot be writ",
        ),
        ('{"type": "PURCHASE_CREATED", "data": {"note": NaN}}', "is no JSON: it holds NaN"),
        ({"type": "PURCHASE_CREATED", "data": {**PURCHASE, "amount_minor": -1}}, "PURCHASE_CREATED: amount_minor: "),
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: Any, found: str) -> None:
    (problem,) = jsonl_problems(tmp_path, {"type": "PURCHASE_CREATED", "data": PURCHASE}, line)

    assert problem.startswith(f"purchases.jsonl:2: {found}")


def test_an_event_too_large_for_kafka_is_refused_with_the_file(tmp_path: Path) -> None:
    large = {"type": "PURCHASE_CREATED", "data": {**PURCHASE, "note": "x" * 1_000_000}}

    (problem,) = jsonl_problems(tmp_path, {"type": "PURCHASE_CREATED", "data": PURCHASE}, large)

    assert problem.startswith("purchases.jsonl:2: is an event of 1,000,")
    assert problem.endswith("bytes, the most is 1,000,000: shorten it")


def test_an_empty_file_of_purchases_is_refused(tmp_path: Path) -> None:
    assert jsonl_problems(tmp_path, "") == ["purchases.jsonl:1: holds no event: give one JSON object per line"]


def test_one_id_for_two_contents_is_refused_and_a_repeat_is_not(tmp_path: Path) -> None:
    first = {"type": "PURCHASE_CREATED", "id": "e1", "data": PURCHASE}
    other = {"type": "PURCHASE_CREATED", "id": "e1", "data": {**PURCHASE, "purchase_id": "p-2"}}
    foreign = {**first, "org_id": "acme"}

    problems = jsonl_problems(tmp_path, first, first, other, foreign)

    assert problems == [
        'purchases.jsonl:3: "id" e1 is in line 1 already, with another content',
        'purchases.jsonl:4: "id" e1 is in line 1 already, with another content',
    ]

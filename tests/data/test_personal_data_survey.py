"""Personal data is looked for in all that masking would change, also beside the messages."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tunesmith.data.personal_data_survey import survey, write_without
from tunesmith.data.sources import Source, open_source


@pytest.fixture
def graded(tmp_path: Path) -> Source:
    """Prompts to be graded, one with a phone number in a field for graders."""
    rows = [
        {"messages": [{"role": "user", "content": f"Whom do I call about parcel {n}?"}], "reference": answer}
        for n, answer in enumerate(["Nobody.", "Ann, on 13812345678 or 138-1234-5678.", "Nobody."])
    ]
    path = tmp_path / "graded.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return open_source(path)


def test_fields_beside_the_messages_are_looked_at(graded: Source) -> None:
    found = survey(graded)
    (phones,) = found.kinds
    assert (found.n_rows, phones.kind, phones.n_found, phones.example) == (3, "phone", 2, "13812345678")
    assert (phones.lines.count, phones.lines.first) == (1, [2])
    (finding,) = found.findings()
    assert (finding.code, finding.rows, finding.facts["kinds"]) == ("personal_data", (2,), {"phone": 2})


def test_what_is_found_is_masked_or_its_row_dropped(graded: Source, tmp_path: Path) -> None:
    masked = write_without(graded, tmp_path / "masked.jsonl", action="mask")
    dropped = write_without(graded, tmp_path / "dropped.jsonl", action="drop")
    assert (masked.changed, masked.removed, dropped.changed, dropped.removed) == (1, 0, 0, 1)
    assert survey(open_source(tmp_path / "masked.jsonl")).kinds == ()
    assert b"<PHONE_1> or <PHONE_1>" in (tmp_path / "masked.jsonl").read_bytes()
    assert len((tmp_path / "dropped.jsonl").read_bytes().splitlines()) == 2


def test_only_the_kinds_that_are_asked_for(graded: Source) -> None:
    assert survey(graded, kinds=("email",)).kinds == ()

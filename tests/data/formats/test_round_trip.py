"""What a format says it can hold comes back as it was."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data.examples import ChatExample, Example, Message, PreferenceExample, ReinforcementExample
from tunesmith.data.formats import FORMATS
from tunesmith.data.formats.losses import LOSSES, is_whole_row
from tunesmith.data.formats.row_report import RowReport

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
WORDS = TEXT.filter(lambda text: bool(text.strip()))
NAME = st.sampled_from(["f", "get_weather", "查天气"])
ARGUMENTS = st.one_of(
    st.dictionaries(WORDS, st.one_of(TEXT, st.integers(-9, 9), st.booleans(), st.none()), max_size=2).map(
        lambda given: json.dumps(given, ensure_ascii=False)
    ),
    st.sampled_from(['{"a":1}', "{ }", '{"a": {"b": [1, null]}}']),
)
IDS = st.sampled_from(["call_1", "call_2", "call_3", "x"])
CALL = st.builds(
    lambda call_id, name, arguments: {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    },
    IDS,
    NAME,
    ARGUMENTS,
)
TOOL = st.builds(
    lambda name, more: {"type": "function", "function": {"name": name, **more}},
    NAME,
    st.sampled_from([{}, {"description": "说明"}, {"parameters": {"type": "object", "properties": {"a": {}}}}]),
)
SPEAKER = st.none() | st.just("ann")
USER = st.builds(lambda text, name: Message("user", text, name=name), TEXT, SPEAKER)
PLAIN_USER = st.builds(Message, st.just("user"), TEXT)
SYSTEM = st.builds(Message, st.sampled_from(["system", "system", "developer"]), TEXT)
WEIGHT = st.sampled_from([None, None, None, 0.0, 1.0])
ANSWER = st.builds(
    lambda text, weight, name: Message("assistant", text, name=name, weight=weight), TEXT, WEIGHT, SPEAKER
)
PLAIN_ANSWER = st.builds(Message, st.just("assistant"), TEXT)
CALLING = st.builds(
    lambda calls, text: Message("assistant", text, tool_calls=tuple(calls)),
    st.lists(CALL, min_size=1, max_size=2),
    st.none() | TEXT,
)
RESULT = st.builds(lambda text, call_id: Message("tool", text, tool_call_id=call_id), TEXT, IDS)
TURNS = st.one_of(
    st.lists(st.tuples(PLAIN_USER, PLAIN_ANSWER), max_size=2).map(lambda pairs: [m for pair in pairs for m in pair]),
    st.lists(st.one_of(SYSTEM, USER, ANSWER, CALLING, RESULT), max_size=4),
)
BEFORE = st.builds(lambda system, turns: [*system, *turns], st.lists(SYSTEM, max_size=1), TURNS)
TOOLS = st.lists(TOOL, max_size=2).map(tuple)
PARALLEL = st.none() | st.booleans()

CHATS = st.builds(
    lambda before, question, answer, tools, parallel, label: ChatExample(
        7, (*before, *question, answer), tools, parallel, label
    ),
    BEFORE,
    st.lists(PLAIN_USER, max_size=1),
    st.one_of(PLAIN_ANSWER, PLAIN_ANSWER, ANSWER, CALLING),
    TOOLS,
    PARALLEL,
    st.none() | st.booleans(),
)
PLAIN_CHATS = st.builds(
    lambda system, turns: ChatExample(7, (*system, *(message for turn in turns for message in turn))),
    st.lists(st.builds(Message, st.just("system"), WORDS), max_size=1),
    st.lists(st.tuples(PLAIN_USER, PLAIN_ANSWER), min_size=1, max_size=3),
)


def calling(question: str, calls: list[tuple[str, str]], results: list[str], answer: str) -> ChatExample:
    """A question that tools answer, with the ids that rows without ids are given."""
    ids = ["call_1"] if len(calls) == 1 else [f"call_1_{number}" for number in range(len(calls))]
    made = tuple(
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, (name, arguments) in zip(ids, calls, strict=True)
    )
    found = [Message("tool", text, tool_call_id=call_id) for text, call_id in zip(results, ids, strict=False)]
    return ChatExample(
        7,
        (Message("user", question), Message("assistant", None, tool_calls=made), *found, Message("assistant", answer)),
    )


CALLING_CHATS = st.builds(
    calling, TEXT, st.lists(st.tuples(NAME, ARGUMENTS), min_size=1, max_size=2), st.lists(TEXT, max_size=2), TEXT
)

PAIRS = st.builds(
    lambda before, question, one, other, tools, parallel: PreferenceExample(
        7, (*before, question), one, other, tools, parallel
    ),
    BEFORE,
    USER,
    st.one_of(ANSWER, CALLING),
    ANSWER,
    TOOLS,
    PARALLEL,
)
GRADED = st.builds(
    lambda before, question, item, tools, parallel: ReinforcementExample(7, (*before, question), item, tools, parallel),
    BEFORE,
    USER,
    st.dictionaries(st.sampled_from(["answer", "reference_answer", "标准"]), TEXT | st.integers(0, 9), max_size=2),
    TOOLS,
    PARALLEL,
)


def is_trainable(example: Example) -> bool:
    answers = [message for message in example.messages if message.role == "assistant"]
    return not isinstance(example, ChatExample) or not all(answer.weight == 0 for answer in answers)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=250, deadline=None)
@given(example=st.one_of(CHATS, PLAIN_CHATS, CALLING_CHATS, PAIRS, GRADED).filter(is_trainable))
def test_an_example_that_loses_nothing_is_read_back_as_it_was(name, example):
    dialect = FORMATS[name]
    codes = dialect.losses(example)

    assert set(codes) <= LOSSES.keys()
    if is_whole_row(codes):
        return
    row = orjson.loads(orjson.dumps(dialect.write(example)))
    report = RowReport(7, 1)
    read = dialect.read(row, report)

    if not codes and type(read) is type(example):
        assert read == example
        assert {finding.code for finding in report.findings} <= {"empty_answer"}
    if not codes:
        assert dialect.matches(row)
    if read is not None:
        again = dialect.read(orjson.loads(orjson.dumps(dialect.write(read))), RowReport(7, 1))
        assert again == read, "writing what was read changes nothing more"


@settings(max_examples=200, deadline=None)
@given(example=st.one_of(CHATS, PLAIN_CHATS, CALLING_CHATS).filter(is_trainable))
def test_the_row_of_a_lossy_format_is_still_a_good_row(example):
    for dialect in (FORMATS["prompt_completion"], FORMATS["alpaca"], FORMATS["sharegpt"]):
        if not is_whole_row(dialect.losses(example)):
            report = RowReport(1, 1)
            read = dialect.read(dialect.write(example), report)

            assert isinstance(read, ChatExample)
            assert not report.has_errors

"""Data files in every shape that people send, good and bad."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tunesmith.data.examples import Message
from tunesmith.data.reading import MAX_LISTED_KEYS, ExampleFile, check_jsonl_upload, read_examples
from tunesmith.data.tables import packed
from tunesmith.errors import InvalidFile

CHAT = {"messages": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "world"}]}
PAIR = {"prompt": "Hello", "completion": " world"}
ALPACA = {"instruction": "Translate", "input": "猫", "output": "cat"}


@pytest.fixture
def write(tmp_path: Path):
    def write(content: bytes | str | list[Any]) -> Path:
        path = tmp_path / "rows.jsonl"
        if isinstance(content, list):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path: Path, **options: Any) -> ExampleFile:
    return read_examples(path, name="rows.jsonl", **options)


def refusal(path: Path, **options: Any) -> InvalidFile:
    with pytest.raises(InvalidFile) as caught:
        read(path, **options)
    assert caught.value.findings
    return caught.value


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def user(content: Any = "hi") -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


# Formats


@pytest.mark.parametrize(
    ("row", "name", "expected"),
    [
        (CHAT, "chat", (Message("user", "你好"), Message("assistant", "world"))),
        (PAIR, "prompt_completion", (Message("user", "Hello"), Message("assistant", " world"))),
        (ALPACA, "alpaca", (Message("user", "Translate\n猫"), Message("assistant", "cat"))),
    ],
)
def test_each_dialect_becomes_the_same_kind_of_example(row, name, expected, write):
    file = read(write([row, row]))

    assert file.format == name
    assert [example.messages for example in file.examples] == [expected] * 2
    assert [example.line for example in file.examples] == [1, 2]
    assert file.findings == []


def test_alpacas_system_and_history_become_earlier_turns_that_are_trained(write):
    row = {**ALPACA, "input": "", "system": "Be brief.", "history": [["q1", "a1"], ["q2", "a2"]]}

    messages = read(write([row])).examples[0].messages

    assert [(m.role, m.content) for m in messages] == [
        *(("system", "Be brief."), ("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", "a2")),
        *(("user", "Translate"), ("assistant", "cat")),
    ]
    assert all(message.weight is None for message in messages)


def test_a_chat_row_keeps_weights_names_tools_and_joined_text_parts(write):
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    tools = [{"type": "function", "function": {"name": "f"}}]
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    row = chat(
        *({"role": "developer", "content": "rules"}, {**user(parts), "name": "ann"}, assistant("no", weight=0)),
        *({"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": "42"}),
        assistant("done", weight=1),
        tools=tools,
        parallel_tool_calls=False,
    )

    file = read(write([row]))

    assert file.findings == []
    assert file.examples[0].tools == tuple(tools)
    assert file.examples[0].messages == (
        Message("developer", "rules"),
        Message("user", "one two", name="ann"),
        Message("assistant", "no", weight=0.0),
        Message("assistant", None, tool_calls=(call,)),
        Message("tool", "42", tool_call_id="call_1"),
        Message("assistant", "done", weight=1.0),
    )


def test_deprecated_functions_become_tools_and_tool_calls(write):
    row = chat(
        user(),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
        assistant(),
        functions=[{"name": "f", "parameters": {}}],
    )

    example = read(write([row])).examples[0]

    assert example.tools == ({"type": "function", "function": {"name": "f", "parameters": {}}},)
    call_id = example.messages[1].tool_calls[0]["id"]
    assert example.messages[2] == Message("tool", "42", name="f", tool_call_id=call_id)


def test_tool_arguments_given_as_an_object_become_json_text(write):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"城市": 1}}}

    example = read(write([chat(user(), {"role": "assistant", "tool_calls": [call]})])).examples[0]

    assert example.messages[1].tool_calls[0]["function"]["arguments"] == '{"城市": 1}'


# Bytes


@pytest.mark.parametrize(
    ("encode", "encoding"),
    [
        (lambda text: text.encode(), "utf-8"),
        (lambda text: text.encode("utf-8-sig"), "utf-8-sig"),
        (lambda text: text.encode("gb18030"), "gb18030"),
        (lambda text: text.replace("\n", "\r\n").encode(), "utf-8"),
        (lambda text: text.replace("\n", "\r\n").encode("gb18030"), "gb18030"),
        (lambda text: text.rstrip("\n").encode(), "utf-8"),
        (lambda text: ("\n" + text + "\n  \n").encode(), "utf-8"),
    ],
)
def test_encodings_line_ends_and_blank_lines(encode, encoding, write):
    row = chat(user("今天天气怎么样？请用一句话回答。"), assistant("晴"))
    path = write(encode(json.dumps(row, ensure_ascii=False) + "\n" + json.dumps(row, ensure_ascii=False) + "\n"))

    file = read(path)

    assert file.encoding == encoding
    assert [example.messages[0].content for example in file.examples] == ["今天天气怎么样？请用一句话回答。"] * 2
    assert check_jsonl_upload(path) == encoding


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("chunk_bytes", [1, 7, 2**20])
def test_a_json_array_streams_and_keeps_its_line_numbers_or_numbers_the_rows_of_one_line(
    indent, encoding, chunk_bytes, write, monkeypatch
):
    monkeypatch.setattr(packed, "CHUNK_BYTES", chunk_bytes)
    rows = [{**ALPACA, "output": f'回答 {n} [{{"\\\\" }}, \\'} for n in range(5)]
    text = json.dumps(rows, ensure_ascii=False, indent=indent)

    file = read(write(text.encode(encoding)))

    assert [example.messages[-1].content for example in file.examples] == [row["output"] for row in rows]
    assert [example.line for example in file.examples] == ([1, 2, 3, 4, 5] if indent is None else [2, 7, 12, 17, 22])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_other_encodings_are_read_and_said(encoding, write):
    row = json.dumps(chat(user("Qu'est-ce qu'un café à £5 ?"), assistant("Cher.")), ensure_ascii=False)

    file = read(write(((row + "\n") * 20).encode(encoding)))

    assert file.examples[19].messages[0].content == "Qu'est-ce qu'un café à £5 ?"
    assert file.encoding == encoding.removesuffix("-le")
    assert [finding.code for finding in file.findings] == [f"read_as_{file.encoding.replace('-', '')}"]


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    path = tmp_path / "faq.csv"
    path.write_text('编号,问题,答案\n1,怎么退货？,七天内可退。\n2,"多久\n发货？",两天。\n', encoding="gb18030")

    file = read_examples(path, name="faq.csv")

    assert [(example.line, example.messages[0].content) for example in file.examples] == [
        (2, "怎么退货？"),
        (3, "多久\n发货？"),
    ]
    assert {finding.code for finding in file.findings} == {"read_as_gb18030", "columns_mapped", "unused_key"}


def test_sharegpt_rows_are_trained_like_chat_rows(write):
    turns = [{"from": "human", "value": "你好"}, {"from": "gpt", "value": "world"}]

    file = read(write([{"conversations": turns}] * 2))

    assert file.format == "sharegpt"
    assert file.examples[0].messages == (Message("user", "你好"), Message("assistant", "world"))


def test_answers_that_a_label_calls_unwanted_are_left_out(write):
    file = read(write([{**CHAT, "label": label} for label in (True, False, False)]))

    assert [example.line for example in file.examples] == [1]
    assert [(f.code, f.count) for f in file.findings] == [("unwanted_answers", 2)]


def test_strict_reading_refuses_a_json_array(write):
    assert "looks like a JSON array" in refusal(write(json.dumps([CHAT])), strict_jsonl=True).message


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (json.dumps(CHAT).encode("utf-16"), "utf16", "UTF-16"),
        (json.dumps(CHAT).encode("utf-16-le"), "utf16", "UTF-16"),
        (json.dumps(CHAT).encode("utf-32"), "utf16", "UTF-32"),
        (b'{"prompt": "a"}\n{"prompt": "\x00"}', "nul_byte", "line 2: NUL byte"),
        (b'{"prompt": "a"}\n{"prompt": "\xed\xa0\x80"}', "lone_surrogate", "line 2: half of a surrogate pair"),
        (b'{"prompt": "caf\xe9 is 5 \xa3"}', "not_utf8", "byte 0xE9"),
        (b"PK\x03\x04rest of a workbook", "not_text", "Excel"),
        (b'[{"prompt": "a"}', "array_not_closed", "no closing ]"),
        (b'[{"prompt": "a"}]\n[1]', "text_after_array", "after the end of the JSON array"),
    ],
)
def test_a_file_that_is_not_text_in_json_says_what_it_is(content, code, text, write):
    error = refusal(write(content), strict_jsonl=not content.startswith(b"["))

    assert text in error.message
    assert error.message.startswith("Invalid file format. ")
    assert error.findings[0].code == code
    assert error.code == "invalid_training_file"
    assert error.param == "training_file"


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ('{"prompt": "a", "completion": NaN}', "not_a_number", "NaN is not a JSON number"),
        ('{"prompt": "a", "completion": "\\ud83d"}', "lone_surrogate", "half of a surrogate pair"),
        ("{'prompt': 'a', 'completion': 'b'}", "invalid_json", "single quotes"),
        ('{prompt: "a"}', "invalid_json", "not valid JSON at column 2"),
        ('{"prompt": "say "hi" now", "completion": "b"}', "invalid_json", "not valid JSON at column"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "too_deep", "nested more than 128 levels deep"),
        ('{"messages": ' + "[" * 900 + "]" * 900 + "}", "too_deep", "nested more than 128 levels deep"),
        ('{"prompt": "a\\u0000", "completion": "b"}', "nul_character", "NUL character"),
        ('["prompt", "a"]', "not_an_object", "this is a list, expected a JSON object"),
        ('"text"', "not_an_object", "this is a string"),
        ("3", "not_an_object", "this is a number"),
    ],
)
def test_a_line_that_is_not_a_json_object_is_named(line, code, text, write):
    path = write(json.dumps(PAIR) + "\n" + line + "\n" + json.dumps(PAIR))

    error = refusal(path)

    assert [(finding.code, finding.line) for finding in error.findings] == [(code, 2)]
    assert text in error.message
    assert "line 2" in error.message.lower()
    with pytest.raises(InvalidFile, match="Line 2 is not a dictionary"):
        check_jsonl_upload(path)


def test_many_brackets_in_text_or_side_by_side_are_not_deep(write):
    row = chat(user("[{" * 500 + '"\\u0000'), assistant("\\u0000"), tools=[{"function": {"name": "f"}}] * 200)

    assert read(write([row])).examples[0].messages[1].content == "\\u0000"


def test_a_line_over_the_limit_is_refused_without_being_held_in_memory(write):
    path = write(json.dumps(PAIR) + '\n{"prompt": "')
    with path.open("ab") as stream:
        for _ in range(64):
            stream.write(b"a" * 2**20)

    tracemalloc.start()
    for check in (read, check_jsonl_upload):
        with pytest.raises(InvalidFile, match="line 2: a row of more than 16 MB") as caught:
            check(path)
        assert caught.value.findings[0].code == "row_too_large"
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 56 * 2**20


def test_a_file_that_is_only_checked_is_not_held_in_memory(write):
    path = write([chat(user(f"{n}" * 100), assistant("x" * 10_000)) for n in range(2000)])

    tracemalloc.start()
    file = read(path, min_examples=2000, keep_examples=False)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (file.examples, file.format) == ([], "chat")
    assert path.stat().st_size > 20 * 10**6 > 2 * peak_bytes
    assert refusal(path, min_examples=2001, keep_examples=False).code == "invalid_n_examples"


def test_a_damaged_file_is_read_or_refused_but_never_crashes(write):
    random = Random(5)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    rows = [
        chat(
            user([{"type": "text", "text": "x"}]), {"role": "assistant", "tool_calls": [call]}, assistant(), tools=[{}]
        ),
        {**ALPACA, "history": [["a", "b"]]},
        PAIR,
    ]
    junk = [None, True, 0, 2.5, "", "user", [], {}, [[]], ["a", "b"], {"role": "user"}]

    def damage(value: Any) -> Any:
        if random.random() < 0.05:
            return random.choice(junk)
        if isinstance(value, dict):
            return {key: damage(part) for key, part in value.items() if random.random() > 0.03}
        return [damage(part) for part in value] if isinstance(value, list) else value

    outcomes = set()
    for _ in range(300):
        content = bytearray("\n".join(json.dumps(damage(random.choice(rows))) for _ in range(2)).encode())
        if random.random() < 0.3:
            content[random.randrange(len(content))] = random.randrange(256)
        try:
            read(write(bytes(content)))
            outcomes.add("read")
        except InvalidFile as error:
            outcomes.add("refused with findings" if error.findings else "refused without a reason")
    assert outcomes == {"read", "refused with findings"}


# The check at upload


@pytest.mark.parametrize(
    ("content", "hint", "advice"),
    [
        (json.dumps(CHAT, indent=2), '"{..."', "pretty-printed"),
        (json.dumps([CHAT], indent=2), '"[..."', "JSON array"),
        (json.dumps([CHAT]), '"[{"message..."', "JSON array"),
        ("prompt,completion\na,b\n", '"prompt,com..."', "is it CSV or plain text?"),
    ],
)
def test_the_upload_check_speaks_openais_words_and_adds_what_to_do(content, hint, advice, write):
    with pytest.raises(InvalidFile) as caught:
        check_jsonl_upload(write(content))

    expected = "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary"
    assert caught.value.message.startswith(f"{expected} (HINT: line starts with: {hint}).")
    assert advice in caught.value.message


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_refused_at_upload(content, write):
    with pytest.raises(InvalidFile, match="is empty"):
        check_jsonl_upload(write(content))


def test_the_upload_check_does_not_look_inside_the_objects(write):
    assert check_jsonl_upload(write([{"anything": 1}])) == "utf-8"


# Rows


@pytest.mark.parametrize(
    ("row", "code", "field", "text"),
    [
        (chat({"content": "hi"}, assistant()), "missing_role", "messages[0].role", "has no role"),
        (chat({"Role": "user", "content": "hi"}, assistant()), "missing_role", "messages[0].role", 'found "Role"'),
        (
            chat(user(), {"role": "assitant", "content": "x"}),
            "unknown_role",
            "messages[1].role",
            'line 2: role "assitant" is not one of system, developer, user, assistant, tool; did you mean "assistant"?',
        ),
        (chat({"role": "human", "content": "x"}, assistant()), "unknown_role", "messages[0].role", 'mean "user"?'),
        (chat({"role": 3, "content": "x"}, assistant()), "unknown_role", "messages[0].role", "role 3 is not"),
        (
            chat(user(), assistant(), user()),
            "last_message_not_assistant",
            "messages[2].role",
            "last message is from user",
        ),
        (chat(user()), "no_assistant_message", "messages", "nothing to learn"),
        (chat(user(), assistant(weight=0)), "no_trained_tokens", "messages", "no trained token"),
        (chat(user(), assistant(weight=0.5)), "bad_weight", "messages[1].weight", "0.5, expected 0 (not trained) or 1"),
        (chat(user(), assistant(weight=True)), "bad_weight", "messages[1].weight", "true, expected 0"),
        (chat({**user(), "weight": 1}, assistant()), "bad_weight", "messages[0].weight", "only assistant messages"),
        (chat(user(None), assistant()), "missing_content", "messages[0].content", "content is null"),
        (chat(user(), {"role": "assistant"}), "missing_content", "messages[1].content", "content is missing"),
        (chat(user(7), assistant()), "bad_content", "messages[0].content", "is a number"),
        (
            chat(user([{"type": "image_url", "image_url": {"url": "http://x/y.png"}}]), assistant()),
            "not_a_text_part",
            "messages[0].content[0]",
            "only text can be trained",
        ),
        (
            chat(user([{"type": "text"}]), assistant()),
            "bad_content",
            "messages[0].content[0]",
            'expected {"type": "text"',
        ),
        (
            chat(user(), {"role": "assistant", "tool_calls": []}),
            "bad_tool_calls",
            "messages[1].tool_calls",
            "empty list",
        ),
        (
            chat(user(), {"role": "assistant", "tool_calls": [{"name": "f"}]}),
            "bad_tool_calls",
            "messages[1].tool_calls[0]",
            "names no function",
        ),
        (
            chat(user(), {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{a"}}]}),
            "bad_tool_calls",
            "messages[1].tool_calls[0].function.arguments",
            "expected the JSON text of an object",
        ),
        (
            chat({**user(), "tool_calls": [{}]}, assistant()),
            "bad_tool_calls",
            "messages[0].tool_calls",
            "only the assistant",
        ),
        (chat(user(), assistant(), tools=[{"name": "f"}]), "bad_tools", "tools[0]", "describes no function"),
        (chat(user(), assistant(), tools="f"), "bad_tools", "tools", "is a string, expected a list"),
        ({"messages": []}, "bad_messages", "messages", "is empty"),
        ({"messages": "hi"}, "bad_messages", "messages", "is a string"),
        (chat("hi", assistant()), "bad_message", "messages[0]", "is a string, expected an object"),
        (chat(user(), assistant(name=3)), "not_text", "messages[1].name", "is a number"),
    ],
)
def test_a_bad_chat_row_is_named_with_line_field_and_remedy(row, code, field, text, write):
    error = refusal(write([CHAT, row]))

    assert (code, field, 2) in [(finding.code, finding.field, finding.line) for finding in error.findings]
    assert any(text in finding.message for finding in error.findings)
    assert error.message.startswith("Invalid file format. Example 2")


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"prompt": 3, "completion": "x"}, "not_text", "prompt"),
        ({"prompt": "x", "completion": None}, "not_text", "completion"),
    ],
)
def test_a_bad_pair_is_named(row, code, field, write):
    error = refusal(write([PAIR, row]))

    assert [(f.code, f.field, f.line) for f in error.findings] == [(code, field, 2)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"output": None}, "output"),
        ({"instruction": 3}, "instruction"),
        ({"input": ["x"]}, "input"),
        ({"history": "x"}, "history"),
        ({"history": [["only a question"]]}, "history[0]"),
    ],
)
def test_a_bad_alpaca_row_is_named(change, field, write):
    error = refusal(write([ALPACA, {**ALPACA, **change}]))

    assert [(f.field, f.line) for f in error.findings] == [(field, 2)]


def test_a_missing_role_is_worded_as_openai_words_it(write):
    error = refusal(write([CHAT] * 99 + [chat(user(), {"content": "hi"}, assistant())]))

    assert error.message.startswith(
        "Invalid file format. Example 100, message 2 Discriminator 'role' is missing in value (line 100: "
    )
    assert error.code == "invalid_training_file"


def test_an_unknown_format_is_worded_as_openai_words_it(write):
    error = refusal(write([{"text": "a", "label": "b"}]), param="validation_file", strict_jsonl=True)

    expected = "Unexpected file format, expected either prompt/completion pairs or chat messages."
    assert error.message.startswith(f"Invalid file format. {expected}")
    assert 'found the keys "text", "label"' in error.message
    assert error.code == "invalid_validation_file"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"message": []}, 'key "message" is unknown; did you mean "messages"?'),
        ({"prompt": "a"}, 'key "completion" is missing beside "prompt"'),
        ({"prompt": "a", "chosen": "b"}, 'key "rejected" is missing beside "chosen"'),
        ({"conversations": []}, "ShareGPT"),
        ({"prompt": "a", "chosen": "b", "rejected": "c"}, "missing"),
    ],
)
def test_a_row_in_no_format_says_what_is_near(row, text, write):
    assert text in refusal(write([row]), strict_jsonl=True).message


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "a", "chosen": "b", "rejected": "c"},
        {"input": {"messages": [user()]}, "preferred_output": [assistant()], "non_preferred_output": [assistant("x")]},
    ],
)
def test_pairs_are_refused_by_supervised_training_in_openais_words(row, write):
    error = refusal(write([row] * 3))

    expected = "Unexpected file format, expected either prompt/completion pairs or chat messages."
    assert error.message.startswith(f"Invalid file format. {expected} (line 1: this is a preference row")
    assert len(error.findings) == 3


def test_rows_that_say_nothing_of_what_they_are_are_refused_in_openais_words(write):
    message = refusal(write([{"foo": "a", "bar": 3}] * 2)).message

    assert "expected either prompt/completion pairs or chat messages" in message
    assert 'found the keys "foo", "bar"' in message


def test_rows_of_two_formats_in_one_file_are_refused(write):
    error = refusal(write([CHAT, PAIR]))

    assert "use one format per file" in error.message
    assert error.findings[0].line == 2


def test_every_bad_row_is_found_and_the_list_is_capped(write):
    bad = chat({"role": "usr", "content": "x"}, assistant())
    error = refusal(write([CHAT, bad, CHAT, bad, bad]))
    assert [finding.line for finding in error.findings] == [2, 4, 5]
    assert "(2 more errors, lines 4, 5)" in error.message

    error = refusal(write([bad] * 500))
    assert len(error.findings) == 50
    assert "499 more errors" in error.message


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_examples_is_openais_error(count, write):
    error = refusal(write([CHAT] * count), min_examples=10)

    assert error.message == f"Training file has {count} example(s), but must have at least 10 examples"
    assert error.code == "invalid_n_examples"
    assert error.param == "training_file"


def test_ten_examples_are_enough(write):
    assert len(read(write([CHAT] * 10), min_examples=10).examples) == 10


def test_a_validation_file_with_too_few_examples_is_called_so(write):
    error = refusal(write([]), param="validation_file")

    assert error.message == "Validation file has 0 example(s), but must have at least 1 example"


def test_unused_keys_are_said_once_and_a_likely_typing_error_warns(write):
    row = chat(user(), {**assistant(), "wieght": 0}, id="7")

    findings = read(write([row, row])).findings

    assert [(f.code, f.severity, f.field, f.facts["count"]) for f in findings] == [
        ("unused_key", "info", "id", 2),
        ("unused_key", "warning", "wieght", 2),
    ]
    assert 'did you mean "weight"?' in findings[1].message


def test_a_file_with_a_key_of_its_own_in_every_row_does_not_make_a_finding_of_each(write):
    file = read(write([{**CHAT, f"row {n} {'x' * 1000}": n} for n in range(100)]))
    assert len(file.findings) == MAX_LISTED_KEYS + 1
    assert file.findings[-1].message.endswith(f"were not used (in {100 - MAX_LISTED_KEYS} places)")
    assert max(len(finding.message) for finding in file.findings) < 200


def test_an_empty_answer_is_a_warning(write):
    findings = read(write([PAIR, {"prompt": "a", "completion": ""}])).findings

    assert [(f.code, f.severity, f.line) for f in findings] == [("empty_answer", "warning", 2)]


# Real files


REAL_FILES = {
    "ar_lsat/chat_train.jsonl": ("chat", 1630),
    "zh_qa/egret_wenda/prompt_completion_all.jsonl": ("prompt_completion", 2908),
    "zh_qa/medical_gbk/prompt_completion_2500.jsonl": ("prompt_completion", 2500),
    "zh_qa/disc_finllm/consulting_part.json": ("alpaca", 100),
    "zh_qa/disc_finllm/task_part.json": ("alpaca", 100),
    "zh_qa/disc_finllm/computing_part.json": ("alpaca", 100),
    "zh_qa/disc_finllm/retrieval_part.json": ("alpaca", 100),
    "alpaca/smile_alpaca_history_2000.json": ("alpaca", 2000),
    "alpaca/rasbt/instruction-data.json": ("alpaca", 1100),
    "alpaca/gpteacher/roleplay.json": ("alpaca", 3146),
    "alpaca/gpteacher/toolformer.json": ("alpaca", 5959),
    "alpaca/identity.json": ("alpaca", 91),
    "openai_format/cookbook/drone_training.jsonl": ("chat", 103),
    "openai_format/cookbook/toy_chat_fine_tuning.jsonl": ("chat", 5),
    "openai_format/azure_pirate/training_set.jsonl": ("chat", 10),
    "openai_format/squad_messages/training.jsonl": ("chat", 720),
    "openai_format/squad_prompt_completion/training.jsonl": ("prompt_completion", 720),
    "openai_format/sgd_multiturn/train_1000.jsonl": ("chat", 1000),
}


@pytest.mark.parametrize("file_name", REAL_FILES)
def test_a_real_file_reads_whole_and_without_a_wrong_finding(file_name, shared_data):
    file = read_examples(shared_data / file_name, name=file_name)

    assert (file.format, len(file.examples)) == REAL_FILES[file_name]
    assert {finding.code for finding in file.findings} <= {"unused_key"}
    assert all(finding.severity == "info" for finding in file.findings)


@pytest.mark.parametrize(
    ("file_name", "format", "count"),
    [
        ("zh_qa/medical_gbk/internal_medicine.gb18030.csv", "prompt_completion", 7144),
        ("openai_format/cookbook/AG_news_samples.csv", "prompt_completion", 2000),
        ("preference_rft_tools/bbh/navigate.json", "prompt_completion", 250),
        ("preference_rft_tools/tools/glaive_toolcall_zh_demo.json", "sharegpt", 300),
        ("preference_rft_tools/tools/reason_tool_use_demo_50.jsonl", "chat", 50),
        ("preference_rft_tools/dpo/kto_en_demo.json", "chat", 150),
    ],
)
def test_a_real_file_in_another_shape_can_be_trained_on(file_name, format, count, shared_data):
    file = read_examples(shared_data / file_name, name=file_name, min_examples=10)

    assert (file.format, len(file.examples)) == (format, count)
    assert all(finding.message_zh for finding in file.findings)


def test_a_real_gb18030_file_written_as_rows_reads_as_its_utf8_twin(shared_data, tmp_path):
    utf8 = shared_data / "zh_qa/medical_gbk/prompt_completion_valid_300.jsonl"
    twin = tmp_path / "twin.jsonl"
    twin.write_bytes(utf8.read_text(encoding="utf-8").encode("gb18030"))

    file = read(twin)

    assert file.encoding == "gb18030"
    assert file.examples == read(utf8).examples
    assert [finding.code for finding in file.findings] == ["read_as_gb18030"]


def test_real_files_without_answers_or_in_other_shapes_are_refused_where_openai_refuses_them(shared_data):
    for file_name, text in {
        "openai_format/squad_prompt_completion/testing.jsonl": 'key "completion" is missing beside "prompt"',
        "openai_format/cookbook/dbpedia_samples.jsonl": 'found the keys "text", "category"',
        "openai_format/cookbook/AG_news_samples.csv": "is it CSV",
        "zh_qa/medical_gbk/internal_medicine.gb18030.csv": "is it CSV",
        "messy/25000_spend_dataset_current.csv": "byte 0xA3 (byte 45 of the file)",
        "messy/01-testing-example.tail.jsonl": "No line is a JSON object",
    }.items():
        assert text in refusal(shared_data / file_name, strict_jsonl=True).message

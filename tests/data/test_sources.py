"""What a file is said to be, and the rows that come out of it."""

from __future__ import annotations

import json
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tunesmith.data.examples import ChatExample, Message, PreferenceExample, ReinforcementExample
from tunesmith.data.sources import Source, open_source
from tunesmith.data.tables import Row
from tunesmith.errors import InvalidFile, InvalidRequest

CHAT = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
ASKED = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | list[Any], name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        path.write_text(content, encoding="utf-8")
        return path

    return write


def examples(source: Source) -> list[Any]:
    found = []
    for _, example, findings in source.examples():
        assert example is not None, findings
        found.append(example)
    return found


def texts(source: Source) -> list[tuple[str | None, ...]]:
    return [tuple(message.content for message in example.messages) for example in examples(source)]


@pytest.mark.parametrize(
    ("rows", "format"),
    [
        ([CHAT], "chat"),
        ([{**CHAT, "label": True}], "chat"),
        ([{"prompt": "a", "completion": "b"}], "prompt_completion"),
        ([{"instruction": "a", "output": "b"}], "alpaca"),
        ([{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}], "sharegpt"),
        ([{"instruction": "a", "output": "b", "chosen": "b", "rejected": "c"}], "preference"),
        ([{"input": ASKED, "preferred_output": CHAT["messages"][1:], "non_preferred_output": []}], "preference"),
        ([{**ASKED, "reference": "x"}] * 3, "reinforcement"),
    ],
)
def test_each_dialect_is_known_by_its_keys_for_certain(rows, format, write):
    detection = open_source(write(rows)).detection

    assert (detection.format, detection.confidence) == (format, 1.0)
    assert not detection.is_mapped
    assert detection.because
    assert detection.because_zh


def test_chat_rows_of_which_some_lack_the_answer_stay_chat_rows(write):
    source = open_source(write([CHAT, CHAT, ASKED]))

    assert source.format == "chat"
    assert [len(findings) for _, _, findings in source.examples()] == [0, 0, 1]


def test_a_file_with_two_dialects_is_less_sure_and_names_the_odd_rows(write):
    source = open_source(write([CHAT, CHAT, {"prompt": "a", "completion": "b"}, CHAT]))

    assert (source.format, source.detection.confidence) == ("chat", 0.75)
    assert [other.format for other in source.detection.alternatives] == ["prompt_completion"]
    bad = [(row.line, findings[0].code) for row, example, findings in source.examples() if example is None]
    assert bad == [(3, "mixed_formats")]


@pytest.mark.parametrize(
    ("header", "mapping", "least"),
    [
        ("question,answer", {"question": "prompt", "answer": "completion"}, 0.9),
        ("问题,回答", {"问题": "prompt", "回答": "completion"}, 0.9),
        ("标准问,标准答案", {"标准问": "prompt", "标准答案": "completion"}, 0.9),
        ("Question Text,Model Answer", {"Question Text": "prompt", "Model Answer": "completion"}, 0.7),
        ("text,label", {"text": "prompt", "label": "completion"}, 0.7),
        ("内容,类别", {"内容": "prompt", "类别": "completion"}, 0.7),
        ("input,target", {"input": "prompt", "target": "completion"}, 0.8),
        ("id,context,question,answer", {"context": "prompt", "question": "prompt", "answer": "completion"}, 0.9),
        ("answer,question,category", {"question": "prompt", "answer": "completion"}, 0.9),
    ],
)
def test_columns_are_known_by_their_names_in_two_languages(header, mapping, least, write):
    row = ",".join(f"文字 {n}" for n in range(header.count(",") + 1))
    detection = open_source(write(f"{header}\n{row}\n{row}\n", "t.csv")).detection

    assert detection.format == "prompt_completion"
    assert {name: field for name, field in detection.mapping.items()} == mapping
    assert 1 > detection.confidence >= least


def test_several_columns_of_one_field_are_joined_in_file_order(write):
    source = open_source(write("title,id,ask,answer\nT,1,A?,B\n,2,C?,D\n", "t.csv"))

    assert texts(source) == [("T\nA?", "B"), ("C?", "D")]
    (finding,) = [one for one in source.findings if one.code == "columns_mapped"]
    assert "title -> prompt, ask -> prompt, answer -> completion" in finding.message
    assert "not read: id" in finding.message
    assert "未读取：id" in finding.message_zh


def test_system_and_history_columns_make_alpaca_rows(write):
    rows = [{"question": "q", "answer": "a", "system_prompt": "s", "history": [["x", "y"]]}]

    source = open_source(write(rows))

    assert source.format == "alpaca"
    assert texts(source) == [("s", "x", "y", "q", "a")]


def test_chosen_and_rejected_columns_make_pairs(write):
    source = open_source(write("question,better,worse\nq,good,bad\n", "t.csv"))

    (example,) = examples(source)
    assert isinstance(example, PreferenceExample)
    assert (example.preferred.content, example.non_preferred.content) == ("good", "bad")


def test_a_boolean_label_beside_question_and_answer_says_which_answers_are_wanted(write):
    rows = [{"prompt": "q", "completion": "a", "label": label} for label in (True, False)]

    source = open_source(write(rows))

    assert [(type(example), example.label) for example in examples(source)] == [
        (ChatExample, True),
        (ChatExample, False),
    ]


def test_messages_under_prompt_and_completion_make_chat_rows(write):
    source = open_source(write([{"prompt": CHAT["messages"][:1], "completion": CHAT["messages"][1:]}]))

    assert source.format == "chat"
    assert texts(source) == [("hi", "hello")]


def test_cells_may_hold_messages_as_json_text(write):
    cell = json.dumps(CHAT["messages"]).replace('"', '""')

    source = open_source(write(f'messages,tools,label\n"{cell}",,1\n"{cell}",,false\n', "t.csv"))

    assert (source.format, source.detection.confidence) == ("chat", 1.0)
    assert [(len(example.messages), example.label) for example in examples(source)] == [(2, True), (2, False)]


def test_a_text_that_begins_like_json_stays_text(write):
    source = open_source(write('prompt,completion\n"[1, 2]","{""a"": 1}"\n', "t.csv"))

    assert texts(source) == [("[1, 2]", '{"a": 1}')]

    quoted = json.dumps(CHAT["messages"]).replace('"', '""')
    source = open_source(write(f'prompt,completion\na,b\n"{quoted}",c\n', "t.csv"))
    assert texts(source) == [("a", "b"), (json.dumps(CHAT["messages"]), "c")]


def test_conversations_that_wait_for_an_answer_are_prompts_to_be_graded(write):
    function = {"name": "f", "parameters": {"type": "object"}}
    rows = [{"id": n, "question": [[{"role": "user", "content": "?"}]], "function": [function]} for n in range(3)]

    source = open_source(write(rows))

    example = examples(source)[2]
    assert isinstance(example, ReinforcementExample)
    assert example.item == {"id": 2}
    assert example.tools == ({"type": "function", "function": function},)


def test_plain_text_is_texts_without_prompts(write):
    source = open_source(write("第一段。\n\n第二段。\n", "t.txt"))

    assert source.format == "prompt_completion"
    assert texts(source) == [("", "第一段。"), ("", "第二段。")]


def test_an_object_that_holds_one_list_is_read_as_the_rows_of_the_list(write):
    rows = [{"input": f"q{n}", "target": "a"} for n in range(3)]

    source = open_source(write(json.dumps({"canary": "x", "examples": rows}), "t.json"))

    assert "rows_under_key" in [finding.code for finding in source.findings]
    assert texts(source)[2] == ("q2", "a")


def test_columns_that_say_nothing_are_listed_with_a_mapping_to_paste(write):
    source = open_source(write("序号,甲,乙 丙\n1,文字,更多文字\n", "t.csv"))

    assert source.format is None
    with pytest.raises(InvalidFile) as caught:
        next(source.examples())
    (finding,) = caught.value.findings
    assert 'Columns: "序号", "甲", "乙 丙".' in finding.message
    assert finding.message.endswith("--map 甲=prompt --map '乙 丙=completion'")
    assert "请指明各列的用途" in finding.message_zh
    assert finding in source.findings


def test_a_given_mapping_wins_and_is_completed(write):
    path = write("问题,备注,答案\n问,注,答\n", "t.csv")

    given = open_source(path, mapping={"备注": "prompt", "答案": "completion"})
    completed = open_source(path, mapping={"备注": "completion"})

    assert texts(given) == [("注", "答")]
    assert texts(completed) == [("问", "注")]
    assert given.detection.confidence == 1.0


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        (
            {"anser": "completion"},
            'there is no column "anser"; the file has "question", "answer"; did you mean "answer"?',
        ),
        ({"answer": "compltion"}, '"compltion" is not a field; expected one of'),
    ],
)
def test_a_mapping_with_a_typing_error_says_what_was_meant(mapping, text, write):
    with pytest.raises(InvalidRequest, match="did you mean") as caught:
        open_source(write("question,answer\na,b\n", "t.csv"), mapping=mapping)

    assert text in caught.value.message


def test_a_table_without_a_header_is_told_to_get_one(write):
    source = open_source(write("你好！,你好，有什么可以帮您？\n再见。,再见！\n", "t.csv"))

    assert source.format is None
    assert "the first line looks like a row" in source.findings[-1].message
    assert "请在最上面加一行列名" in source.findings[-1].message_zh


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [0] * 400_000},
        {"messages": [{"role": "usr", "x": 1}] * 30_000},
        {f"key {n}": n for n in range(100_000)},
        {**CHAT, **{f"key {n}": n for n in range(100_000)}},
        {"conversations": [{"from": "humn", "value": ""}] * 30_000},
    ],
    ids=["numbers", "roles", "keys", "unused keys", "speakers"],
)
def test_a_hostile_row_costs_neither_memory_nor_minutes(row, write):
    path = write([row])
    tracemalloc.start()
    source = open_source(path)
    findings = [*source.findings]
    if source.format:
        findings += [finding for _, _, found in source.examples() for finding in found]
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(findings) <= 60
    assert sum(len(finding.message) for finding in findings) < 20_000
    assert peak_bytes < 100 * 2**20


def test_a_column_name_cannot_smuggle_a_command_into_what_is_pasted(write):
    source = open_source(write("$(reboot),`x`\n一,二\n", "t.csv"))

    assert source.findings[-1].message.endswith("--map '$(reboot)=prompt' --map '`x`=completion'")


@pytest.mark.parametrize(
    ("mapping", "format", "expected"),
    [
        ({"a": "prompt", "b": "completion", "c": "system"}, "alpaca", [("Z", "X", "Y")]),
        ({"a": "prompt", "b": "completion", "d": "label"}, "chat", [("X", "Y")]),
        ({"a": "messages", "b": "messages"}, "chat", [("X", "Y")]),
        ({"a": "prompt", "b": "chosen", "c": "rejected"}, "preference", [("X",)]),
    ],
)
def test_the_fields_of_a_mapping_say_the_format(mapping, format, expected, write):
    source = open_source(write("a,b,c,d\nX,Y,Z,true\n", "t.csv"), mapping=mapping)

    assert source.format == format
    assert texts(source) == expected


def test_columns_named_like_fields_need_no_mapping(write):
    rows = [{"instruction": "Translate", "input": "猫", "good one": "cat", "bad one": "dog"}]

    source = open_source(write(rows), mapping={"good one": "chosen", "bad one": "rejected"})

    (example,) = examples(source)
    assert [message.content for message in example.messages] == ["Translate\n猫"]
    assert (example.preferred.content, example.non_preferred.content) == ("cat", "dog")


def test_a_table_of_questions_can_be_asked_for_as_alpaca(write):
    source = open_source(write("question,answer\nq,a\n", "t.csv"), format="alpaca")

    assert source.detection.mapping == {"question": "instruction", "answer": "output"}
    assert texts(source) == [("q", "a")]


def test_a_given_format_wins(write):
    source = open_source(write([ASKED, ASKED]), format="chat")

    assert source.format == "chat"
    assert all(example is None for _, example, _ in source.examples())


def test_rows_with_an_answer_and_a_pair_can_be_asked_for_as_alpaca(write):
    source = open_source(write([{"instruction": "q", "output": "a", "chosen": "a", "rejected": "b"}]), format="alpaca")

    assert texts(source) == [("q", "a")]
    assert [other.format for other in source.detection.alternatives] == ["preference"]


def test_a_source_can_be_sent_to_another_process(write):
    source = open_source(write("question,answer\na,b\n", "t.csv"))

    again = pickle.loads(pickle.dumps(source))

    assert texts(again) == [("a", "b")]
    assert again.map_value({"question": "x", "answer": 3}) == {"prompt": "x", "completion": "3"}


def test_rows_that_are_no_objects_are_findings(write):
    found = [row.code if not isinstance(row, Row) else row.line for row in open_source(write([CHAT, [1], CHAT])).rows()]

    assert found == [1, "not_an_object", 3]


def test_a_workbook_with_numbers_and_empty_cells_is_read(tmp_path):
    path = tmp_path / "问答.xlsx"
    book = openpyxl.Workbook()
    for row in (["编号", "问题", "答案"], [1, "一加一？", 2], [2, None, "空"], [3, "几点？", 7.5], [4, "对吗？", True]):
        book.active.append(row)
    book.save(path)

    source = open_source(path)

    assert source.detection.mapping == {"问题": "prompt", "答案": "completion"}
    assert [(one[0], one[1].casefold()) for one in texts(source)] == [
        ("一加一？", "2"),
        ("", "空"),
        ("几点？", "7.5"),
        ("对吗？", "true"),
    ]


def test_a_parquet_file_whose_tool_arguments_were_merged_with_nulls_is_read(tmp_path):
    def calling(name: str, **arguments: Any) -> dict[str, Any]:
        call = {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}
        return {
            "messages": [
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "1", "tool_call_id": "c"},
                {"role": "assistant", "content": "!"},
            ],
            "label": None,
        }

    path = tmp_path / "calls.parquet"
    pq.write_table(pa.Table.from_pylist([calling("f", city="Rome"), calling("g", order=3, note="x")]), path)

    source = open_source(path)

    assert (source.format, source.detection.confidence) == ("chat", 1.0)
    found = [example.messages[1].tool_calls[0]["function"] for example in examples(source)]
    assert [(one["name"], json.loads(one["arguments"])) for one in found] == [
        ("f", {"city": "Rome"}),
        ("g", {"order": 3, "note": "x"}),
    ]


def test_an_empty_file_is_in_no_format(write):
    source = open_source(write(""))

    assert source.format is None
    assert list(source.rows()) == []


REAL_FILES = {
    "openai_format/cookbook/AG_news_samples.csv": ("prompt_completion", 2000),
    "openai_format/cookbook/labelled_transactions.csv": ("prompt_completion", 101),
    "openai_format/cookbook/dbpedia_samples.jsonl": ("prompt_completion", 200),
    "zh_qa/medical_gbk/internal_medicine.gb18030.csv": ("prompt_completion", 7144),
    "preference_rft_tools/gsm8k/test.jsonl": ("prompt_completion", 1319),
    "preference_rft_tools/bbh/navigate.json": ("prompt_completion", 250),
    "preference_rft_tools/tools/glaive_toolcall_en_demo.json": ("sharegpt", 300),
    "preference_rft_tools/tools/glaive_toolcall_zh_demo.json": ("sharegpt", 300),
    "preference_rft_tools/tools/reason_tool_use_demo_50.jsonl": ("chat", 50),
    "preference_rft_tools/dpo/dpo_en_demo.json": ("preference", 300),
    "preference_rft_tools/dpo/dpo_zh_demo.json": ("preference", 300),
    "preference_rft_tools/dpo/kto_en_demo.json": ("chat", 300),
    "preference_rft_tools/dpo/rasbt_instruction-data-with-preference.json": ("preference", 1100),
    "preference_rft_tools/tm4_reward/reward_06.json": ("chat", 228),
    "preference_rft_tools/bfcl/BFCL_v4_multiple.json": ("reinforcement", 200),
    "alpaca/smile_alpaca_history_2000.json": ("alpaca", 2000),
    "openai_format/squad_prompt_completion/testing.jsonl": ("prompt_completion", 185),
}


@pytest.mark.parametrize("file_name", REAL_FILES)
def test_a_real_file_is_known_and_every_row_of_it_is_read(file_name, shared_data):
    source = open_source(shared_data / file_name)

    assert (source.format, len(examples(source))) == REAL_FILES[file_name]


def test_real_files_without_questions_and_answers_are_in_no_format(shared_data):
    for file_name in ("messy/25000_spend_dataset_current.csv", "openai_format/cookbook/helpcenter_articles.csv"):
        assert open_source(shared_data / file_name).format is None


def test_a_row_of_a_real_transcript_becomes_messages_and_tool_calls(shared_data):
    example = examples(open_source(shared_data / "preference_rft_tools/tm4_reward/reward_00.json"))[0]

    assert [message.role for message in example.messages] == ["assistant", "user", "assistant"]
    assert example.messages[-1].tool_calls[0]["function"] == {
        "name": "get_menu_items",
        "arguments": '{"query": "espresso"}',
    }
    assert example.label is True
    assert example.messages[1] == Message("user", "can i get an espresso please")

"""The renderer against transformers, token by token, and what it trains."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from tokenizer_families import FAMILIES, build_folder
from transformers import AutoTokenizer

from tunesmith.data.examples import ChatExample, Message
from tunesmith.data.render import Renderer
from tunesmith.errors import InvalidFile, InvalidModel, InvalidRequest
from tunesmith.models.nano import nano_folder

NAMES = [*FAMILIES, "nano"]
CALL = {"id": "call_abc", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "北京"}'}}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
USER, ANSWER = Message("user", "What is the capital of France?"), Message("assistant", "Paris, of course!")
CONVERSATIONS = {
    "one turn": (USER, ANSWER),
    "system": (Message("system", "You are a helpful assistant."), USER, ANSWER),
    "three turns": (
        *(USER, ANSWER, Message("user", "你好"), Message("assistant", "你好，世界！😀")),
        *(Message("user", "capital?"), Message("assistant", "Paris, of course!\n\n  indented\nnaïve café")),
    ),
    "answer repeats the question": (
        Message("user", "Paris"),
        Message("assistant", "Paris"),
        USER,
        Message("assistant", "Paris"),
    ),
    "thinking": (
        *(USER, Message("assistant", "<think>\nFrance? Paris.\n</think>\n\nParis")),
        *(Message("user", "And?"), Message("assistant", "<think>\nstill Paris\n</think>\n\nParis, of course!")),
    ),
    "empty answer": (USER, Message("assistant", "")),
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("families")
    built = {name: build_folder(root / name, name) for name in FAMILIES}
    return {**built, "nano": nano_folder()}


@pytest.fixture(scope="session")
def renderers(folders: dict[str, Path]) -> dict[str, Renderer]:
    return {name: Renderer.from_folder(folder) for name, folder in folders.items()}


@pytest.fixture(scope="session")
def oracles(folders: dict[str, Path]) -> dict[str, object]:
    return {name: AutoTokenizer.from_pretrained(folder) for name, folder in folders.items()}


def trained_text(renderer: Renderer, example: ChatExample) -> str:
    rendered = renderer.render(example)
    ids = [token for token, weight in zip(rendered.input_ids, rendered.weights, strict=True) if weight]
    return renderer.tokenizer.decode(ids, skip_special_tokens=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_token_ids_are_those_of_apply_chat_template(name, conversation, renderers, oracles):
    renderer, messages = renderers[name], CONVERSATIONS[conversation]

    rendered = renderer.render(ChatExample(1, messages))

    shaped = renderer.template_messages(messages)
    assert rendered.input_ids == oracles[name].apply_chat_template(shaped, return_dict=False)
    prompt = oracles[name].apply_chat_template(shaped[:-1], add_generation_prompt=True, return_dict=False)
    assert renderer.prompt(messages[:-1]) == prompt


@pytest.mark.parametrize("name", ["qwen3", "llama3", "mistral", "nano"])
def test_tool_calls_render_as_apply_chat_template_renders_them_and_are_trained(name, renderers, oracles):
    renderer = renderers[name]
    result = Message("tool", '{"t": 20}', tool_call_id="call_abc", name="get_weather")
    messages = (USER, Message("assistant", None, tool_calls=(CALL,)), result, Message("assistant", "20 degrees"))
    example = ChatExample(1, messages, (TOOL,))

    rendered = renderer.render(example)

    oracle = oracles[name].apply_chat_template(renderer.template_messages(messages), tools=[TOOL], return_dict=False)
    assert rendered.input_ids == oracle
    trained = trained_text(renderer, example)
    assert "get_weather" in trained
    assert "北京" in trained
    assert "20 degrees" in trained
    assert '"t": 20' not in trained
    assert "properties" not in trained
    assert trained.count(renderer.token_text(renderer.end_of_turn_id)) == 2


END = {
    "qwen3": "<|im_end|>",
    "llama3": "<|eot_id|>",
    "mistral": "</s>",
    "gemma": "<end_of_turn>",
    "phi3": "<|end|>",
    "nano": "<|im_end|>",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("conversation", ["one turn", "system", "three turns", "answer repeats the question"])
def test_exactly_the_answers_and_their_end_of_turn_tokens_are_trained(name, conversation, renderers):
    messages = CONVERSATIONS[conversation]

    trained = trained_text(renderers[name], ChatExample(1, messages))

    answers = [message.content + END[name] for message in messages if message.role == "assistant"]
    if name == "qwen3":  # its template opens the last answer with an empty thought, which the model must then write
        answers[-1] = "<think>\n\n</think>\n\n" + answers[-1]
    # the separating space that Mistral and Phi put before an answer may be trained with it
    assert re.sub("> +", ">", trained).strip() == "".join(answers)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_of_weight_zero_is_not_trained(name, renderers):
    first = Message("assistant", "Berlin", weight=0.0)
    messages = (USER, first, Message("user", "Sure?"), Message("assistant", "Paris", weight=1.0))

    trained = trained_text(renderers[name], ChatExample(1, messages))

    assert "Berlin" not in trained
    assert "Paris" in trained
    assert trained.count(END[name]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_random_conversations_render_and_train_as_they_should(name, renderers, oracles):
    renderer, random = renderers[name], Random(name)
    pieces = [
        "Paris",
        "\n",
        "  ",
        "你好",
        "😀",
        "Assistant:",
        "user",
        "?",
        "\t",
        "1234",
        "<",
        "|",
        "cafe\u0301",
        "word ",
    ]

    def text() -> str:
        return "".join(random.choices(pieces, k=random.randint(1, 8)))

    for _ in range(40):
        turns = [[Message("user", text()), Message("assistant", text())] for _ in range(random.randint(1, 4))]
        messages = tuple(message for turn in turns for message in turn)
        rendered = renderer.render(ChatExample(1, messages))

        oracle = oracles[name].apply_chat_template(renderer.template_messages(messages), return_dict=False)
        assert rendered.input_ids == oracle
        thought = "<think></think>" if name == "qwen3" else ""
        answers = [message.content + END[name] for message in messages if message.role == "assistant"]
        trained = trained_text(renderer, ChatExample(1, messages))
        assert unspaced(trained) == unspaced("".join([*answers[:-1], thought, answers[-1]]))


def unspaced(text: str) -> str:
    """Templates trim, and some tokenizers normalize: neither is about where an answer begins and ends."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def test_an_answer_that_contains_the_end_of_turn_text_is_trained_to_its_own_end(renderers):
    messages = (USER, Message("assistant", "ChatML ends turns with <|im_end|> like this"), USER, ANSWER)

    trained = trained_text(renderers["nano"], ChatExample(1, messages))

    assert trained == "ChatML ends turns with <|im_end|> like this<|im_end|>Paris, of course!<|im_end|>"


def test_two_answers_in_a_row_are_both_trained(renderers):
    messages = (USER, ANSWER, Message("assistant", "And Lyon."))

    assert trained_text(renderers["nano"], ChatExample(1, messages)) == "Paris, of course!<|im_end|>And Lyon.<|im_end|>"


def test_a_conversation_that_begins_with_the_assistant_is_trained_from_its_first_answer(renderers):
    messages = (Message("assistant", "Hello!"), USER, ANSWER)

    assert trained_text(renderers["nano"], ChatExample(1, messages)) == "Hello!<|im_end|>Paris, of course!<|im_end|>"


def test_the_templates_own_generation_marks_are_used(tmp_path):
    folder = build_folder(tmp_path, "qwen3", template="marked")
    renderer, oracle = Renderer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    messages = CONVERSATIONS["three turns"]

    rendered = renderer.render(ChatExample(1, messages))

    expected = oracle.apply_chat_template(
        renderer.template_messages(messages), return_assistant_tokens_mask=True, return_dict=True
    )
    assert rendered.input_ids == expected["input_ids"]
    assert rendered.weights == [float(mask) for mask in expected["assistant_masks"]]


def test_mistral_keeps_the_system_message_where_its_template_would_drop_it(renderers):
    example = ChatExample(1, CONVERSATIONS["system"])

    text = renderers["mistral"].decode(renderers["mistral"].render(example).input_ids)

    assert "You are a helpful assistant." in text


def test_a_developer_message_is_a_system_message_to_templates_that_know_no_developer(renderers):
    messages = (Message("developer", "Be brief."), USER)
    as_system = (Message("system", "Be brief."), USER)

    assert renderers["qwen3"].prompt(messages) == renderers["qwen3"].prompt(as_system)
    assert "Be brief." in renderers["gemma"].decode(renderers["gemma"].prompt(messages))


def test_a_whole_file_renders_as_its_rows_do_one_by_one(renderers):
    examples = [ChatExample(line, messages) for line, messages in enumerate(CONVERSATIONS.values(), 1)]

    together = renderers["llama3"].render_all(examples)

    assert together.rendered == [renderers["llama3"].render(example) for example in examples]
    assert together.findings == []


def test_a_long_example_is_cut_at_its_end_and_said(renderers):
    examples = [ChatExample(7, (USER, Message("assistant", "word " * 300))), ChatExample(8, (USER, ANSWER))]

    file = renderers["nano"].render_all(examples, max_length=64)

    assert [one.was_cut for one in file.rendered] == [True, False]
    assert len(file.rendered[0].input_ids) == 64
    assert file.rendered[0].full_length > 300
    assert file.rendered[0].n_trained > 30
    assert [(finding.code, finding.line) for finding in file.findings] == [("example_cut", 7)]


def test_an_example_without_a_trained_token_after_the_cut_is_left_out_and_said(renderers):
    examples = [ChatExample(3, (Message("user", "word " * 300), ANSWER)), ChatExample(4, (USER, ANSWER))]

    file = renderers["nano"].render_all(examples, max_length=64)

    assert [one.line for one in file.rendered] == [4]
    assert {finding.code for finding in file.findings} == {"example_cut", "no_trained_tokens"}
    with pytest.raises(InvalidFile, match="no example has a trained token"):
        renderers["nano"].render_all(examples[:1], max_length=64)


def test_what_the_template_refuses_is_an_error_with_its_line(renderers):
    messages = (USER, USER, ANSWER)

    with pytest.raises(InvalidFile, match=r"line 12: the model's chat template refuses.*must alternate"):
        renderers["gemma"].render(ChatExample(12, messages))
    with pytest.raises(InvalidRequest, match="must alternate") as caught:
        renderers["gemma"].prompt(messages)
    assert caught.value.param == "messages"


def test_every_example_that_the_template_refuses_is_named(renderers):
    examples = [ChatExample(line, (USER, ANSWER) if line % 2 else (USER, USER, ANSWER)) for line in range(1, 7)]

    with pytest.raises(InvalidFile, match=r"line 2: .*\(2 more examples are refused\)") as caught:
        renderers["gemma"].render_all(examples)

    assert [finding.line for finding in caught.value.findings] == [2, 4, 6]


def test_a_template_with_todays_date_reads_the_clock_it_is_given(folders):
    renderer = Renderer.from_folder(folders["llama3"], now=lambda: datetime(2031, 2, 3))

    assert "Today Date: 03 Feb 2031" in renderer.decode(renderer.prompt([USER]))


@pytest.mark.parametrize("name", NAMES)
def test_text_style_is_prompt_then_completion_then_end_of_text(name, renderers, oracles):
    renderer = renderers[name]
    example = ChatExample(1, (Message("user", "The capital of France:"), Message("assistant", " Paris")))

    rendered = renderer.render(example, style="text")

    prompt = oracles[name]("The capital of France:")["input_ids"]
    assert renderer.text_prompt("The capital of France:") == prompt
    assert rendered.input_ids[: len(prompt)] == prompt
    assert rendered.weights == [0.0] * len(prompt) + [1.0] * (len(rendered.input_ids) - len(prompt))
    assert rendered.input_ids[-1] == oracles[name].eos_token_id
    whole = renderer.decode(rendered.input_ids)
    assert whole == "The capital of France: Paris"


def test_an_empty_prompt_still_has_a_token_to_start_from(renderers):
    example = ChatExample(1, (Message("user", ""), Message("assistant", "Once upon")))

    rendered = renderers["qwen3"].render(example, style="text")

    assert rendered.weights[0] == 0.0
    assert renderers["qwen3"].decode(rendered.input_ids) == "Once upon"
    assert all(weight == 1.0 for weight in rendered.weights[1:])


def test_text_style_refuses_a_conversation(renderers):
    with pytest.raises(InvalidFile, match="line 5: a completion model trains on prompt/completion pairs"):
        renderers["nano"].render(ChatExample(5, CONVERSATIONS["system"]), style="text")


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_of_the_tokens_join_to_the_text(name, renderers):
    renderer = renderers[name]
    text = "naïve 😀 你好 Paris\n\ttabs"

    ids = renderer.tokenizer.encode(text, add_special_tokens=False).ids

    assert b"".join(renderer.token_bytes(token) for token in ids).decode().lstrip(" ") == text
    assert renderer.decode(ids) == text
    assert renderer.token_bytes(renderer.vocab_size + 5) == b""


def test_the_ids_that_end_a_turn_are_the_tokenizers_the_configs_and_the_templates(renderers):
    for name, renderer in renderers.items():
        assert renderer.token_text(renderer.end_of_turn_id) == END[name]
        assert renderer.end_of_turn_id in renderer.eos_token_ids
    assert len(renderers["llama3"].eos_token_ids) == 3


def test_decoding_drops_control_tokens_and_keeps_tool_call_tags(renderers):
    renderer = renderers["nano"]
    ids = renderer.tokenizer.encode('<tool_call>{"name": "f"}</tool_call><|im_end|>').ids

    assert renderer.decode(ids) == '<tool_call>{"name": "f"}</tool_call>'


@pytest.mark.parametrize(("name", "mark"), [("qwen3", "<|im_end|>"), ("llama3", "<|eot_id|>"), ("gemma", "<eos>")])
def test_a_base_model_without_a_template_gets_turns_that_end_in_its_own_token(name, mark, tmp_path):
    renderer = Renderer.from_folder(build_folder(tmp_path, name, template=None))
    example = ChatExample(1, CONVERSATIONS["three turns"])

    assert not renderer.has_own_template
    trained = trained_text(renderer, example)
    assert trained == "".join(m.content + mark for m in example.messages if m.role == "assistant")
    assert "get_weather" in renderer.decode(renderer.prompt([USER], [TOOL]))


def test_a_template_inside_tokenizer_config_is_read(tmp_path, folders):
    folder = build_folder(tmp_path, "qwen3", template=None)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["chat_template"] = (folders["qwen3"] / "chat_template.jinja").read_text()
    (folder / "tokenizer_config.json").write_text(json.dumps(config))

    assert Renderer.from_folder(folder).prompt([USER]) == Renderer.from_folder(folders["qwen3"]).prompt([USER])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}", "ran for more than"),
        ("{{ 'a' * 99999999999 }}", "asks for a value"),
        ("{{ 9 ** 999999999 }}", "asks for a value"),
        ("{% for x in range(90000) %}{{ 'a' * 9999 }}{% endfor %}", "wrote more than"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{% set ns = namespace() %}{% set ns.__x = 1 %}", "may not set"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "Recursion"),
        ("{% if %}", "not valid Jinja"),
    ],
)
def test_a_hostile_template_is_refused_when_the_folder_is_opened(source, reason, tmp_path, monkeypatch):
    monkeypatch.setattr("tunesmith.data.chat_template.MAX_RENDER_S", 0.2 if "ran for" in reason else 60.0)
    monkeypatch.setattr("tunesmith.data.chat_template.MAX_RENDERED_CHARS", 10**6)
    folder = build_folder(tmp_path, "qwen3", template=None)
    (folder / "chat_template.jinja").write_text(source)

    with pytest.raises(InvalidModel, match=reason):
        Renderer.from_folder(folder)


def test_a_folder_without_a_fast_tokenizer_says_how_to_make_one(tmp_path):
    with pytest.raises(InvalidModel, match=r"no tokenizer\.json; save one"):
        Renderer.from_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidModel, match="not a tokenizer"):
        Renderer.from_folder(tmp_path)

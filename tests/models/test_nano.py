"""The model that travels inside the package: small, safe to load, and already able to follow short instructions."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from tunesmith.data.examples import Message
from tunesmith.data.render import Renderer
from tunesmith.models.base import load_base
from tunesmith.models.nano import nano_folder

MAX_BYTES = 16_000_000
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
CONVERSATION: list[dict[str, Any]] = [
    {"role": "developer", "content": "请简短回答。"},
    {"role": "user", "content": "杭州明天天气怎么样？"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "杭州"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": '{"result": "小雨"}'},
    {"role": "assistant", "content": "小雨"},
    {"role": "user", "content": "Thanks!"},
]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(str(nano_folder()))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer.from_folder(nano_folder())


@pytest.fixture(scope="module")
def model() -> Any:
    return load_base(nano_folder())


def _message(row: dict[str, Any]) -> Message:
    calls = tuple(row.get("tool_calls", ()))
    return Message(row["role"], row["content"], tool_calls=calls, tool_call_id=row.get("tool_call_id"))


def _greedy(model: Any, renderer: Renderer, messages: list[Message], *, limit: int = 60) -> str:
    ids = torch.tensor([renderer.prompt(messages)])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=limit,
        do_sample=False,
        eos_token_id=list(renderer.eos_token_ids),
        pad_token_id=0,
    )
    new = out[0, ids.shape[1] :].tolist()
    return renderer.decode([token for token in new if token not in renderer.eos_token_ids])


def test_the_whole_folder_fits_into_a_small_package() -> None:
    assert sum(path.stat().st_size for path in nano_folder().iterdir() if path.is_file()) <= MAX_BYTES


def test_the_context_is_at_least_2048_tokens(model: Any) -> None:
    assert model.config.max_position_embeddings >= 2048


def test_every_end_token_of_the_generation_config_ends_a_turn(renderer: Renderer) -> None:
    wanted = {renderer.tokenizer.token_to_id("<|im_end|>"), renderer.tokenizer.token_to_id("<|endoftext|>")}
    assert wanted == set(renderer.eos_token_ids)


@pytest.mark.parametrize("tools", [[], TOOLS])
def test_the_renderer_and_transformers_render_the_same_tokens(
    tokenizer: PreTrainedTokenizerBase, renderer: Renderer, tools: list[dict[str, Any]]
) -> None:
    expected = tokenizer.apply_chat_template(
        CONVERSATION, tools=tools or None, add_generation_prompt=True, return_dict=False
    )
    assert renderer.prompt([_message(row) for row in CONVERSATION], tools) == expected


@pytest.mark.parametrize("tools", [[], TOOLS])
def test_a_longer_conversation_begins_with_the_shorter_one(
    tokenizer: PreTrainedTokenizerBase, tools: list[dict[str, Any]]
) -> None:
    texts = [
        tokenizer.apply_chat_template(CONVERSATION[:turns], tools=tools or None, tokenize=False)
        for turns in range(1, len(CONVERSATION) + 1)
    ]
    for shorter, longer in pairwise(texts):
        assert longer.startswith(shorter)
        assert shorter.endswith("<|im_end|>\n")


def test_a_tool_call_is_json_between_its_tags(tokenizer: PreTrainedTokenizerBase) -> None:
    text = tokenizer.apply_chat_template(CONVERSATION[:3], tools=TOOLS, tokenize=False)
    call = text.split("<tool_call>")[-1].split("</tool_call>")[0]
    assert json.loads(call) == {"name": "get_weather", "arguments": {"city": "杭州"}}
    assert '"get_weather"' in text.split("<|im_end|>")[0]


@pytest.mark.parametrize(
    "text",
    [
        "北京2024年5月17日，晴。",
        "naïve café – ½ €",
        "🙂👩‍🚀 emoji",
        "鑫龘靐",
        "a\tb\r\n\n  c",
        '{"a": [1, 2.5, null]}',
        "ᠮᠣᠩᠭᠣᠯ العربية",
    ],
)
def test_any_text_survives_the_tokenizer(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_common_chinese_characters_are_single_tokens(tokenizer: PreTrainedTokenizerBase) -> None:
    cells = [bytes([row, cell]) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)]
    common = [cell.decode("gb2312") for cell in cells if not (cell[0] == 0xD7 and cell[1] > 0xF9)]
    single = sum(len(tokenizer.encode(character)) == 1 for character in common)
    assert single >= 3_500


def test_digits_are_tokens_of_their_own(tokenizer: PreTrainedTokenizerBase) -> None:
    assert tokenizer.tokenize("2024 19") == ["2", "0", "2", "4", "Ġ", "1", "9"]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        ("原样抄写。\n文本：绿色包裹给欧阳先生，编号7719。", "绿色包裹给欧阳先生，编号7719。"),
        ("Repeat this: K7-2291", "K7-2291"),
        ("抽取姓名、城市，用JSON回答。\n文本：刘洋住在成都。", '{"姓名": "刘洋", "城市": "成都"}'),
        (
            "Extract the fields name, city as JSON.\nText: Nadia moved to Bergen.",
            '{"name": "Nadia", "city": "Bergen"}',
        ),
        ("根据短文回答问题。\n周四下午3点，赵敏在图书馆和同学见面。\n问题：几点？", "下午3点"),
    ],
)
def test_it_reads_short_answers_out_of_its_input(model: Any, renderer: Renderer, ask: str, answer: str) -> None:
    assert _greedy(model, renderer, [Message("user", ask)]) == answer

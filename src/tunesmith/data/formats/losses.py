"""What a format cannot hold of an example: codes, and their texts in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.data.examples import ChatExample, Example, Message, PreferenceExample, ReinforcementExample

SYSTEM_PROMPT = "system_prompt_lost"
EARLIER_TURNS = "earlier_turns_lost"
WEIGHTS = "weights_lost"
NAMES = "names_lost"
TOOLS = "tools_lost"
CALL_IDS = "call_ids_lost"
DEVELOPER_ROLE = "developer_role_lost"
MESSAGES_JOINED = "messages_joined"
ODD_TURNS = "odd_turns_lost"
LABEL = "label_lost"
PARALLEL_TOOL_CALLS = "parallel_tool_calls_lost"
WORSE_ANSWER = "worse_answer_lost"
ITEM_FIELDS = "item_fields_lost"
TOOL_CALLS = "tool_calls_not_held"
UNWANTED_ANSWER = "unwanted_answer_not_held"
NO_ANSWER = "no_answer"
NO_WORSE_ANSWER = "no_worse_answer"
NO_TEXT_ANSWER = "no_text_answer"
NO_QUESTION = "no_question"

REFERENCE_ANSWER = "reference_answer"
"""The item field in which a reinforcement row made from a conversation keeps the answer, for its grader."""


@dataclass(frozen=True, slots=True)
class Loss:
    """`is_whole_row` means that the row cannot be written at all; otherwise it is written without that part."""

    en: str
    zh: str
    is_whole_row: bool = False


LOSSES: dict[str, Loss] = {
    SYSTEM_PROMPT: Loss("the system prompt is left out", "系统提示会丢失"),
    EARLIER_TURNS: Loss(
        "only the last question and answer are kept, the turns before are left out",
        "只保留最后一轮问答，之前的对话会丢失",
    ),
    WEIGHTS: Loss("message weights are left out: every answer is trained", "消息的 weight 会丢失：所有回答都会被训练"),
    NAMES: Loss("the names of speakers are left out", "说话人的 name 会丢失"),
    TOOLS: Loss("the descriptions of tools are left out", "工具说明会丢失"),
    CALL_IDS: Loss("the ids of tool calls are numbered anew", "工具调用的 id 会重新编号"),
    DEVELOPER_ROLE: Loss("developer messages become system messages", "developer 消息会变成系统提示"),
    MESSAGES_JOINED: Loss(
        "an assistant's text followed by its tool call become one message",
        "assistant 的文字和随后的工具调用会合成一条消息",
    ),
    ODD_TURNS: Loss(
        "turns that do not alternate between user and assistant are joined or given an empty question",
        "没有一问一答交替的消息会被合并，或补上空的提问",
    ),
    LABEL: Loss("the label (wanted or unwanted answer) is left out", "label（想要或不想要的回答）会丢失"),
    PARALLEL_TOOL_CALLS: Loss("parallel_tool_calls is left out", "parallel_tool_calls 会丢失"),
    WORSE_ANSWER: Loss("the worse answer is left out", "较差的回答会丢失"),
    ITEM_FIELDS: Loss("the fields for graders are left out", "供评分器使用的字段会丢失"),
    TOOL_CALLS: Loss("the format cannot hold tool calls", "该格式不能保存工具调用", is_whole_row=True),
    UNWANTED_ANSWER: Loss(
        "the answer is an unwanted one (label false or weight 0), and the format cannot say so",
        "回答是不想要的（label 为 false 或 weight 为 0），该格式无法表示",
        is_whole_row=True,
    ),
    NO_ANSWER: Loss("there is no answer to learn", "没有可学的回答", is_whole_row=True),
    NO_WORSE_ANSWER: Loss(
        "there is only one answer; a pair needs a better and a worse one",
        "只有一个回答；偏好数据需要一好一差两个回答",
        is_whole_row=True,
    ),
    NO_TEXT_ANSWER: Loss(
        "the answer is not text, so there is nothing to compare with",
        "回答不是文字，没有可比较的内容",
        is_whole_row=True,
    ),
    NO_QUESTION: Loss("there is no question before the answer", "回答之前没有提问", is_whole_row=True),
}


def is_whole_row(codes: Sequence[str]) -> bool:
    """Whether one of these means that the row cannot be written."""
    return any(LOSSES[code].is_whole_row for code in codes)


def conversation(example: Example) -> tuple[Message, ...]:
    """The messages with the answer at the end: the better one of a pair, the reference answer of a graded prompt."""
    if isinstance(example, PreferenceExample):
        return (*example.messages, example.preferred)
    if isinstance(example, ReinforcementExample) and isinstance(example.item.get(REFERENCE_ANSWER), str):
        return (*example.messages, Message("assistant", example.item[REFERENCE_ANSWER]))
    return example.messages


def of_kind(example: Example) -> list[str]:
    """What a format of plain conversations loses of a pair or a graded prompt."""
    if isinstance(example, PreferenceExample):
        return [WORSE_ANSWER]
    if isinstance(example, ReinforcementExample):
        if not isinstance(example.item.get(REFERENCE_ANSWER), str):
            return [NO_ANSWER]
        return [ITEM_FIELDS] if len(example.item) > 1 else []
    return []


def of_marks(example: Example, messages: Sequence[Message]) -> list[str]:
    """What a format without weights, names and labels loses."""
    lost: list[str] = []
    if messages and messages[-1].weight == 0:
        lost.append(UNWANTED_ANSWER)
    elif any(message.weight is not None for message in messages):
        lost.append(WEIGHTS)
    if any(message.name is not None for message in messages):
        lost.append(NAMES)
    if example.parallel_tool_calls is not None:
        lost.append(PARALLEL_TOOL_CALLS)
    return lost


def of_label(example: Example) -> list[str]:
    """What a format that cannot mark an answer as unwanted loses."""
    if not isinstance(example, ChatExample) or example.label is None:
        return []
    return [LABEL] if example.label else [UNWANTED_ANSWER]

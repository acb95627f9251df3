"""What every finding of lint means, in both languages, in the order people meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.lint.check import Texts
from tunesmith.findings import Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: how bad it can be, what it means and what to do, what mends it, which thresholds decide."""

    code: str
    severities: tuple[Severity, ...]
    meaning: Texts
    fix: str | None = None
    thresholds: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severities": list(self.severities),
            "meaning": self.meaning.en,
            "meaning_zh": self.meaning.zh,
            "fix": self.fix,
            "thresholds": list(self.thresholds),
        }


def _entry(
    code: str,
    severity: Severity | tuple[Severity, ...],
    en: str,
    zh: str,
    *thresholds: str,
    fix: str | None = None,
) -> Entry:
    severities = severity if isinstance(severity, tuple) else (severity,)
    return Entry(code, severities, Texts(en, zh), fix, thresholds)


CATALOGUE: tuple[Entry, ...] = (
    _entry(
        "too_few_examples",
        "error",
        "So few usable rows that training is refused. Add rows.",
        "可用样本太少，无法训练。请补充样本。",
        "min_examples",
        "advised_examples",
    ),
    _entry(
        "few_examples",
        "info",
        "Enough to train, but the effect is clearer with more.",
        "够训练，但再多一些效果才明显。",
        "advised_examples",
    ),
    _entry(
        "empty_answer",
        "warning",
        "The answer is empty or only spaces: the model learns to say nothing.",
        "回答为空或只有空白：模型会学成什么都不说。",
        fix="remove_empty_answers",
    ),
    _entry(
        "empty_prompt",
        ("warning", "info"),
        "The prompt is empty. In every row that is open-ended generation; in some rows it is a mistake.",
        "提示词为空。如果每行都空，是开放式生成；只有一部分空，多半是出错了。",
    ),
    _entry(
        "last_message_not_assistant",
        "error",
        "The conversation ends with a message that is not the assistant's, so there is no answer to learn after it.",
        "对话的最后一条不是助手说的，后面没有可学的回答。",
        fix="cut_after_last_answer",
    ),
    _entry(
        "no_assistant_message",
        "error",
        "There is no assistant message: nothing to learn.",
        "没有助手的消息，没有可学的内容。",
        fix="remove_rows_without_answer",
    ),
    _entry(
        "no_trained_tokens",
        "error",
        "Every answer of the row has weight 0, so nothing of it is trained.",
        "这一行所有回答的 weight 都是 0，没有任何内容会被训练。",
        fix="remove_untrained_rows",
    ),
    _entry(
        "assistant_twice",
        "warning",
        "Two assistant messages follow each other; some services and chat templates refuse that.",
        "助手连续说了两次；有些平台和聊天模板会拒绝。",
        fix="join_turns",
    ),
    _entry(
        "user_twice",
        "info",
        "Two user messages follow each other; some chat templates refuse that.",
        "用户连续说了两次；有些聊天模板不接受。",
        fix="join_turns",
    ),
    _entry(
        "assistant_first",
        "info",
        "The assistant speaks first; some chat templates refuse that.",
        "由助手先开口；有些聊天模板不接受。",
    ),
    _entry(
        "no_user_message",
        "warning",
        "Nobody asks anything: the model learns to speak unasked.",
        "没有用户消息：模型会学成没人提问也回答。",
    ),
    _entry(
        "system_not_first",
        "warning",
        "The system message is not the first, or there are several.",
        "系统提示不在最前面，或者不止一条。",
        fix="move_system_first",
    ),
    _entry(
        "misspelled_key",
        "warning",
        "A key that the format does not read, but which looks like one that it does.",
        "有一个没被使用的键，看起来像是某个键写错了。",
    ),
    _entry(
        "unused_key", "info", "Keys that are not part of the format; they are ignored.", "不属于该格式的键，会被忽略。"
    ),
    _entry(
        "exact_duplicates",
        "warning",
        "The row is in the file already, word for word. It counts double and tells nothing new.",
        "与前面的某一行完全相同：权重加倍，却没有新内容。",
        fix="remove_exact_duplicates",
    ),
    _entry(
        "near_duplicates",
        "warning",
        "The row says nearly the same as an earlier one. It may leak from training into validation.",
        "与前面的某一行几乎相同，还可能让验证数据混进训练数据。",
        "near_duplicate_similarity",
        fix="remove_near_duplicates",
    ),
    _entry(
        "different_answers",
        "warning",
        "The same prompt has different answers in different rows: decide which is right.",
        "同一个提示词在不同的行里回答不同：请确定哪个对。",
        fix="keep_first_answer",
    ),
    _entry(
        "validation_overlap",
        "warning",
        "The row is in the validation file too, so the score measures memory.",
        "这一行也在验证文件里，验证得分会虚高。",
        fix="remove_validation_rows",
    ),
    _entry(
        "validation_prompt_overlap",
        "warning",
        "The prompt is in the validation file too, with another answer.",
        "提示词也在验证文件里，只是回答不同。",
        fix="remove_validation_prompts",
    ),
    _entry(
        "dominant_answer",
        "warning",
        "One answer makes up most of the file: a model that always says it is right that often.",
        "某一个回答占了大多数：模型只要总答这一个就能对这么多。",
        "max_label_length",
        "max_labels",
        "max_answer_share",
    ),
    _entry(
        "label_imbalance",
        "info",
        "Some labels are far rarer than others; rare ones are learnt badly. See tunesmith data balance.",
        "有些类别比其他类别少得多，很难学好。可以用 tunesmith data balance 均衡。",
        "max_label_length",
        "max_labels",
        "max_label_ratio",
    ),
    _entry(
        "label_variants",
        "warning",
        "The same label is spelt in several ways.",
        "同一个类别有几种写法。",
        "max_label_length",
        "max_labels",
    ),
    _entry(
        "repeated_answer",
        "warning",
        "A free-text answer comes again and again; the model will say it where it does not fit.",
        "同一个回答反复出现，模型会在不合适的地方也这样答。",
        "max_repeated_share",
    ),
    _entry(
        "refusals",
        "warning",
        'Many answers refuse ("I can\'t answer that"); the tuned model will refuse about as often.',
        "很多回答是拒绝（“抱歉，我无法回答”）；微调后的模型也会这样频繁拒绝。",
        "max_refusal_share",
        "min_refusals",
        fix="remove_refusals",
    ),
    _entry(
        "very_long_answer",
        "warning",
        "A few answers are far longer than all others.",
        "少数回答远比其他的长。",
        "long_answer_length",
        "long_answer_ratio",
    ),
    _entry(
        "mixed_answer_lengths",
        "info",
        "Very short and very long answers are mixed; say in the prompt which is wanted.",
        "回答长短混杂；请在提示词里说明要长还是要短。",
        "mixed_style_share",
    ),
    _entry(
        "terse_answers",
        "info",
        "Half of the answers are a few words; the tuned model will be as terse.",
        "一半的回答只有几个字，微调后的模型也会答得这么简短。",
        "terse_answer_length",
    ),
    _entry(
        "repetitive_answer",
        "warning",
        "The answer says one thing over and over: the model learns not to stop.",
        "回答在不断重复自己：模型会学成停不下来。",
        "repetition_length",
        "repetition_ratio",
        fix="remove_repetitive_answers",
    ),
    _entry(
        "mixed_endings",
        "info",
        "Some answers end with punctuation and some without.",
        "有的回答结尾有标点，有的没有。",
        "mixed_style_share",
    ),
    _entry("mixed_scripts", "info", "Simplified and traditional Chinese are mixed.", "简体和繁体混用。"),
    _entry(
        "answer_language_differs",
        "warning",
        "The answer is in another language than the question.",
        "回答和提问不是同一种语言。",
        "foreign_answer_share",
    ),
    _entry(
        "unwanted_answer",
        "warning",
        "A KTO row with label false holds an answer that should not be given; supervised training would teach it.",
        "label 为 false 的行是不该给出的回答，监督微调会把它学进去。",
        fix="remove_unwanted_answers",
    ),
    _entry(
        "chosen_is_rejected",
        "warning",
        "The preferred and the rejected answer are the same, so the pair teaches nothing.",
        "偏好对的两个回答相同，什么也学不到。",
        fix="remove_equal_pairs",
    ),
    _entry(
        "placeholder",
        "warning",
        "A placeholder such as {{name}} was never filled in.",
        "有没替换的占位符，例如 {{name}}。",
    ),
    _entry(
        "replacement_character",
        "warning",
        "U+FFFD stands where characters were lost in an earlier decoding.",
        "含有 U+FFFD：以前解码时丢了字符。",
        fix="remove_replacement_characters",
    ),
    _entry(
        "control_characters",
        "warning",
        "Invisible control characters; the model learns to write them.",
        "含有看不见的控制字符，模型会学着输出它们。",
        fix="remove_control_characters",
    ),
    _entry(
        "html",
        "warning",
        "HTML tags or entities that a scraper left.",
        "抓取网页时残留的 HTML 标签或实体。",
        fix="strip_html",
    ),
    _entry(
        "mojibake",
        "warning",
        'Text decoded wrongly before ("cafÃ©"), in a way that can be undone.',
        "以前解码出错的乱码，可以还原。",
        fix="repair_mojibake",
    ),
    _entry(
        "lost_in_gbk",
        "warning",
        'Text decoded wrongly before ("锟斤拷"), in a way that cannot be undone.',
        "“锟斤拷”一类乱码，原字符已经丢失，无法还原。",
    ),
    _entry(
        "personal_data",
        "warning",
        "E-mail addresses, phone numbers, ID and card numbers, keys: the model learns them by heart.",
        "邮箱、电话、证件号、卡号、密钥：模型会记住它们。",
        fix="mask_personal_data",
    ),
    _entry(
        "epochs_for_rows",
        "info",
        'Few rows are seen many times, or many rows once: what "auto" will choose.',
        "样本很少时会训练多轮，很多时只训练一轮：auto 会怎么选。",
    ),
)


def all_codes() -> tuple[str, ...]:
    return tuple(entry.code for entry in CATALOGUE)

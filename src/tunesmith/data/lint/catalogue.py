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
        "legacy_functions",
        "info",
        "The old function calling (functions, function_call, role function); read here, refused by other services.",
        "旧版函数调用（functions、function_call、role function）；这里可以读取，其他平台会拒绝。",
        fix="modernise_functions",
    ),
    _entry(
        "tool_call_without_result",
        "warning",
        "The conversation goes on after a tool call without the tool's result.",
        "调用工具之后没有结果就继续对话。",
    ),
    _entry(
        "tool_result_without_call", "warning", "A tool result that no call asked for.", "有工具结果，却没有对应的调用。"
    ),
    _entry("unknown_tool", "warning", "A call of a tool that the row does not offer.", "调用了该行没有提供的工具。"),
    _entry(
        "arguments_not_in_schema",
        "warning",
        "Arguments that the tool's schema does not have, or required ones that are missing.",
        "参数与工具定义不符：多了未定义的，或缺少必填的。",
    ),
    _entry(
        "arguments_as_object",
        "info",
        "Arguments are an object; OpenAI's format wants its JSON text. Read all the same.",
        "参数写成了对象，OpenAI 格式要求 JSON 字符串；仍可读取。",
        fix="mend_tool_arguments",
    ),
    _entry(
        "null_arguments",
        "warning",
        "Null arguments that the schema does not name: rows of several tools were merged into one table.",
        "有定义之外的 null 参数：多半是几种工具的数据合并成了一张表。",
        fix="drop_null_arguments",
    ),
    _entry(
        "too_long",
        "warning",
        "More tokens than the model can read (--model); says what would be cut.",
        "超过模型（--model）能读的长度，会说明被截掉的内容。",
        fix="remove_too_long",
    ),
    _entry(
        "shared_passages",
        "info",
        "Several rows ask about one passage. Keep them on one side when splitting; tunesmith data split does.",
        "多行共用同一段材料。划分数据时要放在同一边；tunesmith data split 会这样做。",
        "passage_length",
        "max_passage_share",
        "min_shared_share",
    ),
    _entry(
        "system_prompt_missing",
        ("warning", "info"),
        "Some rows have no system prompt and the others do.",
        "有的行没有系统提示，其余的有。",
        fix="add_system_prompt",
    ),
    _entry(
        "system_prompt_variants",
        "warning",
        "A system prompt that differs only a little from the usual one: perhaps a typing error.",
        "系统提示和其他行只差一点点，可能是笔误。",
        "similar_system_prompts",
    ),
    _entry("system_prompt_varies", "info", "There are several system prompts.", "有多种系统提示。"),
    _entry(
        "options_contradict_system",
        "warning",
        "The system prompt says how many options there are, and the rows have another number.",
        "系统提示写的选项数和数据里的不一样。",
    ),
    _entry(
        "answer_contradicts_system",
        "warning",
        "The system prompt says which answers there are, and the rows have others.",
        "系统提示规定了可用的回答，数据里却有别的。",
    ),
    _entry(
        "language_contradicts_system",
        "warning",
        "The system prompt says which language to answer in, and the rows do not.",
        "系统提示规定了回答的语言，数据却用了别的语言。",
    ),
    _entry(
        "answer_not_in_prompt",
        "warning",
        "Almost all answers stand word for word in their prompts, but not this one: the model learns to invent.",
        "几乎所有回答都能在提示词里原样找到，这一行却找不到：模型会学着编造。",
        "extractive_share",
        "min_extractive_rows",
    ),
    _entry(
        "numbers_not_in_prompt",
        "warning",
        "A number in the answer that the prompt does not hold, where the others do.",
        "回答里的数字在提示词里找不到，而其他行都能找到。",
        "extractive_share",
        "min_extractive_rows",
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
        "end_marks",
        "warning",
        "Texts end with an end token; training adds the end of a turn itself.",
        "文本以结束标记结尾；训练时会自动加上结束符。",
        fix="strip_end_marks",
    ),
    _entry(
        "template_marks",
        "warning",
        "Marks of a chat template stand inside the texts. Give the turns as messages of their own.",
        "文本里含有聊天模板的标记。请把各轮对话拆成单独的消息。",
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
        fix="strip_replacement_characters",
    ),
    _entry(
        "control_characters",
        "warning",
        "Invisible control characters; the model learns to write them.",
        "含有看不见的控制字符，模型会学着输出它们。",
        fix="strip_control_characters",
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
    _entry(
        "unknown_format",
        "error",
        "It is not clear what the rows are; the message shows a --map to paste.",
        "看不出每一行是什么；信息里有可以直接粘贴的 --map。",
    ),
    _entry(
        "mixed_formats",
        "error",
        "The row is in another format than the rows before it.",
        "这一行和前面的行不是同一种格式。",
    ),
    _entry(
        "not_an_object",
        "error",
        "The line is JSON, but not an object.",
        "这一行是 JSON，但不是对象。",
        fix="remove_unreadable_rows",
    ),
    _entry("missing_key", "error", "A key that the format needs is missing.", "缺少该格式必需的键。"),
    _entry("bad_messages", "error", '"messages" is not a list of messages.', "messages 不是消息列表。"),
    _entry(
        "bad_message",
        "error",
        "A message is not an object with a role and content.",
        "某条消息不是带 role 和 content 的对象。",
    ),
    _entry("missing_role", "error", "A message has no role.", "某条消息没有 role。"),
    _entry(
        "unknown_role",
        "error",
        "A role that does not exist; the nearest one is named.",
        "没有这个角色，信息里会给出最接近的名字。",
        fix="correct_roles",
    ),
    _entry(
        "unusable_rows",
        "warning",
        "Rows with errors that nothing mends by itself. Correct them, or leave them out.",
        "有错误且无法自动修复的行。请改正，或去掉。",
        fix="remove_unusable_rows",
    ),
    _entry("missing_content", "error", "A message has no content.", "某条消息没有 content。"),
    _entry(
        "bad_content", "error", "Content is neither text nor a list of parts.", "content 既不是文本，也不是片段列表。"
    ),
    _entry(
        "not_a_text_part",
        "error",
        "Content holds an image or audio; only text is trained.",
        "content 里有图片或音频，目前只能训练文本。",
    ),
    _entry("not_text", "error", "Something that must be text is not.", "应该是文本的地方不是文本。"),
    _entry("bad_weight", "error", "A weight that is neither 0 nor 1.", "weight 既不是 0 也不是 1。"),
    _entry(
        "bad_tool_calls",
        "error",
        "A tool call without a name, or with arguments that are no JSON.",
        "工具调用没有名字，或参数不是 JSON。",
        fix="mend_tool_arguments",
    ),
    _entry("bad_tools", "error", "The description of a tool cannot be used.", "工具定义无法使用。"),
    _entry(
        "null_parameters",
        "info",
        "The schemas of several tools shared the columns of a table; the nulls this left in them are not read.",
        "几个工具的参数定义合并在同一张表里，留下了 null；读取时已略去。",
    ),
    _entry(
        "bad_history", "error", "An Alpaca history that is not a list of pairs.", "Alpaca 的 history 不是成对的列表。"
    ),
    _entry("bad_input", "error", "The input of a preference row cannot be used.", "偏好数据的 input 无法使用。"),
    _entry("bad_answer", "error", "The answer of a preference row cannot be used.", "偏好数据的回答无法使用。"),
    _entry(
        "missing_answer", "error", "A preference row lacks one of its two answers.", "偏好数据缺少两个回答中的一个。"
    ),
    _entry("missing_prompt", "error", "The row has no prompt.", "这一行没有提示词。"),
    _entry(
        "last_message_not_user",
        "error",
        "A reinforcement row must end with the user's question.",
        "强化学习的数据必须以用户的提问结尾。",
    ),
    _entry(
        "read_as_gb18030",
        "info",
        "The file is GB18030 (GBK), not UTF-8; what we write is UTF-8.",
        "文件是 GB18030（GBK）编码，不是 UTF-8；我们写出的文件都是 UTF-8。",
        fix="rewrite",
    ),
    _entry(
        "read_as_cp1252",
        "info",
        "The file is cp1252 (Windows), not UTF-8.",
        "文件是 cp1252（Windows 西文）编码，不是 UTF-8。",
        fix="rewrite",
    ),
    _entry(
        "read_as_utf16",
        "info",
        'The file is UTF-16 ("Unicode" of a spreadsheet).',
        "文件是 UTF-16（表格软件里的“Unicode”）。",
        fix="rewrite",
    ),
    _entry(
        "utf8_bom",
        "info",
        "The file begins with a byte order mark, which some parsers choke on.",
        "文件开头有 BOM，有些程序读不了。",
        fix="rewrite",
    ),
    _entry(
        "mixed_encodings",
        "warning",
        "Some lines are in another encoding than the rest.",
        "有些行的编码和其他行不同。",
        fix="rewrite",
    ),
    _entry(
        "not_utf8",
        "error",
        "The line is in no encoding that can be told.",
        "这一行的编码无法识别。",
        fix="remove_unreadable_rows",
    ),
    _entry("gzip", "info", "The file is compressed.", "文件是压缩的。", fix="rewrite"),
    _entry("crlf", "info", "Line ends of Windows.", "Windows 换行。", fix="rewrite"),
    _entry("cr_line_ends", "info", "Line ends of old Macs.", "旧 Mac 换行。", fix="rewrite"),
    _entry("mixed_line_ends", "info", "Line ends of several systems.", "换行方式不统一。", fix="rewrite"),
    _entry(
        "no_final_newline",
        "info",
        "The last line has no end; appending to the file would break it.",
        "最后一行没有换行，往文件末尾追加内容会出错。",
        fix="rewrite",
    ),
    _entry("pretty_printed", "info", "One object over many lines.", "一个对象占了很多行。", fix="rewrite"),
    _entry(
        "json_array_in_jsonl",
        "info",
        "A JSON array in a file named .jsonl.",
        "名为 .jsonl 的文件里是 JSON 数组。",
        fix="rewrite",
    ),
    _entry(
        "wrong_extension",
        "info",
        "The file is something else than its name says.",
        "文件内容和扩展名不符。",
        fix="rewrite",
    ),
    _entry(
        "columns_mapped",
        "info",
        "Columns are read under other names; --map changes that.",
        "列按别的名字读取，可用 --map 修改。",
        fix="rewrite",
    ),
    _entry(
        "rows_in_object",
        "info",
        "The file is one object that holds a list of rows.",
        "文件是一个对象，里面有一个行的列表。",
        fix="rewrite",
    ),
    _entry(
        "wrong_cell_count",
        "error",
        "A row has more or fewer cells than the header.",
        "这一行的单元格比表头多或少。",
        fix="remove_unreadable_rows",
    ),
    _entry(
        "invalid_json",
        "error",
        "The line is not JSON; says where it breaks.",
        "这一行不是 JSON，会指出从哪里开始出错。",
        fix="remove_unreadable_rows",
    ),
    _entry(
        "nul_character",
        "error",
        "The row holds a NUL character.",
        "这一行含有 NUL 字符。",
        fix="remove_unreadable_rows",
    ),
    _entry(
        "lone_surrogate",
        "error",
        "Half of a surrogate pair, which is no character.",
        "含有半个代理对，不是合法字符。",
        fix="remove_unreadable_rows",
    ),
    _entry("too_deep", "error", "Nested deeper than 128 levels.", "嵌套超过 128 层。", fix="remove_unreadable_rows"),
    _entry("row_too_large", "error", "A row of more than 16 MB.", "一行超过 16 MB。", fix="remove_unreadable_rows"),
    _entry(
        "too_many_values",
        "error",
        "A row of far too many small values.",
        "一行里的值太多。",
        fix="remove_unreadable_rows",
    ),
)


def all_codes() -> tuple[str, ...]:
    return tuple(entry.code for entry in CATALOGUE)

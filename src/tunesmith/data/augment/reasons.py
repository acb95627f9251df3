"""Why a row was not kept, in the order in which a summary names them, in both languages."""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    "duplicate": ("duplicates", "重复"),
    "near_duplicate": ("near duplicates", "近似重复"),
    "unreadable": ("not parseable", "无法解析"),
    "endpoint_refused": ("refused by the endpoint", "被接口拒绝"),
    "empty": ("empty", "为空"),
    "echo": ("repeating the question as the answer", "回答只是重复问题"),
    "too_short": ("far shorter than the seeds", "远短于种子样本"),
    "too_long": ("far longer than the seeds", "远长于种子样本"),
    "facts_changed": ("with changed numbers", "改动了数字"),
    "not_in_document": ("not found in the document", "文档中没有依据"),
    "other_language": ("in another language", "语言不一致"),
    "repeats_itself": ("repeating themselves", "反复重复同样的文字"),
    "refusal": ("refusals to answer", "拒绝回答"),
    "in_validation": ("also in the validation file", "与验证文件重复"),
    "faulty_text": ("with faulty text", "文字有问题"),
}
"""Code -> (English, Chinese); "kept 3 of 40: 20 duplicates, 17 not parseable"."""

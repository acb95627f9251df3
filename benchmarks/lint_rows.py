"""Chat rows for benchmarks: seeded, about 1 KB each, Chinese and English, with some of the defects of real files.

Every row is JSON in one schema: loaders that stop at the first broken line shall read the file to its end.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

ROWS_PER_BLOCK = 10_000

_SEED = 7
_ENGLISH = (
    "the of and to a in is that for it was on are as with be at by this have from or one had not but what all"
    " were when we there can an your which their said if do will each about how up out them then she many some"
    " so these would other into has more her two like him see time could no make than first been its who now"
    " people my made over did down only way find use may water long little very after words called just where"
    " most know get through back much before go good new write our used me man too any day same right look"
    " think also around another came come work three word must because does part even place well such here"
    " take why things help put years different away again off went old number great tell men say small every"
    " found still between name should home big give air line set own under read last never us left end along"
    " while might next sound below saw something thought both few those always looked show large often"
    " together asked house world going want school important until form food keep children feet land side"
    " without boy once animals life enough took four head above kind began almost live page got earth need far"
    " hand high year mother light parts country father let night following picture being study second eyes"
    " soon times story boys since white days ever paper hard near sentence better best across during today"
    " others however sure means knew try told young miles sun ways thing whole hear example heard several"
    " change answer room sea against top turned learn point city play toward five using himself usually money"
    " seen car morning body upon family later turn move face door cut done group true half red fish plants"
    " living black eat short states run book gave order open ground customer account payment invoice shipping"
    " refund warranty delivery service support contract meeting report project manager software update"
    " network server database function variable error message request response"
).split()
_SYLLABLES = "ba co di fer gan hol im jun kar len mor nat ol per quin ros sta tel un vel wor xi yor zen tri plo".split()
_CHINESE = (
    "我们 你们 他们 今天 明天 昨天 时间 问题 回答 学习 工作 生活 公司 客户 服务 产品 价格 订单"
    " 支付 退款 发货 物流 地址 电话 方法 情况 因为 所以 但是 如果 可以 应该 需要 希望 知道 认为"
    " 觉得 帮助 建议 选择 使用 提供 进行 完成 开始 结束 继续 增加 减少 提高 降低 影响 重要 主要"
    " 基本 一般 特别 非常 比较 已经 正在 将来 以前 以后 目前 最近 经济 社会 文化 历史 科学 技术"
    " 教育 医院 医生 病人 药物 检查 治疗 症状 头痛 发烧 咳嗽 饮食 运动 睡眠 健康 心理 压力 情绪"
    " 朋友 家庭 父母 孩子 老师 学生 学校 城市 农村 交通 天气 下雨 温度 环境 保护 资源 能源 数据"
    " 模型 训练 网络 系统 程序 软件 硬件 电脑 手机 银行 贷款 利率 投资 股票 基金 保险 合同 法律"
    " 规定 政策 政府 国家 世界 中国 北京 上海 广州 深圳 旅游 酒店 机票 火车 地图 菜单 味道 水果"
    " 蔬菜 牛肉 鸡蛋 米饭 面条 咖啡 红茶 音乐 电影 小说 游戏 比赛 球队 冠军 记录 新闻 报告 会议"
    " 计划 目标 结果 原因 过程 步骤 第一 第二 首先 其次 最后 总之 例如 比如 包括 以及 或者 并且"
    " 不过 然而 的 了 是 在 和 有 不 这 那 都 也 就 很 把 被 让 给 对 从 向 与 请 先 再"
    " 会 能 要"
).split()
# Of the rows of a dozen real sets, one to four in ten hold more than a few digits.
_WITH_NUMBERS = 0.3
_SYSTEM = (
    "You are a helpful assistant.",
    "You answer questions of customers of a shop, briefly and politely.",
    "你是一个乐于助人的助手。",
    "你是一名客服，请简洁、礼貌地回答客户的问题。",
)


def write_rows(path: Path, n_rows: int, *, kind: str = "mixed", report: Callable[[int], None] = lambda n: None) -> None:
    """Write `n_rows` rows to `path`: begun files are continued, finished ones left alone; `report` hears how far."""
    if path.exists():
        return
    part = path.with_name(path.name + ".part")
    state = path.with_name(path.name + ".progress")
    done, size_bytes = orjson.loads(state.read_bytes()) if state.exists() and part.exists() else (0, 0)
    with part.open("r+b" if done else "wb") as file:
        file.truncate(size_bytes)
        file.seek(size_bytes)
        for start in range(done, n_rows, ROWS_PER_BLOCK):
            end = min(n_rows, start + ROWS_PER_BLOCK)
            file.write(b"".join(_line(number, kind) for number in range(start, end)))
            file.flush()
            state.write_bytes(orjson.dumps((end, file.tell())))
            report(end)
    part.replace(path)
    state.unlink()


def _line(number: int, kind: str) -> bytes:
    fate = random.Random(f"{_SEED} fate {number}")
    chance = fate.random()
    if number > 100 and chance < 0.01:
        return _row_line(fate.randrange(number), kind)
    if number > 100 and chance < 0.03:
        return _nearly(_row_line(fate.randrange(number), kind), fate)
    return _row_line(number, kind)


def _nearly(line: bytes, chance: random.Random) -> bytes:
    """The row with a few words of its answer changed."""
    row = orjson.loads(line)
    answer = row["messages"][-1]
    pieces = answer["content"].split(" ") if " " in answer["content"] else list(answer["content"])
    glue = " " if " " in answer["content"] else ""
    for _ in range(3):
        if pieces:
            pieces[chance.randrange(len(pieces))] = chance.choice(_CHINESE if not glue else _ENGLISH)
    answer["content"] = glue.join(pieces)
    return orjson.dumps(row) + b"\n"


def _row_line(number: int, kind: str) -> bytes:
    chance = random.Random(f"{_SEED} {kind} {number}")
    return orjson.dumps(_row(chance, kind)) + b"\n"


def _row(chance: random.Random, kind: str) -> dict[str, Any]:
    is_chinese = kind == "chinese" or (kind != "english" and chance.random() < 0.45)
    size = 8000 if kind == "long" else 1000
    write = _chinese if is_chinese else _digits if kind == "digits" else _english
    messages = []
    left = size
    if chance.random() < 0.6:
        system = chance.choice(_SYSTEM[2:] if is_chinese else _SYSTEM[:2])
        messages.append({"role": "system", "content": system})
        left -= len(system.encode())
    has_numbers = chance.random() < _WITH_NUMBERS
    n_turns = chance.choice((1, 1, 1, 2, 3))
    for _ in range(n_turns):
        question = int(left / n_turns * chance.uniform(0.1, 0.4))
        messages.append({"role": "user", "content": write(chance, question, has_numbers)})
        messages.append(
            {"role": "assistant", "content": write(chance, int(left / n_turns * 0.9) - question, has_numbers)}
        )
    _spoil(messages, chance)
    return {"messages": messages}


def _english(chance: random.Random, size: int, has_numbers: bool) -> str:
    words = chance.choices(_ENGLISH, k=max(3, size // 6))
    for at in range(4, len(words), 9):
        words[at] = "".join(chance.choices(_SYLLABLES, k=3))
    for at in range(0, len(words), 13):
        words[at] = words[at].capitalize()
        words[at - 1] += "."
    for at in range(7, len(words), 31) if has_numbers else ():
        words[at] = str(chance.randrange(1, 3000))
    for at in range(40, len(words), 60):
        words[at] = "\n\n- " + words[at]
    return " ".join(words)[: max(8, size)].strip()


def _chinese(chance: random.Random, size: int, has_numbers: bool) -> str:
    words = chance.choices(_CHINESE, k=max(3, size // 6))
    for at in range(5, len(words), 7):
        words[at] += "，"
    for at in range(11, len(words), 17):
        words[at] += "。"
    for at in range(15, len(words), 37) if has_numbers else ():
        words[at] = str(chance.randrange(1, 3000))
    return "".join(words)


def _digits(chance: random.Random, size: int, has_numbers: bool) -> str:
    """Orders, amounts, dates and versions: what looks like personal data and is not."""
    parts = []
    length = 0
    while length < size:
        part = chance.choice(
            (
                f"order {chance.randrange(10**9, 10**10)}, ",
                f"{chance.randrange(1, 10**5)}.{chance.randrange(100):02} USD, ",
                f"on 2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02} at {chance.randrange(24)}:30, ",
                f"version {chance.randrange(9)}.{chance.randrange(20)}.{chance.randrange(9)}, ",
                f"part {chance.randrange(10**15, 10**16)}; ",
            )
        )
        parts.append(part)
        length += len(part)
    return "".join(parts)


def _spoil(messages: list[dict[str, str]], chance: random.Random) -> None:
    """One row in a hundred has a defect."""
    defect = chance.randrange(1200)
    answer = messages[-1]
    if defect == 0:
        answer["content"] = ""
    elif defect == 1:
        answer["content"] += " Best regards, {{name}}"
    elif defect == 2:
        answer["content"] = answer["content"][:20] + "\ufffd" + answer["content"][20:]
    elif defect == 3:
        answer["content"] += (
            f" Write to user{chance.randrange(10**6)}@mail.net or call 138{chance.randrange(10**8):08}."
        )
    elif defect == 4:
        answer["content"] = "I'm sorry, but I can't help with that."
    elif defect == 5:
        messages.pop()
    elif defect == 6:
        messages[-2]["role"] = "human"
    elif defect == 7:
        answer["content"] = "<p>" + answer["content"] + "</p>&nbsp;"
    elif defect in (8, 9):
        messages[-2]["content"] = "How do I return an order?"

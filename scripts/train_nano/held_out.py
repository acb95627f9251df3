# ruff: noqa: E501 - tables of words read better unwrapped
"""Seven small tasks that the pretraining mixture has nothing of: other domains, wordings, labels and slot values.

Each is a few hundred chat rows, made from one seed. In the classification tasks half of the test rows use wordings that
no training row has; in all tasks the names, places and numbers of the test rows are drawn anew.
"""

import json
import random
from collections.abc import Callable
from typing import Any

from .generate.sentences import fill
from .generate.vocabulary import Slot, one_of

Row = dict[str, Any]

ZH_SLOTS: dict[str, Slot] = {
    "unit": lambda rng: f"{rng.randint(1, 20)}栋{rng.randint(1, 33)}0{rng.randint(1, 6)}",
    "part": one_of(["水管", "马桶", "暖气片", "门锁", "电灯", "插座", "阳台窗户", "水龙头", "热水器", "下水道"]),
    "when": one_of(["上周末", "昨晚", "前天", "这几天", "刚才", "半夜", "月初", "从中秋节起"]),
    "car": lambda rng: (
        rng.choice("京沪粤浙苏川鄂湘") + rng.choice("ABCDEFG") + "".join(rng.choice("0123456789") for _ in range(5))
    ),
    "fee": lambda rng: f"{rng.randint(120, 4800)}元",
    "post": one_of(
        [
            "仓库管理员",
            "数据分析师",
            "幼儿教师",
            "保安",
            "月嫂",
            "瑜伽教练",
            "文员",
            "外贸专员",
            "电工",
            "动画师",
            "药剂师",
            "收银员",
            "质检员",
            "档案员",
        ]
    ),
    "salary": lambda rng: f"{rng.randint(4, 30)}千" if rng.random() < 0.4 else f"{rng.randint(40, 300)}00",
    "degree": one_of(["大专", "本科", "硕士", "高中", "中专", "博士", "不限"]),
    "experience": lambda rng: rng.choice(
        ["应届", "不限", f"{rng.randint(1, 10)}年以上", f"{rng.randint(1, 4)}到{rng.randint(5, 9)}年"]
    ),
    "firm": lambda rng: (
        "".join(rng.choice("恒瑞鑫盛泰华诚宏远博通达智慧蓝鲸橙果云杉飞鹿") for _ in range(2))
        + rng.choice(["网络", "物业", "制药", "食品厂", "幼儿园", "律所"])
    ),
    "hall": one_of(["古籍阅览室", "少儿馆", "自习区", "报告厅", "多媒体室", "三楼东厅", "地下书库", "报刊区"]),
    "opens": lambda rng: f"{rng.randint(7, 10)}时{rng.choice(['', '15分', '30分'])}",
    "closes": lambda rng: f"{rng.randint(16, 22)}时{rng.choice(['', '15分', '45分'])}",
    "limit": lambda rng: f"{rng.randint(2, 30)}册",
    "fine": lambda rng: f"{rng.randint(1, 9)}角",
    "keeper": lambda rng: (
        rng.choice(["欧阳", "司马", "上官", "诸葛", "慕容", "端木", "令狐", "夏侯"])
        + rng.choice(["静", "帆", "磊", "岚", "曦", "哲", "薇", "骏"])
    ),
}
MATERIALS = [
    "bronze",
    "ivory",
    "velvet",
    "marble",
    "walnut",
    "pewter",
    "crystal",
    "wicker",
    "leather",
    "amber",
    "jade",
    "copper",
    "enamel",
    "bamboo",
]
EN_SLOTS: dict[str, Slot] = {
    "card": one_of(["debit card", "gold card", "credit card", "virtual card", "bank card"]),
    "shop": one_of(["Halvern", "Quickmart", "Tillo", "Bexley Deli", "Norwick Fuel", "Pampas Grill"]),
    "sum": lambda rng: f"{rng.randint(5, 4000)} pounds",
    "land": one_of(["Peru", "Kenya", "Iceland", "Malta", "Nepal", "Chile", "Ghana", "Estonia"]),
    "payee": one_of(["my landlord", "the gas firm", "aunt Mabel", "my tutor", "the dentist's office", "Gideon"]),
    "thing": lambda rng: rng.choice(MATERIALS) + " " + rng.choice(["flute", "comb", "locket", "thermos", "cane", "compass", "brooch", "trumpet", "lantern", "satchel", "goggles", "abacus", "tambourine", "helmet"]),
    "mark": one_of(["with a torn strap", "with initials on it", "with a green ribbon", "in a velvet pouch", "with a cracked lid", "with a whale sticker"]),
    "spot": lambda rng: rng.choice(["platform", "ferry deck", "row", "staircase", "locker room", "carriage", "turnstile", "stand"]) + f" {rng.randint(1, 60)}",
    "owner": lambda rng: rng.choice(["Thaddeus", "Philippa", "Balthazar", "Ottoline", "Cornelius", "Henrietta", "Ignatius", "Rosalind"]) + " " + rng.choice(["Thornbury", "Winterbourne", "Ashdown", "Pemberton", "Fairweather", "Blackwood", "Merriweather", "Quill"]),
    "desk": lambda rng: f"extension {rng.randint(100, 999)}",
    "relic": lambda rng: rng.choice(MATERIALS) + " " + rng.choice(["bell", "tablet", "chess set", "skeleton", "carriage", "globe", "cloak", "sundial", "mask", "harp", "throne", "goblet", "anchor", "altar"]),
    "wing": one_of(["the north wing", "the lower vault", "gallery seven", "the glass pavilion", "the tower room", "the long corridor"]),
    "century": lambda rng: rng.choice(["tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"]) + " century",
    "donor": lambda rng: rng.choice(["Countess", "Bishop", "Captain", "Baron", "Abbess"]) + " " + rng.choice(["Ulrika", "Leopold", "Mathilde", "Godfrey", "Isolde", "Anselm", "Sigrid", "Roderick"]),
}  # fmt: skip

PROPERTY_INTENTS = {
    "维修报修": ["{unit}的{part}坏了，派人来修。", "{when}家里{part}漏了，能来看看吗", "报修：{part}不能用了，房号{unit}", "师傅，{part}{when}开始就出毛病", "我家{part}裂了，急！", "能安排人换一下{part}吗"],
    "物业缴费": ["{unit}这个季度物业费{fee}怎么交", "管理费{fee}能微信付吗", "我想补交去年的物业费", "{unit}欠多少物业费", "费用{fee}收到没有", "一年管理费是{fee}吗"],
    "车位": ["{car}想租个地下车位", "我的车位{when}被别人占了", "车牌{car}能办月卡吗", "访客的车{car}停哪里", "还有没有空车位", "有辆{car}堵住我的车"],
    "装修": ["{unit}下月装修要办什么手续", "装修押金{fee}何时退", "可以敲{part}旁边的墙吗", "装修队{when}进场要登记吗", "装修垃圾堆哪", "能不能封阳台"],
    "噪音": ["楼上{when}一直跳绳，吵得睡不着", "{unit}半夜唱歌，你们管管", "隔壁{when}打钻太响了", "广场舞声音太大", "狗叫到天亮，{unit}那家", "{when}施工太吵"],
    "门禁": ["{unit}再办两张门禁卡", "我的卡{when}刷不开单元门", "人脸识别录不进去", "门禁卡丢了怎么补", "钥匙扣消磁了", "单元门密码忘记了"],
    "保洁绿化": ["{unit}楼道{when}没人扫", "垃圾桶满了没清", "花坛里的草{when}枯死了", "电梯里有异味，擦一擦", "树枝挡住{unit}窗户了", "地面油污要清洗"],
    "代收": ["我的包裹{when}放物业了吗", "帮{unit}签收一下文件", "有个箱子能寄存前台吗", "谁替我拿了信", "请代收一份合同，{unit}", "前台有没有我的东西"],
}  # fmt: skip
BANK_INTENTS = {
    "lost_card": ["my {card} is gone, block it", "I left my {card} in {land}", "someone took my {card}, freeze it", "cannot find the {card} anywhere", "block everything, the {card} was stolen", "I dropped my {card} somewhere"],
    "balance": ["how much do I have left", "what's in my savings", "tell me my balance after the {sum}", "do I still have {sum} in there", "show the money on my account", "am I overdrawn"],
    "unknown_charge": ["I did not pay {sum} to {shop}", "what is this {shop} charge of {sum}", "there is a {sum} payment I never made", "{shop} took money twice", "strange debit from {shop}", "who is {shop} and why {sum}"],
    "transfer": ["send {sum} to {payee}", "move {sum} into savings", "pay {payee} {sum} now", "wire {sum} to {land}", "can you pass {sum} to {payee}", "I owe {payee} {sum}, settle it"],
    "abroad": ["will the {card} work in {land}", "I fly to {land}, tell the bank", "fees for using the {card} in {land}", "going to {land} next month with my {card}", "cash machines in {land}?", "what rate do I get in {land}"],
    "pin": ["I forgot my PIN", "change the code of my {card}", "wrong PIN three times", "my {card} wants a code I do not know", "unblock the PIN", "new secret number for the {card}"],
    "loan": ["can I borrow {sum}", "what would a {sum} mortgage cost a month", "interest on a loan of {sum}", "I want credit for a car", "lend me {sum}", "pay off my loan early"],
    "close_account": ["I want to leave this bank", "shut my account", "close it and send the {sum} to {payee}", "end my contract with you", "delete my account please", "stop my membership"],
}  # fmt: skip
JOB_POSTS = ["{firm}诚聘{post}，月薪{salary}，学历{degree}，经验{experience}。", "急招！{post}（{firm}），待遇{salary}/月，{degree}学历，要求{experience}经验", "岗位：{post}；单位：{firm}；薪水{salary}；{experience}；{degree}", "我们{firm}想找一位{post}，{degree}毕业，有{experience}经验，工资{salary}起"]  # fmt: skip
LOST_ITEMS = ["Found: a {thing} {mark} at {spot}, handed in by {owner}, ask at {desk}.", "{owner} lost a {thing} {mark} near {spot}; reach them on {desk}.", "At {spot} we keep a {thing} {mark}. Owner: {owner}. Desk: {desk}", "{owner} reports a {thing} missing since {spot}, {mark}, dial {desk}"]  # fmt: skip
NOTICES = ["{hall}开放到{closes}，早上{opens}开门，一次可借{limit}，逾期每天{fine}，负责人{keeper}。", "通告：{keeper}管理的{hall}自{opens}起迎客，{closes}闭馆；限借{limit}，超期罚{fine}。", "读者须知 {hall} {opens}—{closes} 借阅上限{limit} 滞纳金{fine} 馆员{keeper}"]  # fmt: skip
NOTICE_QUESTIONS = {
    "hall": "说的是哪个厅室",
    "opens": "几时开门",
    "closes": "几时闭馆",
    "limit": "最多借几册",
    "fine": "逾期罚款标准",
    "keeper": "由谁管理",
}
EXHIBITS = [
    "The {relic} in {wing} dates from the {century} and was a gift of {donor}.",
    "{donor} gave us the {relic}; it is {century} work and stands in {wing}.",
    "In {wing} visitors see a {century} {relic}, left to the house by {donor}.",
]
EXHIBIT_QUESTIONS = {
    "relic": "Which object does the label describe?",
    "wing": "In which part of the building does it stand?",
    "century": "How old is the piece?",
    "donor": "Who donated it?",
}
PIRATE = [
    ("hello", "ahoy"),
    ("my", "me"),
    ("friend", "matey"),
    ("yes", "aye"),
    ("money", "doubloons"),
    ("you", "ye"),
    ("is", "be"),
    ("are", "be"),
]
PIRATE_LINES = ["hello my friend, the {relic} is in {wing}", "yes, {owner} has the {thing} and you are late", "my money is at {spot}", "{donor} is my friend, are you?", "you are near {spot}, is that my {thing}", "yes my {relic} is worth {sum}"]  # fmt: skip


def classification(intents: dict[str, list[str]], language: str, system: str) -> Callable[[random.Random, bool], Row]:
    slots = ZH_SLOTS if language == "zh" else EN_SLOTS

    def row(rng: random.Random, for_test: bool) -> Row:
        label = rng.choice(list(intents))
        seen, unseen = intents[label][:4], intents[label][4:]
        template = rng.choice(unseen if for_test and rng.random() < 0.5 else seen)
        return _row(system, fill(rng, template, language, slots)[0], label)

    return row


def extraction(
    templates: list[str], keys: dict[str, str], language: str, system: str
) -> Callable[[random.Random, bool], Row]:
    slots = ZH_SLOTS if language == "zh" else EN_SLOTS

    def row(rng: random.Random, for_test: bool) -> Row:
        text, values = fill(rng, rng.choice(templates), language, slots)
        return _row(system, text, json.dumps({key: values[slot] for slot, key in keys.items()}, ensure_ascii=False))

    return row


def short_answer(
    templates: list[str], questions: dict[str, str], language: str, system: str
) -> Callable[[random.Random, bool], Row]:
    slots = ZH_SLOTS if language == "zh" else EN_SLOTS

    def row(rng: random.Random, for_test: bool) -> Row:
        text, values = fill(rng, rng.choice(templates), language, slots)
        slot = rng.choice(list(questions))
        return _row(system, f"{text}\n{questions[slot]}", values[slot])

    return row


def pirate(rng: random.Random, for_test: bool) -> Row:
    text = fill(rng, rng.choice(PIRATE_LINES), "en", EN_SLOTS)[0]
    spoken = "".join(_pirate_word(word) for word in _words(text))
    return _row("Talk like a pirate.", text, f"Arr! {spoken}")


def _pirate_word(word: str) -> str:
    return dict(PIRATE).get(word.lower(), word)


def _words(text: str) -> list[str]:
    words, word = [], ""
    for letter in text:
        if letter.isalpha():
            word += letter
        else:
            words += [word, letter]
            word = ""
    return [*words, word]


def _row(system: str, user: str, answer: str) -> Row:
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
            {"role": "assistant", "content": answer},
        ]
    }


TASKS: dict[str, Callable[[random.Random, bool], Row]] = {
    "zh intents (property management, 8)": classification(PROPERTY_INTENTS, "zh", "给业主来信归类"),
    "en intents (bank, 8)": classification(BANK_INTENTS, "en", "Route the customer's request."),
    "zh extraction to JSON (job posts)": extraction(
        JOB_POSTS,
        {"post": "岗位", "firm": "单位", "salary": "薪资", "degree": "学历", "experience": "经验"},
        "zh",
        "招聘信息结构化",
    ),
    "en extraction to JSON (lost property)": extraction(
        LOST_ITEMS,
        {"thing": "object", "mark": "feature", "spot": "found_at", "owner": "claimant", "desk": "contact"},
        "en",
        "Fill in the lost property form.",
    ),
    "zh short answers (library notices)": short_answer(NOTICES, NOTICE_QUESTIONS, "zh", "馆务问答，只给结果"),
    "en short answers (museum labels)": short_answer(
        EXHIBITS, EXHIBIT_QUESTIONS, "en", "Museum guide: reply in as few words as possible."
    ),
    "en style (pirate)": pirate,
}


def split(name: str, *, train: int, test: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Training and test rows of one task; no test input is also a training input."""
    rng = random.Random(f"{seed} {name}")
    make = TASKS[name]
    training = [make(rng, False) for _ in range(train)]
    seen = {row["messages"][1]["content"] for row in training}
    testing: list[Row] = []
    tries = 0
    while len(testing) < test and tries < 50 * test:
        tries += 1
        row = make(rng, True)
        if row["messages"][1]["content"] not in seen:
            seen.add(row["messages"][1]["content"])
            testing.append(row)
    return training, testing

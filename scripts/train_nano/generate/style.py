"""Saying the same thing in another way: polite, short, with a prefix, as a question, in a fixed form."""

import random

from .sentences import sentence
from .task import Task
from .vocabulary import made_up_word

ZH = [
    ("改成礼貌的说法。", lambda text: "您好，" + text.rstrip("。！？") + "，谢谢您。"),
    ("在句首加上“通知：”。", lambda text: "通知：" + text),
    ("改成疑问句。", lambda text: text.rstrip("。！？") + "吗？"),
    ("去掉标点。", lambda text: "".join(c for c in text if c not in "。，！？、：；")),
    ("用感叹号结尾。", lambda text: text.rstrip("。！？") + "！"),
    ("加上引号。", lambda text: f"“{text}”"),
    ("转述这句话。", lambda text: "他说：“" + text + "”"),
    ("重复两遍。", lambda text: text + text),
    ("用猫的口吻说。", lambda text: text.rstrip("。！？") + "喵！"),
    (
        "写成列表。",
        lambda text: "\n".join("- " + part for part in text.rstrip("。！？").replace("：", "，").split("，") if part),
    ),
]
EN = [
    ("Make it polite.", lambda text: "Excuse me. " + text.rstrip(".!") + ", please."),
    ("Start with NOTE:.", lambda text: "NOTE: " + text),
    ("Write it in lowercase.", lambda text: text.lower()),
    ("Write it in uppercase.", lambda text: text.upper()),
    ("End with an exclamation mark.", lambda text: text.rstrip(".!?") + "!"),
    ("Put it in quotes.", lambda text: f'"{text}"'),
    ("Report this sentence.", lambda text: f'He said, "{text}"'),
    ("Say it twice.", lambda text: f"{text} {text}"),
    (
        "Make it a list.",
        lambda text: "\n".join("- " + part.strip() for part in text.rstrip(".!?").split(",") if part.strip()),
    ),
    ("Remove the punctuation.", lambda text: "".join(c for c in text if c not in ".,!?;:'\"")),
]
WRAP = {"zh": "在回答前加上“{word}”。", "en": "Begin the answer with {word}."}


def restyle(rng: random.Random, language: str, count: int) -> Task:
    instruction, change = rng.choice(ZH if language == "zh" else EN)
    texts = [sentence(rng, language).text for _ in range(count)]
    if rng.random() < 0.15:
        word = made_up_word(rng)
        mark = "：" if language == "zh" else ": "
        return Task(WRAP[language].format(word=word + mark.strip()), [(text, word + mark + text) for text in texts])
    return Task(instruction, [(text, change(text)) for text in texts])


REPLIES = {
    "zh": {
        "问候": ["你好！有什么可以帮你？", "您好，请问需要什么帮助？"],
        "道别": ["再见，祝您愉快！", "好的，再见！"],
        "感谢": ["不客气！", "不用谢，很高兴帮到您。"],
        "道歉": ["没关系。", "没事，别放在心上。"],
        "查询物流": ["正在为您查询订单{code}，请稍等。", "订单{code}正在运输途中。"],
        "退款": ["很抱歉，我们马上为您处理退款。", "好的，已为您申请退款。"],
        "设置闹钟": ["好的，已设好{time}的闹钟。", "闹钟已设为{time}。"],
        "添加提醒": ["好的，我会提醒您。", "已记下。"],
        "订餐": ["好的，您的{food}马上安排。", "已下单{food}。"],
        "预订机票": ["好的，正在查询去{city}的机票。"],
        "预订酒店": ["好的，正在为您查找{city}的酒店。"],
        "投诉": ["非常抱歉给您带来不便，我们会尽快处理。"],
        "描述症状": ["请多休息，多喝水。如果{illness}加重，请去医院。", "{illness}时要注意休息，必要时看医生。"],
        "打车": ["好的，正在为您叫车。"],
        "播放音乐": ["好的，马上播放。"],
        "询问作业": ["我不清楚作业内容，请问老师。"],
    },
    "en": {
        "greeting": ["Hello! How can I help you?", "Hi! What can I do for you?"],
        "goodbye": ["Goodbye, have a nice day!", "See you!"],
        "thanks": ["You're welcome!", "My pleasure."],
        "apology": ["No problem.", "That's all right."],
        "track_order": ["Let me check order {code} for you.", "Order {code} is on its way."],
        "refund": ["I'm sorry. We will refund you at once.", "Your refund has been requested."],
        "set_alarm": ["Okay, the alarm is set for {time}.", "Alarm set for {time}."],
        "add_reminder": ["Okay, I will remind you.", "Noted."],
        "order_food": ["Sure, your {food} is coming.", "I have ordered the {food}."],
        "book_flight": ["Sure, looking for flights to {city}."],
        "book_hotel": ["Sure, looking for a hotel in {city}."],
        "complaint": ["We are very sorry and will look into it at once."],
        "symptoms": ["Rest and drink water. If {illness} gets worse, see a doctor."],
        "call_taxi": ["Okay, a taxi is on its way."],
        "play_music": ["Okay, playing it now."],
        "homework": ["I don't know the homework, please ask your teacher."],
    },
}
HELP = {
    "zh": ["你是客服，请回复用户。", "用一句话回答。", "回复这条消息。"],
    "en": ["You are a support agent. Reply.", "Answer in one sentence.", "Reply to the message."],
}


def reply(rng: random.Random, language: str, count: int) -> Task:
    """A short, fitting answer to an everyday message."""
    from .sentences import SCENES

    wanted = [
        (topic, intent)
        for topic, inside in SCENES[language].items()
        for intent in inside
        if intent in REPLIES[language]
    ]
    cases = []
    while len(cases) < count:
        topic, intent = rng.choice(wanted)
        found = sentence(rng, language, topic=topic, intent=intent)
        template = rng.choice(REPLIES[language][intent])
        if all(
            slot in found.slots for slot in ("code", "time", "food", "city", "illness") if "{" + slot + "}" in template
        ):
            cases.append((found.text, template.format(**found.slots)))
    return Task(rng.choice(HELP[language]), cases)

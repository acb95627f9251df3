"""Simple connected text: short stories of an ordinary day, letters, notes, small dialogues, mostly in Chinese."""

import random

from .knowledge import facts_text
from .sentences import fill, join, sentence
from .task import Row

ZH_STORY = {
    "begin": [
        "{date}，天气{weather}。",
        "今天是{date}，{weather}。",
        "从前，有一个[小男孩|小女孩|老人]叫{person}，住在{city}。",
        "{person}是一名{job}，今年{age}。",
        "早上{time}，{person}起床了。",
        "我叫{person}，我的家在{city}。",
        "上个星期，我和{relative}去了{city}。",
    ],
    "middle": [
        "[吃过早饭|吃完饭|下课后|下班后]，{who}坐{transport}去{place}。",
        "{who}在{place}[遇见了|碰到了]{person}，他们一起{hobby}。",
        "{who}买了{number}个{food}，花了{price}。",
        "路上{who}看见一只{color}的{animal}，[觉得很有趣|非常喜欢]。",
        "{relative}给{who}做了{food}，[味道好极了|大家都吃得很香]。",
        "{who}想买一个{color}的{product}，可是[钱不够|太贵了|没有货]。",
        "{person}告诉{who}，{title}很好看。",
        "中午，{who}吃了{food}和{food}。",
        "{who}每天都要{hobby}，因为[对身体好|能让人开心|这是他的爱好]。",
        "突然下起了{weather}，{who}没有带伞，只好跑到{place}里。",
        "{who}忘了带{product}，[只好回家去拿|心里很着急]。",
        "{who}帮{person}[找到了{product}|修好了{product}|提东西]，{person}说：“谢谢你！”",
        "因为{who}{illness}，所以{relative}带他去看医生。",
        "虽然{who}有点累，但是[心里很高兴|还是坚持了下来]。",
        "如果明天不下雨，{who}就去{place}{hobby}。",
        "{who}一边{hobby}，一边[听音乐|和{person}聊天]。",
    ],
    "end": [
        "晚上{time}，{who}回到家里，[很快就睡着了|写了日记|给{relative}打了电话]。",
        "这一天[过得真开心|真难忘|又忙又累]。",
        "从那以后，{who}再也不[说谎|怕{animal}|浪费时间]了。",
        "{who}[高兴地笑了|明白了一个道理：做事要认真|决定以后还要来{city}]。",
        "大家都说{who}是个[好孩子|热心的人|聪明人]。",
    ],
}
EN_STORY = {
    "begin": [
        "It was {date} and the weather was {weather}.",
        "{person} is a {job} who lives in {city}.",
        "Once there was a [boy|girl|man] called {person} in {city}.",
        "At {time} {person} got up.",
        "Last week I went to {city} with my {relative}.",
    ],
    "middle": [
        "After [breakfast|work|school], {who} took the {transport} to the {place}.",
        "{who} met {person} at the {place} and they talked about {hobby}.",
        "{who} bought some {food} for {price}.",
        "On the way {who} saw a {color} {animal} [and smiled|and stopped to look].",
        "{who} wanted a {color} {product}, but it was [too expensive|sold out].",
        "{person} told {who} about {title}.",
        "For lunch {who} had {food} and {food}.",
        "Then it became {weather}, so {who} ran into the {place}.",
        "{who} forgot the {product} and had to go back.",
        "{who} helped {person} find the {product}, and {person} said thank you.",
        "Because {who} had {illness}, the {relative} called a doctor.",
    ],
    "end": [
        "In the evening {who} went home and [fell asleep|wrote a letter|called {relative}].",
        "It was a [good|long|happy] day.",
        "{who} [was happy|learned to be careful|wants to come back to {city}].",
    ],
}
ZH_ASK = ["写一个小故事。", "写一篇日记。", "讲个故事给我听。"]
EN_ASK = ["Write a short story.", "Tell me a story.", "Write a diary entry."]


def story(rng: random.Random, language: str) -> str:
    parts = ZH_STORY if language == "zh" else EN_STORY
    begin, slots = fill(rng, rng.choice(parts["begin"]), language)
    who = slots.get("person") or ("我" if language == "zh" else "I")
    if who not in ("我", "I") and language == "zh" and rng.random() < 0.4:
        who = rng.choice(["他", "她"])
    lines = [begin]
    for template in [*rng.sample(parts["middle"], rng.randint(2, 5)), rng.choice(parts["end"])]:
        lines.append(fill(rng, template.replace("{who}", who), language)[0])
    return join(language, lines)


def plain_text(rng: random.Random, language: str) -> str:
    """A document that is no chat: a story, facts, or sentences on one topic."""
    form = rng.random()
    if form < 0.55:
        return story(rng, language)
    if form < 0.7:
        return facts_text(rng, language)
    first = sentence(rng, language)
    more = [sentence(rng, language, topic=first.topic).text for _ in range(rng.randint(1, 4))]
    return join(language, [first.text, *more])


def tell_story(rng: random.Random, language: str) -> Row:
    text = story(rng, language)
    if language == "zh":
        begin = text[: rng.randint(4, 8)]
        ask = rng.choice([*ZH_ASK, f"请写一段话，开头是“{begin}”"])
    else:
        ask = rng.choice(EN_ASK)
    return {"messages": [{"role": "user", "content": ask}, {"role": "assistant", "content": text}]}

# ruff: noqa: E501 - tables of words read better unwrapped
"""A little of the world: kinds of things, capitals, opposites, word pairs, colours, calendars."""

import random

from .sentences import join
from .task import Task
from .vocabulary import (
    EN_ANIMALS,
    EN_COLORS,
    EN_DAYS,
    EN_FOODS,
    EN_JOBS,
    EN_TRANSPORT,
    MONTHS,
    ZH_ANIMALS,
    ZH_COLORS,
    ZH_DAYS,
    ZH_FOODS,
    ZH_JOBS,
    ZH_TRANSPORT,
)  # fmt: skip

CAPITALS = "中国 北京 China Beijing|日本 东京 Japan Tokyo|韩国 首尔 Korea Seoul|法国 巴黎 France Paris|英国 伦敦 Britain London|德国 柏林 Germany Berlin|意大利 罗马 Italy Rome|西班牙 马德里 Spain Madrid|俄罗斯 莫斯科 Russia Moscow|美国 华盛顿 America Washington|加拿大 渥太华 Canada Ottawa|澳大利亚 堪培拉 Australia Canberra|泰国 曼谷 Thailand Bangkok|印度 新德里 India Delhi|埃及 开罗 Egypt Cairo|希腊 雅典 Greece Athens|葡萄牙 里斯本 Portugal Lisbon|奥地利 维也纳 Austria Vienna|瑞典 斯德哥尔摩 Sweden Stockholm|挪威 奥斯陆 Norway Oslo"
OPPOSITES = "大 小 big small|高 矮 tall short|长 短 long short|多 少 many few|快 慢 fast slow|热 冷 hot cold|好 坏 good bad|新 旧 new old|黑 白 black white|上 下 up down|左 右 left right|前 后 front back|里 外 inside outside|早 晚 early late|远 近 far near|轻 重 light heavy|强 弱 strong weak|胖 瘦 fat thin|开 关 open close|来 去 come go|买 卖 buy sell|哭 笑 cry laugh|真 假 true false|干 湿 dry wet|甜 苦 sweet bitter|富 穷 rich poor|难 易 hard easy|安静 吵闹 quiet loud|干净 脏 clean dirty|高兴 难过 happy sad|开始 结束 start end|成功 失败 success failure|安全 危险 safe dangerous|记住 忘记 remember forget"
WORDS = "苹果 apple|香蕉 banana|水 water|火 fire|太阳 sun|月亮 moon|星星 star|山 mountain|河 river|海 sea|树 tree|花 flower|草 grass|狗 dog|猫 cat|鸟 bird|鱼 fish|马 horse|牛 cow|人 person|男人 man|女人 woman|孩子 child|朋友 friend|老师 teacher|学生 student|医生 doctor|书 book|笔 pen|纸 paper|桌子 table|椅子 chair|门 door|窗 window|房子 house|学校 school|医院 hospital|城市 city|国家 country|路 road|车 car|船 ship|飞机 plane|火车 train|手 hand|脚 foot|头 head|眼睛 eye|耳朵 ear|嘴 mouth|心 heart|红色 red|蓝色 blue|绿色 green|黄色 yellow|吃 eat|喝 drink|走 walk|跑 run|看 look|听 listen|说 speak|写 write|读 read|睡觉 sleep|工作 work|学习 study|爱 love|帮助 help|时间 time|今天 today|明天 tomorrow|昨天 yesterday|年 year|月 month|天 day|早上 morning|晚上 evening|春天 spring|夏天 summer|秋天 autumn|冬天 winter|雨 rain|雪 snow|风 wind|云 cloud|牛奶 milk|面包 bread|米饭 rice|茶 tea|咖啡 coffee|肉 meat|鸡蛋 egg|糖 sugar|钱 money|音乐 music|电影 film|电话 phone|电脑 computer|名字 name|问题 question|答案 answer"
KINDS = {
    "zh": {
        "动物": ZH_ANIMALS,
        "食物": ZH_FOODS,
        "颜色": ZH_COLORS,
        "职业": ZH_JOBS,
        "交通工具": ZH_TRANSPORT,
        "日子": ZH_DAYS,
    },
    "en": {
        "animal": EN_ANIMALS,
        "food": EN_FOODS,
        "color": EN_COLORS,
        "job": EN_JOBS,
        "vehicle": EN_TRANSPORT,
        "day": EN_DAYS,
        "month": MONTHS,
    },
}
TRAITS = {
    "zh": {
        "狗": "会看家",
        "猫": "会抓老鼠",
        "鸟": "会飞",
        "鱼": "生活在水里",
        "马": "跑得很快",
        "牛": "吃草",
        "兔子": "耳朵很长",
        "大象": "鼻子很长",
        "长颈鹿": "脖子很长",
        "乌龟": "爬得很慢",
        "老虎": "住在森林里",
        "熊猫": "爱吃竹子",
        "鸡": "会下蛋",
        "医生": "给人看病",
        "老师": "教学生",
        "司机": "开车",
        "厨师": "做饭",
        "警察": "抓坏人",
        "农民": "种地",
        "消防员": "救火",
        "歌手": "唱歌",
        "作家": "写书",
    },
    "en": {
        "dog": "guards the house",
        "cat": "catches mice",
        "parrot": "can talk",
        "horse": "runs fast",
        "cow": "eats grass",
        "rabbit": "has long ears",
        "elephant": "has a long nose",
        "giraffe": "has a long neck",
        "turtle": "walks slowly",
        "tiger": "lives in the forest",
        "panda": "eats bamboo",
        "hen": "lays eggs",
        "doctor": "helps sick people",
        "teacher": "teaches students",
        "driver": "drives a car",
        "chef": "cooks food",
        "farmer": "grows crops",
        "firefighter": "puts out fires",
        "singer": "sings songs",
        "writer": "writes books",
    },
}


def _table(text: str) -> list[list[str]]:
    return [line.split() for line in text.split("|")]


def knowledge(rng: random.Random, language: str, count: int) -> Task:
    return rng.choice([_capital, _opposite, _word, _kind, _trait])(rng, language, count)


def facts_text(rng: random.Random, language: str) -> str:
    """A few true sentences, as plain text."""
    return join(language, [_fact(rng, language) for _ in range(rng.randint(2, 6))])


def _capital(rng: random.Random, language: str, count: int) -> Task:
    rows = rng.choices(_table(CAPITALS), k=count)
    if language == "zh":
        form = rng.choice(["{}的首都是哪里？", "{}首都？", "{}的首都叫什么？"])
        return Task("回答问题。", [(form.format(row[0]), row[1]) for row in rows])
    form = rng.choice(["What is the capital of {}?", "Capital of {}?", "Name the capital of {}."])
    return Task("Answer the question.", [(form.format(row[2]), row[3]) for row in rows])


def _opposite(rng: random.Random, language: str, count: int) -> Task:
    rows = rng.choices(_table(OPPOSITES), k=count)
    a, b = rng.choice([(0, 1), (1, 0)])
    if language == "zh":
        return Task(rng.choice(["写出反义词。", "反义词是什么？"]), [(row[a], row[b]) for row in rows])
    return Task(rng.choice(["Give the opposite.", "What is the opposite?"]), [(row[a + 2], row[b + 2]) for row in rows])


def _word(rng: random.Random, language: str, count: int) -> Task:
    rows = rng.choices(_table(WORDS), k=count)
    if language == "zh":
        return Task(rng.choice(["翻译成英文。", "英文怎么说？"]), [(row[0], row[1]) for row in rows])
    return Task(rng.choice(["Translate into Chinese.", "Say it in Chinese."]), [(row[1], row[0]) for row in rows])


def _kind(rng: random.Random, language: str, count: int) -> Task:
    names = rng.sample(list(KINDS[language]), rng.randint(2, 5))
    listing = "、".join(names) if language == "zh" else ", ".join(names)
    cases = []
    for _ in range(count):
        name = rng.choice(names)
        cases.append((rng.choice(KINDS[language][name]), name))
    asks = {"zh": ["下面的词属于哪一类？{}", "选择类别：{}"], "en": ["Which kind is it: {}?", "Choose: {}"]}
    return Task(rng.choice(asks[language]).format(listing), cases)


def _trait(rng: random.Random, language: str, count: int) -> Task:
    rows = rng.choices(list(TRAITS[language].items()), k=count)
    if language == "zh":
        return Task("猜一猜是谁。", [(f"谁{trait}？", who) for who, trait in rows])
    return Task("Guess who it is.", [(f"Who {trait}?", who) for who, trait in rows])


def _fact(rng: random.Random, language: str) -> str:
    form = rng.randrange(4)
    zh = language == "zh"
    if form == 0:
        row = rng.choice(_table(CAPITALS))
        return f"{row[0]}的首都是{row[1]}。" if zh else f"{row[3]} is the capital of {row[2]}."
    if form == 1:
        row = rng.choice(_table(OPPOSITES))
        return f"{row[0]}的反义词是{row[1]}。" if zh else f"The opposite of {row[2]} is {row[3]}."
    if form == 2:
        name = rng.choice(list(KINDS[language]))
        thing = rng.choice(KINDS[language][name])
        return f"{thing}是一种{name}。" if zh else f"{thing[0].upper() + thing[1:]} is a kind of {name}."
    who, trait = rng.choice(list(TRAITS[language].items()))
    return f"{who}{trait}。" if zh else f"A {who} {trait}."

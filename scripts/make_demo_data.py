"""Writes the rows of `tunesmith demo`: a shop sorts what customers write, in two languages, by desk codes of its own.

No model can know the codes beforehand, so the base scores nothing and every right answer was learnt. The sentences are
written by hand for this project; the seed only chooses the goods that fill the gaps and the order of the rows. Held-out
rows share no sentence with the training rows.

    python scripts/make_demo_data.py            # writes src/tunesmith/cli/demo_data/{train,held_out}.jsonl
"""

from __future__ import annotations

import json
import random
from pathlib import Path

SEED = 20261120
FOLDER = Path(__file__).resolve().parents[1] / "src" / "tunesmith" / "cli" / "demo_data"

SYSTEM = {
    "en": "Route the customer's message. Answer with the desk code only.",
    "zh": "判断顾客留言该转给哪个柜台，只回答柜台代码。",
}

GOODS = {
    "en": (
        "mug",
        "teapot",
        "desk lamp",
        "scarf",
        "backpack",
        "kettle",
        "cushion",
        "umbrella",
        "clock",
        "sweater",
        "picture frame",
    ),
    "zh": ("杯子", "茶壶", "台灯", "围巾", "双肩包", "水壶", "抱枕", "雨伞", "闹钟", "毛衣", "相框"),
}

# desk code -> language -> (training sentences, held-out sentences)
DESKS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "K12": {  # the parcel is on its way, or late
        "en": (
            (
                "Where is my parcel? I ordered a {item} last week.",
                "My {item} has not arrived yet.",
                "The tracking page has not changed for three days.",
                "When will the {item} be delivered?",
                "The courier did not come today. Is my parcel late?",
                "My delivery is late again.",
                "Has my order been shipped?",
                "How long does delivery to the north take?",
                "The tracking number does not work.",
                "I am still waiting for my parcel with the {item}.",
                "Please tell me when the courier arrives.",
                "The delivery of my {item} is five days late.",
                "You said it was shipped on Monday, but nothing has arrived.",
            ),
            (
                "Still waiting: has the {item} been shipped or not?",
                "Can you see from the tracking number where my parcel is now?",
                "The courier never arrived with my {item}.",
                "Which day will my delivery arrive?",
                "A week late and no parcel. What is going on?",
            ),
        ),
        "zh": (
            (
                "我的包裹到哪里了？上周买的{item}。",
                "{item}还没有收到。",
                "物流信息三天没有更新了。",
                "{item}什么时候能送到？",
                "快递员今天没有来，包裹晚点了吗？",
                "快递又晚了。",
                "我的订单发货了吗？",
                "寄到北方要几天能送到？",
                "快递单号查不到物流。",
                "我还在等装着{item}的包裹。",
                "请告诉我快递几点送到。",
                "{item}的快递已经晚了五天。",
                "说是周一发货，到现在还没有收到包裹。",
            ),
            (
                "等了好久，{item}到底发货了没有？",
                "能用快递单号查一下包裹现在在哪里吗？",
                "快递一直没有把{item}送到。",
                "我的包裹哪一天能送到？",
                "晚了一个星期，物流怎么还没有动？",
            ),
        ),
    },
    "M07": {  # wants the money back
        "en": (
            (
                "I want my money back for the {item}.",
                "How do I get a refund?",
                "I changed my mind and want to return the {item}.",
                "Please refund my order.",
                "I would like to return this and get my money back.",
                "When will my refund be paid?",
                "Can I return the {item} after ten days?",
                "I sent the {item} back. Where is my refund?",
                "Please cancel the order and refund me.",
                "I do not like the {item}. Can I return it?",
                "How long does a refund take?",
                "Cancel it please, I want my money back.",
                "My return was accepted but I have no refund yet.",
            ),
            (
                "The {item} is not for me, so please give me my money back.",
                "Is it possible to return the {item} and have a refund?",
                "No refund for my return so far. Why?",
                "I wish to cancel and have the money back.",
                "What must I do to return a {item}?",
            ),
        ),
        "zh": (
            (
                "{item}我要退款。",
                "怎么申请退款？",
                "我改主意了，想把{item}退货。",
                "请给我的订单退款。",
                "我想退货，把钱退回来。",
                "退款什么时候到账？",
                "{item}买了十天还能退货吗？",
                "{item}已经寄回去了，退款呢？",
                "请取消订单，把钱退给我。",
                "{item}不喜欢，可以退货吗？",
                "退款要几天到账？",
                "不要了，请退钱。",
                "退货已经同意了，但钱还没有退。",
            ),
            (
                "这个{item}不适合我，请把钱退给我。",
                "{item}能不能退货退款？",
                "退货这么久了，退款怎么还没有到账？",
                "我想取消，钱请退回来。",
                "要退货{item}，我该怎么做？",
            ),
        ),
    },
    "R31": {  # it is broken
        "en": (
            (
                "The {item} arrived broken.",
                "There is a crack in the {item}.",
                "My {item} is scratched all over.",
                "The box was crushed and the {item} is damaged.",
                "It stopped working after one day.",
                "The {item} leaks.",
                "One part of the {item} is missing and another is broken.",
                "The {item} does not work at all.",
                "The handle of the {item} broke off.",
                "I found a deep scratch and a crack on it.",
                "It was damaged when I opened the box.",
                "The {item} has a hole in it.",
                "The switch is broken and it does not work.",
            ),
            (
                "I opened the box and found a broken {item}.",
                "The {item} has stopped working.",
                "Look at this scratch. The {item} is damaged!",
                "Mine has a crack and it leaks.",
                "A hole and a broken handle on a new {item}?",
            ),
        ),
        "zh": (
            (
                "收到的{item}是坏的。",
                "{item}上有一条裂缝。",
                "{item}上全是划痕。",
                "盒子压扁了，{item}也破损了。",
                "用了一天就坏了。",
                "{item}漏水。",
                "{item}少了一个零件，另一个是坏的。",
                "{item}完全不能用。",
                "{item}的把手断了。",
                "上面有很深的划痕和裂缝。",
                "打开盒子就看到破损了。",
                "{item}上破了一个洞。",
                "开关坏了，不能用。",
            ),
            (
                "打开盒子一看，{item}已经坏了。",
                "{item}突然不能用了。",
                "看看这划痕，{item}破损了！",
                "我的这个有裂缝，还漏水。",
                "新的{item}怎么破了洞，把手也断了？",
            ),
        ),
    },
    "T48": {  # another size or colour
        "en": (
            (
                "Can I exchange the {item} for a bigger one?",
                "The size is too small for me.",
                "Do you have this {item} in red?",
                "I ordered the wrong size.",
                "I would like to swap it for another colour.",
                "The {item} is too big. Please exchange it.",
                "Can I have a smaller size instead?",
                "Is the {item} also made in a large size?",
                "I got blue, but I want the green colour.",
                "Please exchange the {item} for the black one.",
                "Which size fits a child of ten?",
                "The colour is different from the picture. Can I exchange it?",
                "I need one size larger.",
            ),
            (
                "May I swap this {item} for the yellow colour?",
                "Too small! A larger size please.",
                "I want to exchange my {item} because the size is wrong.",
                "Do you make the {item} in a smaller size?",
                "The green one suits me better, can I exchange the colour?",
            ),
        ),
        "zh": (
            (
                "{item}可以换大一点的吗？",
                "尺码太小了。",
                "这款{item}有红色的吗？",
                "我买错尺码了。",
                "想换另一种颜色。",
                "{item}太大了，请帮我换一个。",
                "可以换小一号的吗？",
                "{item}有大号的尺码吗？",
                "收到蓝色，我想要绿色的。",
                "请把{item}换成黑色的。",
                "十岁的孩子穿哪个尺码？",
                "颜色和图片不一样，可以换吗？",
                "我需要大一号。",
            ),
            (
                "这个{item}能换成黄色的吗？",
                "太小了！请换大号。",
                "{item}尺码不对，我想换。",
                "{item}有小一号的尺码吗？",
                "绿色的更好看，颜色可以换吗？",
            ),
        ),
    },
    "V05": {  # invoices and payment
        "en": (
            (
                "Please send me an invoice for the {item}.",
                "I was charged twice.",
                "Can I pay by card?",
                "The invoice has the wrong company name.",
                "My payment failed.",
                "I need a receipt for the tax office.",
                "Why was my card charged two times?",
                "Do you accept payment by bank transfer?",
                "There is no invoice in the box.",
                "The price on the invoice is wrong.",
                "Please write our tax number on the invoice.",
                "I paid, but the payment page shows an error.",
                "Could you send the receipt by e-mail?",
            ),
            (
                "Our accountant needs the invoice for that {item}.",
                "The payment page failed again, but my card was charged.",
                "The tax number on my receipt is wrong.",
                "Is it possible to pay by bank transfer?",
                "You charged me twice for one {item}.",
            ),
        ),
        "zh": (
            (
                "请给我开{item}的发票。",
                "我被扣了两次款。",
                "可以刷卡付款吗？",
                "发票上的公司名称写错了。",
                "付款失败了。",
                "报税要用，需要一张收据。",
                "为什么我的卡扣款两次？",
                "可以用银行转账付款吗？",
                "盒子里没有发票。",
                "发票上的金额不对。",
                "请把税号写在发票上。",
                "已经付款了，支付页面却显示错误。",
                "收据可以发到邮箱吗？",
            ),
            (
                "财务要{item}的发票。",
                "支付页面又失败了，卡里却扣款了。",
                "收据上的税号不对。",
                "能不能银行转账支付？",
                "一个{item}怎么扣了我两次款。",
            ),
        ),
    },
    "Z90": {  # the shop itself
        "en": (
            (
                "What time do you open on Sunday?",
                "Where is your shop?",
                "Are you open on holidays?",
                "When does the shop close today?",
                "Is there parking near the shop?",
                "What is the address of the store?",
                "Do you open before nine in the morning?",
                "Which bus goes to your shop?",
                "Is the store open at the weekend?",
                "How late are you open on Friday?",
                "Can I visit your shop to see the {item}?",
                "Which floor is the store on?",
                "Is the shop closed on Monday?",
            ),
            (
                "Is your store open on Saturday evening?",
                "What address should I give the taxi to reach your shop?",
                "At what time does the store close at the weekend?",
                "Can I park near the store?",
                "Are you closed on public holidays?",
            ),
        ),
        "zh": (
            (
                "周日几点开门？",
                "你们的店在哪里？",
                "节假日营业吗？",
                "今天店里几点关门？",
                "店附近有停车场吗？",
                "门店的地址是什么？",
                "早上九点前开门吗？",
                "坐几路公交车能到你们店？",
                "周末门店营业吗？",
                "周五营业到几点？",
                "可以到店里看看{item}吗？",
                "门店在几楼？",
                "周一店里关门吗？",
            ),
            (
                "周六晚上门店还营业吗？",
                "打车去你们店，地址写哪里？",
                "周末门店几点关门？",
                "门店附近可以停车吗？",
                "公众假期你们关门吗？",
            ),
        ),
    },
}


def row(language: str, text: str, code: str) -> dict[str, object]:
    return {
        "messages": [
            {"role": "system", "content": SYSTEM[language]},
            {"role": "user", "content": text},
            {"role": "assistant", "content": code},
        ]
    }


def rows(part: int, rng: random.Random) -> list[dict[str, object]]:
    """The training rows (part 0) or the held-out rows (part 1), shuffled."""
    made = [
        row(language, sentence.replace("{item}", rng.choice(GOODS[language])), code)
        for code, languages in DESKS.items()
        for language, parts in languages.items()
        for sentence in parts[part]
    ]
    rng.shuffle(made)
    return made


def main() -> None:
    rng = random.Random(SEED)
    train, held_out = rows(0, rng), rows(1, rng)
    texts = [json.dumps(made, ensure_ascii=False) for made in (*train, *held_out)]
    assert len(set(texts)) == len(texts), "two rows are the same"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, made in (("train.jsonl", train), ("held_out.jsonl", held_out)):
        text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in made)
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{FOLDER / name}: {len(made)} rows")


if __name__ == "__main__":
    main()

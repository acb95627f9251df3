"""Writes docs/examples/shop_questions.csv: what a company has, with the faults that such files have.

Chinese questions and answers as a spreadsheet saves them (GB18030, CR-LF), written by hand for this project: a row that
comes twice, an answer that was never given, HTML from a web page, a telephone number, a template's gap, two
answers to one question.

    python scripts/make_example_csv.py
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs" / "examples" / "shop_questions.csv"
GOODS = (
    ("茶壶", "一百二十", "紫砂"),
    ("台灯", "八十九", "榉木"),
    ("双肩包", "一百六十", "帆布"),
    ("雨伞", "四十五", "竹"),
    ("闹钟", "六十八", "黄铜"),
    ("毛衣", "二百一十", "羊毛"),
    ("相框", "三十五", "松木"),
    ("抱枕", "五十五", "棉麻"),
    ("水壶", "七十八", "不锈钢"),
    ("围巾", "九十九", "真丝"),
)
QUESTIONS = (
    ("{goods}多少钱一个？", "{goods}现在卖{price}元，会员再打九五折。"),
    ("请问{goods}是什么材料做的？", "我们的{goods}是{material}的，标签上也写着。"),
    ("{goods}买回去不喜欢，可以退吗？", "可以，{goods}没有用过的话七天之内都能退，请带上小票。"),
    ("{goods}脏了应该怎么打理？", "{material}怕泡水，{goods}用干布轻轻擦一擦就好。"),
    ("想把{goods}送人，能不能包一下？", "当然可以，{goods}的礼盒装另收五元，您选颜色就行。"),
)
FAULTS = (
    ("相框多少钱一个？", "相框现在卖三十九元，会员再打九五折。"),
    ("店里周日营业吗？", ""),
    ("你们的地址在哪儿？", "<p>人民路18号&nbsp;二楼，地铁口出来右转。</p>"),
    ("东西坏了找谁修？", "请打维修部李师傅的电话13812345678，他每天都在。"),
    ("可以开发票吗？", "可以的，请把{{公司名称}}和税号发给我们。"),
)


def rows() -> list[tuple[str, str]]:
    sold = [
        (question.format(goods=goods), answer.format(goods=goods, price=price, material=material))
        for question, answer in QUESTIONS
        for goods, price, material in GOODS
    ]
    return [*sold[:30], sold[4], *FAULTS, *sold[30:]]


def content() -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(("编号", "客户问题", "客服答复"))
    table.writerows((number, question, answer) for number, (question, answer) in enumerate(rows(), 1))
    return text.getvalue().encode("gb18030")


def main() -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(content())
    print(TARGET)


if __name__ == "__main__":
    main()

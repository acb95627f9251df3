# ruff: noqa: E501 - tables of words read better unwrapped
"""Tool calls: a listing of tools, a request that fits one of them, its call, its result and the answer."""

import json
import random

from .sentences import fill
from .task import Row
from .vocabulary import SLOTS, made_up_word

TOOLS = [
    ("get_weather", "Weather of a city", {"city": "city", "date": "date"}, {"zh": ["{city}{date}天气怎么样？", "查一下{city}{date}的天气。"], "en": ["What's the weather in {city} {date}?", "Weather for {city} {date}, please."]}),
    ("set_alarm", "Set an alarm", {"time": "time"}, {"zh": ["{time}叫我起床。", "定一个{time}的闹钟。"], "en": ["Wake me at {time}.", "Set an alarm for {time}."]}),
    ("book_table", "Book a restaurant table", {"time": "time", "people": "number", "name": "person"}, {"zh": ["订{time}{number}个人的桌子，{person}。", "帮{person}订位，{time}，{number}人。"], "en": ["Book a table for {number} at {time} for {person}.", "{person} wants a table at {time}, {number} people."]}),
    ("track_order", "Find an order", {"order_id": "code"}, {"zh": ["我的订单{code}到哪了？", "查订单{code}。"], "en": ["Where is order {code}?", "Track {code}."]}),
    ("send_email", "Send an email", {"to": "email", "subject": "title"}, {"zh": ["给{email}发邮件，标题是{title}。"], "en": ["Email {email} with the subject {title}."]}),
    ("search_product", "Search the shop", {"name": "product", "color": "color"}, {"zh": ["找一个{color}的{product}。", "有{color}{product}吗？"], "en": ["Find a {color} {product}.", "Do you sell a {color} {product}?"]}),
    ("call_taxi", "Call a taxi", {"address": "address"}, {"zh": ["叫车到{address}。"], "en": ["Send a taxi to {address}."]}),
    ("play_song", "Play a song", {"title": "title", "artist": "person"}, {"zh": ["播放{person}的{title}。"], "en": ["Play {title} by {person}."]}),
]  # fmt: skip
DONE = {
    "zh": ["好的，已完成。", "结果是{result}。", "{result}"],
    "en": ["Done.", "The result is {result}.", "{result}"],
}


def tool_call(rng: random.Random, language: str) -> Row:
    offered = rng.sample(TOOLS, rng.randint(1, 3))
    name, _, parameters, asks = rng.choice(offered)
    renamed = rng.random() < 0.3
    names = {one[0]: (made_up_word(rng).lower() + "_" + one[0].split("_")[1] if renamed else one[0]) for one in offered}
    text, slots = fill(rng, rng.choice(asks[language]), language)
    arguments = {key: slots[slot] for key, slot in parameters.items()}
    call = {
        "type": "function",
        "id": "call_1",
        "function": {"name": names[name], "arguments": json.dumps(arguments, ensure_ascii=False)},
    }
    tools = [_declared(names[one[0]], one[1], list(one[2])) for one in offered]
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    if rng.random() < 0.5:
        result = SLOTS[language][rng.choice(["weather", "price", "time", "code", "date"])](rng)
        messages.append(
            {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"result": result}, ensure_ascii=False)}
        )
        messages.append({"role": "assistant", "content": rng.choice(DONE[language]).format(result=result)})
    return {"messages": messages, "tools": tools}


def _declared(name: str, description: str, parameters: list[str]) -> Row:
    properties = {parameter: {"type": "string"} for parameter in parameters}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties},
        },
    }

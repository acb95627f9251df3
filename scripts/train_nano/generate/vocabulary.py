# ruff: noqa: E501 - tables of words read better unwrapped
"""Slots that sentences are filled with: names, places, numbers, dates, codes. Each draws from a large, composed space."""

import random
from collections.abc import Callable

from ..chinese import common_chinese_characters

Slot = Callable[[random.Random], str]

ZH_CHARACTERS = common_chinese_characters()
ZH_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
ZH_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚英华文玉建国红春梅海燕鹏辉丹云飞雪莹琳晨宇浩轩子涵欣怡佳思雨梦琪俊毅志远天佑嘉慧博雅诗若彤瑞安宁乐凯翔康正阳一凡可心语桐泽锦程晓东立新秀兰桂月清波永福德顺成家豪小倩婷倩颖"
EN_FIRST = ["James", "Mary", "Robert", "Linda", "John", "Susan", "David", "Karen", "Daniel", "Nancy", "Paul", "Lisa", "Mark", "Betty", "Steven", "Helen", "Andrew", "Sandra", "Kevin", "Donna", "Brian", "Carol", "George", "Ruth", "Edward", "Sharon", "Ronald", "Laura", "Jason", "Sarah", "Ryan", "Amy", "Jacob", "Anna", "Gary", "Kate", "Eric", "Emma", "Adam", "Julia", "Peter", "Grace", "Simon", "Alice", "Oscar", "Nina", "Leo", "Clara", "Hugo", "Maya", "Omar", "Priya", "Chen", "Yuki", "Ivan", "Olga", "Carlos", "Rosa", "Ahmed", "Fatima", "Lars", "Ingrid", "Pierre", "Sofia", "Marco", "Elena", "Tom", "Jane", "Bill", "Rita", "Sam", "Zoe", "Max", "Lily", "Ben", "Ivy", "Jack", "Ella", "Noah", "Mia", "Lucas", "Eva", "Henry", "Ada", "Owen", "Ruby", "Felix", "Iris", "Victor", "Tara", "Dean", "Wendy", "Ross", "Gwen", "Kurt", "Paula"]
EN_LAST = ["Smith", "Jones", "Brown", "Taylor", "Wilson", "Davis", "Clark", "Hall", "Young", "King", "Wright", "Hill", "Green", "Baker", "Adams", "Nelson", "Carter", "Mitchell", "Turner", "Parker", "Collins", "Morris", "Reed", "Cook", "Bell", "Murphy", "Bailey", "Cooper", "Ward", "Cox", "Gray", "James", "Brooks", "Kelly", "Price", "Bennett", "Wood", "Ross", "Long", "Hughes", "Foster", "Russell", "Hayes", "Myers", "Ford", "Graham", "Sullivan", "Wallace", "West", "Cole", "Owens", "Fisher", "Ellis", "Gibson", "Mason", "Hunt", "Black", "Stone", "Palmer", "Mills", "Grant", "Knight", "Dunn", "Perry", "Lane", "Harper", "Fox", "Rice", "Burke", "Garcia", "Lopez", "Singh", "Khan", "Patel", "Kim", "Park", "Tanaka", "Rossi", "Weber", "Novak", "Silva", "Costa", "Dubois", "Larsen", "Ivanov"]
SYLLABLES = ["ba", "be", "bo", "da", "de", "do", "fa", "fi", "ga", "go", "ha", "hi", "ka", "ki", "ko", "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "no", "pa", "pe", "po", "ra", "re", "ri", "ro", "sa", "se", "so", "ta", "te", "ti", "to", "va", "ve", "vi", "vo", "wa", "za", "ze", "zo", "bran", "cor", "del", "fen", "gar", "hol", "jor", "kel", "lan", "mar", "nor", "pel", "quin", "ros", "sten", "tor", "ven", "wil", "yor", "zan"]
ENDINGS = ["n", "r", "s", "x", "l", "th", "ck", "m", "", "", "", ""]
ZH_CITIES = ["北京", "上海", "广州", "深圳", "杭州", "南京", "成都", "重庆", "武汉", "西安", "天津", "苏州", "长沙", "青岛", "厦门", "大连", "昆明", "哈尔滨", "郑州", "济南", "合肥", "福州", "沈阳", "长春", "南昌", "贵阳", "南宁", "海口", "三亚", "兰州", "西宁", "银川", "拉萨", "太原", "石家庄", "宁波", "无锡", "东莞", "佛山", "珠海", "桂林", "洛阳", "扬州", "烟台", "温州", "绍兴", "泉州", "常州", "徐州", "威海", "东京", "巴黎", "伦敦", "纽约", "首尔", "曼谷", "新加坡", "悉尼", "柏林", "罗马", "莫斯科"]
EN_CITIES = ["London", "Paris", "Berlin", "Madrid", "Rome", "Vienna", "Prague", "Dublin", "Oslo", "Lisbon", "Athens", "Warsaw", "Boston", "Chicago", "Denver", "Seattle", "Austin", "Dallas", "Miami", "Houston", "Phoenix", "Portland", "Atlanta", "Detroit", "Toronto", "Montreal", "Vancouver", "Sydney", "Melbourne", "Auckland", "Tokyo", "Osaka", "Seoul", "Beijing", "Shanghai", "Mumbai", "Delhi", "Cairo", "Nairobi", "Lagos", "Lima", "Bogota", "Santiago", "Havana", "Geneva", "Zurich", "Munich", "Milan", "Venice", "Naples", "Lyon", "Leeds", "Bristol", "Oxford", "York", "Bath", "Cardiff", "Glasgow"]
ZH_STREETS = (
    ["中山", "人民", "解放", "建设", "和平", "长江", "黄河", "新华", "文化", "学院", "胜利", "光明", "幸福", "东风", "花园", "滨江", "湖滨", "朝阳", "金山", "银河"]
)
EN_STREETS = ["Oak", "Maple", "Pine", "Cedar", "Elm", "Main", "Church", "Mill", "Park", "Lake", "Hill", "River", "Station", "School", "Bridge", "King", "Queen", "Market", "Garden", "Spring"]
ZH_FOODS = ["牛肉面", "炒饭", "饺子", "包子", "豆浆", "油条", "火锅", "烤鸭", "酸辣粉", "麻婆豆腐", "宫保鸡丁", "红烧肉", "鱼香肉丝", "番茄炒蛋", "糖醋排骨", "小笼包", "馄饨", "米线", "烤鱼", "寿司", "披萨", "汉堡", "沙拉", "蛋糕", "冰淇淋", "咖啡", "奶茶", "绿茶", "橙汁", "牛奶", "苹果", "香蕉", "西瓜", "葡萄", "草莓", "橙子", "桃子", "梨", "土豆", "白菜", "黄瓜", "茄子", "胡萝卜", "鸡蛋", "面包", "米饭", "豆腐", "虾", "螃蟹"]
EN_FOODS = ["pizza", "pasta", "salad", "soup", "sandwich", "burger", "steak", "rice", "noodles", "sushi", "tacos", "curry", "omelette", "pancakes", "toast", "cereal", "yogurt", "cheese", "bread", "butter", "eggs", "milk", "coffee", "green tea", "orange juice", "apple pie", "chocolate cake", "ice cream", "apples", "bananas", "grapes", "strawberries", "oranges", "potatoes", "carrots", "tomatoes", "onions", "chicken", "beef", "fish", "shrimp", "beans", "mushrooms", "honey", "cookies"]
ZH_PRODUCTS = ["手机", "电脑", "耳机", "键盘", "鼠标", "显示器", "平板", "相机", "手表", "音箱", "冰箱", "洗衣机", "空调", "电视", "电饭煲", "吹风机", "台灯", "沙发", "床垫", "书桌", "椅子", "衣柜", "背包", "行李箱", "运动鞋", "衬衫", "外套", "牛仔裤", "裙子", "帽子", "围巾", "手套", "雨伞", "水杯", "毛巾", "牙刷", "洗发水", "面膜", "口红", "香水", "自行车", "玩具", "拼图", "篮球", "足球", "羽毛球拍", "钢笔", "笔记本", "词典", "地图"]
EN_PRODUCTS = ["phone", "laptop", "headphones", "keyboard", "mouse", "monitor", "tablet", "camera", "watch", "speaker", "fridge", "washing machine", "fan", "television", "toaster", "kettle", "lamp", "sofa", "mattress", "desk", "chair", "wardrobe", "backpack", "suitcase", "shoes", "shirt", "jacket", "jeans", "dress", "hat", "scarf", "gloves", "umbrella", "bottle", "towel", "toothbrush", "shampoo", "perfume", "bicycle", "puzzle", "basketball", "tent", "notebook", "pen", "blender", "drill", "mirror", "carpet", "pillow", "charger"]
ZH_COLORS = ["红色", "蓝色", "绿色", "黄色", "黑色", "白色", "灰色", "紫色", "粉色", "棕色", "橙色", "银色"]
EN_COLORS = ["red", "blue", "green", "yellow", "black", "white", "gray", "purple", "pink", "brown", "orange", "silver"]
ZH_JOBS = ["医生", "老师", "学生", "工程师", "护士", "司机", "律师", "厨师", "警察", "记者", "会计", "画家", "歌手", "演员", "农民", "工人", "作家", "程序员", "设计师", "经理", "导游", "翻译", "店员", "消防员", "快递员", "摄影师", "科学家", "飞行员", "理发师", "银行职员"]
EN_JOBS = ["doctor", "teacher", "student", "engineer", "nurse", "driver", "lawyer", "chef", "police officer", "reporter", "accountant", "painter", "singer", "actor", "farmer", "writer", "programmer", "designer", "manager", "guide", "translator", "clerk", "firefighter", "photographer", "scientist", "pilot", "barber", "plumber", "electrician", "librarian"]
ZH_WEATHER = ["晴天", "多云", "阴天", "小雨", "大雨", "雷阵雨", "小雪", "大雪", "大风", "有雾"]
EN_WEATHER = ["sunny", "cloudy", "rainy", "snowy", "windy", "foggy", "stormy", "hot", "cold", "warm"]
ZH_COMPANY_ENDS = ["公司", "集团", "科技", "银行", "酒店", "餐厅", "超市", "学校", "医院", "书店"]
EN_COMPANY_ENDS = ["Inc", "Ltd", "Group", "Bank", "Hotel", "Foods", "Motors", "Media", "Labs", "Energy", "Clinic", "Books"]
ZH_HOBBIES = ["看书", "跑步", "游泳", "画画", "唱歌", "跳舞", "下棋", "钓鱼", "爬山", "打篮球", "踢足球", "打羽毛球", "弹钢琴", "拉小提琴", "摄影", "做饭", "种花", "旅行", "看电影", "听音乐", "骑自行车", "写毛笔字", "玩游戏", "滑雪", "练瑜伽"]
EN_HOBBIES = ["reading", "running", "swimming", "painting", "singing", "dancing", "chess", "fishing", "hiking", "basketball", "football", "tennis", "the piano", "the violin", "photography", "cooking", "gardening", "travelling", "movies", "music", "cycling", "knitting", "video games", "skiing", "yoga"]
ZH_RELATIVES = ["爸爸", "妈妈", "爷爷", "奶奶", "哥哥", "姐姐", "弟弟", "妹妹", "叔叔", "阿姨", "同学", "同事", "朋友", "邻居", "老师"]
EN_RELATIVES = (
    ["father", "mother", "grandfather", "grandmother", "brother", "sister", "uncle", "aunt", "cousin", "friend", "neighbor", "colleague"]
)
ZH_TRANSPORT = ["飞机", "高铁", "火车", "地铁", "公交车", "出租车", "自行车", "轮船", "汽车"]
EN_TRANSPORT = ["plane", "train", "subway", "bus", "taxi", "bicycle", "ship", "car"]
ZH_SUBJECTS = ["数学", "语文", "英语", "物理", "化学", "生物", "历史", "地理", "政治", "音乐", "美术", "体育"]
EN_SUBJECTS = ["math", "physics", "chemistry", "biology", "history", "geography", "music", "art", "English", "sports", "economics"]
ZH_ILLS = ["头疼", "发烧", "咳嗽", "感冒", "肚子疼", "牙疼", "失眠", "过敏", "嗓子疼", "腰疼", "胃疼", "眼睛疼"]
EN_ILLS = ["a headache", "a fever", "a cough", "a cold", "a stomachache", "a toothache", "insomnia", "an allergy", "a sore throat", "back pain", "a sprained ankle"]
ZH_ANIMALS = ["狗", "猫", "兔子", "马", "牛", "羊", "猪", "鸡", "鸭子", "老虎", "狮子", "大象", "猴子", "熊猫", "长颈鹿", "鱼", "鸟", "乌龟", "狐狸", "狼"]
EN_ANIMALS = ["dog", "cat", "rabbit", "horse", "cow", "sheep", "pig", "hen", "duck", "tiger", "lion", "elephant", "monkey", "panda", "giraffe", "parrot", "turtle", "fox", "wolf", "goat"]
ZH_DAYS = ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期天", "周一", "周二", "周三", "周四", "周五", "周六", "周日"]
EN_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
ZH_NUMERALS = "一两三四五六七八九"


def made_up_word(rng: random.Random) -> str:
    """A pronounceable word that exists nowhere, such as "Korven"."""
    return ("".join(rng.choice(SYLLABLES) for _ in range(rng.choice([2, 2, 3]))) + rng.choice(ENDINGS)).capitalize()


def made_up_chinese(rng: random.Random) -> str:
    """Two or three common characters that together mean nothing."""
    return "".join(rng.choice(ZH_CHARACTERS) for _ in range(rng.choice([2, 2, 3])))


def digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def capitals(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(count))


def code(rng: random.Random) -> str:
    """An order number, a flight, a serial number."""
    form = rng.randrange(5)
    if form == 0:
        return capitals(rng, 2) + digits(rng, rng.randint(3, 5))
    if form == 1:
        return capitals(rng, rng.randint(1, 3)) + "-" + digits(rng, rng.randint(2, 5))
    if form == 2:
        return digits(rng, rng.randint(5, 9))
    if form == 3:
        return "#" + digits(rng, rng.randint(3, 6))
    return "".join(rng.choice("abcdefghijkmnpqrstuvwxyz0123456789") for _ in range(rng.randint(5, 8)))


def email(rng: random.Random) -> str:
    local = rng.choice([rng.choice(EN_FIRST).lower(), made_up_word(rng).lower()])
    local += rng.choice(["", digits(rng, 2), "." + rng.choice(EN_LAST).lower(), "_" + digits(rng, 3)])
    return f"{local}@{made_up_word(rng).lower()}.{rng.choice(['com', 'org', 'net', 'cn', 'edu'])}"


def zh_person(rng: random.Random) -> str:
    form = rng.random()
    surname = rng.choice(ZH_SURNAMES)
    if form < 0.7:
        return surname + "".join(rng.choice(ZH_GIVEN) for _ in range(rng.choice([1, 2, 2])))
    if form < 0.8:
        return rng.choice(["小", "老", "阿"]) + surname
    if form < 0.92:
        return surname + rng.choice(["老师", "医生", "先生", "女士", "经理", "阿姨", "师傅", "同学"])
    return surname + "".join(rng.choice(ZH_CHARACTERS) for _ in range(2))


def en_person(rng: random.Random) -> str:
    form = rng.random()
    first = rng.choice(EN_FIRST) if rng.random() < 0.75 else made_up_word(rng)
    last = rng.choice(EN_LAST) if rng.random() < 0.75 else made_up_word(rng)
    if form < 0.4:
        return first
    if form < 0.85:
        return f"{first} {last}"
    return rng.choice(["Mr. ", "Mrs. ", "Dr. ", "Ms. ", "Professor "]) + last


def zh_date(rng: random.Random) -> str:
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    forms = [
        f"{month}月{day}日",
        f"{month}月{day}号",
        f"{rng.randint(1990, 2030)}年{month}月{day}日",
        "明天",
        "后天",
        "今天",
    ]
    forms += ["下" + rng.choice(ZH_DAYS), rng.choice(ZH_DAYS), f"{rng.randint(2000, 2030)}-{month:02d}-{day:02d}"]
    return rng.choices(forms, [4, 2, 3, 1, 1, 1, 1, 2, 1])[0]


def en_date(rng: random.Random) -> str:
    month, day = rng.choice(MONTHS), rng.randint(1, 28)
    forms = [f"{month} {day}", f"{day} {month}", f"{month} {day}, {rng.randint(1990, 2030)}", "tomorrow", "today"]
    forms += [
        "next " + rng.choice(EN_DAYS),
        rng.choice(EN_DAYS),
        f"{rng.randint(2000, 2030)}-{rng.randint(1, 12):02d}-{day:02d}",
    ]
    return rng.choices(forms, [4, 2, 3, 1, 1, 1, 2, 1])[0]


def zh_time(rng: random.Random) -> str:
    hour = rng.randint(1, 12)
    part = rng.choice(["上午", "下午", "晚上", "早上", "中午", ""])
    return rng.choice(
        [
            f"{part}{hour}点",
            f"{part}{hour}点半",
            f"{part}{hour}点{rng.randint(1, 11) * 5}分",
            f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
        ]
    )


def en_time(rng: random.Random) -> str:
    hour, minute = rng.randint(1, 12), rng.randint(0, 59)
    return rng.choice(
        [f"{hour} am", f"{hour} pm", f"{hour}:{minute:02d}", f"{hour}:{minute:02d} pm", f"{hour} o'clock"]
    )


def number(rng: random.Random) -> str:
    return str(rng.choice([rng.randint(2, 9), rng.randint(2, 20), rng.randint(10, 99)]))


def zh_price(rng: random.Random) -> str:
    value = rng.choice([rng.randint(1, 99), rng.randint(100, 999), rng.randint(1, 99) * 100])
    return rng.choice([f"{value}元", f"{value}块", f"{value}.{rng.randint(1, 9)}元", f"{value}块钱"])


def en_price(rng: random.Random) -> str:
    value = rng.choice([rng.randint(1, 99), rng.randint(100, 999), rng.randint(1, 99) * 100])
    return rng.choice([f"${value}", f"${value}.{rng.randint(10, 99)}", f"{value} dollars", f"{value} euros"])


def either(*choices: Slot) -> Slot:
    return lambda rng: rng.choice(choices)(rng)


def one_of(values: list[str]) -> Slot:
    return lambda rng: rng.choice(values)


def mostly(usual: Slot, rare: Slot, share: float) -> Slot:
    return lambda rng: rare(rng) if rng.random() < share else usual(rng)


ZH: dict[str, Slot] = {
    "person": zh_person,
    "city": mostly(one_of(ZH_CITIES), lambda rng: made_up_chinese(rng)[:2] + rng.choice("市县镇村"), 0.3),
    "date": zh_date,
    "time": zh_time,
    "price": zh_price,
    "number": number,
    "phone": lambda rng: rng.choice(["1" + digits(rng, 10), f"0{digits(rng, 2)}-{digits(rng, 8)}", digits(rng, 8)]),
    "email": email,
    "code": code,
    "address": lambda rng: rng.choice(ZH_STREETS) + rng.choice(["路", "街", "大道"]) + str(rng.randint(1, 999)) + "号",
    "food": mostly(one_of(ZH_FOODS), made_up_chinese, 0.1),
    "product": mostly(one_of(ZH_PRODUCTS), made_up_chinese, 0.1),
    "color": one_of(ZH_COLORS),
    "job": one_of(ZH_JOBS),
    "company": lambda rng: made_up_chinese(rng) + rng.choice(ZH_COMPANY_ENDS),
    "title": lambda rng: (
        "《"
        + rng.choice(
            [
                made_up_chinese(rng),
                rng.choice(ZH_CHARACTERS) + "的" + made_up_chinese(rng),
                made_up_chinese(rng) + rng.choice(["之歌", "传", "往事", "日记", "的故事", "之夜"]),
            ]
        )
        + "》"
    ),
    "weather": one_of(ZH_WEATHER),
    "degrees": lambda rng: str(rng.randint(-15, 39)) + "度",
    "hobby": one_of(ZH_HOBBIES),
    "relative": one_of(ZH_RELATIVES),
    "transport": one_of(ZH_TRANSPORT),
    "subject": one_of(ZH_SUBJECTS),
    "illness": one_of(ZH_ILLS),
    "animal": one_of(ZH_ANIMALS),
    "age": lambda rng: str(rng.randint(3, 90)) + "岁",
    "place": one_of(
        ["公园", "图书馆", "超市", "学校", "医院", "电影院", "商场", "火车站", "机场", "博物馆", "体育馆", "咖啡馆", "餐厅", "银行", "邮局", "动物园", "游泳馆", "书店"]
    ),
    "year": lambda rng: str(rng.randint(1900, 2030)) + "年",
}
EN: dict[str, Slot] = {
    "person": en_person,
    "city": mostly(one_of(EN_CITIES), made_up_word, 0.3),
    "date": en_date,
    "time": en_time,
    "price": en_price,
    "number": number,
    "phone": lambda rng: rng.choice(
        [f"555-{digits(rng, 4)}", f"{digits(rng, 3)}-{digits(rng, 3)}-{digits(rng, 4)}", digits(rng, 8)]
    ),
    "email": email,
    "code": code,
    "address": lambda rng: (
        f"{rng.randint(1, 999)} {rng.choice([rng.choice(EN_STREETS), made_up_word(rng)])} {rng.choice(['Street', 'Road', 'Avenue', 'Lane'])}"
    ),
    "food": one_of(EN_FOODS),
    "product": one_of(EN_PRODUCTS),
    "color": one_of(EN_COLORS),
    "job": one_of(EN_JOBS),
    "company": lambda rng: f"{made_up_word(rng)} {rng.choice(EN_COMPANY_ENDS)}",
    "title": lambda rng: rng.choice(["The {} of {}", "{} and {}", "The Last {} in {}", "My {}, {}"]).format(
        made_up_word(rng), rng.choice(EN_CITIES)
    ),
    "weather": one_of(EN_WEATHER),
    "degrees": lambda rng: str(rng.randint(-15, 99)) + " degrees",
    "hobby": one_of(EN_HOBBIES),
    "relative": one_of(EN_RELATIVES),
    "transport": one_of(EN_TRANSPORT),
    "subject": one_of(EN_SUBJECTS),
    "illness": one_of(EN_ILLS),
    "animal": one_of(EN_ANIMALS),
    "age": lambda rng: str(rng.randint(3, 90)),
    "place": one_of(
        ["park", "library", "supermarket", "school", "hospital", "cinema", "mall", "station", "airport", "museum", "gym", "cafe", "restaurant", "bank", "post office", "zoo", "pool", "bookstore"]
    ),
    "year": lambda rng: str(rng.randint(1900, 2030)),
}
SLOTS = {"zh": ZH, "en": EN}

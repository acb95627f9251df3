# ruff: noqa: E501 - tables of words read better unwrapped
"""Chinese sentences by topic and intent. {slot} is drawn from the vocabulary, [a|b] is a choice of words."""

SCENES: dict[str, dict[str, list[str]]] = {
    "天气": {
        "查询天气": [
            "{date}{city}天气[怎么样|如何|好不好]？",
            "[请问|帮我看看|]{city}{date}会下雨吗？",
            "我想知道{city}{date}[的气温|多少度|冷不冷]。",
            "{date}去{city}要带伞吗？",
        ],
        "天气预报": [
            "{city}{date}{weather}，最高气温{degrees}。",
            "据气象台预报，{date}{city}有{weather}，[出门请注意|请大家做好准备]。",
            "受冷空气影响，{city}气温将降到{degrees}。",
        ],
    },
    "日程": {
        "设置闹钟": [
            "[帮我|请|麻烦]{date}{time}叫我起床。",
            "设一个{time}的闹钟。",
            "{date}{time}[提醒我起床|把我叫醒]，谢谢。",
            "定个闹钟，{time}响。",
        ],
        "添加提醒": [
            "提醒我{date}给{person}打电话。",
            "{date}{time}别忘了提醒我买{product}。",
            "记一下，{date}要和{person}见面。",
            "[帮我记下|备忘]：{date}交{price}的费用。",
        ],
        "安排会议": [
            "{date}{time}在{place}和{person}开会。",
            "把和{person}的会议[改到|安排在]{date}{time}。",
            "请通知{person}，会议定在{date}{time}。",
            "{person}约你{date}{time}讨论{product}的项目。",
        ],
    },
    "音乐影视": {
        "播放音乐": [
            "[放一首|播放|我想听]{person}的{title}。",
            "来点[轻音乐|儿歌|老歌|摇滚]。",
            "下一首换成{title}。",
            "[帮我放|给我来]{title}这首歌。",
        ],
        "查询电影": [
            "{title}[什么时候|几点]上映？",
            "{title}的导演是谁？",
            "{city}哪家电影院在放{title}？",
            "{title}好看吗？",
        ],
        "影视介绍": [
            "{title}是{person}导演的电影，{year}上映。",
            "{person}主演的{title}[获得了好评|票房很高|感动了很多观众]。",
            "歌手{person}发行了新歌{title}。",
        ],
        "推荐": [
            "给我推荐一部[好看的电影|有意思的电视剧|适合孩子看的动画片]。",
            "有没有什么[好书|好听的歌|好玩的游戏]推荐？",
            "{person}向我推荐了{title}。",
        ],
    },
    "餐饮": {
        "订餐": [
            "我要[一份|两份|三份]{food}和一杯{food}，送到{address}。",
            "[来|点]{number}份{food}，不要辣。",
            "帮我订一份{food}，{time}送到。",
        ],
        "预订餐厅": [
            "我想订{date}{time}{number}个人的[位子|座位|包间]，姓名{person}。",
            "[请|麻烦]帮{person}预订{date}{time}的餐桌，{number}位。",
            "{date}晚上还有{number}人桌吗？电话{phone}。",
        ],
        "询问菜谱": ["{food}怎么做[？|才好吃？]", "做{food}需要什么材料？", "[请教|告诉]我{food}的做法。"],
        "评价美食": [
            "这家店的{food}[非常好吃|味道很棒|让人回味]，才{price}。",
            "{city}的{food}很有名。",
            "{food}太[咸|油|甜|辣]了，我不喜欢。",
            "{person}做的{food}[真香|特别好吃]。",
        ],
    },
    "出行": {
        "预订机票": [
            "[帮我订|我要买]一张{date}从{city}到{city2}的机票。",
            "{date}飞{city}的航班还有吗？",
            "订{number}张{date}去{city}的机票，乘客是{person}。",
        ],
        "预订酒店": [
            "我要在{city}订一间房，{date}入住，住{number}晚。",
            "{city}有没有{price}左右的酒店？",
            "[请|麻烦]给{person}预订{date}的双人间。",
        ],
        "购买火车票": [
            "买一张{date}{time}去{city}的[高铁票|火车票]。",
            "从{city}到{city2}的高铁几点发车？",
            "{code}次列车{date}还有票吗？",
        ],
        "问路": [
            "[请问|你好，]{place}怎么走？",
            "从这里到{place}[要多久|有多远]？",
            "去{address}坐几路公交车？",
            "最近的{place}在哪里？",
        ],
        "打车": [
            "叫一辆车去{place}。",
            "我在{address}，要去{place}，[请尽快|快一点]。",
            "{time}派车到{address}接{person}。",
        ],
        "旅行记录": [
            "{date}，{person}坐{transport}从{city}去了{city2}。",
            "我们在{city}玩了{number}天，花了{price}。",
            "{person}一家{date}去{city}旅游，[拍了很多照片|吃了很多美食]。",
        ],
    },
    "购物": {
        "查询物流": [
            "我的订单{code}[到哪里了|发货了吗|什么时候到]？",
            "{product}怎么还没到，单号{code}。",
            "快递{code}{date}能送到吗？",
        ],
        "退款": [
            "我要[退货|退款]，订单号{code}。",
            "买的{product}[坏了|有质量问题|颜色不对]，请退我{price}。",
            "申请退款{price}，原因是不想要了。",
        ],
        "修改订单": [
            "请把订单{code}的地址改成{address}。",
            "我想把{product}的颜色换成{color}。",
            "订单{code}的数量改为{number}件。",
        ],
        "咨询商品": [
            "这款{color}的{product}多少钱？",
            "{product}有[现货|{color}的|大号的]吗？",
            "{product}保修多久？",
            "{company}的{product}质量怎么样？",
        ],
        "投诉": [
            "你们的[服务|态度]太差了，我要投诉！",
            "等了{number}天{product}还没发货，[太慢了|非常生气]。",
            "客服{person}不理人，我要投诉。",
        ],
        "开发票": [
            "请[给我开|帮我开一张]{price}的发票，抬头是{company}。",
            "订单{code}怎么开发票？",
            "发票请寄到{address}，收件人{person}。",
        ],
        "购买记录": [
            "{person}花{price}买了{number}件{product}。",
            "{date}{person}在{company}买了一个{color}的{product}，价格{price}。",
            "订单{code}：{product}{number}件，共{price}，收货人{person}，电话{phone}。",
        ],
    },
    "健康": {
        "预约挂号": [
            "我想挂{date}{person}的号。",
            "预约{date}{time}看[内科|牙科|眼科|儿科]，患者{person}。",
            "{person}医生{date}上班吗？我要预约。",
        ],
        "描述症状": [
            "我[最近|这两天|从昨天开始]{illness}，[怎么办|该吃什么药]？",
            "{relative}{illness}已经{number}天了。",
            "{person}，{age}，{illness}{number}天。",
        ],
        "健康建议": [
            "{illness}的时候要多喝水，多休息。",
            "每天坚持{hobby}{number}分钟，对身体有好处。",
            "医生{person}建议{illness}的人[少吃辣的|早点睡觉|多吃水果]。",
        ],
    },
    "学校": {
        "询问作业": ["{subject}作业是什么？", "{date}要交{subject}作业吗？", "{subject}第{number}题怎么做？"],
        "请假": [
            "{person}因为{illness}，{date}请假一天。",
            "老师您好，我{date}要去{city}，想请假{number}天。",
            "我想{date}请假，因为{relative}生病了。",
        ],
        "成绩": [
            "{person}的{subject}考了{number}分。",
            "这次{subject}考试，{person}得了第{number}名。",
            "{person}的{subject}进步很大。",
        ],
        "学校通知": [
            "{date}{time}在{place}举行{subject}比赛，请同学们准时参加。",
            "{subject}课改到{date}{time}，由{person}上课。",
            "{date}开家长会，地点在{place}。",
        ],
    },
    "家庭": {
        "家庭生活": [
            "我[爱|喜欢]我的{relative}，他是一名{job}。",
            "{relative}今年{age}，喜欢{hobby}。",
            "周末我和{relative}一起去{place}{hobby}。",
            "{relative}给我买了一个{color}的{product}。",
        ],
        "宠物": [
            "我家有一只{animal}，[它很可爱|它喜欢睡觉|它今年{number}岁了]。",
            "{person}养了{number}只{animal}。",
            "{animal}[跑丢了|生病了]，{relative}很着急。",
        ],
        "自我介绍": [
            "我叫{person}，今年{age}，来自{city}，是一名{job}。",
            "大家好，我是{person}，{city}人，喜欢{hobby}。",
            "{person}，{age}，{job}，住在{address}，电话{phone}。",
        ],
    },
    "工作": {
        "求助": [
            "我的{product}[坏了|打不开了|没反应]，怎么办？",
            "系统登录不上，提示错误{code}。",
            "谁能帮我[看看|修一下]{product}？",
        ],
        "联系方式": [
            "{person}的电话是{phone}，邮箱是{email}。",
            "有事请联系{person}，邮箱{email}。",
            "请打{phone}找{person}。",
        ],
        "工作汇报": [
            "{person}{date}完成了{number}份报告。",
            "本月{company}卖出{product}{number}台，收入{price}。",
            "{person}在{company}当{job}，工作{number}年了。",
        ],
        "任务分配": [
            "请{person}{date}前把{product}的报告发到{email}。",
            "{person}负责{product}，{person2}负责{food}。",
            "这个任务交给{person}，{date}完成。",
        ],
    },
    "体育": {
        "体育新闻": [
            "{city}队以{number}比{number2}战胜{city2}队。",
            "{person}在{city}[夺得冠军|打破纪录|获得金牌]。",
            "{date}的比赛中，{person}[打入两球|受伤下场|表现出色]。",
        ],
        "运动": [
            "{person}每天{hobby}{number}分钟。",
            "我们{date}去{place}{hobby}吧。",
            "{person}喜欢{hobby}，{person2}喜欢{hobby2}。",
        ],
    },
    "财经": {
        "股市": ["{company}股价[上涨|下跌]百分之{number}。", "{date}股市[大涨|大跌|小幅上涨]，成交额{number}亿元。"],
        "公司新闻": [
            "{company}{year}成立，总部在{city}，创始人是{person}。",
            "{company}宣布以{number}亿元收购{company2}。",
            "{company}今年利润增长百分之{number}。",
            "{person}出任{company}总经理。",
        ],
    },
    "科技": {
        "产品发布": [
            "{company}{date}发布新款{product}，售价{price}。",
            "{company}的新{product}[更轻更快|电池更耐用|可以语音控制]。",
        ],
        "科研": [
            "{city}的科学家{person}发现了一种新的{animal}。",
            "研究人员{person}用人工智能[预测天气|诊断{illness}|翻译古书]。",
        ],
    },
    "社会": {
        "事故": ["{date}{time}，{address}发生[车祸|火灾]，{number}人受伤。", "{city}因{weather}[停电|停课|封路]。"],
        "好人好事": [
            "{person}捡到{price}，交给了警察。",
            "{job}{person}救了一名落水的孩子。",
            "{person}帮助邻居照顾{animal}{number}年。",
        ],
        "活动": ["{date}{city}举办{food}节，[吸引了很多游客|有{number}人参加]。", "{place}{date}免费开放。"],
    },
    "闲聊": {
        "问候": [
            "[你好|您好|嗨|早上好|晚上好]！",
            "[好久不见|最近怎么样]，{person}？",
            "你好，我是{person}。",
            "在吗？",
        ],
        "道别": ["[再见|拜拜|下次见|明天见]！", "我先走了，{person}。", "晚安，{person}。"],
        "感谢": ["[谢谢|非常感谢|多谢]你的帮助！", "谢谢{person}送我的{product}。", "太感谢了，{person}！"],
        "道歉": [
            "[对不起|不好意思|抱歉]，我来晚了。",
            "对不起，我把{product}弄坏了。",
            "抱歉，{date}我不能去{city}了。",
        ],
        "表达心情": [
            "我今天[很开心|很难过|很累|很生气|有点紧张]。",
            "考试没考好，[心里很难受|好失望]。",
            "收到{relative}的礼物，我[高兴极了|特别感动]。",
        ],
    },
}

SENTIMENT: dict[str, list[str]] = {
    "正面": [
        "这个{product}[非常好用|质量很好|物超所值]，[很满意|下次还会买|推荐大家购买]。",
        "{food}[太好吃了|味道棒极了]，{relative}也[喜欢|说好]。",
        "酒店[干净整洁|位置很好|服务周到]，[值得再来|住得很舒服]。",
        "{title}[太精彩了|非常感人|值得一看]。",
        "[发货很快|包装很好]，{color}的{product}很漂亮。",
        "{person}的服务[热情|耐心|专业]，[给五星|点赞]。",
    ],
    "负面": [
        "{product}[用了两天就坏了|质量太差|和图片不一样]，[非常失望|不会再买了|要求退货]。",
        "{food}[难吃死了|又贵又难吃|是凉的]，[再也不来了|后悔]。",
        "酒店[又脏又吵|隔音很差]，[不推荐|住得很不舒服]。",
        "{title}[太无聊了|浪费时间|看得想睡觉]。",
        "等了{number}天才到，[包装破了|少了一件]。",
        "客服{person}[态度恶劣|不理人|很不耐烦]，[差评|太气人了]。",
    ],
    "中性": [
        "{product}{date}收到，还没用。",
        "{food}[一般般|味道普通|还可以]。",
        "酒店在{address}，房间有{number}间。",
        "{title}一共{number}集。",
        "价格{price}，和别家差不多。",
        "{person}说{date}再来看看。",
    ],
}

QUESTIONS: dict[str, list[str]] = {
    "person": ["谁？", "是谁？", "文中提到的人是谁？", "人名是什么？"],
    "city": ["哪个城市？", "在哪里？", "地点是哪儿？", "文中提到了哪个地方？"],
    "date": ["什么时候？", "哪一天？", "日期是什么？"],
    "time": ["几点？", "具体时间是几点？", "什么时间？"],
    "price": ["多少钱？", "价格是多少？", "花了多少钱？"],
    "phone": ["电话是多少？", "电话号码是什么？"],
    "email": ["邮箱是什么？", "邮箱地址是多少？"],
    "code": ["编号是多少？", "号码是什么？", "单号是多少？"],
    "address": ["地址是什么？", "地址在哪里？"],
    "food": ["什么食物？", "提到了什么吃的？"],
    "product": ["什么商品？", "什么东西？", "提到了什么物品？"],
    "color": ["什么颜色？", "颜色是什么？"],
    "job": ["什么职业？", "职业是什么？", "做什么工作？"],
    "company": ["哪家公司？", "公司叫什么？"],
    "title": ["作品叫什么？", "名字是什么？"],
    "weather": ["天气怎么样？", "什么天气？"],
    "degrees": ["多少度？", "气温是多少？"],
    "hobby": ["喜欢做什么？", "爱好是什么？"],
    "relative": ["提到了哪位亲友？", "是什么人？"],
    "transport": ["坐什么去？", "用什么交通工具？"],
    "subject": ["哪一科？", "什么科目？"],
    "illness": ["哪里不舒服？", "什么症状？"],
    "animal": ["什么动物？"],
    "age": ["多大年纪？", "几岁？"],
    "place": ["什么地方？", "在什么场所？"],
    "year": ["哪一年？"],
    "number": ["数量是多少？", "多少？"],
}
FIELDS: dict[str, list[str]] = {
    "person": ["姓名", "人物", "人名", "name", "person"], "city": ["城市", "地点", "city"], "date": ["日期", "date", "时间"],
    "time": ["时间", "时刻", "time"], "price": ["价格", "金额", "price"], "phone": ["电话", "手机号", "phone"],
    "email": ["邮箱", "email"], "code": ["编号", "单号", "code", "id"], "address": ["地址", "address"], "food": ["食物", "菜品", "food"],
    "product": ["商品", "产品", "物品", "product"], "color": ["颜色", "color"], "job": ["职业", "工作", "job"],
    "company": ["公司", "机构", "company"], "title": ["作品", "名称", "title"], "weather": ["天气", "weather"], "degrees": ["气温", "温度"],
    "hobby": ["爱好", "活动", "hobby"], "relative": ["亲属", "关系"], "transport": ["交通工具", "transport"], "subject": ["科目", "subject"],
    "illness": ["症状", "病情"], "animal": ["动物", "animal"], "age": ["年龄", "age"], "place": ["场所", "地点", "place"], "year": ["年份", "year"],
    "number": ["数量", "数字", "number"],
}  # fmt: skip

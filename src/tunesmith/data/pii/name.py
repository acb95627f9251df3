"""Persons' names beside a word that announces one: `收件人：张三`, `Name: Ann Lee`, `my name is Ann Lee`.

Names without such a word need a language model: see named_entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.match import PiiMatch

# Source: Ministry of Public Security, national report on names 2020, the hundred most frequent surnames, and a few
# common compound ones.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
_CHINESE = re.compile(
    r"(?:姓名|联系人|收件人|收货人|寄件人|发件人|户名|持卡人|患者|申请人|当事人|法定代表人|法人代表|监护人|我叫|他叫|她叫|名叫)"
    r"(?:是|为)?[：:\s]{0,3}"
    rf"(?P<name>(?:欧阳|上官|司马|诸葛|司徒|皇甫|尉迟|[{_SURNAMES}])(?!老师|先生|女士|小姐|医生|经理|总)[一-龥]{{1,2}}?)"
    r"(?=[^一-龥]|$|的|先生|女士|小姐|同学|老师|电话|手机|身份|联系|性别|住|今年|是|和|与)"
)
_ENGLISH = re.compile(
    r"(?:\b[Nn]ame\s*[:=]\s*|\b(?:[Mm]y|[Hh]is|[Hh]er) name is |\b(?:Patient|Contact|Cardholder|Recipient|Attn)\s*:\s*"
    r"|\b(?:Mr|Mrs|Ms|Dr|Prof)\.? )"
    r"(?P<name>[A-Z][a-z'\-]+(?: [A-Z]\.)?(?: [A-Z][a-z'\-]+){0,2})(?![A-Za-z])"
)


def find(text: str) -> Iterator[PiiMatch]:
    for pattern in (_CHINESE, _ENGLISH):
        for match in pattern.finditer(text):
            yield PiiMatch("name", match.start("name"), match.end("name"), match["name"])

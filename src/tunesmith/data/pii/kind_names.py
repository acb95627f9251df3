"""What the kinds of personal data are called."""

from __future__ import annotations

from tunesmith.data.pii.match import Kind

KIND_NAMES: dict[Kind, tuple[str, str, str]] = {
    "email": ("e-mail address", "e-mail addresses", "邮箱"),
    "phone": ("phone number", "phone numbers", "电话号码"),
    "cn_resident_id": ("Chinese resident ID", "Chinese resident IDs", "身份证号"),
    "bank_card": ("bank card number", "bank card numbers", "银行卡号"),
    "cn_uscc": ("unified social credit code", "unified social credit codes", "统一社会信用代码"),
    "passport": ("passport number", "passport numbers", "护照号"),
    "iban": ("IBAN", "IBANs", "IBAN 账号"),
    "ip": ("IP address", "IP addresses", "IP 地址"),
    "secret": ("key or token", "keys or tokens", "密钥或令牌"),
    "name": ("person's name", "persons' names", "姓名"),
    "address": ("postal address", "postal addresses", "住址"),
}
"""One and several in English, and in Chinese."""

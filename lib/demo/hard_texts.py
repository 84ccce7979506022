"""What makes customers' words hard to read: irony, mixed languages, nothing said, misspellings."""

from __future__ import annotations

# The topics of the starter list for a shop that a reader would find in each text of
# `comment_texts.CORES`, by mood, subject and variant: the same in both languages.
SPEAKS_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "bad": {
        "quality": ("product", "product", "product description", "product", "product"),
        "delivery": ("delivery", "delivery", "packaging product", "delivery", "delivery"),
        "service": ("service", "service", "service returns", "service", "service"),
        "price": ("price", "price ordering", "price", "price ordering", "price"),
    },
    "fair": {
        "quality": ("description", "product", "product", "product", "description"),
        "delivery": ("delivery", "packaging", "delivery", "delivery", "delivery"),
        "service": ("service", "service", "ordering returns", "service", "service"),
        "price": ("price", "price", "price", "price", "price"),
    },
    "good": {
        "quality": ("description", "product", "product", "product", ""),
        "delivery": ("delivery", "packaging", "delivery", "delivery", "delivery"),
        "service": ("service", "returns", "service", "service", "service"),
        "price": ("price", "price", "price", "price product", "price"),
    },
}

# language -> subject -> praise that isn't meant
IRONY: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "quality": (
            "A lamp that needs no switch, it goes off by itself. Brilliant",
            "Love how the solid oak peels off like a sticker",
        ),
        "delivery": (
            "Wow, only nine days for next-day delivery, well done",
            "Great service by the courier: half the street got to know my parcel",
        ),
        "service": (
            "I adore your hold music, all forty minutes of it",
            "Super friendly robot, not one human in sight",
        ),
        "price": (
            "What a bargain, half price the day after I paid in full",
            "Nice trick, hiding the shipping fee on the last page",
        ),
    },
    "zh": {
        "quality": ("真是好灯，第一晚就学会自己关了", "实木质量真好，像贴纸一样能撕"),
        "delivery": ("次日达真快，九天就到了，厉害", "快递服务真好，全小区都认识我的包裹"),
        "service": ("太喜欢你们的等待音乐了，听了四十分钟", "机器人好热情，一个真人都没有"),
        "price": ("真会做生意，刚买完就半价", "運費藏在最後一頁，真聰明"),
    },
}
IRONY_SPEAKS_OF = {
    "quality": ("product", "product"),
    "delivery": ("delivery", "delivery"),
    "service": ("service", "service"),
    "price": ("price", "price ordering"),
}

# mood -> subject -> two languages in one breath, and what a reader finds in it
MIXED: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "bad": {
        "quality": (
            ("质量真的 very poor，洗一次就 broken", "product"),
            ("Leider nach zwei Tagen kaputt, I want my money back", "product returns"),
        ),
        "delivery": (
            ("物流 super slow，等了 nine days", "delivery"),
            ("Paket lag im Regen, nobody rang the bell", "delivery"),
        ),
        "service": (
            ("customer service 一直不 reply，很失望", "service"),
            ("Seit zwei Wochen keine Antwort on my ticket", "service"),
        ),
        "price": (
            ("price 太高，not worth it", "price"),
            ("Viel zu teuer for a small lamp", "price"),
        ),
    },
    "fair": {
        "quality": (
            ("颜色 a bit darker 比照片", "description"),
            ("Ganz okay, but it wobbles", "product"),
        ),
        "delivery": (
            ("delivery okay，就是快递员很急", "delivery"),
            ("Kam an, a day later than said", "delivery"),
        ),
        "service": (
            ("support 还可以 but slow", "service"),
            ("Nett am Telefon, no solution yet", "service"),
        ),
        "price": (
            ("价格 okay，on sale 的时候划算", "price"),
            ("Preis geht so, the sale was better", "price"),
        ),
    },
    "good": {
        "quality": (
            ("超喜欢 this lamp，做工很好", "product"),
            ("Wunderschön, so soft and warm", "product"),
        ),
        "delivery": (
            ("shipping 很快 only two days", "delivery"),
            ("Schnell da, thank you DHL", "delivery"),
        ),
        "service": (
            ("客服 so friendly，谢谢", "service"),
            ("Toller Service, danke Anna", "service"),
        ),
        "price": (
            ("性价比 very good", "price"),
            ("Super Preis, will order again", "price"),
        ),
    },
}

# mood -> what speaks of no topic, some of it of nothing at all
GENERAL: dict[str, tuple[str, ...]] = {
    "bad": ("Never again", "Disappointed, that's all", "太失望了", "no words", "...", "👎"),
    "fair": (
        "ok",
        "Fine I suppose",
        "还行",
        "nothing to add",
        "-",
        "could be better or worse",
    ),
    "good": ("Love it", "Thanks!!!", "很喜欢", "👍👍", "As always", "Happy, my mum is too"),
}

JOINED: dict[str, tuple[str, ...]] = {
    "en": (". Also: ", ", and ", " - ", "; "),
    "zh": ("，另外", "。", "，", "；"),
}
TURNED = {"en": ", but ", "zh": "，不过"}  # where the second half is of another mood
OTHERWISE = " / "  # where it is in another language

NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxsrdfhujkkbiolwtdgivqczu", strict=True))
HOMOPHONES = {
    "客服": "客付", "物流": "物留", "快递": "块递", "质量": "质亮", "价格": "价各", "做工": "作工",
    "包装": "包庄", "的": "得", "在": "再", "已": "以",
}  # fmt: skip

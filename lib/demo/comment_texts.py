"""What the customers of the invented shop write: short texts by topic, mood and language."""

from __future__ import annotations

MOODS = ("bad", "fair", "good")
TOPICS = ("quality", "delivery", "service", "price")

# language -> mood -> topic -> variants; as many variants everywhere, so that a code finds a text
CORES: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "bad": {
            "quality": (
                "The lamp flickered from the first evening",
                "Stitching came loose after one wash",
                "Not what the photos show, the finish is rough",
                "A leg of the stool was cracked 😞",
                "The glaze chipped within a week",
            ),
            "delivery": (
                "Arrived nine days late, and nobody told me",
                "The parcel was left in the rain",
                "Box dented, two glasses broken",
                'Tracking said "delivered" three days before it was',
                "I waited at home twice for nothing",
            ),
            "service": (
                "Four e-mails, four different answers",
                "Was on hold for half an hour, then cut off",
                "Nobody answers about my return",
                "The chat closed before my question was read",
                "I had to explain the problem again and again",
            ),
            "price": (
                "Too expensive for what it is",
                "The voucher didn't work at checkout",
                "Cheaper elsewhere, with free shipping",
                "Delivery costs only appear at the very end",
                "The price dropped two days after I bought it",
            ),
        },
        "fair": {
            "quality": (
                "Nice, but the colour is a bit darker than expected",
                "Decent quality, nothing special",
                "Good lamp, flimsy switch",
                "Does what it should",
                "Pretty, though smaller than I thought",
            ),
            "delivery": (
                "Came on the last promised day",
                "Fine, just a lot of packaging",
                "Delivery okay, the courier was in a hurry",
                "One parcel came two days after the other",
                "Arrived safely, slower than last time",
            ),
            "service": (
                "Friendly enough, a little slow",
                "Got my answer on the second try",
                "The shop is easy to use, the returns page less so",
                "Support was okay",
                "Polite, but I still don't know about the spare part",
            ),
            "price": (
                "A fair price, no more",
                "Would buy more often with free shipping",
                "Okay for the money",
                "Prices went up since last year, still acceptable",
                "Good in the sale, dear otherwise",
            ),
        },
        "good": {
            "quality": (
                "Even more beautiful than in the pictures 😍",
                "The linen is wonderful, soft and heavy",
                "Sturdy, well made, lovely light",
                "My third lamp from you and still delighted",
                'A friend asked at once: "Where is that from?"',
            ),
            "delivery": (
                "Ordered Monday, here on Wednesday",
                "Packed with real care, nothing broken",
                "So fast! 🚚",
                "The courier even carried it upstairs",
                "On time, to the hour",
            ),
            "service": (
                "Quick, kind and competent answer",
                "The exchange took two days, no questions asked",
                "Great advice on the right bulb",
                "They called back as promised",
                "Somebody really read my e-mail",
            ),
            "price": (
                "Great value for handmade things",
                "Worth every cent",
                "Fair prices, and the voucher was a nice surprise",
                "Good quality at an honest price",
                "Cheaper than the shop in town, and nicer",
            ),
        },
    },
    "zh": {
        "bad": {
            "quality": (
                "灯第一天晚上就开始闪",
                "洗了一次就开线了",
                "和照片差太多，做工粗糙",
                "凳子腿有裂缝",
                "釉面一週就掉了",
            ),
            "delivery": (
                "晚了九天才到，也没人通知",
                "包裹被丢在雨里",
                "箱子压坏了，碎了两个杯子",
                "显示“已签收”，其实三天后才到",
                "在家白等了兩次",
            ),
            "service": (
                "发了四封邮件，四种说法",
                "电话等了半小时还断线",
                "退货没有人回覆",
                "还没看我的问题客服就结束对话",
                "同一个问题要解释好几遍",
            ),
            "price": (
                "太贵，不值这个价",
                "优惠券结账时用不了",
                "别家更便宜，还包邮",
                "最后一步才显示运费",
                "買完兩天就降價了",
            ),
        },
        "fair": {
            "quality": (
                "不错，就是颜色比想像的深",
                "质量还行，没什么特别",
                "灯很好，开关有点单薄",
                "够用",
                "好看，但比想象中小",
            ),
            "delivery": (
                "最后一天才送到",
                "还可以，包装太多了",
                "送货一般，快递员很急",
                "两个包裹差了两天",
                "平安收到，比上次慢",
            ),
            "service": (
                "态度好，回复慢一点",
                "问了第二次才有答复",
                "网站好用，退货页面不太清楚",
                "客服還可以",
                "很客气，但配件的事还是不清楚",
            ),
            "price": (
                "价格公道",
                "包邮的话会常买",
                "这个价钱还可以",
                "比去年贵了，还能接受",
                "打折时划算，平时偏贵",
            ),
        },
        "good": {
            "quality": (
                "比照片还漂亮😍",
                "亚麻布很舒服，又厚又软",
                "结实，做工好，灯光很美",
                "第三盏灯了，还是很满意",
                "朋友马上问“在哪里买的？”",
            ),
            "delivery": (
                "週一下單，週三就到了",
                "包装很用心，一点没坏",
                "非常快！🚚",
                "快递员还帮我搬上楼",
                "准时送达",
            ),
            "service": (
                "回复又快又专业",
                "换货只用了两天",
                "灯泡的建议很有帮助",
                "說好回電就真的回電",
                "客服真的看了我的邮件",
            ),
            "price": (
                "手工做的，性价比很高",
                "每一分钱都值",
                "价格合理，还有优惠券",
                "质量好，价格实在",
                "比城里的店便宜，也更好看",
            ),
        },
    },
}

TAILS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "bad": (".", ". Not again.", "!", ". Please do better."),
        "fair": (".", ". Otherwise fine.", "", ", that's all."),
        "good": (".", ". Thank you!", "!", ". Will be back."),
    },
    "zh": {
        "bad": ("。", "，不会再买了。", "！", "，请改进。"),
        "fair": ("。", "，其他都好。", "", "，就这样。"),
        "good": ("。", "，谢谢！", "！", "，还会再来。"),
    },
}

# Text that a page or a spreadsheet must show as text, never run: one of each in the last answers.
AWKWARD = ("I <b>love</b> this shop & its lamps.", "=1+1, that is how simple ordering was.")

LANGUAGES = tuple(CORES)
VARIANTS = len(CORES["en"]["bad"]["quality"])
ENDINGS = len(TAILS["en"]["bad"])

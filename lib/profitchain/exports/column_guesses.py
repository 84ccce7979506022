"""Guesses what the columns of an unknown file are: ids, times, money, scores and their scales."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

_NAMES: dict[str, str] = {  # of our columns: what people call theirs, the most telling first
    "order_id":
        "orderid orderno ordernumber ordernr order invoiceno invoiceid invoicenumber "
        "invoice transactionid receiptid receiptno saleid bookingid bestellnummer bestellnr "
        "auftragsnummer belegnummer "
        "订单号 订单编号 訂單編號 訂單號碼 订单",
    "customer_id":
        "customerid customer customerno customernumber clientid client userid user "
        "buyerid buyer memberid membernumber memberno customeruniqueid custid clientnum "
        "accountid account householdid customeremail email emailaddress "
        "kundennummer kundennr kundenid kunde 客户编号 客戶編號 会员名 會員編號 客户 "
        "客戶 顾客 顧客 买家会员名 contactid",
    "ordered_at":
        "orderedat orderdate ordertime orderdatetime purchasedate purchasedat "
        "createdat invoicedate transactiondate transdate saledate salesdate bookingdate "
        "placedat date datetime timestamp time bestelldatum "
        "bestelltam auftragsdatum datum 下单时间 訂單日期 订单日期 下單時間 "
        "订单创建时间 日期 购买日期",
    "revenue":
        "revenue netrevenue nettotal paidamount amountpaid ordertotal grandtotal total "
        "totalamount amount transactionamount tranamount transamount paymentvalue "
        "netsales sales ordervalue totalsales totalprice value price umsatz betrag "
        "gesamtbetrag summe nettobetrag 实付金额 买家实际支付金额 实际支付金额 订单金额 "
        "金额 訂單金額 金額 销售额 營收 总额 總額",
    "status":
        "status orderstatus financialstatus state bestellstatus 订单状态 訂單狀態 状态 "
        "狀態",
    "discount":
        "discount discountamount rabatt 折扣 优惠",
    "margin":
        "margin grossmargin profit grossprofit deckungsbeitrag marge 毛利",
    "channel":
        "channel saleschannel source kanal 渠道 通路",
    "category":
        "category productcategory kategorie 类别 類別",
    "response_id":
        "responseid answerid surveyid submissionid respondentid id antwortid 答卷编号 "
        "序号 編號",
    "responded_at":
        "respondedat responsedate surveydate reviewdate answeredat submittedat "
        "submitdate recordeddate "
        "completedat completiontime createdat date datetime timestamp datum "
        "antwortdatum zeitstempel 提交时间 提交答卷时间 填答時間 日期",
    "comment":
        "comment comments feedback review reviews reviewtext verifiedreviews content freetext "
        "verbatim text kommentar anmerkung 评论 "
        "意见 評論 留言",
    "touchpoint":
        "touchpoint survey surveyname trigger kontaktpunkt",
    "joined_on":
        "joinedon joined registeredat registrationdate signupdate createdat since "
        "kundeseit 注册时间 註冊日期",
    "started_on":
        "startedon startdate start subscriptionstart subscriptionstartdate contractstart "
        "startedat activatedon vertragsbeginn beginn 开始日期 開始日期",
    "ended_on":
        "endedon enddate end subscriptionend subscriptionenddate contractend endedat "
        "cancelledon canceledat canceldate churndate vertragsende ende 结束日期 結束日期",
    "amount":
        "amount mrr mrramount monthlyamount monthlycharges monthlycharge monthlyfee "
        "monthlyprice monatsbetrag 月费 月費",
    "plan":
        "plan plantier planname contract contracttype tarif 套餐 方案",
}  # fmt: skip
WANTED = {
    "orders": ("order_id", "ordered_at", "revenue", "customer_id", "status", "discount", "margin",
               "channel", "category"),
    "responses": ("response_id", "responded_at", "customer_id", "order_id", "comment",
                  "touchpoint"),
    "customers": ("customer_id", "joined_on"),
    "subscriptions": ("customer_id", "started_on", "ended_on", "amount", "plan"),
}  # fmt: skip
_KINDS = (  # what a question's name gives away
    ("nps", r"nps|recommend|likely|empfehl|weiterempf|推荐|推薦"),
    ("ces", r"ces\b|effort|how easy|einfach|leicht|容易|轻松|輕鬆|便捷"),
    ("csat", r"csat|satisf|zufrieden|满意|滿意|stars?\b|rating|sterne|评分|評分|星"),
)
_NUMBER = re.compile(r"^\s*(\d{1,2})(?:[.,]0+)?\s*(?:$|/\s*(?:5|7|10)\s*$|[-–—:(（]|\s[^\d\s])")
_LABELLED = re.compile(r"[-–—:(（]\s*(\d{1,2})\s*[)）]?\s*$")
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|^[A-Z][a-z]{2}[- ]\d{1,2}")
_SLASHED = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})(?:\D|$)")
_MONEY = re.compile(r"^[^\d-]{0,4}-?[\d.,' ]*\d[^\d]{0,4}$")
_TIMED = re.compile(r"date|time|datum|zeit|日期|时间|時間", re.I)
_STATE = re.compile(r"paid|complet|cancel|ship|process|refund|pending|closed|new|open", re.I)
_MOST_STATUSES = 20
_MOSTLY = 0.9
_TOP = 10
_SIGNS = {"€": "EUR", "£": "GBP", "NT$": "TWD", "HK$": "HKD", "R$": "BRL", "A$": "AUD", "C$": "CAD",
          "₹": "INR", "zł": "PLN", "₩": "KRW", "₽": "RUB", "฿": "THB", "¥": "CNY", "￥": "CNY",
          "元": "CNY", "CHF": "CHF", "$": "USD"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What kind of question a column seems to hold, and the scale of its scores."""

    column: str
    kind: str
    low: int
    high: int
    sure: float


def squeezed(name: str) -> str:
    """Return a column's name as it is compared: letters and digits of any script alone."""
    return re.sub(r"[\W_]+", "", name).lower()


def named_columns(table: str, columns: Iterable[str]) -> dict[str, str]:
    """Return ours: theirs, as far as the names of a file's columns tell."""
    left = {squeezed(column): column for column in reversed(list(columns))}
    ours: dict[str, str] = {}
    for name in WANTED[table]:
        for word in (squeezed(name), *_NAMES[name].split()):
            if word in left:
                ours[name] = left.pop(word)
                break
    return ours


def found_columns(table: str, cells: pd.DataFrame) -> dict[str, str]:
    """Return ours: theirs, as far as the names of a file's columns and their values tell."""
    left = [str(name) for name in cells.columns]
    names = named_columns(table, left)
    while misfits := [name for ours, name in names.items() if not _fits(ours, name, cells[name])]:
        left = [name for name in left if name not in misfits]
        names = named_columns(table, left)
    left = [name for name in left if name not in names.values()]
    own = next((name for name in left if squeezed(name) == "id"), None)
    if table == "orders" and "order_id" not in names and own and cells[own].is_unique:
        names["order_id"] = own
    dated_by = {"orders": "ordered_at", "responses": "responded_at"}.get(table)
    timed = [name for name in left if _TIMED.search(name) and looks_like_times(cells[name])]
    if dated_by and dated_by not in names and len(timed) == 1:
        names[dated_by] = timed[0]
    return names


def _fits(ours: str, name: str, cells: pd.Series) -> bool:
    """Tell whether a column holds what its name promises.

    A status is none of a country's states, nor free text; a discount is no rate, a comment no flag.
    """
    if ours not in ("status", "discount", "comment"):
        return True
    given = cells.dropna().astype(str)
    if ours == "status":
        is_state = squeezed(name) == "state" and not given.str.contains(_STATE).any()
        return given.nunique() <= _MOST_STATUSES and not is_state
    numbers = pd.to_numeric(given, errors="coerce")
    is_more = numbers.abs() > 1 if ours == "discount" else False
    return bool(given.empty or (numbers.isna() | is_more).any())


def looks_like_times(cells: pd.Series) -> bool:
    """Tell whether nearly all cells begin as dates do."""
    given = cells.dropna().astype(str).head(500)
    return len(given) > 0 and given.str.contains(_DATE).mean() >= _MOSTLY


def looks_like_money(cells: pd.Series) -> bool:
    """Tell whether nearly all cells are numbers, with a currency's sign or without."""
    given = cells.dropna().astype(str).head(500)
    return len(given) > 0 and given.str.match(_MONEY).mean() >= _MOSTLY


def date_order(cells: pd.Series) -> str | None:
    """Return "day first" or "month first" where cells prove it, "open" where they can't, or None.

    None: they are not written with the year last.
    """
    parts = cells.dropna().astype(str).str.extract(_SLASHED).dropna()
    if parts.empty:
        return None
    first, second = parts[0].astype(int), parts[1].astype(int)
    if (first > 12).any():
        return "day first"
    return "month first" if (second > 12).any() else "open"


def scores(cells: pd.Series) -> pd.Series:
    """Return the numbers of cells such as 9, 9/10 or "10 - Extremely likely"; NaN for others."""
    text = cells.dropna().astype(str)
    number = text.str.extract(_NUMBER)[0].fillna(text.str.extract(_LABELLED)[0])
    return pd.to_numeric(number, errors="coerce")


def scale_of(column: str, cells: pd.Series, *, about: str = "") -> Scale | None:
    """Return what kind of question a column seems to hold; None if it holds no scores.

    `about` is the question's text, where a further header row has it.
    """
    given = cells.dropna().astype(str)
    numbers = scores(cells)
    if given.empty or numbers.notna().mean() < _MOSTLY or numbers.max() > _TOP:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    kind = next((kind for kind, words in _KINDS if re.search(words, f"{column} {about}", re.I)), "")
    if kind == "nps" and high > 5:
        return Scale(column=column, kind="nps", low=0, high=10, sure=0.95)
    if high > 7:
        plain = "rating" if low > 0 else "nps"
        return Scale(column=column, kind=kind if kind == "csat" else plain,
                     low=min(low, 1) if plain == "rating" else 0, high=10, sure=0.6)  # fmt: skip
    if high > 5:
        return Scale(column=column, kind="ces" if kind == "ces" else "rating", low=1, high=7,
                     sure=0.6)  # fmt: skip
    if high < 2:
        return None
    usual = kind if kind == "csat" else "driver"
    return Scale(column=column, kind=usual, low=min(low, 1), high=5, sure=0.8 if kind else 0.6)


def currency_of(cells: pd.Series) -> str | None:
    """Return the currency whose sign or code most cells of an amount have, if any."""
    given = cells.dropna().astype(str)
    for sign, code in _SIGNS.items():
        if len(given) and given.str.contains(sign, regex=False).mean() > 0.5:
            return code
    codes = given.str.extract(r"\b([A-Z]{3})\b")[0].dropna()
    return str(codes.mode()[0]) if len(codes) > len(given) / 2 else None


def share_that_meets(cells: pd.Series, keys: set[str]) -> float:
    """Return which share of the distinct filled cells are among some keys, whatever their case."""
    given = set(cells.dropna().astype(str).str.strip().str.lower())
    return len(given & keys) / len(given) if given else 0.0

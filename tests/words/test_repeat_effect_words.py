"""Which words the link between satisfaction and coming back earns, by what the numbers say."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.periods import Period
from profitchain.exhibits.notebook_page import page
from profitchain.sources.company import Question
from profitchain.stats.comparisons import ABOVE, ALIKE, BELOW
from profitchain.stats.glm import PENALISED
from profitchain.words import repeat_effect as words

NPS = Question(name="nps", kind="nps", label="Would recommend")
FIRM = SimpleNamespace(
    main=NPS, all_questions=[NPS], repeat_within_days=90, currency="EUR", lookback_months=12,
)  # fmt: skip
EDITION = SimpleNamespace(company=FIRM, period=Period("2026Q3"), assumed_margin=0.4, facts={})
FEW = NotEstimable("nothing_varies", n=8)
RATES = pd.DataFrame({"score": [8.0, 9.0], "value": [0.0, 1.0], "n": [50, 50]})


def share(value: float, half: float = 0.01, method: str = "") -> Estimate:
    return Estimate(
        value=value, low=value - half, high=value + half, n=100, unit="share", method=method
    )


def bend(p: float) -> SimpleNamespace:
    return SimpleNamespace(p=p)


def bands(*values: float) -> pd.DataFrame:
    rows = pd.DataFrame({"band": ["0 to 6", "6 to 8"], "value": values, "n": 50, "why": ""})
    return rows.assign(low=rows["value"] - 0.02, high=rows["value"] + 0.02)


NO_BANDS = bands(float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("effect", "rates", "test", "parts", "ten", "keys"),
    [
        (share(0.03), RATES, bend(0.01), bands(0.01, 0.09), share(0.02),
         ["more", "steepest", "ten_higher"]),
        (share(0.03), RATES, bend(0.01), bands(0.01, 0.0), share(-0.02),
         ["more", "bent", "ten_lower"]),
        (share(0.005), RATES, bend(0.5), bands(0.01, 0.09), share(0.0),
         ["unclear", "straight", "ten_unclear"]),
        (share(0.03), RATES, FEW, NO_BANDS, FEW, ["more", "no_bend", "no_ten"]),
        (FEW, RATES, FEW, NO_BANDS, FEW, ["unknown"]),
        (share(0.03, method=PENALISED), RATES, FEW, NO_BANDS, FEW,
         ["more", "decided_both", "no_bend"]),
        (share(0.03, method=PENALISED), RATES[:1], FEW, NO_BANDS, FEW,
         ["more", "decided_nobody", "no_bend"]),
        (share(0.03, method=PENALISED), RATES[1:], FEW, NO_BANDS, FEW,
         ["more", "decided_everybody", "no_bend"]),
        (share(0.03, method=PENALISED), RATES[:0], FEW, NO_BANDS, FEW,
         ["more", "decided", "no_bend"]),
    ],
)  # fmt: skip
def test_the_answer_says_what_the_numbers_earn(effect, rates, test, parts, ten, keys):
    figures = (effect, rates, test, parts, ten)
    assert [said.key for said in words.answer(*figures, edition=EDITION)] == keys
    assert len(page("07_repeat_purchase", EDITION).answer(*figures).sentences) == len(keys)


def test_a_link_the_other_way_is_said_without_a_sign_and_asked_about():
    figures = (share(-0.03), RATES, bend(0.01), bands(-0.09, -0.01), share(-0.02))
    link, asked, where = page("07_repeat_purchase", EDITION).answer(*figures).sentences
    assert "**3.0 percentage points fewer**" in link and "2.0 to 4.0" in link
    assert "is 0 the best answer here" in asked
    assert "falls most steeply from 0 to 6" in where


@pytest.mark.parametrize(
    ("parts", "test", "says"),
    [
        (bands(0.01, 0.09), bend(0.01), "steepest"),
        (bands(-0.09, 0.01), bend(0.01), "falls"),
        (bands(0.01, 0.09), bend(0.2), "alike"),
        (bands(0.01, 0.01), bend(0.01), "unclear"),
        (NO_BANDS, bend(0.01), "few"),
    ],
)
def test_the_steepest_part_is_named_where_the_test_finds_a_bend(parts, test, says):
    assert words.bands(parts, test, edition=EDITION).says == says


@pytest.mark.parametrize(
    ("raw", "effect", "says", "size"),
    [
        (share(0.03), share(0.02), "weaker", "33%"),
        (share(0.02), share(0.03), "stronger", "50%"),
        (share(0.03), share(0.0299), "hardly", "0%"),
        (share(0.03), share(-0.01), "turned", None),
        (share(0.03), FEW, "few", None),
    ],
)
def test_what_comparing_like_customers_does_is_a_share_of_the_raw_link(raw, effect, says, size):
    shown = words.adjusted(raw, effect, edition=EDITION)
    assert (shown.says, shown.values.get("size")) == (says, size)
    assert shown.rows["value"].iloc[0] == pytest.approx(100 * raw.value)


def test_the_curve_compares_the_scores_that_many_gave():
    dots = pd.DataFrame({"score": [0, 5, 10], "value": [0.9, 0.3, 0.6], "n": [1, 50, 60]})
    line = pd.DataFrame({"score": [0.0, 5.0, 10.0], "value": [0.2, 0.32, 0.58]})
    shown = words.curve(share(0.03), line, dots, edition=EDITION)
    assert shown.says == "rates" and shown.options["points"] is dots
    assert (shown.values["low"], shown.values["low_share"]) == ("5", "32%")  # as its line has it
    assert shown.values["high_share"] == "58%"
    assert words.curve(share(0.005), line, dots, edition=EDITION).says == "unclear"
    assert words.curve(FEW, line, dots[:2], edition=EDITION).says == "few"


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ([ABOVE, ALIKE], "stronger"), ([ALIKE, BELOW], "weaker"), ([ABOVE, BELOW], "both"),
        ([ALIKE, ALIKE], "alike"), ([ABOVE], "few"), ([ABOVE] * 5 + [BELOW] * 5, "several"),
    ],
)  # fmt: skip
def test_groups_are_named_where_a_message_holds_them(verdicts, says):
    groups = pd.DataFrame({"verdict": verdicts, "segment": "tier", "n": 10, "why": ""})
    groups = groups.assign(group=groups.index.map("group {}".format), value=0.1, low=0.0, high=0.2)
    shown = page("07_repeat_purchase", EDITION).show("by-segment", groups)
    assert words.by_segment(groups, edition=EDITION).says == says
    assert len(shown.message.split()) <= 15


def test_money_that_is_assumed_is_said_and_money_that_lacks_is_no_number():
    effects = {"orders": share(0.1), "spend": share(2.0), "margin": share(1.0)}
    shown = words.amounts(effects, edition=EDITION)
    assert shown.says == "more" and "assumed at 40%" in shown.values["source"]
    lacking = NotEstimable("revenue_not_known", n=100)
    effects |= {"spend": lacking, "margin": lacking}
    assert words.amounts(effects, edition=EDITION).says == "none"
    assert words.amounts(effects | {"spend": FEW}, edition=EDITION).says == "few"

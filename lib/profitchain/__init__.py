"""What customer satisfaction is worth: from orders and survey answers to published editions.

`import profitchain as pc` offers what an analyst uses, each name loaded when it is first asked for:
a firm's checked tables (`pc.open_edition`), measures and effects of any frame by column name
(`pc.repeat_effect`), and the exhibits of a page (`pc.chart`). `dir(pc)` lists the names,
`help(pc.repeat_effect)` explains one; whatever is not among them may change.

Examples
--------
>>> import pandas as pd
>>> import profitchain as pc
>>> scores = pd.Series([10, 9, 9, 8, 7, 3, 10, 10, 0], name="nps")
>>> print(pc.with_interval(pc.net_promoter_score(scores)))
33.3 points (95% interval −33.3 to 77.7; n = 9)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from profitchain.core.errors import ProfitchainError
    from profitchain.core.estimates import Estimate, NotEstimable
    from profitchain.core.periods import Period
    from profitchain.drivers.from_answers import driver_shares
    from profitchain.effects.from_answers import (
        dose_response,
        effect_by_segment,
        repeat_effect,
        spend_effect,
    )
    from profitchain.effects.worth_from_orders import worth_of_a_point
    from profitchain.evidence.from_answers import (
        reliability,
        risk_ratio,
        robustness_value,
        within_customer_effect,
    )
    from profitchain.evidence.hidden_confounding import e_value
    from profitchain.exhibits.exhibit import chart, table
    from profitchain.exhibits.findings import finding, record
    from profitchain.exhibits.notebook_page import page
    from profitchain.lifetime.from_orders import (
        cox_model,
        customer_lifetime_value,
        fit_bgnbd,
        fit_gamma_gamma,
        time_to_next_order,
    )
    from profitchain.measures.from_answers import (
        ces,
        csat,
        mean_score,
        net_promoter_score,
        ratio,
        repeat_rate,
        response_rate,
        top_two_box,
    )
    from profitchain.measures.from_orders import (
        average_order_value,
        concentration,
        purchase_frequency,
        purchase_history,
        retention,
        rfm,
    )
    from profitchain.panel.edition import Edition, open_edition
    from profitchain.words.prose import answer, note, sentence
    from profitchain.words.reasons import with_interval

__version__ = "0.12.0"

# fmt: off
__all__ = [
    "Edition", "Estimate", "NotEstimable", "Period", "ProfitchainError", "answer",
    "average_order_value", "ces", "chart", "concentration", "cox_model", "csat",
    "customer_lifetime_value", "dose_response", "driver_shares", "e_value", "effect_by_segment",
    "finding", "fit_bgnbd", "fit_gamma_gamma", "mean_score", "net_promoter_score", "note",
    "open_edition", "page", "purchase_frequency", "purchase_history", "ratio", "record",
    "reliability", "repeat_effect", "repeat_rate", "response_rate", "retention", "rfm",
    "risk_ratio", "robustness_value", "sentence", "spend_effect", "table", "time_to_next_order",
    "top_two_box", "with_interval", "within_customer_effect", "worth_of_a_point",
]
# fmt: on
_STAND_IN = {
    "core.errors": "ProfitchainError",
    "core.estimates": "Estimate NotEstimable",
    "core.periods": "Period",
    "panel.edition": "Edition open_edition",
    "measures.from_answers": "ces csat mean_score net_promoter_score ratio repeat_rate "
    "response_rate top_two_box",
    "measures.from_orders": "average_order_value concentration purchase_frequency purchase_history "
    "retention rfm",
    "drivers.from_answers": "driver_shares",
    "effects.from_answers": "dose_response effect_by_segment repeat_effect spend_effect",
    "effects.worth_from_orders": "worth_of_a_point",
    "evidence.from_answers": "reliability risk_ratio robustness_value within_customer_effect",
    "evidence.hidden_confounding": "e_value",
    "lifetime.from_orders": "cox_model customer_lifetime_value fit_bgnbd fit_gamma_gamma "
    "time_to_next_order",
    "words.reasons": "with_interval",
    "words.prose": "answer note sentence",
    "exhibits.exhibit": "chart table",
    "exhibits.findings": "finding record",
    "exhibits.notebook_page": "page",
}
_MODULE_OF = {name: module for module, names in _STAND_IN.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        from profitchain.core.errors import did_you_mean

        raise AttributeError(f"profitchain has no '{name}'. {did_you_mean(name, __all__)}")
    thing = getattr(import_module(f"profitchain.{_MODULE_OF[name]}"), name)
    globals()[name] = thing
    return thing


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})

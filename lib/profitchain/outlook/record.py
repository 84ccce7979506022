"""What page 16 publishes, by the ids of the record."""

from __future__ import annotations

from typing import TypeAlias

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame
from profitchain.outlook.forecast import Outlook
from profitchain.outlook.plan import Payoff

Recorded: TypeAlias = MaybeEstimate | pd.DataFrame
ID = {
    "orders": "forecast_orders",
    "customers": "forecast_active_customers",
    "revenue": "forecast_revenue",
    "margin": "forecast_margin",
}


def outlook_numbers(ahead: Outlook, actions: list[Payoff] | NotEstimable) -> dict[str, Recorded]:
    """Return each measure's next periods, the forecast's error, and what actions bring."""
    found: dict[str, Recorded] = {ID[name]: ahead.estimates(name) for name in ahead.measures}
    return found | {"forecast_mase": ahead.mase} | of_actions(actions)


def of_actions(actions: list[Payoff] | NotEstimable) -> dict[str, Recorded]:
    """Return the return and the chance of a loss, one row an action."""
    if isinstance(actions, NotEstimable):
        return dict.fromkeys(("action_roi", "action_loss_probability"), actions)
    names = [one.action for one in actions]
    roi = to_frame([one.roi for one in actions], action=names)
    loss = to_frame([one.loss for one in actions], action=names)
    return {
        "action_roi": roi.assign(unit="ratio"),
        "action_loss_probability": loss.assign(unit="share"),
    }

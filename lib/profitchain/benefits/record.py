"""What page 13 publishes, by the ids of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pandas as pd

from profitchain.benefits.after_scores import AfterScores
from profitchain.benefits.channels import Channels, Conversion
from profitchain.benefits.complaint_handling import ComplaintHandling
from profitchain.benefits.offers import OfferLift
from profitchain.core.estimates import MaybeEstimate, NotEstimable, to_frame

Recorded: TypeAlias = MaybeEstimate | pd.DataFrame | Mapping[str, MaybeEstimate]


def recorded(
    referrals: AfterScores | NotEstimable,
    complaints: AfterScores | NotEstimable,
    lifts: list[OfferLift] | NotEstimable,
    newcomers: pd.DataFrame | NotEstimable,
    *,
    currency: str,
) -> dict[str, Recorded]:
    """Return referrals and complaints by score, the lift of offers and the cost of newcomers."""
    numbers: dict[str, Recorded] = {
        id: one if isinstance(one, NotEstimable) else one.rates
        for id, one in (
            ("referrals_per_100_answers", referrals),
            ("complaints_per_100_orders", complaints),
        )
    }
    if isinstance(newcomers, pd.DataFrame):
        newcomers = newcomers.assign(unit=currency)
    numbers["acquisition_cost"] = newcomers
    if isinstance(lifts, NotEstimable):
        return numbers | {"offer_lift": lifts}
    frame = to_frame([one.lift for one in lifts], kind=[one.kind for one in lifts])
    return numbers | {"offer_lift": frame}


def recorded_service(
    handling: ComplaintHandling | NotEstimable,
    resolved: MaybeEstimate,
    refunds: AfterScores | NotEstimable,
    conversion: Conversion | NotEstimable,
    kept: Channels | NotEstimable,
) -> dict[str, Recorded]:
    """Return complaints handled, contacts resolved, refunds, the referred and newcomers kept."""
    return {
        "complaint_handling_difference": _or_why(handling, "difference"),
        "first_contact_resolution": resolved,
        "refunds_per_100_orders": _or_why(refunds, "rates"),
        "referral_conversion": _or_why(conversion, "every"),
        "channel_retention": kept if isinstance(kept, NotEstimable)
        else kept.retained.drop(columns=["p_adjusted", "verdict"]),
    }  # fmt: skip


def _or_why(part: object, name: str) -> Recorded:
    found: Recorded = part if isinstance(part, NotEstimable) else getattr(part, name)
    return found

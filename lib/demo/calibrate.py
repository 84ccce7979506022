"""How loyal customers must be and how many are asked, for so many orders and answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from demo.behaviour import LOYALTY_RANGE, NEVER, WorldSettings
from demo.world import lived
from profitchain.core.errors import ParameterError

PILOT = 30_000  # customers: orders a customer are then known to about 1%
ORDERS_A_CUSTOMER = 2.6  # of the example company, where nothing else is asked for
LEFT_OPEN = 0.002  # how near to the wanted orders a customer the search comes, as a share


def settled(
    customers: int | None, *, seed: int, orders: int | None = None, answers: int | None = None
) -> WorldSettings:
    """Return settings whose world has about so many completed orders and answers.

    More orders come from more loyal customers, more or fewer answers from asking after more or
    fewer orders; nothing else of the mechanism moves. A pilot of up to `PILOT` customers settles
    both, so that either is met within about 2%. Without `customers`, there are as many as place
    the orders with the loyalty of the example company.

    Raises ParameterError where no loyalty gives so many orders, or where even asking after every
    order would not give so many answers.
    """
    if customers is None:
        customers = max(1, round((orders or 0) / ORDERS_A_CUSTOMER))
    settings = WorldSettings(customers=customers, seed=seed)
    if orders is not None:
        settings = replace(settings, loyalty=_loyalty(settings, orders / customers))
    if answers is not None:
        settings = replace(settings, invited_share=_asked(settings, answers / customers))
    return settings


def _loyalty(settings: WorldSettings, target: float) -> float:
    """Return the loyalty that gives so many orders a customer, six decimals."""

    def too_many(loyalty: float) -> float:
        pilot = _pilot(replace(settings, loyalty=loyalty))
        return len(lived(pilot).orders) / pilot.customers / target - 1

    least, most = LOYALTY_RANGE
    low, high = (target * (1 + too_many(loyalty)) for loyalty in (least, most))
    if not low < target < high:
        raise ParameterError(
            f"orders would be {target:.2f} a customer. Customers of this shop place between "
            f"{low:.1f} and {high:.1f}: ask for other --orders or other --customers."
        )
    return round(brentq(too_many, least, most, xtol=LEFT_OPEN), 6)


def _asked(settings: WorldSettings, target: float) -> float:
    """Return the share of orders to ask after, for so many answers a customer, six decimals."""
    pilot = _pilot(replace(settings, invited_share=1.0))
    most = int(np.sum(lived(pilot).orders["answered"] < NEVER)) / pilot.customers
    if not 0 < target <= most:
        raise ParameterError(
            f"answers would be {target:.2f} a customer. If every order is asked after, they are "
            f"{most:.2f}: ask for fewer --answers, or for more --orders."
        )
    return round(target / most, 6)


def _pilot(settings: WorldSettings) -> WorldSettings:
    return replace(settings, customers=min(settings.customers, PILOT))

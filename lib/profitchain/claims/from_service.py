"""What follows service and referrals, as claims put it."""

from __future__ import annotations

from profitchain.benefits.channels import referral_conversion
from profitchain.benefits.complaint_handling import complaint_handling
from profitchain.claims.from_scores import as_points
from profitchain.claims.verdicts import Figure, at_99
from profitchain.core.estimates import NotEstimable
from profitchain.panel.edition import Edition


def return_after_handling(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more come back after a complaint handled, history held alike."""
    found = complaint_handling(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure(readings={"own": as_points(at_99(found.difference))}, design="adjusted")


def orders_of_loyal_referrals(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more order of those whom loyal customers refer than of others."""
    found = referral_conversion(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure(readings={"own": as_points(at_99(found.difference))}, design="followed")

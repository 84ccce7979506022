"""What the models of lifetimes and spend were fitted to be, in words: their parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import plain
from profitchain.core.i18n import N_, _, listed
from profitchain.lifetime.bgnbd_gammagamma import TWO_SIDED, FittedModel
from profitchain.lifetime.customer_value import CustomerValue, spend_by_repeats
from profitchain.lifetime.expected_value import LifetimeModels
from profitchain.words import reasons
from profitchain.words.captions import Caption, source
from profitchain.words.lifetime import CUSTOMERS
from profitchain.words.prose import sentence

MEANING = {
    "r": N_("{model} r: shape of the rates at which customers buy; below 1 most buy rarely"),
    "alpha": N_("{model} alpha (weeks): r/alpha is the mean rate a week"),
    "a": N_("{model} a: a/(a + b) is the mean chance to leave after a purchase"),
    "b": N_("{model} b"),
    "p": N_("Gamma-Gamma p: how alike a customer's own purchases are"),
    "q": N_("Gamma-Gamma q: how alike customers are; 1 or less has no mean"),
    "v": N_("Gamma-Gamma v: scale of what is paid"),
}


def independence_sentence(ahead: CustomerValue) -> str:
    """Return whether those who come back more often also spend more, which the model excludes."""
    models = ahead.models
    if isinstance(models, NotEstimable):
        return ""
    spend = spend_by_repeats(models.customers, models.currency)
    clear = isinstance(spend["apart"], Estimate) and not spend["apart"].spans_zero
    verdict = _("so it does not quite hold here") if clear else _("no clear difference")
    return sentence(
        "Gamma-Gamma takes what customers pay for independent of how often they come back. Those "
        "who came back once paid {once:number} on that day ({once:interval}), the others "
        "{more:number} a day ({more:interval}); apart by {apart}, {verdict}.",
        otherwise="Whether those who come back more often pay more can't be said: {why}",
        verdict=verdict, **spend,
    )  # fmt: skip


def parameters_table(models: LifetimeModels | NotEstimable) -> pd.DataFrame:
    """Return the parameters of both models with their intervals: parameter, value, low, high, n."""
    rows = []
    for model in [] if isinstance(models, NotEstimable) else [models.purchases, models.spend]:
        if isinstance(model, NotEstimable):
            continue
        errors = np.sqrt(np.diag(model.logs.covariance))
        columns = (model.names, model.logs.values, errors, model.model_errors)
        for name, log, error, own in zip(*columns, strict=True):
            value, low, high = np.exp([log, log - TWO_SIDED * error, log + TWO_SIDED * error])
            meaning = _(MEANING[name], model=model.name)
            rows.append((meaning, value, low, high, value * error, value * own, model.logs.n))
    names = ["parameter", "value", "low", "high", "robust_error", "model_error", "n"]
    return pd.DataFrame(rows, columns=names)


def parameters_caption(models: LifetimeModels | NotEstimable) -> Caption:
    """Return the caption of the models' parameters."""
    fit = ""
    if isinstance(models, LifetimeModels):
        likelihoods = [
            f"{model.name} {plain(model.log_likelihood, '', places=1)}"
            for model in (models.purchases, models.rival, models.spend)
            if isinstance(model, FittedModel)
        ]
        fit = _("; log-likelihood {models}", models=listed(likelihoods))
    n = models.purchases.logs.n if isinstance(models, LifetimeModels) else models.n
    return {
        "message": _("The parameters of the two models"),
        "measure": _(
            "Maximum likelihood, time in weeks; robust error: customers independent; model error: "
            "if the model is true{fit}",
            fit=fit,
        ),
        "source": source(_(CUSTOMERS), n),
        "empty": reasons.text(models) if isinstance(models, NotEstimable) else "",
    }

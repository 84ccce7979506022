"""What the models of lifetimes and spend were fitted to be: their parameters and assumption."""

from __future__ import annotations

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, NotEstimable
from profitchain.core.formats import plain
from profitchain.core.i18n import _, listed
from profitchain.lifetime.bgnbd_gammagamma import TWO_SIDED, FittedModel
from profitchain.lifetime.customer_value import CustomerValue, spend_by_repeats
from profitchain.lifetime.expected_value import LifetimeModels
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.captions import drawn_sentences
from profitchain.words.catalogue import words_of
from profitchain.words.lifetime import CUSTOMERS
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.value import NEARLY_ALL

MEANING = words_of("lifetime_parameters", "meaning")


def independence(ahead: CustomerValue, *, edition: Edition) -> list[Said | str]:
    """Return whether those who come back more often also spend more, which the model excludes."""
    models, drawn = ahead.models, drawn_sentences(NEARLY_ALL, edition.facts)
    if isinstance(models, NotEstimable):
        return [*drawn]
    spend = spend_by_repeats(models.customers, models.currency)
    if why := next((one for one in spend.values() if isinstance(one, NotEstimable)), None):
        return [Said("spend_unknown", {"why": reasons.text(why)}), *drawn]
    clear = isinstance(spend["apart"], Estimate) and not spend["apart"].spans_zero
    return [Said("spend_differs" if clear else "spend_alike", spend), *drawn]


def lifetime_model(models: LifetimeModels | NotEstimable, *, edition: Edition) -> Presentation:
    """Return the parameters of both models: parameter, value, low, high, errors, n."""
    if isinstance(models, NotEstimable):
        values = {"fit": "", "source": source(CUSTOMERS, models.n), "why": reasons.text(models)}
        return Presentation(pd.DataFrame(columns=["parameter", "value"]), "parameters", values)
    rows = []
    for model in (models.purchases, models.spend):
        if isinstance(model, NotEstimable):
            continue
        errors = np.sqrt(np.diag(model.logs.covariance))
        columns = (model.names, model.logs.values, errors, model.model_errors)
        for name, log, error, own in zip(*columns, strict=True):
            value, low, high = np.exp([log, log - TWO_SIDED * error, log + TWO_SIDED * error])
            meaning = _(MEANING[name], model=model.name)
            rows.append((meaning, value, low, high, value * error, value * own, model.logs.n))
    names = ["parameter", "value", "low", "high", "robust_error", "model_error", "n"]
    likelihoods = [
        f"{model.name} {plain(model.log_likelihood, '', places=1)}"
        for model in (models.purchases, models.rival, models.spend)
        if isinstance(model, FittedModel)
    ]
    fit = _("; log-likelihood {models}", models=listed(likelihoods))
    values = {"fit": fit, "source": source(CUSTOMERS, models.purchases.logs.n), "why": ""}
    return Presentation(pd.DataFrame(rows, columns=names), "parameters", values)

"""The main findings of a report of the order of tasks, as a page shows them."""

from generation.reported import Json, KeyFigure, key_figure
from generation.task_order.cautions import CHOSEN
from generation.templatetags.numbers import fixed, percent


def key_figures(found: Json) -> list[KeyFigure]:
    """Each with its interval and n, or with the reason why it is undefined."""
    return [*_orders(found), *_foretold(found), *_entropy(found)]


def _orders(found: Json) -> list[KeyFigure]:
    if not (orders := found["orders"]):
        return [KeyFigure("undefined", "the best order", found["reasons"]["orders"])]
    sure, gained = orders["certainty"], orders["advantage"]
    label = "less forgetting than the median order’s, the best chosen and measured apart"
    figures = [key_figure(sure["advantage"], label, places=3)]
    share = "" if gained["share"] is None else f", {percent(gained['share'])} of the median’s"
    note = f"too large: the best of {orders['orders']:,}, n = {sure['advantage']['n']:,}"
    figures.append(KeyFigure(fixed(gained["difference"], 3), f"the same, {CHOSEN}{share}", note))
    if sure["same_order"] is not None:
        draws = f"n = {found['specification']['draws']:,} draws"
        figures.append(KeyFigure(percent(sure["same_order"]), "of draws have the same best order", draws))
        figures.append(KeyFigure(percent(sure["same_first"]), "have the same first task", draws))
    return figures


def _foretold(found: Json) -> list[KeyFigure]:
    if (fit := found["prediction"]["foretold"]) is None:
        label = "correlation of predicted with actual changes"
        return [KeyFigure("undefined", label, found["reasons"]["prediction"])]
    return [
        key_figure(fit["pearson"], "correlation (Pearson) of predicted with actual changes"),
        key_figure(fit["spearman"], "rank correlation (Spearman) of the same"),
        key_figure(fit["gained"], "mean error less that of predicting no change", places=3),
    ]


def _entropy(found: Json) -> list[KeyFigure]:
    if not (entropy := found["entropy"]):
        return []
    return [
        key_figure(
            row["slope"], f"change of token entropy, nats, in a stage of {row['domain']} training", places=3
        )
        for row in entropy["domains"]
    ]

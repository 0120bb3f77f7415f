"""Dated exchange rates into the company's currency, and totals at them."""

from portal.domain.exchange.actions import load, put, remove
from portal.domain.exchange.models import ExchangeRate
from portal.domain.exchange.queries import in_company_currency, listing, total
from portal.domain.exchange.rules import Total

__all__ = ["ExchangeRate", "Total", "in_company_currency", "listing", "load", "put", "remove", "total"]

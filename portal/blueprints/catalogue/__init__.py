"""The catalogue: products, SLA policies, business calendars."""

from flask import Blueprint

bp = Blueprint("catalogue", __name__, url_prefix="/catalogue")

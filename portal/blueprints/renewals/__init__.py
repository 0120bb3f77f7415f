"""The renewals desk: the board, the decisions on one term, and approving many at once."""

from flask import Blueprint

bp = Blueprint("renewals", __name__, url_prefix="/renewals")

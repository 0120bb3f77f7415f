"""Incidents: the board, the page of one, and the moves by which they are worked."""

from flask import Blueprint

bp = Blueprint("incidents", __name__, url_prefix="/incidents")

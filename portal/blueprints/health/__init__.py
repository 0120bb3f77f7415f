"""How services do: the wall, one service's reasons, and the review with its client."""

from flask import Blueprint

bp = Blueprint("health", __name__)

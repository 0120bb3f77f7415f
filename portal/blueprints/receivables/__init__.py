"""What clients owe: pages that read the books and pages that act on debts."""

from flask import Blueprint

bp = Blueprint("receivables", __name__)

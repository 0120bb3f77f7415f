"""Selling by the wizard, and setting up by the checklist."""

from flask import Blueprint

from portal.blueprints.provisioning import setting_up, wizard

bp = Blueprint("provisioning", __name__, url_prefix="/provisioning")
for part in (wizard, setting_up):
    part.add_to(bp)

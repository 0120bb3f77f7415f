"""What is asked when somebody keeps a view."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField

from portal.web.forms import Needed


class ViewForm(FlaskForm):
    path = HiddenField()
    query = HiddenField()
    name = StringField("Name", [Needed()], description="One of yours with this name is written over.")
    is_default = BooleanField("Open the list with it")
    is_shared = BooleanField("Offer it to everybody who may open the list")

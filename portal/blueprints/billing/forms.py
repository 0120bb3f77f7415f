"""What finance enters."""

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

METHODS = ("bank transfer", "direct debit", "card", "cheque", "other")


class VoidForm(FlaskForm):
    reason = TextAreaField("Reason", [InputRequired("Say why: auditors will ask."), Length(max=500)])


class PaymentForm(FlaskForm):
    amount = StringField("Amount", [InputRequired("Enter the amount that was received.")])
    received_on = DateField("Received on", [InputRequired("Enter the day it was received.")])
    method = SelectField("By", choices=[(each, each.capitalize()) for each in METHODS])
    reference = StringField("Reference", [Length(max=120)], description="As it stands on the bank statement.")

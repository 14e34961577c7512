"""The weekly check-in: shape only."""

from django import forms


class CheckInForm(forms.Form):
    """Two questions a week, both may be left blank."""

    SCALE = [("", "rather not say"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
    worth = forms.TypedChoiceField(
        choices=SCALE, required=False, coerce=int, empty_value=None, widget=forms.RadioSelect,
        label="Was this time well spent?", help_text="1: not at all. 5: very much.",
    )  # fmt: skip
    mood = forms.TypedChoiceField(
        choices=SCALE, required=False, coerce=int, empty_value=None, widget=forms.RadioSelect,
        label="How are you?", help_text="1: badly. 5: very well.",
    )  # fmt: skip

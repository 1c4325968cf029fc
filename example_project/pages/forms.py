"""The form of the sign-in page."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm

ERROR = "sign-in-error"  # the id of the text that says what was wrong


class SignInForm(AuthenticationForm):
    """Django's own, whose fields say which text tells what was wrong with them, so that listeners hear it there."""

    def full_clean(self) -> None:
        """Look at what was typed."""
        super().full_clean()
        if self.non_field_errors():
            for field in self.fields.values():
                field.widget.attrs |= {"aria-invalid": "true", "aria-describedby": ERROR}

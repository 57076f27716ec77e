"""Templates that call with less work than jinja2's own: a page makes hundreds of calls. Pure.

jinja2 looks in each call for a function that wants the template's variables, and copies these for each translated text.
A macro is told whether to escape, which every template does here.
"""

from collections.abc import Callable
from functools import cache
from types import FunctionType, MethodType
from typing import Any, Final

from jinja2.runtime import Context, Macro
from markupsafe import Markup

PLAIN: Final = (FunctionType, MethodType, Macro)


class QuickContext(Context):
    """A context that calls functions, methods and macros at once, unless they ask for jinja2's own variables."""

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls, with jinja2's own names taken out."""
        if type(called) not in PLAIN or hasattr(called, "jinja_pass_arg"):
            return super().call(called, *args, **kwargs)
        if kwargs:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


def translator(translate: Callable[[str], str]) -> Callable[..., Markup]:
    """Return the `_` of templates: a translated text is HTML, values in it are escaped, `%%` is a percent sign."""

    @cache
    def translated(text: str) -> tuple[Markup, Markup | None]:
        found = Markup(translate(text))  # noqa: S704 - texts of the code and its catalogs
        return found, None if "%(" in found else found % {}

    def say(text: str, /, **values: object) -> Markup:
        pattern, whole = translated(text)
        return pattern % values if whole is None else whole

    return say

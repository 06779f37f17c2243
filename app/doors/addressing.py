"""How an address is matched is known from the start; how it is written, when somebody first asks for it.

Werkzeug compiles two functions for each of some hundred addresses before the first request. That was a twelfth of a
web process's start, and most of them are never called: rooms write their own links.
"""

from typing import Any

from werkzeug.routing import BaseConverter, Rule


class Address(Rule):
    """A rule of the route map."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        """What compiles the function when it is first called; of two threads that do, either's stays."""

        def build(rule: Address, **values: Any) -> tuple[str, str]:
            made = super()._compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", made)
            written: tuple[str, str] = made(**values)
            return written

        return build


class Text(BaseConverter):
    """A part of an address in words. With a NUL, which no store can hold, it names nothing: 404, before any query."""

    regex = "[^/\0]+"

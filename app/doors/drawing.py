"""How templates become Python: a block is gathered in a list and handed on in one piece.

Jinja's own way hands every piece of a page through each generator above it, five of them for a row of a list, and
makes a `Markup` of each text that it escapes only to join them. That was a third of a page of fifty rows.
"""

from collections.abc import Callable, Iterable
from typing import Any

import markupsafe
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

COMPILED = "mpanel2_%s.cache"
"""Names of compiled templates. A change of what is below needs another, since Jinja's key is the source alone."""
_text: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)
"""What `escape` calls before it makes a `Markup` of it, in a sixth of the time; a library without it has `escape`."""


def escaped(value: Any) -> str:
    """`value` as it may stand in HTML; the same text as `markupsafe.escape`, to be joined and nothing else."""
    kind = type(value)
    if kind is str:
        return _text(value)
    return value if kind is Markup else escape(value)


class _Gathering(CodeGenerator):
    """Jinja's compiler, with blocks that yield once."""

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("escaped = environment.escaped")

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        if not frame.block_frame or frame.buffer is not None:
            super().blockvisit(nodes, frame)
            return
        self.buffer(frame)
        super().blockvisit(nodes, frame)
        self.writeline(f"yield concat({frame.buffer})")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("escaped(")


class Drawing(Environment):
    """The environment of every page."""

    code_generator_class = _Gathering
    escaped = staticmethod(escaped)

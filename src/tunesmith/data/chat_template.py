"""A model's Jinja chat template, run as transformers runs it, but with a limit on time and size.

Templates come with model folders and are code: the sandbox keeps them from Python, the limits keep a broken one from
holding a process.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import jinja2
import jinja2.exceptions
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox
import jinja2.utils

from tunesmith.errors import InvalidModel

# A template takes milliseconds, and its output is hardly longer than the row (tables/row.py) that it renders.
MAX_RENDER_S = 10.0
MAX_RENDERED_CHARS = 64 * 2**20

TemplateError = jinja2.TemplateError

# For models whose folder has no template but whose vocabulary has ChatML's tokens; tools as Qwen and Hermes write them.
CHATML = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- '# Tools\\n\\n<tools>\\n' }}
    {%- for tool in tools %}{{- tool | tojson }}{{- '\\n' }}{%- endfor %}
    {{- '</tools>\\n\\nTo call a tool, answer with <tool_call>\\n{"name": ..., "arguments": ...}\\n</tool_call>' }}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if not (tools and loop.first and message.role == 'system') %}
        {{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
        {%- for call in message.tool_calls or [] %}
            {%- if not loop.first or message.content %}{{- '\\n' }}{%- endif %}
            {{- '<tool_call>\\n' + call.function | tojson + '\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

# For base models that know no turns at all: plain words, and the model's own end-of-text token after each answer.
PLAIN = """\
{{- bos_token }}
{%- if tools %}{{- 'Tools:\\n' + tools | tojson + '\\n\\n' }}{%- endif %}
{%- for message in messages %}
    {{- message.role | capitalize + ':\\n' + (message.content or '') }}
    {%- for call in message.tool_calls or [] %}
        {%- if not loop.first or message.content %}{{- '\\n' }}{%- endif %}
        {{- '<tool_call>\\n' + call.function | tojson + '\\n</tool_call>' }}
    {%- endfor %}
    {%- if message.role == 'assistant' %}{{- eos_token }}{%- endif %}
    {{- '\\n\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- 'Assistant:\\n' }}{%- endif %}
"""


class ChatTemplate:
    """Messages in Hugging Face's shape become text.

    `special_tokens` ("bos_token", "eos_token", ...) are what the template may write; `now` is the clock that
    templates with a date in them read.
    """

    def __init__(self, source: str, *, special_tokens: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self.source = source
        self.marks_generation = re.search(r"\{%-?\s*generation\s*-?%\}", source) is not None
        self._special_tokens = dict(special_tokens)
        try:
            self._template = _Environment(now).from_string(source)
        except jinja2.TemplateSyntaxError as error:
            message = f"the chat template is not valid Jinja (line {error.lineno}): {error.message}"
            raise InvalidModel(message, param="model") from error

    def render(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], *, add_generation_prompt: bool
    ) -> str:
        """Raises TemplateError when the template refuses the messages or runs over the limits."""
        return self.render_with_spans(messages, tools, add_generation_prompt=add_generation_prompt)[0]

    def render_with_spans(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], *, add_generation_prompt: bool
    ) -> tuple[str, list[tuple[int, int]]]:
        """The text, and the character spans that the template itself marks with {% generation %}."""
        with _limited() as limits:
            pieces = self._template.generate(
                messages=messages,
                tools=list(tools) or None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                **self._special_tokens,
            )
            try:
                for piece in pieces:
                    limits.add(piece)
            except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
                # whatever else the template's code does wrong is its refusal too
                raise TemplateError(f"{type(error).__name__}: {error}") from error
            return "".join(limits.pieces), limits.spans


class _Limits:
    """What one rendering has produced, and how much more it may."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.spans: list[tuple[int, int]] = []
        self._deadline = time.monotonic() + MAX_RENDER_S

    def add(self, piece: str) -> None:
        self.pieces.append(piece)
        self.length += len(piece)
        if self.length > MAX_RENDERED_CHARS:
            raise TemplateError(f"the chat template wrote more than {MAX_RENDERED_CHARS:,} characters")
        self.check_time()

    def check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise TemplateError(f"the chat template ran for more than {MAX_RENDER_S:.0f} seconds")


_current = threading.local()


@contextmanager
def _limited() -> Iterator[_Limits]:
    limits = _Limits()
    _current.limits = limits
    try:
        yield limits
    finally:
        del _current.limits


class _GenerationTag(jinja2.ext.Extension):
    """{% generation %}...{% endgeneration %}: transformers' tag for what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 (Jinja's own declaration)

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_note_span"), [], [], body).set_lineno(line)

    def _note_span(self, caller: Callable[[], str]) -> str:
        text = caller()
        limits: _Limits = _current.limits
        limits.spans.append((limits.length, limits.length + len(text)))
        return text


class _Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
    """The environment that transformers gives chat templates, with the limits built in."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, jinja2.ext.loopcontrols])
        self.filters["tojson"] = _tojson
        self.globals["raise_exception"] = _raise_exception
        self.globals["strftime_now"] = lambda date_format: now().strftime(date_format)
        self.globals["_check_time"] = lambda: _current.limits.check_time()
        # Jinja's own are Python classes, whose attributes reach further than a template should
        self.globals["dict"] = _TemplateDict()
        self.globals["namespace"] = _TemplateNamespace

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        """Check the time in every turn of every loop: loops that write nothing are the ones that hang."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(jinja2.nodes.For):
            check = jinja2.nodes.Call(jinja2.nodes.Name("_check_time", "load"), [], [], None, None)
            loop.body.insert(0, jinja2.nodes.ExprStmt(check).set_lineno(loop.lineno).set_environment(self))
        return tree

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        for text, times in ((left, right), (right, left)):
            if isinstance(text, (str, list, tuple)) and isinstance(times, int):
                self._check_length(len(text) * times)
        if operator == "**" and isinstance(right, int):
            self._check_length(right)
        return super().call_binop(context, operator, left, right)

    @staticmethod
    def _check_length(length: int) -> None:
        if length > MAX_RENDERED_CHARS:
            raise TemplateError(f"the chat template asks for a value of {length:,} characters")


class _TemplateDict:
    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, keys: Iterable[Any], value: Any = None) -> dict[Any, Any]:
        return dict.fromkeys(keys, value)


class _TemplateNamespace(jinja2.utils.Namespace):
    def __setitem__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise jinja2.exceptions.SecurityError(f"a chat template may not set {name!r} on a namespace")
        super().__setitem__(name, value)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> None:
    raise TemplateError(message)

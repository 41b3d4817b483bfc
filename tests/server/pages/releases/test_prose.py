"""Comments and sources of other people become HTML in which nothing but our own marks is markup."""

from __future__ import annotations

import pytest

from fieldstone.server.pages.prose import prose, sentence, source, source_lines


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo.\n\nThree.", "<p>One\ntwo.</p>\n<p>Three.</p>\n"),
        ("- a\n- `b`", "<ul>\n<li>a</li>\n<li><code>b</code></li>\n</ul>\n"),
        ("__init__ and *.proto\n# Title", "<p>__init__ and *.proto\n# Title</p>\n"),
        ("<b>&amp;</b>", "<p>&lt;b&gt;&amp;amp;&lt;/b&gt;</p>\n"),
        ("[a](javascript:x) [b](//evil.example.com)", "<p>[a](javascript:x) [b](//evil.example.com)</p>\n"),
        ('[a](https://x/"y)', '<p><a href="https://x/%22y" rel="noopener noreferrer nofollow">a</a></p>\n'),
        ("a\u202eb\u0007", "<p>a\\u202eb\\x07</p>\n"),
        ("[" * 40_000, f"<pre>{'[' * 40_000}</pre>"),
    ],
)
def test_a_comment_is_read_as_plain_markdown(text: str, html: str) -> None:
    assert prose(text) == html


def test_a_sentence_has_code_in_backticks() -> None:
    assert sentence("`a<b` is `odd") == "<code>a&lt;b</code> is `odd"


def test_a_source_keeps_its_lines() -> None:
    text = '/* a\n b */ x = "<\\"\u202e";\r\n\tint32 y = 0x1F; // t\n'

    assert source_lines(text, "a.proto") == [
        '<span class="c">/* a</span>',
        '<span class="c"> b */</span> x = <span class="s">&#34;&lt;\\&#34;\\u202e&#34;</span>;',
        '\t<span class="k">int32</span> y = <span class="n">0x1F</span>; <span class="c">// t</span>',
    ]
    assert source_lines("# A \u202e<i>\n\noption", "README.md") == ["# A \\u202e&lt;i&gt;", "", "option"]
    assert source("int32 a = 1;") == '<span class="k">int32</span> a = <span class="n">1</span>;'

"""What is served of a stylesheet or a script is shorter, and means the same."""

import re
from pathlib import Path

import pytest

from chalicelib.portal.minify import minified, shorter_script, shorter_style
from chalicelib.portal.render import STATIC

STYLES = [
    (
        "/* a */ a { color: red; }\n\nb > c:hover ,\nd  e { margin: 0 1px; }\n",
        "a{color:red}b > c:hover,d e{margin:0 1px}",
    ),
    ("@media (max-width: 36rem) {\n  .a { x: y; }\n}\n", "@media (max-width:36rem){.a{x:y}}"),
    ("a { width: calc(100% - 2rem); }", "a{width:calc(100% - 2rem)}"),
    ("a /* between */ b { c: d /* e */ f; }", "a b{c:d f}"),
    ("a :first-child { b: c }", "a :first-child{b:c}"),
    (""".a::before { content: "·  { ; } /* x */ \\" ,  "; }""", """.a::before{content:"·  { ; } /* x */ \\" ,  "}"""),
    ("a { b: ' ;  } '; c: url(data:x/y;z ,  q); }", "a{b:' ;  } ';c:url(data:x/y;z ,  q)}"),
    ("""/* it's "one */ a { b: "c" }""", """a{b:"c"}"""),
    (":root { --a: #fff; --b: 1px  2px; }", ":root{--a:#fff;--b:1px 2px}"),
]


@pytest.mark.parametrize(("text", "served"), STYLES)
def test_a_stylesheet_keeps_its_strings_and_the_spaces_that_mean_something(text: str, served: str) -> None:
    assert shorter_style(text) == served
    assert shorter_style(served) == served


def test_a_script_loses_lines_of_comment_and_indentation_and_no_line_break() -> None:
    text = '// What it does.\n(() => {\n  // Why.\n  const a = "b // c";  // d\n\n  a\n  ++b\n})();\n'
    assert shorter_script(text) == '(() => {\nconst a = "b // c";  // d\na\n++b\n})();'


@pytest.mark.parametrize(
    "text",
    [
        "const a = `b\n  // no comment\n  c`;\n",
        "const a = `${b}` + `c\n  d`;\n",
        "const a = 'b\\\n  // c';\n",
        "/*\n  // a\n*/\n  b;\n",
    ],
)
def test_a_script_in_which_a_line_may_begin_inside_a_string_is_served_as_it_is(text: str) -> None:
    assert shorter_script(text) == text


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_every_file_is_served_shorter_with_all_its_words(path: Path) -> None:
    text = path.read_text()
    served = minified(text, path.suffix)
    assert len(served) < len(text)
    assert not re.search(r"^\s|/\*", served, re.MULTILINE)
    comments = re.compile(r"/\*.*?\*/", re.DOTALL) if path.suffix == ".css" else re.compile(r"^\s*//.*$", re.MULTILINE)
    assert re.findall(r"[\w-]+", served) == re.findall(r"[\w-]+", comments.sub("", text))

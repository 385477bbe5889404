"""Prompt templates render what Jinja2 renders, strictly."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import jinja2
import pytest

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import compile_expression, compile_template
from datagenflow_nb.templating.limits import MAX_CACHED


def render(source: str, **context: object) -> str:
    """The text of a template with these fields."""
    return compile_template(source).render(context)


def test_importing_the_package_does_not_import_jinja2() -> None:
    """Jinja2 is loaded by the first compilation, not by the import."""
    script = (
        "import sys\n"
        "from datagenflow_nb.templating import compile_template\n"
        "before = 'jinja2' in sys.modules\n"
        "compile_template('x')\n"
        "print(before, 'jinja2' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False True\n"


def test_fields_and_metadata_are_put_in() -> None:
    """A field stands for itself, and below ``metadata``."""
    template = compile_template("{{ topic }}: {{ metadata.topic }}, {{ metadata['level'] }}.\n")
    context = {"topic": "tea", "metadata": {"topic": "green tea", "level": 3}}
    assert template.render(context) == "tea: green tea, 3.\n"
    assert template.source == "{{ topic }}: {{ metadata.topic }}, {{ metadata['level'] }}.\n"
    assert repr(compile_template("{{ a }}")) == "Template('{{ a }}')"


def test_a_value_with_braces_is_not_rendered_again() -> None:
    """What a field holds is text, whatever it looks like."""
    assert render("{{ x }}", x="{{ y }}{% if %}{#") == "{{ y }}{% if %}{#"


def test_nothing_is_escaped_and_the_last_newline_stays() -> None:
    """Prompts are not HTML."""
    assert render("{{ x }}\n", x="<a & 'b'>") == "<a & 'b'>\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ data|tojson }}", '{"a": "\\u003cb\\u003e \\u0026 \\u0027c\\u0027", "n": [1, null]}'),
        ("{{ [1]|tojson(indent=2) }}", "[\n  1\n]"),
        ("{{ 'foo bar baz qux'|truncate(9) }}", "foo..."),
        ("{{ 'foo bar baz qux'|truncate(11) }}", "foo bar baz qux"),
        ("{{ 'a'|center(5) }}|", "  a  |"),
        ("{{ 'a\nb'|indent(2) }}", "a\n  b"),
        ("{{ 'aaa'|replace('a', 'b', 2) }}", "bba"),
        ("{{ [1, 2]|join(', ') }}", "1, 2"),
        ("{{ people|join('+', attribute='name') }}", "Ann+Bob"),
        ("{{ people|map(attribute='age')|sum }}", "41"),
        ("{{ people|sum(attribute='age', start=1) }}", "42"),
        ("{{ [[1], [2]]|sum(start=[]) }}", "[1, 2]"),
        ("{{ people|selectattr('age', 'gt', 20)|map(attribute='name')|list }}", "['Bob']"),
        ("{{ people|groupby('age')|length }}", "2"),
        ("{{ range(5)|batch(2, 'x')|list }}", "[[0, 1], [2, 3], [4, 'x']]"),
        ("{{ range(5)|slice(2)|list }}", "[[0, 1, 2], [3, 4]]"),
        ("{{ ['b', 'A', 'b']|unique|sort|join }}", "Ab"),
        ("{{ 2.567|round(1) }} {{ '7'|int + 1 }} {{ -3|abs }}", "2.6 8 3"),
        ("{{ '<b>x</b> &amp;'|striptags }}", "x &"),
        (
            "{{ 'see http://a.org'|urlize }}",
            'see <a href="http://a.org" rel="noopener">http://a.org</a>',
        ),
        ("{{ 'aa bb cc'|wordwrap(5) }}", "aa bb\ncc"),
        ("{{ 'ä b'|urlencode }} {{ '<'|e }}", "%C3%A4%20b &lt;"),
        ("{{ {'a': 1}|xmlattr }} {{ [1]|pprint }}", ' a="1" [1]'),
        ("{{ '%s-%03d' % ('a', 7) }} {{ '%(k)s'|format(k=1) }}", "a-007 1"),
        ("{{ '{:>4}|{n!r}'.format('a', n='b') }}", "   a|'b'"),
        ("{{ '{a}'.format_map({'a': 1}) }}", "1"),
        ("{{ 'a,b'.split(',') }} {{ 'a'.upper() }} {{ ' a '.strip() }}", "['a', 'b'] A a"),
        ("{{ data.get('z', 0) }} {{ data.keys()|list }}", "0 ['a', 'n']"),
        ("{{ missing|default('x') }} {{ data.zz|d('y') }}", "x y"),
        ("{{ missing is defined }} {{ data.zz is undefined }}", "False True"),
        ("{{ [missing, 1]|select('defined')|list }}", "[1]"),
        ("{{ 'a' if false }}|", "|"),
        (
            "{{ 2 ** 10 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 'ab' * 2 }} {{ [1] + [2] }}",
            "1024 3 3 abab [1, 2]",
        ),
        ("{{ 1 ~ 'a' ~ none }} {{ 1 < 2 < 3 }} {{ 'a' in 'ab' }}", "1aNone True True"),
        ("{{ 'abcdef'[1:4] }}{{ [1, 2, 3][-1] }}", "bcd3"),
        ("{% for x in [1, 2] %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
        ("{% for x in [] %}a{% else %}none{% endfor %}", "none"),
        ("{% for x in range(6) if x is even %}{{ x }}{% endfor %}", "024"),
        (
            "{% for n in tree recursive %}{{ n.v }}({{ loop(n.sub) }}){% endfor %}",
            "1(2()3())",
        ),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, b=3) }}", "1213"),
        (
            "{% macro m() %}[{{ caller('x') }}]{% endmacro %}{% call(a) m() %}{{ a }}{% endcall %}",
            "[x]",
        ),
        (
            "{% set ns = namespace(n=0) %}"
            "{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}"
            "{{ ns.n }}",
            "3",
        ),
        ("{% set x %}a{{ 1 }}{% endset %}{{ x }}{% filter upper %}b{% endfilter %}", "a1B"),
        (
            "{% with a = 1 %}{{ a }}{% endwith %}"
            "{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.next() }}",
            "112",
        ),
        ("{% set j = joiner('-') %}{% for x in 'abc' %}{{ j() }}{{ x }}{% endfor %}", "a-b-c"),
        ("{{ dict(a=1) }} {{ dict([('b', 2)]) }}", "{'a': 1} {'b': 2}"),
        ("{% raw %}{{ x }}{% endraw %}{# comment #}", "{{ x }}"),
        ("a\n{%- if true %} b{% endif -%}\n c", "a bc"),
    ],
)
def test_the_standard_language_is_jinja2s(source: str, expected: str) -> None:
    """Filters, tests, operators and tags give what Jinja2 gives."""
    context = {
        "data": {"a": "<b> & 'c'", "n": [1, None]},
        "people": [{"name": "Ann", "age": 20}, {"name": "Bob", "age": 21}],
        "tree": [{"v": 1, "sub": [{"v": 2, "sub": []}, {"v": 3, "sub": []}]}],
    }
    assert compile_template(source).render(context) == expected
    plain = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    assert plain.from_string(source).render(context) == expected


def test_a_field_hides_the_function_of_that_name() -> None:
    """A field called ``range`` is the field."""
    assert render("{{ range }}", range="here") == "here"


def test_a_key_that_is_no_dict_method_is_found_by_attribute_and_by_item() -> None:
    """Keys are reached with a dot, with brackets, and underscored ones too."""
    assert render("{{ x.a }}{{ x['items'] }}{{ x._id }}", x={"a": 1, "items": 2, "_id": 3}) == "123"


def test_rendering_never_changes_the_context() -> None:
    """No method that writes can be called, and a missing key does not make a default."""
    context = {"x": [1], "d": {"a": 1}, "f": defaultdict(list)}
    for source in (
        "{{ x.append(1) }}",
        "{{ x.clear() }}",
        "{{ d.update(b=1) }}",
        "{{ d.setdefault('b', 1) }}",
        "{{ d.pop('a') }}",
        "{% set d.a = 2 %}",
        "{{ f.zz }}",
        "{{ f['zz'] }}",
        "{% set x = x + [2] %}{% set topic = 1 %}{{ nothing }}",
    ):
        with pytest.raises(TemplateError):
            compile_template(source).render(context)
    assert context == {"x": [1], "d": {"a": 1}, "f": {}}


def test_the_same_text_is_compiled_once_and_the_cache_is_bounded() -> None:
    """A template is cached by its text; old ones make room."""
    first = compile_template("once {{ a }}")
    assert compile_template("once {{ a }}") is first
    for number in range(MAX_CACHED):
        compile_template(f"filler {number}")
    assert compile_template("once {{ a }}") is not first


def test_threads_compile_and_render_the_same() -> None:
    """Many threads at once get the right text each."""

    def work(number: int) -> str:
        source = f"{number % 7}: {{{{ x }}}}{{% for i in range(3) %}}{{{{ i }}}}{{% endfor %}}"
        return compile_template(source).render({"x": number})

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(work, range(400)))
    assert texts == [f"{number % 7}: {number}012" for number in range(400)]


@pytest.mark.parametrize("source", [None, 3, ["{{ a }}"], b"{{ a }}"])
def test_only_a_text_is_a_template(source: object) -> None:
    """Anything else is our error, saying what it was."""
    with pytest.raises(TemplateError, match="is a text, not"):
        compile_template(source)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TemplateError, match="is a text, not"):
        compile_expression(source)  # type: ignore[arg-type]  # that is the point

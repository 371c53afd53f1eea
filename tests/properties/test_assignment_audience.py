"""Our audiences against a reference CEL evaluator, on generated expressions and contexts."""

import math
from types import SimpleNamespace

import cel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.assignment import (
    build_index,
    check_audience,
    column,
    compile_audience,
    disjoint,
    members,
    satisfiable,
)
from counterpoint.errors import InvalidInput

# In the order of semver.org, item 11: the reference compares places in this list, so it knows nothing of our parser.
VERSIONS = [
    "0.9.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "8.9.0",
    "8.10.0-beta.2",
    "8.10.0",
    "8.10.1",
    "10.0.0",
]
PLANS = ("free", "premium", "family", "Zoë 😀")
TYPES = {
    "country": ("string", ()),
    "city": ("string", ()),
    "plan": ("enum", PLANS),
    "days": ("int", ()),
    "hour": ("int", ()),
    "score": ("float", ()),
    "rate": ("float", ()),
    "listens": ("bool", ()),
    "new": ("bool", ()),
    "version": ("semver", ()),
}
DECLARED = {key: SimpleNamespace(type=kind, values=values) for key, (kind, values) in TYPES.items()}
WORDS = ("", "SE", "NO", "se", "Zoë", "ユー", "a\\b", 'q"q', "two\nlines", "😀", "SEE")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def twice(text: str) -> tuple[str, str]:
    return text, text


def joined(form: str):
    return lambda *parts: (form.format(*(part[0] for part in parts)), form.format(*(part[1] for part in parts)))


def of(form: str, *parts):
    return st.tuples(*parts).map(lambda drawn: joined(form)(*drawn))


INTS = st.one_of(st.sampled_from(["days", "hour"]), st.integers(-50, 400).map(str)).map(twice)
INT_TERMS = st.recursive(
    INTS,
    lambda inner: st.one_of(
        *(of(f"({{}} {op} {{}})", inner, inner) for op in "+-*/%"),
        of("-({})", inner),
    ),
    max_leaves=4,
)
FLOATS = st.one_of(
    st.sampled_from(["score", "rate"]), st.floats(-50, 400, allow_nan=False).map(lambda x: repr(round(x, 3)))
).map(twice)
FLOAT_TERMS = st.recursive(
    FLOATS, lambda inner: st.one_of(*(of(f"({{}} {op} {{}})", inner, inner) for op in "+-*")), max_leaves=3
)
TEXTS = st.one_of(st.sampled_from(["country", "city"]), st.sampled_from(WORDS).map(quoted)).map(twice)
PLAN = st.sampled_from(PLANS).map(quoted).map(twice)
VERSION = st.sampled_from(range(len(VERSIONS))).map(lambda place: (quoted(VERSIONS[place]), str(place)))
ORDER = ("==", "!=", "<", "<=", ">", ">=")


def compared(left, right, ops=ORDER):
    return st.one_of(*(of(f"{{}} {op} {{}}", left, right) for op in ops))


def listed(item, options):
    return st.tuples(item, st.lists(options, min_size=0, max_size=4)).map(
        lambda drawn: tuple(
            f"{drawn[0][side]} in [{', '.join(option[side] for option in drawn[1])}]" for side in (0, 1)
        )
    )


ATOMS = st.one_of(
    compared(TEXTS, TEXTS),
    compared(st.just(twice("plan")), PLAN, ("==", "!=")),
    compared(INT_TERMS, INT_TERMS),
    compared(FLOAT_TERMS, FLOAT_TERMS),
    compared(INTS, FLOATS),
    compared(st.just(twice("version")), VERSION),
    compared(VERSION, st.just(twice("version"))),
    listed(TEXTS, TEXTS),
    listed(INTS, INTS),
    listed(st.just(twice("plan")), PLAN),
    listed(st.just(twice("version")), VERSION),
    *(of(f"{{}}.{name}({{}})", TEXTS, TEXTS) for name in ("startsWith", "endsWith", "contains")),
    of("plan.startsWith({})", TEXTS),
    of("{}.matches({})", TEXTS, st.sampled_from(["^S", "E$", "S|N", "[A-Z]{2}", "."]).map(quoted).map(twice)),
    st.sampled_from(["listens", "new", "true", "false", "listens == new", "listens != true", "size('abc') == 3"]).map(
        twice
    ),
)
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        of("({} && {})", inner, inner),
        of(
            "{} && {} && {}",
            inner.map(lambda p: (f"({p[0]})", f"({p[1]})")),
            inner.map(lambda p: (f"({p[0]})", f"({p[1]})")),
            ATOMS,
        ),
        of("({} || {})", inner, inner),
        of("!({})", inner),
        of("({} ? {} : {})", inner, inner, inner),
        of("(({}) == ({}))", inner, inner),
    ),
    max_leaves=6,
)
WRONG = st.sampled_from([None, True, 3, 2.5, "x", "SE", float("inf")])
RIGHT = {
    "string": st.sampled_from(WORDS),
    "enum": st.sampled_from(PLANS),
    "int": st.integers(-5, 400) | st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(-50, 400) | st.integers(-5, 400),
    "bool": st.booleans(),
    "semver": st.sampled_from(VERSIONS),
}


@st.composite
def contexts(draw):
    context = {}
    for key, (kind, _) in TYPES.items():
        fate = draw(st.integers(0, 9))
        if fate == 0:
            continue
        context[key] = draw(WRONG) if fate == 1 else draw(RIGHT[kind])
    return context


def is_right(kind, values, value):
    if kind == "bool":
        return value is True or value is False
    if kind == "int":
        return type(value) is int and -(2**63) <= value < 2**63
    if kind == "float":
        return type(value) is float or (type(value) is int and -(2**63) <= value < 2**63)
    if kind == "semver":
        return isinstance(value, str) and value in VERSIONS
    return isinstance(value, str) and (not values or value in values)


def reference(text, context):
    """Whether the reference evaluator finds it true, on what of the context has its declared type."""
    clean = {key: value for key, value in context.items() if is_right(*TYPES[key], value)}
    clean = {key: float(value) if TYPES[key][0] == "float" else value for key, value in clean.items()}
    if "version" in clean:
        clean["version"] = VERSIONS.index(clean["version"])
    try:
        return cel.evaluate(text, clean) is True
    except (RuntimeError, TypeError, ValueError, OverflowError, ZeroDivisionError):
        return False


def is_a_known_difference(context):
    # The reference compares whole numbers with decimals as doubles; CEL and we compare them exactly. It refuses to
    # compare what is no number (infinity less itself); to CEL and us such a comparison is false.
    return any(
        (type(value) is int and abs(value) > 2**52) or (type(value) is float and math.isinf(value))
        for value in context.values()
    )


def test_what_is_no_number_compares_false_with_everything():
    for expression, holds in (("score < (score - score)", False), ("!(score < (score - score))", True)):
        assert compile_audience(expression, DECLARED).matches({"score": math.inf}) is holds


def agree(expression, context):
    ours, theirs = expression
    audience = compile_audience(ours, DECLARED)
    small = {key: value for key, value in context.items() if not is_a_known_difference({key: value})}
    for seen in (context, small):
        if seen is small or not any(symbol in ours for symbol in ("score", "rate", ".")):
            assert audience.matches(seen) == reference(theirs, seen), (ours, theirs, seen)
    assert audience.verdict(context).is_in == audience.matches(context)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS, contexts())
def test_an_audience_means_what_the_reference_evaluator_says(expression, context):
    agree(expression, context)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS, contexts())
def test_an_audience_means_what_the_reference_evaluator_says_on_ten_thousand_pairs(expression, context):
    agree(expression, context)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS)
def test_what_we_accept_the_cel_library_accepts(expression):
    assert check_audience(expression[0], DECLARED) == ()


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "country",
                "==",
                '"SE"',
                "(",
                ")",
                "&&",
                "!",
                "in",
                "[",
                "]",
                ".",
                "size",
                "1",
                "-",
                "?",
                ":",
                "days",
                "plan",
                ",",
            ]
        ),
        max_size=14,
    ).map(" ".join)
)
def test_no_text_breaks_the_compiler(text):
    try:
        audience = compile_audience(text, DECLARED)
    except InvalidInput as error:
        assert error.facts["findings"]
    else:
        assert audience.matches({}) in (True, False)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(FORMULAS, FORMULAS, st.lists(contexts(), min_size=3, max_size=12))
def test_no_context_contradicts_a_proof(first, second, seen):
    a, b = compile_audience(first[0], DECLARED), compile_audience(second[0], DECLARED)
    found = satisfiable(a, b)
    if found.witness is not None:
        assert a.matches(found.witness)
        assert b.matches(found.witness)
    apart = disjoint(a, b, set(DECLARED))
    assert apart == (found.proof == "unsatisfiable") or found.proof == "unknown"
    for context in seen:
        if a.matches(context) and b.matches(context):
            assert found.proof != "unsatisfiable"
            assert not apart


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FORMULAS, min_size=1, max_size=8), st.lists(contexts(), min_size=1, max_size=6))
def test_an_index_and_a_column_answer_as_one_by_one(expressions, seen):
    audiences = [compile_audience(expression[0], DECLARED) for expression in expressions]
    index = build_index([*audiences, None])
    columns = {key: column([context.get(key) for context in seen]) for key in DECLARED}
    for _ in range(2):  # the second time from what the index remembers
        for context in seen:
            found = index.matching(context)
            assert [bool(found >> place & 1) for place in range(len(audiences) + 1)] == [
                *(audience.matches(context) for audience in audiences),
                True,
            ]
    for audience in audiences:
        assert members(audience, columns, len(seen)).tolist() == [audience.matches(context) for context in seen]

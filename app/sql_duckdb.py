"""BigQuery's SQL as DuckDB's. sqlglot does most of it; what it gets wrong is put right here.

Every change below has a row test that gives other rows without it. The session's time zone must be UTC.
Known to differ still: CAST of exactly half a number to INT64 (write ROUND first), CAST of a whole FLOAT64 to
STRING ('1.0', not '1'), JSON_VALUE_ARRAY of a list that holds objects (NULL in BigQuery), division by zero
(an error in BigQuery; use SAFE_DIVIDE), and DATE_TRUNC of a TIMESTAMP (use TIMESTAMP_TRUNC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from app.schema import duckdb_type

# Parts of an instant that need another name, or arithmetic, in DuckDB.
_SUNDAY_WEEK, _MONDAY_WEEK = "%U", "%W"


def to_duckdb(tree: exp.Query, types: Mapping[str, str]) -> str:
    """The statement `tree` for DuckDB; parameters become `$name`, cast to their BigQuery type in `types`.

    Raises sqlglot's UnsupportedError for what cannot be said in DuckDB.
    """
    tree = tree.copy()
    # Innermost first: a node that is replaced takes its finished children along.
    for node in reversed(list(tree.walk())):
        change = _CHANGES.get(type(node))
        new = change(node) if change else None
        if new is not None and new is not node:
            node.replace(new)
    for parameter in list(tree.find_all(exp.Parameter)):
        kind = types.get(parameter.name)
        if kind is not None:
            parameter.replace(
                exp.cast(parameter.copy(), exp.DataType.build(duckdb_type(kind), dialect="duckdb"))
            )
    sql: str = tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE, pretty=True, copy=False)
    return sql


def _call(name: str, *arguments: Any) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _date_arithmetic(node: Any) -> exp.Expression:
    """Dates stay dates: DuckDB makes timestamps of a date and an interval."""
    new = node.copy()
    new.set("this", exp.cast(new.this, "DATE"))
    return exp.cast(new, "DATE")


def _date_trunc(node: Any) -> exp.Expression | None:
    return exp.cast(node.copy(), "DATE")


def _timestamp_diff(node: Any) -> exp.Expression:
    """BigQuery counts whole units, as DuckDB's date_sub does; date_diff counts the boundaries crossed."""
    return _call(
        "DATE_SUB", exp.Literal.string(node.text("unit").lower()), node.expression.copy(), node.this.copy()
    )


def _extract(node: Any) -> exp.Expression | None:
    part, value = node.this, node.expression.copy()
    name = part.name.upper()
    if isinstance(part, exp.WeekStart):
        if part.this.name.upper() != "MONDAY":
            raise UnsupportedError(f"EXTRACT(WEEK({part.this.name}))")
        return _week(value, _MONDAY_WEEK)
    if name == "DAYOFWEEK":  # 1 is Sunday; DuckDB begins at 0
        return exp.paren(exp.Extract(this=exp.var("DOW"), expression=value) + 1)
    if name in ("DATE", "TIME"):
        return exp.cast(value, name)
    if name in ("WEEK", "ISOWEEK"):
        iso = exp.Extract(this=exp.var("WEEK"), expression=value)
        return iso if name == "ISOWEEK" else _week(value, _SUNDAY_WEEK)
    if name in ("MILLISECOND", "MICROSECOND"):  # within the second; DuckDB counts within the minute
        size = 1000 if name == "MILLISECOND" else 1_000_000
        return exp.paren(exp.Mod(this=node.copy(), expression=exp.Literal.number(size)))
    return None


def _week(value: exp.Expression, form: str) -> exp.Expression:
    return exp.cast(_call("STRFTIME", value, exp.Literal.string(form)), "BIGINT")


def _array_agg(node: Any) -> exp.Expression | None:
    """ARRAY_AGG(x ORDER BY y LIMIT n): DuckDB has no LIMIT there, so the list is cut afterwards."""
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
        inner = node.this
        if isinstance(node, exp.RespectNulls) and isinstance(inner, exp.ArrayAgg | exp.Anonymous):
            return inner.copy()  # DuckDB keeps NULLs anyway, and has no word for it here
        if isinstance(inner, exp.Anonymous) and inner.name == "LIST_SLICE":  # made by the branch below
            cut = inner.copy()
            cut.expressions[0].replace(type(node)(this=cut.expressions[0].copy()))
            return cut
        return None
    limit = node.this
    if not isinstance(limit, exp.Limit):
        return None
    whole = exp.ArrayAgg(this=limit.this.copy())
    return _call("LIST_SLICE", whole, exp.Literal.number(1), limit.expression.copy())


def _string_agg(node: Any) -> exp.Expression | None:
    """STRING_AGG(x, s ORDER BY y LIMIT n), likewise; NULLs do not count."""
    limit = node.this
    if not isinstance(limit, exp.Limit):
        return None
    value = limit.this.find(exp.Order).this if limit.this.find(exp.Order) else limit.this
    value = value.expressions[0] if isinstance(value, exp.Distinct) else value
    whole = exp.Filter(
        this=exp.ArrayAgg(this=limit.this.copy()),
        expression=exp.Where(this=value.copy().is_(exp.null()).not_()),
    )
    cut = _call("LIST_SLICE", whole, exp.Literal.number(1), limit.expression.copy())
    separator = node.args.get("separator") or exp.Literal.string(",")
    return _call("ARRAY_TO_STRING", cut, separator.copy())


def _approx_quantiles(node: Any) -> exp.Expression | None:
    """Exact ones: DuckDB's approximate quantiles are values that never occurred."""
    steps = int(node.expression.name)
    points = exp.Array(expressions=[exp.Literal.number(round(i / steps, 9)) for i in range(steps + 1)])
    return _call("QUANTILE_DISC", node.this.copy(), points)


def _anonymous(node: Any) -> exp.Expression | None:
    if node.name.upper() == "IEEE_DIVIDE":
        top, bottom = (exp.cast(item.copy(), "DOUBLE") for item in node.expressions)
        return exp.paren(exp.Div(this=top, expression=bottom))
    return None


def _unnest(node: Any) -> exp.Expression | None:
    """WITH OFFSET counts from 0, DuckDB's WITH ORDINALITY from 1."""
    offset = node.args.get("offset")
    if not isinstance(offset, exp.Identifier):
        return None
    alias = node.args.get("alias")
    column = alias.columns[0].copy() if alias and alias.columns else exp.to_identifier("value")
    name = f"_{column.name}_{offset.name}"
    inner = exp.Unnest(
        expressions=[item.copy() for item in node.expressions],
        alias=exp.TableAlias(this=exp.to_identifier(name), columns=[column.copy(), offset.copy()]),
        offset=True,
    )
    counted = exp.alias_(exp.column(offset.copy()) - 1, offset.copy())
    query = exp.select(exp.column(column.copy()), counted).from_(inner)
    join = node.parent
    if isinstance(join, exp.Join) and join.side and not join.args.get("on"):
        join.set("on", exp.true())
    return query.subquery(name)


def _json_array(node: Any) -> exp.Expression:
    """NULL where the value is no array; a plain cast would fail the whole query on one odd asset."""
    value = exp.JSONExtract(
        this=node.this.copy(), expression=node.expression.copy() if node.expression else None
    )
    element = "JSON[]" if isinstance(node, exp.JSONExtractArray) else "VARCHAR[]"
    return exp.TryCast(this=value, to=exp.DataType.build(element, dialect="duckdb"))


def _json_keys(node: Any) -> exp.Expression:
    """Those of the object itself, sorted as in BigQuery, which has no order of keys."""
    if node.expression is None or node.expression.name != "1":
        raise UnsupportedError("JSON_KEYS of more than one level, JSON_KEYS(x, 1)")
    return _call("LIST_SORT", _call("JSON_KEYS", node.this.copy()))


def _json_format(node: Any) -> exp.Expression:
    """TO_JSON gives JSON; TO_JSON_STRING gives text, which is 'null' for NULL."""
    made = _call("TO_JSON", node.this.copy())
    if node.args.get("to_json"):
        return made
    return exp.Coalesce(this=exp.cast(made, "TEXT"), expressions=[exp.Literal.string("null")])


def _bracket(node: Any) -> exp.Expression | None:
    """OFFSET counts from 0, DuckDB from 1; sqlglot shifts only plain numbers."""
    index = node.expressions[0] if len(node.expressions) == 1 else None
    if index is None or node.args.get("offset") != 0 or isinstance(index, exp.Literal):
        return None
    new: exp.Expression = node.copy()
    new.set("expressions", [exp.paren(index.copy()) + 1])
    new.set("offset", 1)
    return new


def _numeric(node: Any) -> exp.Expression | None:
    """A bare NUMERIC has nine decimals; DuckDB's bare DECIMAL has three and rounds the rest away."""
    if node.this == exp.DataType.Type.DECIMAL and not node.expressions:
        return exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb")
    return None


def _count_if(node: Any) -> exp.Expression:
    """DuckDB's own count_if is NULL over no rows, and 128 bits wide."""
    hit = exp.Case(ifs=[exp.If(this=node.this.copy(), true=exp.Literal.number(1))])
    return exp.Count(this=hit)


def _unix(node: Any, size: int) -> exp.Expression:
    """Cut off, as BigQuery does; DuckDB's own functions round."""
    micros = exp.Div(this=_call("EPOCH_US", node.this.copy()), expression=exp.Literal.number(size))
    return exp.cast(_call("FLOOR", micros), "BIGINT")


_CHANGES: dict[type, Callable[[Any], exp.Expression | None]] = {
    exp.DateAdd: _date_arithmetic,
    exp.DateSub: _date_arithmetic,
    exp.DateTrunc: _date_trunc,
    exp.DateFromUnixDate: lambda node: exp.cast(node.copy(), "DATE"),
    exp.TimestampDiff: _timestamp_diff,
    exp.Extract: _extract,
    exp.ArrayAgg: _array_agg,
    exp.IgnoreNulls: _array_agg,
    exp.RespectNulls: _array_agg,
    exp.GroupConcat: _string_agg,
    exp.ApproxQuantiles: _approx_quantiles,
    exp.Anonymous: _anonymous,
    exp.Unnest: _unnest,
    exp.JSONExtractArray: _json_array,
    exp.JSONValueArray: _json_array,
    exp.JSONBool: lambda node: exp.cast(node.this.copy(), "BOOLEAN"),
    exp.JSONKeysAtDepth: _json_keys,
    exp.JSONFormat: _json_format,
    exp.Bracket: _bracket,
    exp.CountIf: _count_if,
    exp.DataType: _numeric,
    exp.UnixToTime: lambda node: exp.cast(node.copy(), "TIMESTAMPTZ"),
    exp.UnixSeconds: lambda node: _unix(node, 1_000_000),
    exp.UnixMillis: lambda node: _unix(node, 1000),
    exp.Format: lambda node: _call("PRINTF", node.this.copy(), *(item.copy() for item in node.expressions)),
}

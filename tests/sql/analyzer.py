"""ZetaSQL, Google's own analyzer, with the tables of sql/schema: is a text valid BigQuery?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from app.schema import Table, tables
from app.sql_files import Param

_ARRAY = re.compile(r"^ARRAY<(\w+)>$")


class Invalid(Exception):
    """The text is not valid BigQuery; the message is the analyzer's."""


def analyze(text: str, params: tuple[Param, ...] = ()) -> list[str]:
    """The names of the columns that the statement `text` returns. Raises Invalid.

    The first analysis of a process takes about 10 s: the analyzer is WebAssembly and is compiled then.
    """
    from zetasql.api import Analyzer
    from zetasql.core.exceptions import ZetaSQLError
    from zetasql.types import AnalyzerOptions

    options = AnalyzerOptions(
        language_options=language(),
        query_parameters=[
            AnalyzerOptions.QueryParameter(name=param.name, type=_type(param.type)) for param in params
        ],
        default_timezone="UTC",
    )
    try:
        statement = Analyzer(options, catalog()).analyze_statement(text)
    except ZetaSQLError as error:
        raise Invalid(str(error)) from None
    return [column.name for column in getattr(statement, "output_column_list", None) or []]


@lru_cache(maxsize=1)
def language() -> Any:
    from zetasql.types import LanguageOptions

    options = LanguageOptions.maximum_features()
    options.reserved_keywords = ["QUALIFY"]  # reserved in BigQuery; only then is the clause understood
    return options


@lru_cache(maxsize=1)
def catalog() -> Any:
    from zetasql.api import CatalogBuilder
    from zetasql.types import ZetaSQLBuiltinFunctionOptions

    builder = CatalogBuilder("lz_metrics")
    for table in tables().values():
        builder.add_table(_table(table))
    return builder.with_builtin_functions(ZetaSQLBuiltinFunctionOptions(language_options=language())).build()


def _table(table: Table) -> Any:
    from zetasql.api import TableBuilder

    builder = TableBuilder(table.name)
    for column in table.columns:
        builder.add_column(column.name, _type(column.type))
    return builder.build()


def _type(name: str) -> Any:
    from zetasql.types import ArrayType, Type, TypeKind

    array = _ARRAY.match(name)
    if array:
        return Type(type_kind=TypeKind.TYPE_ARRAY, array_type=ArrayType(element_type=_type(array.group(1))))
    kinds = {"FLOAT64": "TYPE_DOUBLE"}
    return Type(type_kind=getattr(TypeKind, kinds.get(name, f"TYPE_{name}")))

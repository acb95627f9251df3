"""What the tests of the containers share."""

from __future__ import annotations

from tunesmith.data.tables import Row, Table


def values(table: Table) -> list[object]:
    """The values of the rows; (code, line) of what could not be read stands in its place."""
    return [row.value if isinstance(row, Row) else (row.code, row.line) for row in table.rows()]


def lines(table: Table) -> list[int | None]:
    """The line of every row and finding."""
    return [row.line for row in table.rows()]


def codes(table: Table) -> list[str]:
    """The codes of the findings about the container."""
    return [finding.code for finding in table.findings]

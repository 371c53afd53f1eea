"""The words of Spark SQL, where they are not everybody's: the same figures as DuckDB's, in Spark's functions."""

_DAY = 86_400_000_000


class SparkSql:
    """The words of Spark in its ANSI mode, in which an overflow is an error."""

    def text(self, value: str) -> str:
        """Return `value` as a text literal."""
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def wide(self, expression: str) -> str:
        """Return a whole number of 38 digits, the widest that Spark has."""
        return f"CAST({expression} AS DECIMAL(38, 0))"

    def days(self, micros: str) -> str:
        """Return how many whole days a column of microseconds holds."""
        return f"{micros} div {_DAY}"

    def five_digits(self, value: str) -> str:
        """Return a value rounded to five significant digits."""
        # Spark rounds to a constant number of digits only; these are DuckDB's own steps, to the same last bit.
        places = f"(4 - CAST(floor(log10(abs({value}))) AS INT))"
        whole = f"round({value} / power(10, -{places})) * power(10, -{places})"
        broken = f"round({value} * power(10, {places})) / power(10, {places})"
        return f"CASE WHEN {value} = 0 THEN 0D WHEN {places} < 0 THEN {whole} ELSE {broken} END"

    def attribute(self, document: str, name: str, at: str) -> str:
        """Return the aggregate of JSON documents that is the text of one of their fields where `at` is least."""
        field = f"from_json({document}, 'MAP<STRING, STRING>')[{self.text(name)}]"
        return f"min_by({field}, {at}) FILTER (WHERE {field} IS NOT NULL)"


SPARK_SQL = SparkSql()

"""The second engine: Spark, an extra. Nothing of pyspark is imported before a reading begins."""

from counterpoint.metrics.engines.spark.rollup import in_spark, roll_up_on_spark
from counterpoint.metrics.engines.spark.session import local_spark, require_spark
from counterpoint.metrics.engines.spark.table import open_table_in_spark

__all__ = ["in_spark", "local_spark", "open_table_in_spark", "require_spark", "roll_up_on_spark"]

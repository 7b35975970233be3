"""Spark SQL through the REST catalog; $ICEBERG_RUNTIME is the jar of Iceberg's Spark runtime."""
import os

from protocol import serve
from pyspark.sql import SparkSession


def open_reader(uri):
    spark = (SparkSession.builder.master("local[1]").appName("interop")
             .config("spark.jars", os.environ["ICEBERG_RUNTIME"])
             .config("spark.driver.memory", "700m").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1")
             .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
             .config("spark.sql.catalog.l", "org.apache.iceberg.spark.SparkCatalog")
             .config("spark.sql.catalog.l.type", "rest").config("spark.sql.catalog.l.uri", uri)
             .config("spark.sql.catalog.l.cache-enabled", "false")
             .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")

    def read(question):
        columns = ", ".join(f"`{name}`" for name in question["columns"])
        return spark.sql(f"SELECT {columns} FROM l.`{question['namespace']}`.`{question['table']}`").toArrow()

    return read


serve(open_reader)

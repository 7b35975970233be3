// The schemas that fuzz targets read batches with: those of the seeds in test/wire/log_batch.
#pragma once

#include <array>

#include "record/schema.h"

namespace weir {

inline Schema FuzzSchema(const char* columns) {
  Schema::Parts parts;
  const DataType row = *DataType::Parse(columns);
  for (const Field& field : row.fields()) {
    parts.columns.push_back({.name = field.name, .type = field.type});
  }
  return *Schema::Make(std::move(parts));
}

inline const std::array<Schema, 3>& FuzzSchemas() {
  static const std::array<Schema, 3> schemas = {
      FuzzSchema("ROW<a INT, b STRING, ts TIMESTAMP_LTZ(6)>"),
      FuzzSchema("ROW<id BIGINT, name STRING, score DOUBLE, flag BOOLEAN>"),
      FuzzSchema(
          "ROW<bool BOOLEAN, tiny TINYINT, small SMALLINT, i INT, big BIGINT, f FLOAT, d DOUBLE, c "
          "CHAR(4), "
          "string STRING, b BINARY(3), bytes BYTES, dec_small DECIMAL(10, 2), dec_large "
          "DECIMAL(25, 3), "
          "date_ DATE, time_s TIME(0), time_ms TIME(3), time_us TIME(6), time_ns TIME(9), ts_s "
          "TIMESTAMP(0), "
          "ts_ms TIMESTAMP(3), ts_us TIMESTAMP(6), ts_ns TIMESTAMP(9), ltz_ms TIMESTAMP_LTZ(3), "
          "ltz_us TIMESTAMP_LTZ(6), ints ARRAY<INT>, strings ARRAY<STRING>, m MAP<STRING NOT NULL, "
          "BIGINT>, "
          "r ROW<x INT, y STRING>, rs ARRAY<ROW<x INT, ys ARRAY<BIGINT>>>, last INT NOT NULL>")};
  return schemas;
}

}  // namespace weir

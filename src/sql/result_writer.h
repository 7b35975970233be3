// A query's rows in one of the formats of result_stream.h, chunk by chunk.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sql/query.h"
#include "sql/result_stream.h"

namespace weir {

class ResultWriter {
 public:
  /// A writer for the rows of `query`, which it pulls. kFrames: `values_as_json` as in SqlRequest.
  static Result<std::unique_ptr<ResultWriter>> Make(ResultFormat format, bool values_as_json,
                                                    DuckQuery& query);
  virtual ~ResultWriter() = default;

  /// Append what comes before the rows.
  virtual Status Begin(std::string& out) = 0;
  /// Append the rows of one chunk.
  virtual Status Chunk(duckdb_data_chunk chunk, std::string& out) = 0;
  /// Append what comes behind the rows.
  virtual Status End(std::string& out) = 0;
};

}  // namespace weir

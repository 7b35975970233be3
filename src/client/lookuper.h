// Rows of a primary-key table by key. One request per call, all keys of a bucket together.
// One thread; uses the client's connections during a call, so nobody else may.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/fluss_client.h"
#include "client/row_router.h"
#include "record/row_format.h"
#include "record/value.h"

namespace weir {

/// A row with the bytes its values point into.
struct OwnedRow {
  std::shared_ptr<const std::string> bytes;
  std::vector<Value> values;
};

class Lookuper {
 public:
  static Result<std::unique_ptr<Lookuper>> Open(FlussClient& client, TableRef table);

  /// Find the row with the primary key of `row`, a whole row of which only the key columns are
  /// read.
  Result<std::optional<OwnedRow>> Lookup(std::span<const Value> row);

  /// Decode what a look-up or a scan returned for one row: schema id and bytes.
  Result<OwnedRow> Decode(BytesView stored);

 private:
  Lookuper(FlussClient& client, TableRef table, RowRouter router);

  FlussClient& client_;
  const TableRef table_;
  RowRouter router_;
};

}  // namespace weir

// Primary keys of lake rows as bytes, the same whether the row comes from the log or is read back from a
// lake file. They live in the key index only. Format: docs/formats/key_index.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "lake/schema.h"
#include "meta/table_info.h"

namespace arrow {
class RecordBatch;
}

namespace weir {

/// Keys of a batch's rows, in one piece of memory.
class KeyList {
 public:
  void Reserve(size_t rows, size_t bytes);
  size_t size() const { return ends_.size(); }
  BytesView operator[](size_t row) const {
    const size_t begin = row == 0 ? 0 : ends_[row - 1];
    return BytesView(bytes_).substr(begin, ends_[row] - begin);
  }
  int64_t memory_bytes() const {
    return static_cast<int64_t>(bytes_.capacity() + ends_.capacity() * sizeof(size_t));
  }

 private:
  friend class LakeKeys;
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// `schema` with the row's position in its file as one more column, the last.
Result<iceberg::Schema> WithRowPosition(const iceberg::Schema& schema);

class LakeKeys {
 public:
  /// lake  the schema that batches have
  /// Errors  kInvalidTable  a key column is not in it
  static Result<LakeKeys> Create(const TableInfo& table, const iceberg::Schema& lake);

  /// One key per row.
  /// Errors  kCorruptRecord  a key is null
  Result<KeyList> Encode(const arrow::RecordBatch& batch) const;

  /// The key columns alone, to read them back.
  const iceberg::Schema& projection() const { return projection_; }
  /// An encoder for batches of projection(), perhaps with more columns behind.
  LakeKeys ForProjection() const;

 private:
  std::vector<int> positions_;  // in the batch, in primary key order
  iceberg::Schema projection_;
};

}  // namespace weir

// Writer ids of INSERT, UPDATE and DELETE: a batch that is sent again after a failure whose outcome
// is unknown is stored once (INV-4). An id is lent to one statement at a time and used again by
// later ones, so that buckets remember few writers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "record/arrow_batch_writer.h"

namespace weir {

class Catalog;

/// One writer and its next sequence in every bucket it wrote to. One thread at a time.
class SqlWriterId {
 public:
  explicit SqlWriterId(int64_t id) : id_(id) {}

  /// What the next batch for `bucket` says about its writer.
  BatchWriter Next(const TableBucket& bucket) { return {id_, next_[bucket]++}; }

  /// Whether it may be lent again: its sequences are known and there is room for more.
  bool reusable() const { return !spoiled_ && next_.size() < kBucketsMax; }
  /// A batch failed: nobody knows which sequence the bucket expects.
  void Spoil() { spoiled_ = true; }

 private:
  static constexpr size_t kBucketsMax = 1024;

  const int64_t id_;
  bool spoiled_ = false;
  std::map<TableBucket, int32_t> next_;
};

/// Thread: any.
class SqlWriterIds {
 public:
  /// `catalog` gives out the numbers and must outlive this.
  explicit SqlWriterIds(Catalog& catalog) : catalog_(catalog) {}

  Result<std::unique_ptr<SqlWriterId>> Take();
  /// Lend it to others, unless it is spoiled.
  void Return(std::unique_ptr<SqlWriterId> writer);

 private:
  Catalog& catalog_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SqlWriterId>> free_;
};

}  // namespace weir

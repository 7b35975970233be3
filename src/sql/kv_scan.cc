#include "sql/kv_scan.h"

#include <map>
#include <mutex>

#include "record/row_format.h"
#include "record/value_batch.h"
#include "sql/duckdb_handles.h"
#include "sql/duckdb_types.h"

namespace weir {
namespace {

constexpr int64_t kPageBytesMax = 1 * MiB;

using Page = std::shared_ptr<const std::string>;  // a value batch; empty at the end

/// The pages of one bucket's scan, fetched when the first reader gets there.
class BucketPages {
 public:
  BucketPages(const TableBucket& bucket, BucketScan first, KeepPages keep, SqlBuckets& buckets)
      : bucket_(bucket), keep_(keep), buckets_(buckets), scanner_id_(std::move(first.scanner_id)) {
    pages_.push_back(std::make_shared<const std::string>(std::move(first.records)));
  }
  ~BucketPages() {
    if (!scanner_id_.empty()) buckets_.CloseScan(bucket_, scanner_id_);
  }
  BucketPages(const BucketPages&) = delete;
  BucketPages& operator=(const BucketPages&) = delete;

  /// Null behind the last page.
  Result<Page> Get(size_t index) {
    const std::lock_guard lock(mutex_);
    while (index >= pages_.size() && !scanner_id_.empty()) {
      ASSIGN_OR_RETURN(BucketScan next,
                       buckets_.ContinueScan(bucket_, scanner_id_,
                                             static_cast<int32_t>(pages_.size()), kPageBytesMax));
      scanner_id_ = std::move(next.scanner_id);
      pages_.push_back(std::make_shared<const std::string>(std::move(next.records)));
    }
    if (index >= pages_.size()) return Page();
    return keep_ == KeepPages::kYes ? pages_[index] : std::exchange(pages_[index], nullptr);
  }

 private:
  const TableBucket bucket_;
  const KeepPages keep_;
  SqlBuckets& buckets_;
  std::mutex mutex_;
  std::string scanner_id_;  // empty: all pages are here
  std::vector<Page> pages_;
};

/// Stored values as rows of the latest schema. One thread.
class StoredRows {
 public:
  explicit StoredRows(TableRef table)
      : table_(std::move(table)), types_(table_->schema().types()) {}

  /// Write `stored` as row `row` of the projected vectors.
  Status Write(const StoredValue& stored, std::span<const int> projection, duckdb_data_chunk out,
               idx_t row) {
    ASSIGN_OR_RETURN(const RowDecoder* decoder, DecoderOf(stored.schema_id));
    values_.assign(std::max(types_.size(), decoder->size()), Value::Null());
    RETURN_IF_ERROR(decoder->Decode(stored.row, std::span(values_).first(decoder->size())));
    for (size_t i = 0; i < projection.size(); ++i) {
      if (projection[i] == kNoColumn) continue;
      const auto column = static_cast<size_t>(projection[i]);
      RETURN_IF_ERROR(
          WriteValue(Duck().data_chunk_get_vector(out, i), row, types_[column], values_[column]));
    }
    return {};
  }

 private:
  Result<const RowDecoder*> DecoderOf(SchemaId id) {
    auto found = decoders_.find(id);
    if (found == decoders_.end()) {
      const auto schema = table_->FindSchema(id);
      if (schema == nullptr)
        return Fail(ErrorCode::kSchemaNotExist,
                    "a row has an unknown schema: table={} schema_id={}", table_->path.ToString(),
                    id.value);
      found = decoders_.emplace(id, RowDecoder(table_->config.kv_format, schema->types())).first;
    }
    return &found->second;
  }

  const TableRef table_;
  const std::vector<DataType> types_;
  std::map<SchemaId, RowDecoder> decoders_;
  std::vector<Value> values_;
};

class KvScanPart : public ScanPart {
 public:
  KvScanPart(TableRef table, std::shared_ptr<BucketPages> pages, std::span<const int> projection,
             ScanCounts& counts)
      : rows_(std::move(table)),
        pages_(std::move(pages)),
        counts_(counts),
        projection_(projection.begin(), projection.end()) {}

  Result<bool> Next(duckdb_data_chunk out) override {
    while (at_ == stored_.size()) {
      ASSIGN_OR_RETURN(page_, pages_->Get(next_page_++));
      if (page_ == nullptr) return false;
      counts_.hot_bytes += static_cast<int64_t>(page_->size());
      stored_.clear();
      at_ = 0;
      if (!page_->empty()) {
        ASSIGN_OR_RETURN(stored_, ParseValueBatch(*page_));
      }
    }
    const size_t count = std::min(stored_.size() - at_, kChunkRows);
    for (size_t i = 0; i < count; ++i)
      RETURN_IF_ERROR(rows_.Write(stored_[at_ + i], projection_, out, i));
    at_ += count;
    counts_.hot_rows += static_cast<int64_t>(count);
    Duck().data_chunk_set_size(out, count);
    return true;
  }

 private:
  StoredRows rows_;
  const std::shared_ptr<BucketPages> pages_;
  ScanCounts& counts_;  // of the scan
  const std::vector<int> projection_;
  size_t next_page_ = 0;
  Page page_;
  std::vector<StoredValue> stored_;  // views into page_
  size_t at_ = 0;
};

std::vector<ScanColumn> ColumnsOf(const Schema& schema) {
  std::vector<ScanColumn> columns;
  for (const Column& column : schema.columns()) columns.push_back({column.name, column.type});
  return columns;
}

class KvScan : public TableScan {
 public:
  KvScan(TableRef table, std::vector<std::shared_ptr<BucketPages>> parts, int64_t rows_estimate)
      : table_(std::move(table)),
        parts_(std::move(parts)),
        rows_estimate_(rows_estimate),
        columns_(ColumnsOf(table_->schema())) {}

  std::span<const ScanColumn> columns() const override { return columns_; }
  int64_t rows_estimate() const override { return rows_estimate_; }
  size_t part_count() const override { return parts_.size(); }
  Result<std::unique_ptr<ScanPart>> Open(size_t part, std::span<const int> projection) override {
    return std::make_unique<KvScanPart>(table_, parts_[part], projection, counts());
  }

 private:
  const TableRef table_;
  const std::vector<std::shared_ptr<BucketPages>> parts_;
  const int64_t rows_estimate_;
  const std::vector<ScanColumn> columns_;
};

class LookupScanPart : public ScanPart {
 public:
  LookupScanPart(TableRef table, std::shared_ptr<const std::vector<std::string>> stored,
                 std::span<const int> projection, ScanCounts& counts)
      : rows_(std::move(table)),
        stored_(std::move(stored)),
        counts_(counts),
        projection_(projection.begin(), projection.end()) {}

  Result<bool> Next(duckdb_data_chunk out) override {
    const size_t count = std::min(stored_->size() - at_, kChunkRows);
    for (size_t i = 0; i < count; ++i) {
      const std::string& stored = (*stored_)[at_ + i];
      ASSIGN_OR_RETURN(const StoredValue value, ParseStoredValue(stored));
      RETURN_IF_ERROR(rows_.Write(value, projection_, out, i));
      counts_.hot_bytes += static_cast<int64_t>(stored.size());
    }
    counts_.hot_rows += static_cast<int64_t>(count);
    at_ += count;
    Duck().data_chunk_set_size(out, count);
    return count > 0;
  }

 private:
  StoredRows rows_;
  const std::shared_ptr<const std::vector<std::string>> stored_;
  ScanCounts& counts_;  // of the scan
  const std::vector<int> projection_;
  size_t at_ = 0;
};

class LookupScan : public TableScan {
 public:
  LookupScan(TableRef table, std::vector<std::string> stored)
      : table_(std::move(table)),
        stored_(std::make_shared<const std::vector<std::string>>(std::move(stored))),
        columns_(ColumnsOf(table_->schema())) {}

  std::span<const ScanColumn> columns() const override { return columns_; }
  int64_t rows_estimate() const override { return static_cast<int64_t>(stored_->size()); }
  size_t part_count() const override { return 1; }
  Result<std::unique_ptr<ScanPart>> Open(size_t, std::span<const int> projection) override {
    return std::make_unique<LookupScanPart>(table_, stored_, projection, counts());
  }

 private:
  const TableRef table_;
  const std::shared_ptr<const std::vector<std::string>> stored_;
  const std::vector<ScanColumn> columns_;
};

}  // namespace

Result<std::shared_ptr<TableScan>> MakeKvScan(TableRef table, std::vector<TableBucket> parts,
                                              KeepPages keep, SqlBuckets& buckets) {
  ASSIGN_OR_RETURN(std::vector<BucketScan> scans, buckets.OpenScans(parts, kPageBytesMax));
  std::vector<std::shared_ptr<BucketPages>> pages;
  int64_t rows_estimate = 0;
  for (size_t i = 0; i < scans.size(); ++i) {
    rows_estimate += scans[i].rows_estimate;
    pages.push_back(std::make_shared<BucketPages>(parts[i], std::move(scans[i]), keep, buckets));
  }
  return std::make_shared<KvScan>(std::move(table), std::move(pages), rows_estimate);
}

Result<std::shared_ptr<TableScan>> MakeLookupScan(TableRef table,
                                                  const std::vector<KeyedBucket>& keys,
                                                  SqlBuckets& buckets) {
  std::vector<std::string> stored;
  for (const KeyedBucket& key : keys) {
    ASSIGN_OR_RETURN(auto found, buckets.Lookup(key.bucket, std::span(&key.key, 1)));
    if (found[0]) stored.push_back(*std::move(found[0]));
  }
  return std::make_shared<LookupScan>(std::move(table), std::move(stored));
}

}  // namespace weir

#include "tiering/hot_tail.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "lake/fluss_layout.h"
#include "record/log_batch.h"
#include "record/partition_name.h"
#include "tiering/changelog_reducer.h"
#include "tiering/lake_batch.h"
#include "tiering/tail_files.h"

namespace weir {
namespace {

constexpr int64_t kReadBytesMax = 4 * MiB;

class TailWriter {
 public:
  TailWriter(const TailRequest& request, std::vector<std::string>& written)
      : request_(request), written_(written) {}

  Result<Tail> Run(const std::vector<TailRange>& ranges) {
    const iceberg::Schema& schema = request_.lake->current_schema();
    ASSIGN_OR_RETURN(reader_, LakeBatchReader::Create(request_.table, schema));
    if (request_.index != nullptr) {
      ASSIGN_OR_RETURN(keys_, LakeKeys::Create(*request_.table, schema));
    }
    for (const TailRange& range : ranges) {
      if (range.to <= range.from) continue;
      if (IsFull()) {
        tail_.stopped_early = true;
        break;
      }
      RETURN_IF_ERROR(WriteBucket(range));
    }
    return std::move(tail_);
  }

 private:
  Status WriteBucket(const TailRange& range) {
    TailPart part{.bucket = range.bucket, .end = range.from};
    ASSIGN_OR_RETURN(part.partition, PartitionOf(*request_.table, *request_.lake, range.bucket));
    const std::string path = iceberg::PartitionPath(request_.lake->default_spec(), part.partition);
    TailFiles files(request_, path.empty() ? request_.folder : request_.folder + "/" + path,
                    part.partition, written_);
    RETURN_IF_ERROR(request_.index == nullptr ? CopyRows(range, part, files)
                                              : ReduceRows(range, part, files));
    ASSIGN_OR_RETURN(part.data, files.Finish());
    if (part.end > range.from) tail_.parts.push_back(std::move(part));
    return {};
  }

  /// Call `take(rows)` with the rows of each batch, until the range or the limit is used up.
  template <class F>
  Status ForEachBatch(const TailRange& range, TailPart& part, F take) {
    while (part.end < range.to) {
      if (IsFull()) {
        tail_.stopped_early = true;
        return {};
      }
      if (request_.alive) RETURN_IF_ERROR(request_.alive());
      ASSIGN_OR_RETURN(const SharedBytes bytes,
                       request_.logs->Read(range.bucket, part.end, kReadBytesMax));
      if (bytes.empty()) return {};
      LogBatches batches(bytes.view());
      while (part.end < range.to) {
        ASSIGN_OR_RETURN(const auto batch, batches.Next());
        if (!batch) break;
        if (IsFull()) break;
        RETURN_IF_ERROR(batch->CheckCrc());
        if (!batch->empty() && !reader_->Knows(batch->header().schema_id)) {
          tail_.stopped_early = true;
          return {};
        }
        const Offset end = std::min(batch->header().next_offset(), range.to);
        if (!batch->empty()) {
          ASSIGN_OR_RETURN(LakeRows rows,
                           reader_->Read(*batch, range.bucket.bucket, part.end, range.to));
          if (rows.rows != nullptr) {
            tail_.rows += rows.rows->num_rows();
            RETURN_IF_ERROR(take(std::move(rows)));
          }
        }
        part.end = std::max(part.end, end);
        tail_.log_bytes += batch->header().total_bytes;
      }
    }
    return {};
  }

  /// A log table, or one whose rows never change: every row but those before an update.
  Status CopyRows(const TailRange& range, TailPart& part, TailFiles& files) {
    return ForEachBatch(range, part, [&](LakeRows rows) { return files.Write(rows.rows); });
  }

  Status ReduceRows(const TailRange& range, TailPart& part, TailFiles& files) {
    ChangelogReducer reducer(*keys_, request_.table->is_partitioned()
                                         ? ChangelogReducer::Inserts::kLookedUp
                                         : ChangelogReducer::Inserts::kTrusted);
    RETURN_IF_ERROR(ForEachBatch(range, part, [&](LakeRows rows) -> Status {
      RETURN_IF_ERROR(reducer.Add(std::move(rows)));
      held_bytes_ = reducer.memory_bytes();
      return {};
    }));
    held_bytes_ = 0;
    RETURN_IF_ERROR(FindOlderRows(reducer, part));
    for (const size_t batch : std::views::iota(size_t{0}, reducer.batch_count())) {
      ASSIGN_OR_RETURN(const ChangelogReducer::Kept kept, reducer.KeptOf(batch));
      RETURN_IF_ERROR(WriteKept(kept, files));
    }
    for (const BytesView key : reducer.deleted()) tail_.keys.Remove(key);
    return {};
  }

  bool IsFull() const {
    return tail_.log_bytes >= request_.limits.log_bytes_max ||
           held_bytes_ + tail_.keys.memory_bytes() >= request_.limits.memory_bytes_max;
  }

  Status FindOlderRows(const ChangelogReducer& reducer, TailPart& part) {
    const std::vector<BytesView> keys = reducer.MayHaveOlderRow();
    const std::string* last_file = nullptr;
    iceberg::RowPositions* rows = nullptr;
    return request_.index->Find(keys, [&](const std::string& file, int64_t row) {
      if (&file != std::exchange(last_file, &file)) rows = &part.deleted[file];
      rows->Add(row);
    });
  }

  Status WriteKept(const ChangelogReducer::Kept& kept, TailFiles& files) {
    if (kept.rows == nullptr || kept.rows->num_rows() == 0) return {};
    ASSIGN_OR_RETURN(const TailFiles::Place place, files.Next());
    if (place.path != key_path_) {
      key_path_ = place.path;
      key_file_ = tail_.keys.AddFile(place.path);
    }
    for (size_t i = 0; i < kept.keys.size(); ++i)
      tail_.keys.Put(kept.keys[i], key_file_, place.row + static_cast<int64_t>(i));
    return files.Write(kept.rows);
  }

  const TailRequest& request_;
  std::vector<std::string>& written_;
  std::unique_ptr<LakeBatchReader> reader_;
  std::optional<LakeKeys> keys_;
  std::string key_path_;
  int32_t key_file_ = 0;
  int64_t held_bytes_ = 0;  // by the bucket being reduced
  Tail tail_;
};

/// The values of a partition's name, by partition key.
Result<std::map<std::string, std::string>> PartitionValuesOf(const TableInfo& table,
                                                             const TableBucket& bucket) {
  std::map<std::string, std::string> out;
  if (!bucket.partition) return out;
  const PartitionInfo* partition = table.FindPartition(*bucket.partition);
  if (partition == nullptr)
    return Fail(ErrorCode::kPartitionNotExists, "the partition is gone: table={} partition={}",
                table.path.ToString(), bucket.partition->value);
  const std::vector<std::string> values = SplitPartitionName(partition->name);
  const auto& keys = table.descriptor.partition_keys;
  for (size_t i = 0; i < std::min(keys.size(), values.size()); ++i) out[keys[i]] = values[i];
  return out;
}

}  // namespace

bool NeedsKeyIndex(const TableInfo& table) {
  return table.has_primary_key() && table.config.merge_engine != MergeEngine::kFirstRow;
}

Result<iceberg::PartitionValues> PartitionOf(const TableInfo& table,
                                             const iceberg::TableMetadata& lake,
                                             const TableBucket& bucket) {
  ASSIGN_OR_RETURN(const auto values, PartitionValuesOf(table, bucket));
  iceberg::PartitionValues out;
  for (const iceberg::PartitionField& field : lake.default_spec().fields) {
    const iceberg::Field* source = nullptr;
    for (const iceberg::Field& column : lake.current_schema().fields()) {
      if (column.id == field.source_id()) source = &column;
    }
    const auto value = source == nullptr ? values.end() : values.find(source->name);
    const bool identity = field.transform.kind == iceberg::TransformKind::kIdentity;
    if (identity && value != values.end()) {
      out.emplace_back(iceberg::Literal::String(value->second));
    } else if (field.transform.kind == iceberg::TransformKind::kBucket ||
               (identity && source != nullptr && source->name == iceberg::kBucketColumn)) {
      out.emplace_back(iceberg::Literal::Int(bucket.bucket));
    } else {
      return Fail(ErrorCode::kInvalidTable,
                  "the lake table is partitioned in a way that tiering does not know: field={} {}",
                  field.name, field.transform.ToString());
    }
  }
  return out;
}

Result<Tail> WriteTail(const TailRequest& request, const std::vector<TailRange>& ranges,
                       std::vector<std::string>& written) {
  return TailWriter(request, written).Run(ranges);
}

}  // namespace weir

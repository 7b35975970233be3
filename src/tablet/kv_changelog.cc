#include "tablet/kv_changelog.h"

#include <utility>

namespace weir {
namespace {

// A table that names no level gets ours: compressing old and new rows is most of what an update costs, and level 3
// takes twice the time of level 1 for a few percent. Any reader reads any level.
constexpr int kZstdLevel = 1;

LogCompression CompressionOf(const TableInfo& table) {
  LogCompression compression = table.config.log_compression;
  if (!table.descriptor.properties.contains("table.log.arrow.compression.zstd.level")) {
    compression.level = kZstdLevel;
  }
  return compression;
}

}  // namespace

Result<std::unique_ptr<KvChangelog>> KvChangelog::Make(const KvRules& rules) {
  std::unique_ptr<KvChangelog> changelog(new KvChangelog(rules));
  const LogFormat format = rules.config().log_format;
  if (format == LogFormat::kArrow) {
    ASSIGN_OR_RETURN(changelog->arrow_, ArrowBatchWriter::Create(rules.schema(), rules.schema_id(),
                                                                 CompressionOf(rules.table())));
    return changelog;
  }
  const RowFormat row_format =
      format == LogFormat::kCompacted ? RowFormat::kCompacted : RowFormat::kIndexed;
  changelog->rows_ = std::make_unique<RowLogBatchWriter>(rules.schema_id());
  changelog->encoder_ = std::make_unique<RowEncoder>(row_format, rules.schema().types());
  return changelog;
}

Status KvChangelog::Append(ChangeType change, std::span<const Value> row, BytesView stored) {
  if (arrow_ != nullptr) {
    RETURN_IF_ERROR(arrow_->Append(row, change));
  } else if (!stored.empty() && encoder_->format() == rules_.config().kv_format) {
    RETURN_IF_ERROR(rows_->Append(stored, change));
  } else {
    scratch_.clear();
    RETURN_IF_ERROR(encoder_->Encode(row, scratch_));
    RETURN_IF_ERROR(rows_->Append(scratch_, change));
  }
  ++row_count_;
  return {};
}

Result<std::string> KvChangelog::Finish(BatchWriter writer) {
  row_count_ = 0;
  std::string batch;
  if (arrow_ != nullptr) {
    RETURN_IF_ERROR(arrow_->Finish(writer, batch));
  } else {
    rows_->Finish(writer, batch);
  }
  return batch;
}

void KvChangelog::Clear() {
  row_count_ = 0;
  if (arrow_ != nullptr) {
    arrow_->Clear();
  } else {
    rows_->Clear();
  }
}

}  // namespace weir

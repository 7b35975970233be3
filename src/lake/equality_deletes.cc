#include "lake/equality_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lake/parquet_reader.h"

namespace weir::iceberg {
namespace {

/// What a hash set spends on a key beside its bytes, about.
constexpr int64_t kKeyOverheadBytes = 64;

template <class T>
void Put(T value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
void PutFloating(T value, std::string& out) {
  if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
  Put(value == 0 ? T{0} : value, out);
}

void PutBytes(std::string_view bytes, std::string& out) {
  Put(static_cast<uint32_t>(bytes.size()), out);
  out += bytes;
}

void PutValue(const arrow::Array& array, int64_t row, std::string& out) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return Put(static_cast<const arrow::BooleanArray&>(array).Value(row), out);
    case arrow::Type::FLOAT:
      return PutFloating(static_cast<const arrow::FloatArray&>(array).Value(row), out);
    case arrow::Type::DOUBLE:
      return PutFloating(static_cast<const arrow::DoubleArray&>(array).Value(row), out);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return PutBytes(static_cast<const arrow::BinaryArray&>(array).GetView(row), out);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return Put(array.data()->GetValues<int32_t>(1)[row], out);
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return Put(array.data()->GetValues<int64_t>(1)[row], out);
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DECIMAL128:
      return PutBytes(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row), out);
    default:
      return;  // null type: nothing but nulls
  }
}

}  // namespace

RowKeys::RowKeys(std::vector<std::shared_ptr<arrow::Array>> columns)
    : columns_(std::move(columns)) {}
RowKeys::~RowKeys() = default;

const std::string& RowKeys::Of(int64_t row) {
  key_.clear();
  for (const auto& column : columns_) {
    const bool null = column->IsNull(row);
    key_ += null ? '\0' : '\1';
    if (!null) PutValue(*column, row, key_);
  }
  return key_;
}

Result<DeletedKeys> ReadEqualityDeletes(FileIo& io, const DataFile& file, const Schema& schema,
                                        int64_t memory_bytes_max) {
  if (file.format != FileFormat::kParquet) {
    return Fail(ErrorCode::kUnsupportedVersion, "deletes in this format are not read: path={}",
                file.file_path);
  }
  std::vector<int32_t> ids = file.equality_ids;
  std::ranges::sort(ids);
  DeletedKeys deleted;
  for (const int32_t id : ids) {
    const auto field = std::ranges::find(schema.fields(), id, &Field::id);
    if (field == schema.fields().end() || field->type.is_nested()) {
      return Fail(ErrorCode::kUnsupportedVersion,
                  "equality deletes by a column that is nested or gone are not read: id={} path={}",
                  id, file.file_path);
    }
    deleted.columns.push_back(*field);
    deleted.columns.back().required = false;
  }
  ASSIGN_OR_RETURN(const Schema wanted, Schema::Make(0, deleted.columns));
  ParquetReadOptions options;
  if (file.file_size_bytes > 0) options.file_bytes = file.file_size_bytes;
  ASSIGN_OR_RETURN(const auto reader,
                   ParquetReader::Open(io, file.file_path, wanted, std::move(options)));
  while (true) {
    ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (batch == nullptr) return deleted;
    RowKeys keys(batch->columns());
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const auto [key, added] = deleted.keys.insert(keys.Of(row));
      if (added) deleted.memory_bytes += static_cast<int64_t>(key->size()) + kKeyOverheadBytes;
    }
    if (deleted.memory_bytes > memory_bytes_max) {
      return Fail(ErrorCode::kRecordTooLarge,
                  "equality deletes need too much memory: path={} bytes_max={}", file.file_path,
                  memory_bytes_max);
    }
  }
}

}  // namespace weir::iceberg

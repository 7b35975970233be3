#include "lake/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/extension/uuid.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <cmath>
#include <utility>

#include "lake/arrow_error.h"
#include "lake/arrow_retype.h"
#include "lake/arrow_types.h"
#include "lake/file_io.h"
#include "lake/parquet_guard.h"
#include "lake/parquet_metrics.h"

namespace weir::iceberg {
namespace {

/// Of rows in memory; before the first row group of a writer is done and we know better.
constexpr double kAssumedCompression = 0.5;

/// A field as its column is written: Parquet's UUID goes through Arrow's extension type.
std::shared_ptr<arrow::Field> StoredField(const Field& field,
                                          const std::shared_ptr<arrow::Field>& made);

std::shared_ptr<arrow::DataType> StoredType(const Type& type,
                                            const std::shared_ptr<arrow::DataType>& made) {
  switch (type.id) {
    case TypeId::kUuid:
      return arrow::extension::uuid();
    case TypeId::kStruct: {
      arrow::FieldVector fields;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        fields.push_back(StoredField(type.fields()[i], made->field(static_cast<int>(i))));
      }
      return arrow::struct_(std::move(fields));
    }
    case TypeId::kList:
      return arrow::list(StoredField(type.element(), made->field(0)));
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapType&>(*made);
      return std::make_shared<arrow::MapType>(StoredField(type.key(), map.key_field()),
                                              StoredField(type.value(), map.item_field()));
    }
    default:
      return made;
  }
}

std::shared_ptr<arrow::Field> StoredField(const Field& field,
                                          const std::shared_ptr<arrow::Field>& made) {
  return made->WithType(StoredType(field.type, made->type()));
}

Result<arrow::Compression::type> CodecOf(const std::string& name) {
  if (name == "uncompressed" || name == "none") return arrow::Compression::UNCOMPRESSED;
  const auto codec = arrow::util::Codec::GetCompressionType(name);
  if (!codec.ok() || !arrow::util::Codec::IsAvailable(*codec)) {
    return Fail(ErrorCode::kInvalidTable, "no such compression: codec={}", name);
  }
  return *codec;
}

Result<std::shared_ptr<parquet::WriterProperties>> PropertiesOf(
    const ParquetWriterOptions& options) {
  ASSIGN_OR_RETURN(const auto codec, CodecOf(options.compression));
  parquet::WriterProperties::Builder builder;
  builder.compression(codec)
      ->data_pagesize(options.page_bytes)
      ->dictionary_pagesize_limit(options.dictionary_bytes)
      ->enable_store_decimal_as_integer()
      ->enable_page_checksum();
  if (options.compression_level != 0) builder.compression_level(options.compression_level);
  if (options.page_index) {
    builder.enable_write_page_index();
  } else {
    builder.disable_write_page_index();
  }
  for (const std::string& column : options.unique_columns) builder.disable_dictionary(column);
  for (const std::string& column : options.bloom_filter_columns) {
    builder.enable_bloom_filter(column, {.fpp = options.bloom_filter_fpp});
  }
  return builder.build();
}

class Writer final : public ParquetWriter {
 public:
  Writer(std::string location, Schema schema, ParquetWriterOptions options,
         std::unique_ptr<OutputFile> output)
      : location_(std::move(location)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        output_(std::move(output)) {}

  ~Writer() override {
    // Arrow's writer closes itself, into a file that is then dropped; a failure of that is nobody's news.
    try {
      writer_.reset();
    } catch (const std::exception&) {
    }
  }

  Status Begin() {
    ASSIGN_OR_RETURN(const auto made, ToArrow(schema_));
    arrow::FieldVector stored;
    for (size_t i = 0; i < schema_.fields().size(); ++i) {
      const Field& field = schema_.fields()[i];
      if (field.type.id == TypeId::kUnknown) continue;  // has no column in files
      stored.push_back(StoredField(field, made->field(static_cast<int>(i))));
      columns_.push_back(static_cast<int>(i));
    }
    stored_ = arrow::schema(std::move(stored));
    ASSIGN_OR_RETURN(auto properties, PropertiesOf(options_));
    auto arrow_properties =
        parquet::ArrowWriterProperties::Builder().set_time_adjusted_to_utc(false)->build();
    stream_ = output_->stream();
    ASSIGN_OR_RETURN_ARROW(
        writer_,
        parquet::arrow::FileWriter::Open(*stored_, arrow::default_memory_pool(), stream_,
                                         std::move(properties), std::move(arrow_properties)),
        "cannot begin a parquet file", location_);
    return {};
  }

  Status Write(const arrow::RecordBatch& batch) override {
    return GuardParquet(location_, [&] { return WriteRows(batch); });
  }

  int64_t rows() const override { return rows_; }

  int64_t bytes() const override {
    const double ratio = closed_memory_bytes_ == 0 ? kAssumedCompression
                                                   : static_cast<double>(output_->bytes()) /
                                                         static_cast<double>(closed_memory_bytes_);
    return output_->bytes() + static_cast<int64_t>(ratio * static_cast<double>(open_bytes_));
  }

  Result<DataFile> Finish() override {
    return GuardParquet(location_, [&] { return FinishFile(); });
  }

 private:
  Status WriteRows(const arrow::RecordBatch& batch) {
    if (batch.num_rows() == 0) return {};
    if (batch.num_columns() != static_cast<int>(schema_.fields().size())) {
      return Fail(ErrorCode::kInvalidTable, "a batch has other columns: wanted={} given={} path={}",
                  schema_.fields().size(), batch.num_columns(), location_);
    }
    arrow::ArrayVector columns;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto& given = batch.column_data(columns_[i]);
      ASSIGN_OR_RETURN(auto data, Retype(*given, stored_->field(static_cast<int>(i))->type()));
      CountNans(schema_.fields()[static_cast<size_t>(columns_[i])], *given);
      columns.push_back(arrow::MakeArray(std::move(data)));
    }
    RETURN_IF_ERROR(NextRowGroup());
    const auto rows = arrow::RecordBatch::Make(stored_, batch.num_rows(), std::move(columns));
    const arrow::Status written = writer_->WriteRecordBatch(*rows);
    if (written.IsInvalid() && written.detail() == nullptr) {
      return Fail(ErrorCode::kInvalidTable, "cannot write rows: {}: path={}", written.message(),
                  location_);
    }
    RETURN_IF_ARROW_ERROR(written, "cannot write rows", location_);
    rows_ += batch.num_rows();
    open_bytes_ += MemoryBytes(batch);
    return {};
  }

  static int64_t MemoryBytes(const arrow::RecordBatch& batch) {
    const auto bytes = arrow::util::ReferencedBufferSize(batch);
    return bytes.ok() ? *bytes : arrow::util::TotalBufferSize(batch);
  }

  Status NextRowGroup() {
    if (begun_ && open_bytes_ < options_.row_group_bytes) return {};
    RETURN_IF_ARROW_ERROR(writer_->NewBufferedRowGroup(), "cannot write rows", location_);
    begun_ = true;
    closed_memory_bytes_ += std::exchange(open_bytes_, 0);
    return {};
  }

  /// Parquet's statistics leave NaN out without counting it.
  void CountNans(const Field& field, const arrow::ArrayData& data) {
    if (field.type.id == TypeId::kStruct) {
      for (size_t i = 0; i < data.child_data.size(); ++i) {
        CountNans(field.type.fields()[i], *data.child_data[i]);
      }
    } else if (field.type.id == TypeId::kFloat) {
      nans_[field.id] += NansIn<float>(data);
    } else if (field.type.id == TypeId::kDouble) {
      nans_[field.id] += NansIn<double>(data);
    }
  }

  template <class T>
  static int64_t NansIn(const arrow::ArrayData& data) {
    const T* values = data.GetValues<T>(1);
    int64_t nans = 0;
    for (int64_t i = 0; i < data.length; ++i) {
      if (std::isnan(values[i]) && data.IsValid(i)) ++nans;
    }
    return nans;
  }

  Result<DataFile> FinishFile() {
    auto texts = std::make_shared<arrow::KeyValueMetadata>();
    texts->Append("iceberg.schema", ToJsonText(schema_));
    for (const auto& [key, value] : options_.key_values) texts->Append(key, value);
    RETURN_IF_ARROW_ERROR(writer_->AddKeyValueMetadata(texts), "cannot end a parquet file",
                          location_);
    RETURN_IF_ARROW_ERROR(writer_->Close(), "cannot end a parquet file", location_);

    DataFile file;
    file.content = FileContent::kData;
    file.format = FileFormat::kParquet;
    file.file_path = location_;
    file.record_count = rows_;
    file.file_size_bytes = output_->bytes();
    FillMetrics(*writer_->metadata(), schema_, options_, file);
    for (const auto& [id, nans] : nans_) {
      if (file.value_counts.contains(id)) file.nan_value_counts[id] = nans;
    }
    RETURN_IF_ERROR(output_->Finish());
    return file;
  }

  const std::string location_;
  const Schema schema_;
  const ParquetWriterOptions options_;
  const std::unique_ptr<OutputFile> output_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::shared_ptr<arrow::Schema> stored_;
  std::vector<int> columns_;  // stored column -> column of the schema
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::map<int32_t, int64_t> nans_;
  int64_t rows_ = 0;
  int64_t open_bytes_ = 0;           // in memory, of the row group being filled
  int64_t closed_memory_bytes_ = 0;  // the same of all row groups before
  bool begun_ = false;
};

}  // namespace

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::Open(FileIo& io, const std::string& location,
                                                           const Schema& schema,
                                                           ParquetWriterOptions options) {
  return GuardParquet(location, [&]() -> Result<std::unique_ptr<ParquetWriter>> {
    ASSIGN_OR_RETURN(auto output, io.OpenOutput(location));
    auto writer = std::make_unique<Writer>(location, schema, std::move(options), std::move(output));
    RETURN_IF_ERROR(writer->Begin());
    return writer;
  });
}

}  // namespace weir::iceberg

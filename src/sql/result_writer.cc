#include "sql/result_writer.h"

#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include "record/arrow_schema.h"
#include "sql/cell_text.h"

namespace weir {
namespace {

std::vector<CellWriter> CellsOf(const DuckQuery& query) {
  std::vector<CellWriter> cells;
  for (const ResultColumn& column : query.columns()) cells.emplace_back(column.type.get());
  return cells;
}

/// The vectors of a chunk, asked for once.
std::vector<duckdb_vector> VectorsOf(duckdb_data_chunk chunk) {
  std::vector<duckdb_vector> vectors;
  for (idx_t i = 0; i < Duck().data_chunk_get_column_count(chunk); ++i)
    vectors.push_back(Duck().data_chunk_get_vector(chunk, i));
  return vectors;
}

class JsonLinesWriter : public ResultWriter {
 public:
  explicit JsonLinesWriter(const DuckQuery& query) : cells_(CellsOf(query)) {
    for (const ResultColumn& column : query.columns()) {
      std::string& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
      AppendJsonString(key, column.name);
      key += ':';
    }
  }

  Status Begin(std::string&) override { return {}; }
  Status Chunk(duckdb_data_chunk chunk, std::string& out) override {
    const auto vectors = VectorsOf(chunk);
    for (idx_t row = 0; row < Duck().data_chunk_get_size(chunk); ++row) {
      for (size_t i = 0; i < cells_.size(); ++i) {
        out += keys_[i];
        cells_[i].AppendJson(out, vectors[i], row);
      }
      out += "}\n";
    }
    return {};
  }
  Status End(std::string&) override { return {}; }

 private:
  const std::vector<CellWriter> cells_;
  std::vector<std::string> keys_;  // with the punctuation before and behind
};

class CsvWriter : public ResultWriter {
 public:
  explicit CsvWriter(const DuckQuery& query) : cells_(CellsOf(query)) {
    for (const ResultColumn& column : query.columns()) {
      if (!header_.empty()) header_ += ',';
      AppendField(header_, column.name);
    }
    header_ += "\r\n";
  }

  Status Begin(std::string& out) override {
    out += header_;
    return {};
  }
  Status Chunk(duckdb_data_chunk chunk, std::string& out) override {
    const auto vectors = VectorsOf(chunk);
    std::string text;
    for (idx_t row = 0; row < Duck().data_chunk_get_size(chunk); ++row) {
      for (size_t i = 0; i < cells_.size(); ++i) {
        if (i > 0) out += ',';
        if (CellWriter::IsNull(vectors[i], row)) continue;
        text.clear();
        cells_[i].AppendText(text, vectors[i], row);
        AppendField(out, text);
      }
      out += "\r\n";
    }
    return {};
  }
  Status End(std::string&) override { return {}; }

 private:
  /// Empty text in quotes, so that it is not NULL.
  static void AppendField(std::string& out, std::string_view text) {
    if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos) {
      out += text;
      return;
    }
    out += '"';
    for (const char c : text) {
      if (c == '"') out += c;
      out += c;
    }
    out += '"';
  }

  const std::vector<CellWriter> cells_;
  std::string header_;
};

class FramesWriter : public ResultWriter {
 public:
  FramesWriter(const DuckQuery& query, bool as_json)
      : query_(query), cells_(CellsOf(query)), as_json_(as_json) {}

  Status Begin(std::string& out) override {
    out += "{\"columns\":[";
    for (size_t i = 0; i < cells_.size(); ++i) {
      out += i == 0 ? "{\"name\":" : ",{\"name\":";
      AppendJsonString(out, query_.columns()[i].name);
      out += ",\"type\":";
      AppendJsonString(out, query_.columns()[i].type_name);
      out += cells_[i].is_number() ? ",\"number\":true}" : ",\"number\":false}";
    }
    out += "]}\n";
    return {};
  }

  Status Chunk(duckdb_data_chunk chunk, std::string& out) override {
    const idx_t rows = Duck().data_chunk_get_size(chunk);
    if (rows == 0) return {};
    const auto vectors = VectorsOf(chunk);
    out += "{\"rows\":[";
    for (idx_t row = 0; row < rows; ++row) {
      out += row == 0 ? "[" : ",[";
      for (size_t i = 0; i < cells_.size(); ++i) {
        if (i > 0) out += ',';
        AppendCell(out, i, vectors[i], row);
      }
      out += ']';
    }
    out += "]}\n";
    return {};
  }
  Status End(std::string&) override { return {}; }

 private:
  void AppendCell(std::string& out, size_t column, duckdb_vector vector, idx_t row) {
    if (as_json_ || CellWriter::IsNull(vector, row))
      return cells_[column].AppendJson(out, vector, row);
    text_.clear();
    cells_[column].AppendText(text_, vector, row);
    AppendJsonString(out, text_);
  }

  const DuckQuery& query_;
  const std::vector<CellWriter> cells_;
  const bool as_json_;
  std::string text_;
};

/// One IPC stream per result: schema, batches, end.
class ArrowStreamWriter : public ResultWriter {
 public:
  explicit ArrowStreamWriter(DuckQuery& query) : query_(query) {}

  Status Begin(std::string& out) override {
    options_ = DuckArrowOptions(Duck().result_get_arrow_options(&query_.result()));
    std::vector<duckdb_logical_type> types;
    std::vector<const char*> names;
    for (const ResultColumn& column : query_.columns()) {
      types.push_back(column.type.get());
      names.push_back(column.name.c_str());
    }
    ArrowSchema exported;
    RETURN_IF_ERROR(FromDuck(Duck().to_arrow_schema(options_.get(), types.data(), names.data(),
                                                    types.size(), &exported)));
    auto schema = arrow::ImportSchema(&exported);
    RETURN_IF_ERROR(FromArrow(schema.status()));
    schema_ = *std::move(schema);
    auto sink = arrow::io::BufferOutputStream::Create();
    RETURN_IF_ERROR(FromArrow(sink.status()));
    sink_ = *std::move(sink);
    auto writer = arrow::ipc::MakeStreamWriter(sink_, schema_);
    RETURN_IF_ERROR(FromArrow(writer.status()));
    writer_ = *std::move(writer);
    return Drain(out);
  }

  Status Chunk(duckdb_data_chunk chunk, std::string& out) override {
    ArrowArray exported;
    RETURN_IF_ERROR(FromDuck(Duck().data_chunk_to_arrow(options_.get(), chunk, &exported)));
    auto batch = arrow::ImportRecordBatch(&exported, schema_);
    RETURN_IF_ERROR(FromArrow(batch.status()));
    RETURN_IF_ERROR(FromArrow(writer_->WriteRecordBatch(**batch)));
    return Drain(out);
  }

  Status End(std::string& out) override {
    RETURN_IF_ERROR(FromArrow(writer_->Close()));
    return Drain(out);
  }

 private:
  /// Move what was written to `out`; the sink starts again.
  Status Drain(std::string& out) {
    auto written = sink_->Finish();
    RETURN_IF_ERROR(FromArrow(written.status()));
    out.append(reinterpret_cast<const char*>((*written)->data()),
               static_cast<size_t>((*written)->size()));
    return FromArrow(sink_->Reset());
  }

  DuckQuery& query_;
  DuckArrowOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<ResultWriter>> ResultWriter::Make(ResultFormat format, bool values_as_json,
                                                         DuckQuery& query) {
  switch (format) {
    case ResultFormat::kJsonLines:
      return std::make_unique<JsonLinesWriter>(query);
    case ResultFormat::kCsv:
      return std::make_unique<CsvWriter>(query);
    case ResultFormat::kFrames:
      return std::make_unique<FramesWriter>(query, values_as_json);
    case ResultFormat::kArrowStream:
      return std::make_unique<ArrowStreamWriter>(query);
  }
  return Fail(ErrorCode::kUnsupportedVersion, "unknown result format");
}

}  // namespace weir

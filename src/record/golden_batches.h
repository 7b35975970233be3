// Test data: batches made by the released Java client, and the rows it reads from them as text.
// Made by test/wire/LogBatches.java, which defines the same text form.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "record/arrow_batch_reader.h"
#include "record/binary_array.h"
#include "record/decimal.h"
#include "record/log_batch.h"
#include "record/schema.h"
#include "record/value.h"

namespace weir {

inline std::string GoldenFile(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/test/wire/log_batch/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A schema of the columns written in SQL, for example "a INT, b STRING".
inline Schema SchemaFromSql(const std::string& columns) {
  const auto row = DataType::Parse("ROW<" + columns + ">");
  EXPECT_TRUE(row.ok()) << columns;
  Schema::Parts parts;
  for (const Field& field : row->fields())
    parts.columns.push_back({.name = field.name, .type = field.type});
  return *Schema::Make(std::move(parts));
}

struct GoldenRows {
  Schema schema;
  std::vector<std::string> lines;  // change type and row
};

inline GoldenRows ReadGoldenRows(const std::string& name) {
  std::istringstream in(GoldenFile(name + ".txt"));
  std::string line;
  std::getline(in, line);
  GoldenRows rows{SchemaFromSql(line.substr(4, line.size() - 5)), {}};
  while (std::getline(in, line)) rows.lines.push_back(line);
  return rows;
}

std::string ToText(const DataType& type, const Value& value);

inline std::string ToText(const DataType& type, const std::vector<Value>& elements) {
  std::string out;
  for (const Value& element : elements) out += (out.empty() ? "" : ",") + ToText(type, element);
  return out;
}

template <class Types>
std::string RowToText(const Types& types, std::span<const Value> row) {
  std::string out;
  for (size_t i = 0; i < row.size(); ++i)
    out += (i == 0 ? "" : "|") + ToText(types[i].type, row[i]);
  return out;
}

inline std::string NestedToText(const DataType& type, const Value& value) {
  if (type.kind == TypeKind::kRow) {
    std::vector<Value> fields(type.fields().size());
    EXPECT_TRUE(OpenRow(value, type, fields).ok());
    return "(" + RowToText(type.fields(), fields) + ")";
  }
  std::vector<Value> elements;
  if (type.kind == TypeKind::kArray) {
    EXPECT_TRUE(OpenArray(value, type)->Read(elements).ok());
    return "[" + ToText(type.element(), elements) + "]";
  }
  std::vector<Value> keys;
  EXPECT_TRUE(OpenMap(value, type)->keys.Read(keys).ok());
  EXPECT_TRUE(OpenMap(value, type)->values.Read(elements).ok());
  return "{" + ToText(type.key(), keys) + "=>" + ToText(type.value(), elements) + "}";
}

inline std::string ToText(const DataType& type, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return value.boolean() ? "true" : "false";
    case Value::Kind::kInt:
      return std::to_string(value.integer());
    case Value::Kind::kFloat:
      return fmt::format("{:x}", std::bit_cast<uint32_t>(value.float32()));
    case Value::Kind::kDouble:
      return fmt::format("{:x}", std::bit_cast<uint64_t>(value.float64()));
    case Value::Kind::kTimestamp:
      return fmt::format("{}+{}", value.timestamp_ms(), value.timestamp_nanos());
    case Value::Kind::kNested:
      return NestedToText(type, value);
    case Value::Kind::kBytes:
      break;
  }
  if (type.kind == TypeKind::kDecimal) return DecimalToText(*UnscaledOf(value), 0);
  if (type.kind == TypeKind::kChar || type.kind == TypeKind::kString)
    return std::string(value.bytes());
  std::string hex = "x";
  for (const char byte : value.bytes()) hex += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return hex;
}

/// The rows of an ARROW batch, read one by one.
inline std::vector<std::string> LinesOf(const Schema& schema, const LogBatchView& batch) {
  const auto reader = *ArrowBatchReader::Create(schema);
  const Status opened = reader->Open(batch);
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  std::vector<std::string> lines;
  for (int32_t i = 0; i < reader->row_count(); ++i) {
    const auto row = reader->Row(i);
    EXPECT_TRUE(row.ok()) << i;
    lines.push_back(std::string(ShortName(reader->change(i))) + " " +
                    RowToText(schema.columns(), *row));
  }
  return lines;
}

/// ARROW goldens: file, and text of its rows.
struct GoldenBatch {
  std::string file;
  std::string rows;
};

inline std::vector<GoldenBatch> ArrowGoldens() {
  std::vector<GoldenBatch> all{{"wide_statistics.bin", "wide"}};
  for (const char* codec : {"none", "lz4_frame", "zstd"}) {
    for (const char* kind : {"append", "changes"}) {
      for (int magic = 0; magic <= 2; ++magic) {
        all.push_back({fmt::format("small_{}_{}_v{}.bin", codec, kind, magic),
                       fmt::format("small_{}", kind)});
      }
    }
    all.push_back({fmt::format("types_{}.bin", codec), "types"});
    all.push_back({fmt::format("wide_{}.bin", codec), "wide"});
  }
  return all;
}

}  // namespace weir

// For tests: the columns and values behind test/wire/rows/vectors.txt, which was made with the
// released Java client org.apache.fluss:fluss-client:1.0.0 (test/wire/rows/RowVectors.java).
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "base/hex.h"
#include "record/data_type.h"
#include "record/value.h"

namespace weir::golden {

struct Vector {
  std::string section;  // "ROW_COMPACTED"
  std::string name;     // "DECIMAL(10, 2)"
  std::string text;     // what Java printed
};

/// Lines "<section> <name> = <text>".
inline std::vector<Vector> Vectors(std::string_view section) {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/test/wire/rows/vectors.txt");
  std::vector<Vector> out;
  for (std::string line; std::getline(file, line);) {
    const size_t space = line.find(' ');
    const size_t equals = line.find(" = ");
    if (space == line.npos || equals == line.npos || line.substr(0, space) != section) continue;
    out.push_back({line.substr(0, space), line.substr(space + 1, equals - space - 1),
                   line.substr(equals + 3)});
  }
  return out;
}

inline std::string Bytes(std::string_view section, std::string_view name) {
  for (const Vector& vector : Vectors(section)) {
    if (vector.name == name) return FromHex(vector.text).value_or("");
  }
  return "";
}

struct Scalar {
  const char* type;
  Value value;
};

inline const std::vector<Scalar>& Scalars() {
  static const std::string decimal = *FromHex("029d42b64e76714244cb");  // 12345678901234567890.123
  static const std::vector<Scalar> scalars = {
      {"BOOLEAN", Value::Bool(true)},
      {"TINYINT", Value::Int(-2)},
      {"SMALLINT", Value::Int(-300)},
      {"INT", Value::Int(-5)},
      {"BIGINT", Value::Int(1234567890123)},
      {"FLOAT", Value::Float(1.5f)},
      {"DOUBLE", Value::Double(-2.25)},
      {"CHAR(4)", Value::Bytes("ab")},
      {"STRING", Value::Bytes("hello world")},
      {"BINARY(3)", Value::Bytes("\1\2\3")},
      {"BYTES", Value::Bytes("\x09\x08")},
      {"DECIMAL(10, 2)", Value::Int(-12345)},
      {"DECIMAL(25, 3)", Value::Bytes(decimal)},
      {"DATE", Value::Int(19000)},
      {"TIME(3)", Value::Int(3723004)},
      {"TIMESTAMP(3)", Value::Timestamp(1700000000123)},
      {"TIMESTAMP(9)", Value::Timestamp(1700000000123, 456789)},
      {"TIMESTAMP_LTZ(3)", Value::Timestamp(1700000000123)},
      {"TIMESTAMP_LTZ(6)", Value::Timestamp(1700000000123, 456000)},
  };
  return scalars;
}

inline DataType Type(std::string_view sql) { return DataType::Parse(sql).value(); }

inline std::vector<DataType> ScalarTypes() {
  std::vector<DataType> out;
  for (const Scalar& scalar : Scalars()) out.push_back(Type(scalar.type));
  return out;
}

inline std::vector<Value> ScalarValues() {
  std::vector<Value> out;
  for (const Scalar& scalar : Scalars()) out.push_back(scalar.value);
  return out;
}

}  // namespace weir::golden

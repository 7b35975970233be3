// Schemas and types as the JSON documents of the protocol. Reading is safe on hostile text (INV-7):
// size, depth, kinds and ranges are checked. Unknown keys are ignored, as in the Java client. Java:
// org.apache.fluss.utils.json.{Schema,Column,DataType}JsonSerde. Format: docs/formats/rows.md.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "record/schema.h"

namespace weir {

/// Parse text of at most 4 MiB, nested at most 80 deep.
/// Errors  kInvalidTable  not JSON, too large or too deep
Result<boost::json::value> ParseJson(std::string_view text);

boost::json::value SchemaToJson(const Schema& schema);
/// Errors  kInvalidTable  a key is missing or of the wrong kind, or Schema::Make refuses
Result<Schema> SchemaFromJson(const boost::json::value& json);

boost::json::value DataTypeToJson(const DataType& type);
/// Errors  kInvalidTable  as above
Result<DataType> DataTypeFromJson(const boost::json::value& json);

/// The same as text, byte for byte what the Java client writes.
std::string SchemaToText(const Schema& schema);
Result<Schema> SchemaFromText(std::string_view text);
std::string DataTypeToText(const DataType& type);
Result<DataType> DataTypeFromText(std::string_view text);

}  // namespace weir

// Partition values between Iceberg's types and Avro's. Source: Iceberg specification, Appendix A "Avro".
#pragma once

#include <optional>
#include <set>
#include <string>

#include "lake/avro_reader.h"
#include "lake/avro_writer.h"
#include "lake/literal.h"

namespace weir::iceberg {

/// The Avro type, as JSON text, for values of a primitive type. Named types are defined at their first use only:
/// `defined` remembers their names within one schema.
std::string AvroTypeText(const Type& type, std::set<std::string>& defined);

/// A name that Avro allows, from one that Iceberg allows. For ASCII names the Java library's result.
std::string AvroName(std::string_view name);

/// A value of `type`, written under a type that may be narrower. Where Avro's type is altogether another, such as
/// for a column that is gone, the value comes in Avro's own type.
std::optional<Literal> LiteralFromAvro(const Type& type, const AvroValue& value);

/// The bytes of a non-null value of `type`. `value` has this type or one that may be promoted to it.
/// Return false, and write nothing, when it has not.
bool EncodeLiteral(const Type& type, const Literal& value, AvroEncoder& out);

}  // namespace weir::iceberg

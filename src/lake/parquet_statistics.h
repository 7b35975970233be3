// What the footer of a Parquet file says about its columns, as values of Iceberg types. For .cc files only: pulls in
// Arrow's Parquet headers, whose calls throw (parquet_guard.h).
#pragma once

#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <optional>
#include <string_view>

#include "lake/literal.h"

namespace weir::iceberg {

/// A minimum or maximum in Parquet's plain encoding as a literal of `type`, a column of physical type `stored`;
/// nothing when the bytes do not fit, or the file's type is not one that promotes to `type`.
std::optional<Literal> PlainValue(const Type& type, parquet::Type::type stored,
                                  std::string_view bytes);

struct ColumnRange {
  Literal lower;
  Literal upper;
};

/// The range of a column chunk; nothing when the file does not say.
std::optional<ColumnRange> RangeOf(const Type& type, const parquet::ColumnChunkMetaData& column);

}  // namespace weir::iceberg

// Names of databases, tables and partitions, and the rules every name obeys before it may become a
// folder, an object key or a Flink identifier. Java: org.apache.fluss.metadata.TablePath,
// PhysicalTablePath.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

inline constexpr size_t kNameBytesMax = 200;
/// Names that begin so belong to the system; users cannot create them.
inline constexpr std::string_view kReservedPrefix = "__";

struct TablePath {
  std::string database;
  std::string table;

  /// "db.table".
  std::string ToString() const { return database + "." + table; }

  friend auto operator<=>(const TablePath&, const TablePath&) = default;
};

/// Check one name: 1..200 of [a-zA-Z0-9_-], not "." or "..".
/// what    "database", "table", "partition value", for the message
/// Errors  `code`  with the reason
Status CheckName(std::string_view what, std::string_view name, ErrorCode code);

/// The same for a name somebody wants to create: also not beginning with "__".
Status CheckNewName(std::string_view what, std::string_view name, ErrorCode code);

}  // namespace weir

template <>
struct std::hash<weir::TablePath> {
  size_t operator()(const weir::TablePath& path) const {
    return std::hash<std::string>()(path.database) * 31 + std::hash<std::string>()(path.table);
  }
};

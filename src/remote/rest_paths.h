// Names as parts of the paths of an Iceberg REST catalog.
// Source: Iceberg REST catalog OpenAPI, path parameters `namespace` and `table`.
#pragma once

#include <string>

#include "lake/table_catalog.h"

namespace weir::iceberg {

/// "namespaces/a%1Fb".
std::string NamespacePath(const Namespace& levels);
/// "namespaces/a%1Fb/tables/t".
std::string TablePath(const Ident& ident);

}  // namespace weir::iceberg

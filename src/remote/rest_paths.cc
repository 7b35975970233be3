#include "remote/rest_paths.h"

#include "http/url.h"

namespace weir::iceberg {

std::string NamespacePath(const Namespace& levels) {
  std::string joined;
  for (const std::string& level : levels) joined += (joined.empty() ? "" : "\x1f") + level;
  return "namespaces/" + EncodeUrlPart(joined);
}

std::string TablePath(const Ident& ident) {
  return NamespacePath(ident.levels) + "/tables/" + EncodeUrlPart(ident.name);
}

}  // namespace weir::iceberg

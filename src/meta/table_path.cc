#include "meta/table_path.h"

#include <algorithm>

namespace weir {

Status CheckName(std::string_view what, std::string_view name, ErrorCode code) {
  if (name.empty()) return Fail(code, "{} name is empty", what);
  if (name == "." || name == "..") return Fail(code, "{} name must not be '{}'", what, name);
  if (name.size() > kNameBytesMax) {
    return Fail(code, "{} name is too long: bytes={} max={}", what, name.size(), kNameBytesMax);
  }
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!std::ranges::all_of(name, allowed)) {
    return Fail(code, "{} name may only have letters, digits, '_' and '-': '{}'", what, name);
  }
  return {};
}

Status CheckNewName(std::string_view what, std::string_view name, ErrorCode code) {
  RETURN_IF_ERROR(CheckName(what, name, code));
  if (name.starts_with(kReservedPrefix)) {
    return Fail(code, "{} name must not begin with '{}', which is reserved: '{}'", what,
                kReservedPrefix, name);
  }
  return {};
}

}  // namespace weir

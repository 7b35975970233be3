// The API table as a page for people: docs/generated/apis.md.
#pragma once

#include <string>

namespace weir {

std::string ApisMarkdown();

}  // namespace weir

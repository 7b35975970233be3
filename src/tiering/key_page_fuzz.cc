// Any bytes as a page of the key index and as a loose entry: what is read of them ascends, is found again, and written
// again it reads the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "tiering/key_fold.h"
#include "tiering/key_pages.h"

namespace {

using namespace weir;

using Entries = std::vector<std::pair<std::string, KeyPlace>>;

Entries Read(BytesView page, bool& damaged) {
  Entries out;
  KeyPageReader reader(page);
  for (; reader.valid(); reader.Next()) {
    WEIR_CHECK(out.empty() || out.back().first < reader.key());
    WEIR_CHECK(out.empty() || reader.shared() == CommonLength(out.back().first, reader.key()));
    out.emplace_back(reader.key(), reader.place());
  }
  damaged = reader.damaged();
  return out;
}

std::string Write(const Entries& entries, KeyPageWriter writer) {
  for (const auto& [key, place] : entries) writer.Add(key, place);
  return writer.Finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BytesView bytes(reinterpret_cast<const char*>(data), size);
  std::optional<KeyPlace> place;
  if (ParseLoose(bytes, place)) {
    std::optional<KeyPlace> again;
    WEIR_CHECK(ParseLoose(LooseValue(place), again) && again == place);
  }
  bool damaged = false;
  const Entries entries = Read(bytes, damaged);
  KeyPageReader walk(bytes);
  for (const auto& [key, where] : entries) {
    // In one walk, and from the beginning: a key, and what is just behind it.
    WEIR_CHECK(walk.SkipTo(key) && walk.place() == where);
    KeyPageReader reader(bytes);
    WEIR_CHECK(reader.SkipTo(key) && reader.key() == key && reader.place() == where);
    const std::string behind = key + '\0';
    KeyPageReader past(bytes);
    if (!past.SkipTo(behind)) WEIR_CHECK(!past.valid() || past.key() > behind);
    if (entries.size() > 200) break;  // enough of a long page
  }
  bool again_damaged = false;
  const std::string whole = Write(entries, KeyPageWriter(nullptr));
  WEIR_CHECK(Read(whole, again_damaged) == entries && !again_damaged);
  if (!damaged) WEIR_CHECK(whole.size() <= bytes.size());
  // Cut where it is too large, nothing is missing.
  Entries parts;
  const auto take = [&](BytesView page) {
    const Entries some = Read(page, again_damaged);
    WEIR_CHECK(!again_damaged);
    parts.insert(parts.end(), some.begin(), some.end());
  };
  const std::string rest =
      Write(entries, KeyPageWriter([&](BytesView, BytesView page) { take(page); }));
  take(rest);
  WEIR_CHECK(parts == entries);
  return 0;
}

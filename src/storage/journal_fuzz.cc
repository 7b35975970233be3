// Journal files are read back after crashes and may hold anything: parsing a record, with and without a CRC that
// fits, and opening a journal with such a file.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "io/faulty_file_system.h"
#include "storage/journal.h"
#include "storage/journal_format.h"

namespace weir {
namespace {

// A fuzzer cannot guess a CRC; what lies behind it must be safe as well.
void FixCrc(std::string& bytes) {
  if (bytes.size() < sizeof(JournalRecordHeader)) return;
  auto& header = *reinterpret_cast<JournalRecordHeader*>(bytes.data());
  header.magic = kJournalRecordMagic;
  if (header.bytes < sizeof(JournalRecordHeader) || header.bytes > bytes.size()) {
    header.bytes = static_cast<uint32_t>(bytes.size());
  }
  constexpr size_t kFrom = offsetof(JournalRecordHeader, bytes);
  header.crc = Crc32c(BytesView(bytes).substr(kFrom, header.bytes - kFrom));
}

void Check(BytesView bytes) {
  const auto record = ParseJournalRecord(bytes);
  if (!record.ok()) return;
  for (const ReplayedEntry& entry : record->entries) {
    WEIR_CHECK(entry.records.data() >= bytes.data() &&
               entry.records.data() + entry.records.size() <= bytes.data() + bytes.size());
  }
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  SetLogLevel(static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes);
  FixCrc(bytes);
  Check(bytes);

  FaultyFileSystem files;
  WEIR_CHECK(files.CreateDirectories("/journal").ok());
  WEIR_CHECK((*files.Open("/journal/00000001.journal", OpenMode::kCreate))
                 ->WriteAt(0, BytesView(bytes))
                 .ok());
  const auto journal =
      Journal::Open(files, "/journal", {.file_bytes = 16 * KiB, .first_file_bytes = 4 * KiB},
                    [](const ReplayedEntry&) { return Status(); });
  WEIR_CHECK(journal.ok() && (*journal)->Write({}).ok());
  return 0;
}

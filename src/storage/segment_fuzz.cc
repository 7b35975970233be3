// A segment and its indexes with any bytes in them: the log opens, ends at a whole batch, and every read below its
// end returns whole batches. The first byte says how the rest is cut into the three files.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/log.h"
#include "io/faulty_file_system.h"
#include "storage/bucket_log.h"

namespace weir {
namespace {

void WriteFile(FileSystem& files, const std::string& path, BytesView bytes) {
  WEIR_CHECK((*files.Open(path, OpenMode::kCreate))->WriteAt(0, bytes).ok());
}

void ReadAll(BucketLog& log) {
  for (Offset at = log.start_offset(); at < log.end_offset();) {
    const auto slice = log.Read(at, 100, log.end_offset(), log.end_position());
    WEIR_CHECK(slice.ok() && slice->end_offset > at);
    const auto bytes = slice->Load();
    WEIR_CHECK(bytes.ok() && LogBatchView::Parse(bytes->view()).ok());
    at = slice->end_offset;
  }
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  SetLogLevel(static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));
  if (size < 1) return 0;
  const BytesView all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = all.size() * data[0] / 255;
  FaultyFileSystem files;
  WEIR_CHECK(files.CreateDirectories("/data/log-0").ok());
  const std::string base = "/data/log-0/00000000000000000000";
  WriteFile(files, base + ".log", all.substr(0, cut));
  WriteFile(files, base + ".index", all.substr(cut));
  WriteFile(files, base + ".timeindex", all.substr(cut));
  OpenFiles open_files(files, 2);
  auto log = BucketLog::Open(open_files, "/data/log-0", "/data",
                             {.segment_bytes = 1000, .index_interval_bytes = 64}, {});
  WEIR_CHECK(log.ok());
  ReadAll(**log);
  for (const int64_t time : {int64_t{0}, int64_t{1} << 40})
    WEIR_CHECK((*log)->FindTimestamp(time).ok());
  return 0;
}

// Puffin: a file of blobs with a JSON footer; it holds deletion vectors here, and statistics of others.
// Source: Puffin specification, version 1. Hostile-safe: every number of the file is checked before use.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace weir::iceberg {

class FileIo;
class OutputFile;

struct PuffinBlob {
  std::string type;
  std::vector<int32_t> fields;
  int64_t snapshot_id = -1;
  int64_t sequence_number = -1;
  int64_t offset = 0;
  int64_t length = 0;
  std::string compression_codec;  // "", "lz4" or "zstd"
  std::map<std::string, std::string> properties;

  friend bool operator==(const PuffinBlob&, const PuffinBlob&) = default;
};

struct PuffinFooter {
  std::vector<PuffinBlob> blobs;
  std::map<std::string, std::string> properties;

  friend bool operator==(const PuffinFooter&, const PuffinFooter&) = default;
};

/// The footer in the last bytes of a file of `file_bytes`; `tail` is the end of the file, or all of it.
/// Errors  kCorruptRecord  damaged;  kStorage  `tail` is too short: call again with PuffinFooterBytes of it
Result<PuffinFooter> ParsePuffinFooter(BytesView tail, int64_t file_bytes);
/// Bytes of the footer, by the last 12 bytes of a file or more. Errors: kCorruptRecord.
Result<int64_t> PuffinFooterBytes(BytesView tail);

/// Errors  kCorruptRecord  damaged, named by its path; those of FileIo
Result<PuffinFooter> ReadPuffinFooter(FileIo& io, const std::string& location);

/// Writes blobs one after another, then the footer. Uncompressed. One thread.
class PuffinWriter {
 public:
  static Result<PuffinWriter> Open(FileIo& io, const std::string& location,
                                   std::map<std::string, std::string> properties);
  PuffinWriter(PuffinWriter&&) noexcept;
  ~PuffinWriter();

  /// Append a blob; its offset and length are filled in and returned.
  Result<PuffinBlob> Add(PuffinBlob blob, BytesView bytes);
  /// Write the footer and make the file visible. Return its size.
  Result<int64_t> Finish();

 private:
  explicit PuffinWriter(std::unique_ptr<OutputFile> file);

  std::unique_ptr<OutputFile> file_;
  PuffinFooter footer_;
};

}  // namespace weir::iceberg

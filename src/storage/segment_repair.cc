#include "storage/segment_repair.h"

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "record/log_batch.h"

namespace weir {
namespace {

constexpr int64_t kReadBytes = 1 * MiB;

/// Whether `bytes` are one whole, undamaged batch that starts at `base_offset`; then the offset after it.
std::optional<Offset> NextOffset(BytesView bytes, Offset base_offset) {
  LogBatches batches(bytes);
  const auto batch = batches.Next();
  if (!batch.ok() || !batch->has_value() || !batches.rest().empty()) return std::nullopt;
  const LogBatchHeader& header = (*batch)->header();
  if (header.base_offset != base_offset || !(*batch)->CheckCrc().ok()) return std::nullopt;
  return header.next_offset();
}

/// Goes through the old file from the front; what it says is where the copy has got to.
class Copy {
 public:
  Copy(const SegmentRepair& repair, File& to)
      : repair_(repair), to_(to), offset_(repair.base_offset) {}

  bool done() const { return at_ >= repair_.bytes; }
  bool whole() const { return at_ == repair_.bytes && offset_ == repair_.end_offset; }
  Offset offset() const { return offset_; }

  /// Copy as many sound batches as come next in the old file. Returns whether there was one.
  Result<bool> FromFile() {
    if (!Fill(kReadBytes)) return false;
    const auto header = LogBatchHeader::Parse(buffer_);
    if (!header.ok() || header->base_offset != offset_ || header->total_bytes > Left())
      return false;
    if (header->total_bytes > static_cast<int64_t>(buffer_.size()) && !Fill(header->total_bytes))
      return false;
    LogBatches batches(buffer_);
    int64_t good = 0;
    Offset offset = offset_;
    while (true) {
      const auto batch = batches.Next();
      if (!batch.ok() || !batch->has_value()) break;
      const LogBatchHeader& next = (*batch)->header();
      if (next.base_offset != offset || !(*batch)->CheckCrc().ok()) break;
      good += next.total_bytes;
      offset = next.next_offset();
    }
    RETURN_IF_ERROR(Write(BytesView(buffer_).substr(0, static_cast<size_t>(good))));
    offset_ = offset;
    return good > 0;
  }

  /// Errors  kCorruptRecord  it is not the batch that comes next;  kStorage  but the file may still have that
  Status Insert(BytesView batch) {
    if (batch.empty()) RETURN_IF_ERROR(read_);
    const auto next = NextOffset(batch, offset_);
    if (!next.has_value() || static_cast<int64_t>(batch.size()) > Left()) {
      return Fail(
          ErrorCode::kCorruptRecord,
          "batch is neither in the segment nor in the journal: path={} offset={} position={}",
          repair_.from->path(), offset_, at_);
    }
    RETURN_IF_ERROR(Write(batch));
    offset_ = *next;
    return {};
  }

 private:
  int64_t Left() const { return repair_.bytes - at_; }

  bool Fill(int64_t bytes) {
    buffer_.resize(static_cast<size_t>(std::min(bytes, Left())));
    const auto got = repair_.from->ReadAt(at_, buffer_.data(), buffer_.size());
    read_ = got.ok() ? Status() : Forward(got);
    buffer_.resize(got.ok() ? *got : 0);
    return got.ok();
  }

  Status Write(BytesView bytes) {
    RETURN_IF_ERROR(to_.WriteAt(at_, bytes));
    at_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  const SegmentRepair& repair_;
  File& to_;
  int64_t at_ = 0;
  Offset offset_;
  std::string buffer_;
  Status read_;  // of the last read
};

}  // namespace

Status SegmentRepair::Run(FileSystem& files, const FindBatch& journaled) const {
  ASSIGN_OR_RETURN(const auto file, files.Open(to, OpenMode::kCreateTruncate));
  Copy copy(*this, *file);
  int64_t from_journal = 0;
  while (!copy.done()) {
    ASSIGN_OR_RETURN(const bool copied, copy.FromFile());
    if (copied) continue;
    ASSIGN_OR_RETURN(const std::string batch, journaled(copy.offset()));
    RETURN_IF_ERROR(copy.Insert(batch));
    ++from_journal;
  }
  if (!copy.whole()) {
    return Fail(ErrorCode::kCorruptRecord,
                "segment ends elsewhere than it did: path={} end_offset={} expected={}",
                from->path(), copy.offset(), end_offset);
  }
  RETURN_IF_ERROR(file->Sync());
  LogWarn("storage", "segment was copied after a failed sync: path={} bytes={} from_journal={}",
          from->path(), bytes, from_journal);
  return {};
}

// Oldest first, so that what was appended again after a cut replaces what was cut.
Status JournaledBatches::Load() {
  return journal_.ForEachLive([&](const ReplayedEntry& entry) -> Status {
    if (entry.bucket != bucket_) return {};
    places_.erase(places_.lower_bound(entry.base_offset), places_.end());
    LogBatches batches(entry.records);
    while (true) {
      const auto batch = batches.Next();
      if (!batch.ok() || !batch->has_value()) return {};
      const BytesView bytes = (*batch)->bytes();
      places_[(*batch)->header().base_offset] = {
          entry.file, entry.position + (bytes.data() - entry.records.data()), bytes.size()};
    }
  });
}

Result<std::string> JournaledBatches::Find(Offset base_offset) {
  if (!loaded_) RETURN_IF_ERROR(Load());
  loaded_ = true;
  const auto found = places_.find(base_offset);
  if (found == places_.end()) return std::string();
  std::string bytes(found->second.bytes, '\0');
  ASSIGN_OR_RETURN(const size_t got,
                   found->second.file->ReadAt(found->second.position, bytes.data(), bytes.size()));
  bytes.resize(got);
  return bytes;
}

}  // namespace weir

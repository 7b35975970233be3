#include "tiering/key_index.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <charconv>
#include <unordered_set>

#include "base/log.h"
#include "base/sorted_order.h"
#include "lake/scan_planner.h"
#include "lake/table_reader.h"
#include "storage/kv/key_map.h"

namespace weir {
namespace {

// The first byte of a key says what it is about.
constexpr char kMark = 'm';  // "m" -> snapshot id, as text
constexpr char kFile = 'f';  // "f" number (8 bytes, big-endian) -> path
constexpr char kRow = 'r';   // "r" key -> file number and row (varints)

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

bool ReadVarint(BytesView& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::string FileKey(uint64_t number) {
  std::string key(1, kFile);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::string RowKey(BytesView key) { return std::string(1, kRow).append(key); }

std::string LocationValue(uint64_t file, int64_t row) {
  std::string value;
  AppendVarint(file, value);
  AppendVarint(static_cast<uint64_t>(row), value);
  return value;
}

}  // namespace

int32_t KeyChanges::AddFile(std::string path) {
  files_.push_back(std::move(path));
  return static_cast<int32_t>(files_.size()) - 1;
}

void KeyChanges::Put(BytesView key, int32_t file, int64_t row) {
  keys_.append(key);
  entries_.push_back({keys_.size(), file, row});
}

std::vector<BytesView> KeyChanges::Keys() const {
  std::vector<BytesView> out;
  out.reserve(entries_.size());
  size_t begin = 0;
  for (const Entry& entry : entries_) {
    out.push_back(BytesView(keys_).substr(begin, entry.end - begin));
    begin = entry.end;
  }
  return out;
}

KeyIndex::KeyIndex(std::unique_ptr<KeyMap> map) : map_(std::move(map)) {}
KeyIndex::~KeyIndex() = default;

Result<std::unique_ptr<KeyIndex>> KeyIndex::Open(const std::string& folder) {
  ASSIGN_OR_RETURN(auto map, KeyMap::Open(folder));
  std::unique_ptr<KeyIndex> index(new KeyIndex(std::move(map)));
  RETURN_IF_ERROR(index->Load());
  return index;
}

Status KeyIndex::Load() {
  ASSIGN_OR_RETURN(const auto mark, map_->Get(BytesView(&kMark, 1)));
  if (mark) {
    int64_t id = 0;
    std::from_chars(mark->data(), mark->data() + mark->size(), id);
    snapshot_id_ = id;
  }
  return map_->Visit(BytesView(&kFile, 1), [this](BytesView key, BytesView path) {
    uint64_t number = 0;
    for (const char c : key.substr(1)) number = number << 8 | static_cast<uint8_t>(c);
    const auto [at, added] = paths_.emplace(number, std::make_shared<const std::string>(path));
    numbers_[*at->second] = number;
    next_file_ = std::max(next_file_, number + 1);
  });
}

std::optional<int64_t> KeyIndex::snapshot_id() const {
  const std::lock_guard lock(mutex_);
  return snapshot_id_;
}

Result<std::vector<std::optional<RowLocation>>> KeyIndex::Find(
    std::span<const BytesView> keys) const {
  std::string owned;  // row keys, one after another
  size_t bytes = 0;
  for (const BytesView key : keys) bytes += key.size() + 1;
  owned.reserve(bytes);
  std::vector<BytesView> views;
  views.reserve(keys.size());
  for (const BytesView key : keys) {
    const size_t begin = owned.size();
    owned.append(1, kRow).append(key);
    views.push_back(BytesView(owned).substr(begin));
  }
  ASSIGN_OR_RETURN(const auto values, map_->GetAll(views));
  std::vector<std::optional<RowLocation>> out(keys.size());
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) continue;
    BytesView value = *values[i];
    uint64_t file = 0;
    uint64_t row = 0;
    if (!ReadVarint(value, file) || !ReadVarint(value, row))
      return Fail(ErrorCode::kKvStorage, "an entry of the key index is damaged");
    // A file that was compacted away: its rows are in others now, or gone.
    if (const auto path = paths_.find(file); path != paths_.end())
      out[i] = RowLocation{path->second, static_cast<int64_t>(row)};
  }
  return out;
}

Status KeyIndex::Apply(const KeyChanges& changes, std::span<const std::string> removed_files,
                       int64_t snapshot_id) {
  KeyMap::Batch batch;
  std::vector<uint64_t> numbers;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& path : changes.files_) {
      const uint64_t number = next_file_++;
      numbers.push_back(number);
      batch.Put(FileKey(number), path);
      const auto at = paths_.emplace(number, std::make_shared<const std::string>(path)).first;
      numbers_[*at->second] = number;
    }
  }
  const std::vector<BytesView> keys = changes.Keys();
  std::string row_key;
  for (const uint32_t at : SortedOrder(keys)) {
    const KeyChanges::Entry& entry = changes.entries_[at];
    row_key.assign(1, kRow).append(keys[at]);
    if (entry.file == KeyChanges::kNoFile) {
      batch.Delete(row_key);
    } else {
      batch.Put(row_key, LocationValue(numbers[static_cast<size_t>(entry.file)], entry.row));
    }
  }
  const std::lock_guard lock(mutex_);
  for (const std::string& path : removed_files) {
    const auto found = numbers_.find(path);
    if (found == numbers_.end()) continue;
    batch.Delete(FileKey(found->second));
    const uint64_t number = found->second;
    numbers_.erase(found);
    paths_.erase(number);
  }
  batch.Put(BytesView(&kMark, 1), std::to_string(snapshot_id));
  RETURN_IF_ERROR(map_->Apply(batch));
  snapshot_id_ = snapshot_id;
  return {};
}

Result<int64_t> KeyIndex::Sync(iceberg::FileIo& io, const iceberg::TableMetadata& table,
                               const LakeKeys& keys) {
  if (table.current_snapshot_id == snapshot_id()) return 0;
  std::vector<iceberg::FileScanTask> unknown;
  std::unordered_set<std::string> live;
  if (const iceberg::Snapshot* snapshot = table.current_snapshot()) {
    ASSIGN_OR_RETURN(iceberg::ScanPlan plan, iceberg::PlanScan(io, table, *snapshot, {}));
    const std::lock_guard lock(mutex_);
    for (iceberg::FileScanTask& task : plan.tasks) {
      live.insert(task.data_file.file_path);
      if (!numbers_.contains(task.data_file.file_path)) unknown.push_back(std::move(task));
    }
  }
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, path] : paths_) {
      if (!live.contains(*path)) gone.push_back(*path);
    }
  }
  ASSIGN_OR_RETURN(const iceberg::Schema projection, WithRowPosition(keys.projection()));
  const LakeKeys encoder = keys.ForProjection();
  iceberg::DeleteCache deletes(io, {});
  // A file counts as known with its last keys: when this stops half way, it is read again.
  for (const iceberg::FileScanTask& task : unknown) {
    ASSIGN_OR_RETURN(auto reader, iceberg::TableReader::Open(io, deletes, table, task, projection));
    KeyMap::Batch batch;
    uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = next_file_++;
    }
    while (true) {
      ASSIGN_OR_RETURN(const auto rows, reader->Next());
      if (rows == nullptr) break;
      ASSIGN_OR_RETURN(const KeyList list, encoder.Encode(*rows));
      const auto& positions =
          static_cast<const arrow::Int64Array&>(*rows->column(rows->num_columns() - 1));
      for (size_t i = 0; i < list.size(); ++i)
        batch.Put(RowKey(list[i]), LocationValue(number, positions.Value(static_cast<int64_t>(i))));
      RETURN_IF_ERROR(map_->Apply(batch));
    }
    batch.Put(FileKey(number), task.data_file.file_path);
    RETURN_IF_ERROR(map_->Apply(batch));
    const std::lock_guard lock(mutex_);
    const auto at =
        paths_.emplace(number, std::make_shared<const std::string>(task.data_file.file_path)).first;
    numbers_[*at->second] = number;
  }
  if (!unknown.empty() || !gone.empty()) {
    LogInfo("tiering", "key index brought up to date: files_read={} files_gone={}", unknown.size(),
            gone.size());
  }
  RETURN_IF_ERROR(Apply({}, gone, table.current_snapshot_id.value_or(-1)));
  return static_cast<int64_t>(unknown.size());
}

}  // namespace weir

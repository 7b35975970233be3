// A bucket of a primary-key table in a temporary folder, for tests: rows as text, restarts, and
// background work that runs when the test says so.
#pragma once

#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "io/file.h"
#include "meta/table_info.h"
#include "record/kv_batch.h"
#include "record/value_batch.h"
#include "storage/open_files.h"
#include "tablet/group_commit.h"
#include "tablet/kv_environment.h"
#include "tablet/kv_replay.h"
#include "tablet/kv_tablet.h"
#include "tablet/log_tablet.h"

namespace weir {

inline int64_t ParseNumber(const std::string& text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  WEIR_CHECK(parsed.ec == std::errc());
  return number;
}

/// Fields of a row as text: "1,x,-" is (1, 'x', null).
inline std::string RowText(const Schema& schema, Row row) {
  std::string text;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (i > 0) text += ",";
    const Value& value = row[i];
    if (value.is_null()) {
      text += "-";
    } else if (value.kind() == Value::Kind::kBytes) {
      text += value.bytes();
    } else {
      text += std::to_string(value.integer());
    }
  }
  return text;
}

class KvTestBucket {
 public:
  explicit KvTestBucket(Properties properties, std::optional<Schema> schema = {},
                        KvOptions options = {}, Durability durability = Durability::kMemory)
      : options_(options), durability_(durability) {
    static int made = 0;
    // In memory where there is such a folder: hundreds of restarts would wait for hundreds of
    // fsyncs.
    const std::filesystem::path memory = "/dev/shm";
    const auto base =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    dir_ = base / fmt::format("weir-kv-{}-{}", getpid(), made++);
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    SetTable(std::move(properties), schema ? *schema : DefaultSchema());
    Open();
  }
  ~KvTestBucket() {
    Crash();
    std::filesystem::remove_all(dir_);
  }

  /// (id INT, name STRING, n BIGINT), key id.
  static Schema DefaultSchema() {
    return *Schema::Make({.columns = {{.name = "id", .type = DataType::Of(TypeKind::kInt)},
                                      {.name = "name", .type = DataType::Of(TypeKind::kString)},
                                      {.name = "n", .type = DataType::Of(TypeKind::kBigInt)}},
                          .primary_key = {"id"}});
  }

  /// A new version of the table; rows put from now on are of `schema`.
  void SetTable(Properties properties, Schema schema) {
    auto table = std::make_shared<TableInfo>(
        TableInfo{.id = TableId(1),
                  .path = {"db", "t"},
                  .descriptor = {.schema = schema, .bucket_count = 1, .properties = properties},
                  .config = *ParseTableConfig(properties)});
    if (table_ != nullptr) {
      table->schemas = table_->schemas;
      table->schema_id = SchemaId(static_cast<int16_t>(table_->schema_id.value + 1));
    }
    table->schemas[table->schema_id] = std::make_shared<const Schema>(std::move(schema));
    table_ = std::move(table);
    if (kv_ != nullptr) WEIR_CHECK(kv_->SetTable(table_).ok());
  }

  void Open() {
    environment_ = std::make_unique<KvEnvironment>(
        options_, RealFileSystem(), metrics_,
        [this](std::function<void()> work) { background_.push_back(std::move(work)); },
        [this](TableId, int64_t count) -> Result<IdRange> {
          const IdRange block{.first = next_id_, .last = next_id_ + count - 1};
          next_id_ += count;
          return block;
        },
        clock_);
    if (durability_ == Durability::kDisk) {
      auto journal = Journal::Open(RealFileSystem(), (dir_ / "journal").string(), {},
                                   [](const ReplayedEntry&) -> Status { return {}; });
      WEIR_CHECK(journal.ok());
      commits_ = std::make_unique<GroupCommit>(
          RealFileSystem(), std::move(*journal),
          [this](int, std::function<void()> work) { PostHome(std::move(work)); }, metrics_);
    }
    auto log = LogTablet::Open({.bucket = {.table = TableId(1), .bucket = 0},
                                .directory = "log-0",
                                .durability = durability_},
                               {.files = &RealFileSystem(),
                                .data_directory = dir_.string(),
                                .clock = &clock_,
                                .open_files = &open_files_,
                                .commits = commits_.get()});
    WEIR_CHECK(log.ok());
    log_ = std::move(*log);
    auto kv = TryOpen();
    if (!kv.ok()) fmt::print(stderr, "cannot open: {}\n", kv.error().message);
    WEIR_CHECK(kv.ok());
    kv_ = std::move(*kv);
  }
  Result<std::unique_ptr<KvTablet>> TryOpen() {
    return KvTablet::Open(*log_, table_, {.table = TableId(1), .bucket = 0}, dir_ / "kv-0",
                          *environment_,
                          [this](std::function<void()> work) { PostHome(std::move(work)); });
  }
  void PostHome(std::function<void()> work) {
    const std::lock_guard lock(home_mutex_);
    home_.push_back(std::move(work));
    home_arrived_.notify_one();
  }

  /// Let memory go without a word to the disk, and start again from what is there.
  void Crash() {
    RunBackground();  // written, and nobody heard of it: the harder case
    kv_.reset();
    log_.reset();
    commits_.reset();
    background_.clear();
    home_.clear();
    environment_.reset();
  }
  void Restart() {
    Crash();
    Open();
  }

  void RunBackground() {
    while (!background_.empty()) {
      const auto work = std::move(background_.front());
      background_.pop_front();
      work();
    }
  }
  void RunHome() {
    while (true) {
      std::function<void()> work;
      {
        const std::lock_guard lock(home_mutex_);
        if (home_.empty()) return;
        work = std::move(home_.front());
        home_.pop_front();
      }
      work();
    }
  }
  /// Wait until something was posted home, by the journal's thread.
  void AwaitHome() {
    std::unique_lock lock(home_mutex_);
    home_arrived_.wait(lock, [this] { return !home_.empty(); });
  }
  /// One whole write-back.
  Status WriteBack() {
    std::optional<Status> result;
    kv_->StartWriteBack([&](const Status& status) { result = status; });
    while (!result) {
      RunBackground();
      RunHome();
    }
    return *result;
  }

  // Rows of the latest schema as text: "1,x,5"; deletes name the key columns' row: "1".
  KvTestBucket& Up(const std::string& row) {
    const std::vector<std::string> texts = Parse(row);
    operations_.push_back({EncodeKey(texts), EncodeRow(texts)});
    return *this;
  }
  KvTestBucket& Del(const std::string& key) {
    operations_.push_back({EncodeKey(Parse(key)), std::nullopt});
    return *this;
  }
  /// Put what Up and Del collected, as one batch.
  Result<PutResult> Put(const PutOptions& options = {}, int64_t writer_id = -1,
                        int32_t sequence = -1) {
    return kv_->Put(Batch(writer_id, sequence), options);
  }
  std::string Batch(int64_t writer_id = -1, int32_t sequence = -1) {
    KvBatchBuilder builder(table_->schema_id);
    for (const auto& [key, row] : operations_) {
      if (row) {
        builder.Upsert(key, *row);
      } else {
        builder.Delete(key);
      }
    }
    operations_.clear();
    return builder.Finish(writer_id, sequence);
  }

  std::string Get(const std::string& key_row) {
    const std::string key = EncodeKey(Parse(key_row));
    const BytesView view = key;
    std::string text = "none";
    const auto found = kv_->Lookup(std::span(&view, 1), [&](size_t, const BytesView* value) {
      if (value != nullptr) text = ValueText(*value);
    });
    return found.ok() ? text : "error: " + found.error().message;
  }

  std::vector<std::string> Prefix(BytesView prefix) {
    std::vector<std::string> rows;
    WEIR_CHECK(kv_->PrefixLookup(prefix,
                                 [&](BytesView value) {
                                   rows.push_back(ValueText(value));
                                   return true;
                                 })
                   .ok());
    return rows;
  }
  std::vector<std::string> LimitScan(int64_t limit) {
    return BatchText(kv_->LimitScan(limit, 1 * MiB)->records);
  }

  std::vector<std::string> BatchText(BytesView records) {
    std::vector<std::string> rows;
    if (records.empty()) return rows;
    const auto values = ParseValueBatch(records);
    for (const StoredValue& value : *values) rows.push_back(RowOf(value.schema_id, value.row));
    return rows;
  }

  /// The whole log: "+I 1,x,5".
  std::vector<std::string> Changelog(Offset from = 0) {
    std::vector<std::string> lines;
    const auto rules = environment_->RulesOf(table_);
    const Status read = ReadChanges(
        *log_, **rules, from,
        [&](ChangeType change, Offset, Row row) -> Status {
          lines.push_back(std::string(ShortName(change)) + " " + RowText(table_->schema(), row));
          return {};
        },
        [](Offset, int64_t) -> Status { return {}; });
    WEIR_CHECK(read.ok());
    return lines;
  }

  std::string EncodeKey(const std::vector<std::string>& texts) {
    std::string key;
    WEIR_CHECK((*environment_->RulesOf(table_))->key_encoder().Encode(ToValues(texts), key).ok());
    return key;
  }
  std::string EncodeRow(const std::vector<std::string>& texts) {
    std::string row;
    WEIR_CHECK((*environment_->RulesOf(table_))->row_encoder().Encode(ToValues(texts), row).ok());
    return row;
  }
  static std::vector<std::string> Parse(const std::string& text) {
    std::vector<std::string> fields(1);
    for (const char c : text) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    return fields;
  }

  KvTablet& kv() { return *kv_; }
  LogTablet& log() { return *log_; }
  ManualClock& clock() { return clock_; }
  KvEnvironment& environment() { return *environment_; }
  const TableInfo& table() const { return *table_; }
  std::filesystem::path log_dir() const { return dir_ / "log-0"; }
  std::filesystem::path kv_dir() const { return dir_ / "kv-0"; }
  size_t background_waiting() const { return background_.size(); }

 private:
  std::vector<Value> ToValues(const std::vector<std::string>& texts) {
    std::vector<Value> values;
    for (size_t i = 0; i < table_->schema().size(); ++i) {
      if (i >= texts.size() || texts[i] == "-") {
        values.push_back(Value::Null());
      } else if (table_->schema().column(i).type.kind == TypeKind::kString) {
        values.push_back(Value::Bytes(texts[i]));
      } else {
        values.push_back(Value::Int(ParseNumber(texts[i])));
      }
    }
    return values;
  }
  std::string RowOf(SchemaId id, BytesView row) {
    std::vector<Value> values(table_->schema().size());
    const Status decoded = (*environment_->RulesOf(table_))->DecodeRow(id, row, values);
    return decoded.ok() ? RowText(table_->schema(), values) : "error: " + decoded.error().message;
  }
  std::string ValueText(BytesView value) {
    const auto stored = ParseStoredValue(value);
    return RowOf(stored->schema_id, stored->row);
  }

  const KvOptions options_;
  const Durability durability_;
  MetricRegistry metrics_;
  std::filesystem::path dir_;
  ManualClock clock_;
  OpenFiles open_files_{RealFileSystem(), 64};
  std::shared_ptr<const TableInfo> table_;
  int64_t next_id_ = 1;
  std::deque<std::function<void()>> background_;
  std::mutex home_mutex_;
  std::condition_variable home_arrived_;
  std::deque<std::function<void()>> home_;
  std::unique_ptr<GroupCommit> commits_;  // durability `disk`
  std::unique_ptr<KvEnvironment> environment_;
  std::shared_ptr<LogTablet> log_;
  std::unique_ptr<KvTablet> kv_;
  std::vector<std::pair<std::string, std::optional<std::string>>> operations_;
};

}  // namespace weir

// What an append costs: on one shard, through validation, the segment and, for `disk`, the journal with fdatasync on
// the real disk below $TMPDIR. Items are acknowledged appends; CPU time is that of all threads of the process.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "async/shard.h"
#include "base/check.h"
#include "base/log.h"
#include "record/row_log_batch.h"
#include "storage/batch_for_test.h"
#include "storage/journal.h"
#include "tablet/group_commit.h"
#include "tablet/log_tablet.h"

namespace weir {
namespace {

class Load {
 public:
  Load(int buckets, Durability durability, int64_t batch_bytes) {
    SetLogLevel(LogLevel::kWarn);
    directory_ =
        std::filesystem::temp_directory_path() / fmt::format("weir-log-bench-{}", getpid());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    FileSystem& files = RealFileSystem();
    auto journal = Journal::Open(files, directory_ + "/journal", {},
                                 [](const ReplayedEntry&) { return Status(); });
    WEIR_CHECK(journal.ok() && (*journal)->PrepareNextFile().ok());
    commits_ = std::make_unique<GroupCommit>(
        files, std::move(*journal),
        [this](int, std::function<void()> f) { shard_.Post(std::move(f)); }, metrics_);
    for (int i = 0; i < buckets; ++i) {
      auto tablet = LogTablet::Open({.bucket = {.table = TableId(1), .bucket = i},
                                     .directory = fmt::format("data/t-1/log-{}", i),
                                     .durability = durability},
                                    {.files = &files,
                                     .data_directory = directory_,
                                     .clock = &SystemClock(),
                                     .open_files = &open_files_,
                                     .commits = commits_.get()});
      WEIR_CHECK(tablet.ok());
      tablets_.push_back(std::move(*tablet));
    }
    batch_ = SharedBytes::Of(
        MakeBatch({.body = std::string(static_cast<size_t>(batch_bytes) - 48, 'x')}));
    shard_.Start();
  }
  ~Load() {
    commits_->Stop();
    shard_.Stop();
    shard_.Join();
    tablets_.clear();
    std::filesystem::remove_all(directory_);
  }

  /// Append `count` batches, `in_flight` of them unacknowledged at a time, round robin over the buckets.
  void Run(int64_t count, int64_t in_flight) {
    std::promise<void> done;
    done_ = &done;
    left_to_send_ = left_to_finish_ = count;
    shard_.Post([this, in_flight] {
      for (int64_t i = 0; i < in_flight; ++i) Send();
    });
    done.get_future().wait();
    // What housekeeping would do: the journal's records are let go.
    commits_->journal().Release(commits_->journal().last_sequence());
  }

  int64_t batch_bytes() const { return static_cast<int64_t>(batch_.size()); }

 private:
  void Send() {
    if (left_to_send_ == 0) return;
    --left_to_send_;
    LogTablet& tablet = *tablets_[next_++ % tablets_.size()];
    const auto appended = tablet.Append(batch_, {.source = source});
    WEIR_CHECK(appended.ok());
    tablet.WhenHighWatermark(appended->last_offset + 1, [this](const Status& status) {
      WEIR_CHECK(status.ok());
      if (--left_to_finish_ == 0) done_->set_value();
      shard_.Post([this] { Send(); });
    });
  }

 public:
  AppendOptions::Source source = AppendOptions::Source::kTrusted;

 private:
  std::string directory_;
  MetricRegistry metrics_;
  Shard shard_{0};
  OpenFiles open_files_{RealFileSystem(), 512};
  std::unique_ptr<GroupCommit> commits_;
  std::vector<std::shared_ptr<LogTablet>> tablets_;
  SharedBytes batch_;
  size_t next_ = 0;
  int64_t left_to_send_ = 0;
  int64_t left_to_finish_ = 0;
  std::promise<void>* done_ = nullptr;
};

void Measure(benchmark::State& state, Durability durability, int64_t batch_bytes, int64_t appends,
             int64_t in_flight) {
  Load load(static_cast<int>(state.range(0)), durability, batch_bytes);
  load.Run(appends, in_flight);
  for (auto _ : state) load.Run(appends, in_flight);
  state.SetItemsProcessed(state.iterations() * appends);
  state.SetBytesProcessed(state.iterations() * appends * batch_bytes);
}

void AppendDisk1KiB(benchmark::State& state) {
  Measure(state, Durability::kDisk, 1 * KiB, 20'000, 1024);
}
void AppendDisk1KiBAlone(benchmark::State& state) {
  Measure(state, Durability::kDisk, 1 * KiB, 500, 1);
}
void AppendOs1KiB(benchmark::State& state) {
  Measure(state, Durability::kOs, 1 * KiB, 20'000, 1024);
}
void AppendOs1MiB(benchmark::State& state) { Measure(state, Durability::kOs, 1 * MiB, 200, 16); }
void AppendDisk1MiB(benchmark::State& state) {
  Measure(state, Durability::kDisk, 1 * MiB, 200, 16);
}
void AppendDisk128KiB(benchmark::State& state) {
  Measure(state, Durability::kDisk, 128 * KiB, 1000, 64);
}

BENCHMARK(AppendDisk1KiB)
    ->Arg(1)
    ->Arg(16)
    ->Arg(64)
    ->Arg(256)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(AppendDisk1KiBAlone)->Arg(1)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(AppendOs1KiB)->Arg(1)->Arg(64)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(AppendOs1MiB)->Arg(1)->Arg(16)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(AppendDisk1MiB)->Arg(1)->Arg(16)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(AppendDisk128KiB)->Arg(1)->Arg(16)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace weir

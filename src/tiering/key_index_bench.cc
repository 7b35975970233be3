// The key index alone: rounds of updates of random keys, and of new keys, of a table with a million of them.
// `cpu` is of the whole process, with what RocksDB does in the background.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tiering/key_index.h"

namespace weir {
namespace {

constexpr uint32_t kKeys = 1'000'000;
constexpr int64_t kPerFile = 250'000;

/// As the index has them: a length, then the text.
BytesView KeyOf(uint32_t id) {
  static const std::vector<std::string> kAll = [] {
    std::vector<std::string> keys;
    for (uint32_t at = 0; at < kKeys; ++at) {
      const std::string text = fmt::format("e{:012}", at);
      const auto length = static_cast<uint32_t>(text.size());
      keys.push_back(std::string(reinterpret_cast<const char*>(&length), sizeof length) + text);
    }
    return keys;
  }();
  return kAll[id];
}

class Table {
 public:
  explicit Table(const benchmark::State& state)
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("weir-key-index-bench-{}", state.range(0))) {
    std::filesystem::remove_all(folder_);
    index_ = std::move(*KeyIndex::Open(folder_.string()));
    for (uint32_t id = 0; id < kKeys; ++id) ids_.push_back(id);
    std::ranges::shuffle(ids_, dice_);
  }
  ~Table() {
    index_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Bring the rows of `ids` to new places, as a round does.
  void Apply(std::span<const uint32_t> ids) {
    KeyChanges changes;
    const int32_t file = changes.AddFile(fmt::format("file-{}", ++files_));
    for (size_t i = 0; i < ids.size(); ++i)
      changes.Put(KeyOf(ids[i]), file, static_cast<int64_t>(i));
    (void)index_->Apply(changes, {}, files_);
  }

  void Fill() {
    for (size_t at = 0; at < ids_.size(); at += kPerFile)
      Apply(std::span(ids_).subspan(at, kPerFile));
  }

  std::span<const uint32_t> Some(size_t count) {
    for (size_t i = 0; i < count; ++i) std::swap(ids_[i], ids_[i + dice_() % (ids_.size() - i)]);
    return std::span(ids_).first(count);
  }

  size_t Find(std::span<const uint32_t> ids) {
    std::vector<BytesView> keys;
    for (const uint32_t id : ids) keys.push_back(KeyOf(id));
    size_t found = 0;
    (void)index_->Find(keys, [&](const std::string&, int64_t) { ++found; });
    return found;
  }

 private:
  const std::filesystem::path folder_;
  std::unique_ptr<KeyIndex> index_;
  std::vector<uint32_t> ids_;
  std::mt19937 dice_{7};
  int64_t files_ = 0;
};

void BM_NewKeys(benchmark::State& state) {
  for (auto _ : state) {
    Table table(state);
    table.Fill();
  }
  state.SetItemsProcessed(state.iterations() * kKeys);
}
BENCHMARK(BM_NewKeys)->Arg(0)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_Find(benchmark::State& state) {
  Table table(state);
  table.Fill();
  const auto count = static_cast<size_t>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(table.Find(table.Some(count)));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Find)
    ->Arg(1'000)
    ->Arg(20'000)
    ->Arg(60'000)
    ->Arg(125'000)
    ->Arg(250'000)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

/// Rounds of so many keys, so many of them: what the index and RocksDB put off is in the later ones.
void BM_UpdateRounds(benchmark::State& state) {
  Table table(state);
  table.Fill();
  const auto count = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    for (int64_t round = 0; round < state.range(1); ++round) {
      const auto ids = table.Some(count);
      benchmark::DoNotOptimize(table.Find(ids));
      table.Apply(ids);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(1) * state.range(0));
}
BENCHMARK(BM_UpdateRounds)
    ->Args({2'000, 100})
    ->Args({20'000, 8})
    ->Args({20'000, 50})
    ->Args({60'000, 8})
    ->Args({125'000, 8})
    ->Args({250'000, 8})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir

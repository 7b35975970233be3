#include <benchmark/benchmark.h>

#include "base/crc32c.h"

namespace weir {
namespace {

void BM_Crc32c(benchmark::State& state, Crc32cMethod method) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ExtendCrc32cWith(method, 0, bytes));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK_CAPTURE(BM_Crc32c, instruction, Crc32cMethod::kInstruction)
    ->Arg(64)
    ->Arg(4 << 10)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(BM_Crc32c, three_runs, Crc32cMethod::kThreeRuns)
    ->Arg(64)
    ->Arg(4 << 10)
    ->Arg(1 << 20);
BENCHMARK_CAPTURE(BM_Crc32c, vpclmul, Crc32cMethod::kVpclmul)->Arg(64)->Arg(4 << 10)->Arg(1 << 20);

void BM_Crc32cChosen(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_Crc32cChosen)->Arg(64)->Arg(512)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace weir

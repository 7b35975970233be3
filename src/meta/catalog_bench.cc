// Opening a large catalog, and the look-ups a busy server makes all the time.
#include <benchmark/benchmark.h>

#include "io/faulty_file_system.h"
#include "meta/catalog.h"

namespace weir {
namespace {

void Fill(FileSystem& files, int tables) {
  auto catalog = Catalog::Open(files, "/meta", {}).value();
  for (int i = 0; i < tables; ++i) {
    Schema::Parts parts{.primary_key = {"id"}};
    for (const char* name :
         {"id", "customer", "amount", "status", "created", "updated", "note", "tags"}) {
      parts.columns.push_back({.name = name, .type = DataType::Of(TypeKind::kString)});
    }
    const TableDescriptor table{.schema = Schema::Make(std::move(parts)).value(),
                                .bucket_count = 4};
    catalog->CreateTable({"fluss", "t" + std::to_string(i)}, table, IfExists::kFail).value();
  }
}

void OpenTenThousandTables(benchmark::State& state) {
  FaultyFileSystem files;
  Fill(files, 10'000);
  for (auto _ : state) benchmark::DoNotOptimize(Catalog::Open(files, "/meta", {}));
}
BENCHMARK(OpenTenThousandTables)->Unit(benchmark::kMillisecond);

void FindTable(benchmark::State& state) {
  FaultyFileSystem files;
  Fill(files, 1000);
  auto catalog = Catalog::Open(files, "/meta", {}).value();
  for (auto _ : state) benchmark::DoNotOptimize(catalog->FindTable("fluss", "t500"));
}
BENCHMARK(FindTable)->Threads(1)->Threads(4);

}  // namespace
}  // namespace weir

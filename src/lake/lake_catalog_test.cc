#include "lake/lake_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/matchers.h"
#include "io/faulty_file_system.h"
#include "lake/file_io.h"
#include "lake/memory_store_for_test.h"
#include "lake/purge_tables.h"
#include "meta/catalog.h"

namespace weir::iceberg {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Files in memory that can be listed, and whose writes may happen and yet fail.
class LossyStore : public MemoryStore {
 public:
  bool loses_answers = false;

  Status WriteNew(const std::string& location, BytesView bytes) override {
    RETURN_IF_ERROR(MemoryStore::WriteNew(location, bytes));
    if (loses_answers) return Fail(ErrorCode::kStorage, "no answer: location={}", location);
    return {};
  }
  Result<std::vector<FileStat>> List(const std::string& location) override {
    std::vector<FileStat> out;
    for (const auto& [path, bytes] : files) {
      if (path.starts_with(location + "/")) out.push_back({path});
    }
    return out;
  }
};

class LakeCatalogTest : public ::testing::Test {
 protected:
  LakeCatalogTest() {
    io_.SetStore("s3", store_);
    Open();
    EXPECT_THAT(lake_->EnsureNamespace({"db"}), IsOk());
  }
  void Open() {
    lake_.reset();
    catalog_.reset();
    catalog_ = *weir::Catalog::Open(files_, "/meta", CatalogOptions{}, clock_);
    lake_ = *LakeCatalog::Open(catalog_->store(), io_, {.warehouse = "s3://w/lake"}, clock_);
  }
  Status Create(const std::string& name) {
    NewTable table{.schema =
                       *Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kInt)}})};
    RETURN_IF_ERROR(lake_->CreateTable({.levels = {"db"}, .name = name}, table));
    return {};
  }
  Result<int64_t> Purge() {
    clock_.AdvanceMs(1);
    return PurgeDroppedTables(*lake_, clock_.NowMs(), [] { return Status(); });
  }

  ManualClock clock_{1'731'326'400'000};
  FaultyFileSystem files_;
  MetricRegistry metrics_;
  std::shared_ptr<LossyStore> store_ = std::make_shared<LossyStore>();
  FileIo io_{{}, metrics_};
  std::unique_ptr<weir::Catalog> catalog_;
  std::unique_ptr<LakeCatalog> lake_;
};

TEST_F(LakeCatalogTest, FilesOfATableThatWasNotMadeToTheEndArePurged) {
  store_->loses_answers = true;
  EXPECT_EQ(Create("t").code(), ErrorCode::kStorage);
  EXPECT_THAT(store_->files, SizeIs(1));
  store_->loses_answers = false;
  ASSERT_THAT(Create("t"), IsOk());  // elsewhere
  Open();
  ASSERT_THAT(Purge(), IsOk());
  EXPECT_THAT(store_->files, SizeIs(1));
  EXPECT_THAT(lake_->LoadTable({.levels = {"db"}, .name = "t"}), IsOk());
  EXPECT_THAT(lake_->PurgeRequests(), IsEmpty());
}

TEST_F(LakeCatalogTest, ATableThatCannotBeReadHoldsUpNoOthersPurge) {
  ASSERT_THAT(Create("damaged"), IsOk());
  ASSERT_THAT(Create("dropped"), IsOk());
  store_->files[*lake_->MetadataLocation({.levels = {"db"}, .name = "damaged"})] = "{";
  Open();
  ASSERT_THAT(lake_->DropTable({.levels = {"db"}, .name = "dropped"}, weir::iceberg::Purge::kYes),
              IsOk());
  ASSERT_THAT(Purge(), IsOk());
  EXPECT_THAT(store_->files, SizeIs(1));
}

}  // namespace
}  // namespace weir::iceberg

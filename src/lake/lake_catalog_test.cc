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

using ::testing::ElementsAre;
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
    lake_ =
        *LakeCatalog::Open(catalog_->store(), io_,
                           {.warehouse = "s3://w/lake", .other_places = {"s3://w/other"}}, clock_);
  }
  static NewTable Made() {
    return {.schema = *Schema::Make(0, {{.id = 1, .name = "id", .type = Type::Of(TypeId::kInt)}})};
  }
  Status Create(const std::string& name, std::string location = {}) {
    NewTable table = Made();
    table.location = std::move(location);
    RETURN_IF_ERROR(lake_->CreateTable({.levels = {"db"}, .name = name}, table));
    return {};
  }
  /// Register metadata at `file` that says the table is at `location`.
  Status Register(const std::string& name, const std::string& file, const std::string& location,
                  Overwrite overwrite = Overwrite::kNo) {
    NewTable table = Made();
    table.location = location;
    table.uuid = NewUuid();
    store_->files[file] = ToJsonText(*MakeTableMetadata(table, clock_.NowMs()));
    RETURN_IF_ERROR(lake_->RegisterTable({.levels = {"db"}, .name = name}, file, overwrite));
    return {};
  }
  static Ident TableNamed(std::string name) { return {.levels = {"db"}, .name = std::move(name)}; }
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

TEST_F(LakeCatalogTest, ANamespaceOfTieringGoesWhenNothingIsInIt) {
  const auto names = [this] { return *lake_->ListNamespaces({}); };
  const auto wants = [](const std::string& name) {
    return [name](const Namespace& levels) { return levels == Namespace{name}; };
  };
  ASSERT_THAT(lake_->CreateNamespace({"made"}), IsOk());
  ASSERT_THAT(lake_->EnsureNamespace({"made"}), IsOk());
  ASSERT_THAT(lake_->EnsureNamespace({"used"}), IsOk());
  ASSERT_THAT(lake_->EnsureNamespace({"wanted"}), IsOk());
  ASSERT_THAT(lake_->CreateTable({.levels = {"used"}, .name = "t"}, Made()), IsOk());
  ASSERT_THAT(lake_->DropUnusedNamespaces(wants("wanted")), IsOk());
  EXPECT_THAT(names(), ElementsAre(Namespace{"made"}, Namespace{"used"}, Namespace{"wanted"}));
  Open();
  ASSERT_THAT(lake_->DropTable({.levels = {"used"}, .name = "t"}, Purge::kNo), IsOk());
  ASSERT_THAT(lake_->DropUnusedNamespaces(wants("nobody's")), IsOk());
  EXPECT_THAT(names(), ElementsAre(Namespace{"made"}));
}

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

TEST_F(LakeCatalogTest, ARegisteredTableLiesWhereTablesMayLie) {
  ASSERT_THAT(Create("there", "s3://w/other/there"), IsOk());
  int file = 0;
  for (const char* location : {"s3://w", "s3://w/lake", "s3://w/other", "s3://w/other/there"}) {
    const std::string path =
        fmt::format("{}/{}/x/v1.metadata.json",
                    std::string_view(location) == "s3://w" ? "s3://w/lake" : location, ++file);
    EXPECT_THAT(Register("t", path, location), IsError(ErrorCode::kAuthorization)) << location;
  }
  EXPECT_THAT(Register("t", "s3://w/other/x/v1.metadata.json", "s3://w/other/x"), IsOk());
  EXPECT_THAT(Register("t", "s3://w/other/x/v2.metadata.json", "s3://w/other/x", Overwrite::kYes),
              IsOk());
  EXPECT_THAT(Register("u", "s3://w/lake/y/v1.metadata.json", "s3://w/lake/y"), IsOk());
}

TEST_F(LakeCatalogTest, ATableDoesNotMoveIntoAnothersPlace) {
  ASSERT_THAT(Create("there", "s3://w/other/there"), IsOk());
  ASSERT_THAT(Create("t"), IsOk());
  const auto move = [&](const char* to) {
    return lake_->Commit({TableNamed("t"), {}, {SetLocation{to}}});
  };
  for (const char* to : {"s3://w/other/there", "s3://w/other/there/x", "s3://w/other"})
    EXPECT_THAT(move(to), IsError(ErrorCode::kInvalidTable)) << to;
  EXPECT_THAT(move("s3://w/other/free"), IsOk());
  EXPECT_FALSE(lake_->OwnsPlaceOf(*lake_->LoadTable(TableNamed("t"))));
}

TEST_F(LakeCatalogTest, ACommitWhoseSyncMetAFullDiskKeepsItsFile) {
  ASSERT_THAT(Create("t"), IsOk());
  const size_t before = store_->files.size();
  files_.FailCall(FaultyFileSystem::Call::kSync, 1, ErrorCode::kDiskWriteLocked);
  EXPECT_THAT(lake_->Commit({TableNamed("t"), {}, {SetProperties{{{"a", "b"}}}}}),
              IsError(ErrorCode::kCommitStateUnknown));
  EXPECT_THAT(store_->files, SizeIs(before + 1)) << "the metadata file that may be current";
  files_.KillProcess();
  Open();
  // The store took it back; that it could is not for the catalog to rely on.
  EXPECT_EQ((*lake_->LoadTable(TableNamed("t"))).metadata->Property("a"), "");
}

}  // namespace
}  // namespace weir::iceberg

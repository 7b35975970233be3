#include "lake/table_metadata.h"

#include <zlib.h>

#include "base/matchers.h"
#include "lake/golden_tables_for_test.h"
#include "lake/gunzip.h"
#include "lake/pyiceberg_vectors_for_test.h"
#include "lake/table_update.h"

namespace weir::iceberg {
namespace {

using testing::ElementsAre;
using testing::IsNull;
using testing::NotNull;

/// Like PyIceberg's documents: what is written for older readers, or not at all, is left out.
boost::json::value Canonical(const boost::json::value& value) {
  boost::json::value out = WithoutEmpties(value);
  auto& object = out.as_object();
  if (const auto* id = object.if_contains("current-snapshot-id"); id != nullptr && *id == -1) {
    object.erase("current-snapshot-id");
  }
  if (object.at("format-version") == 1) object.erase("last-sequence-number");
  return out;
}

TEST(TableMetadata, OfPyicebergIsPrintedAsItWasRead) {
  for (const boost::json::value& document : PyicebergVectors("documents")) {
    const auto table = TableMetadataFromJson(document);
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(Canonical(ToJson(*table)), Canonical(document));
  }
  for (const boost::json::value& item : PyicebergVectors("updates")) {
    const auto& document = item.at("after");
    const auto table = TableMetadataFromJson(document);
    ASSERT_THAT(table, IsOk()) << item.at("case");
    EXPECT_EQ(Canonical(ToJson(*table)), Canonical(document)) << item.at("case");
  }
}

TEST(TableMetadata, OfJavaIsPrintedAsItWasRead) {
  GoldenTables golden;
  for (const int version : {1, 2, 3}) {
    const std::string location(golden.expected(version).at("metadata").as_string());
    const std::string text = *golden.io().ReadAll(location);
    const auto table = TableMetadataFromJsonText(text);
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(Canonical(ToJson(*table)), Canonical(boost::json::parse(text))) << version;
    EXPECT_THAT(TableMetadataFromJsonText(ToJsonText(*table)), HasValue(*table));
  }
}

/// Version 1 as the first writers left it. Source: Iceberg table specification, appendix E "Reading v1 metadata
/// for v2", and "Table Metadata": schema, partition-spec.
constexpr std::string_view kOldest = R"({
  "format-version": 1, "table-uuid": "d20125c8-7284-442c-9aea-15fee620737c",
  "location": "s3://bucket/old", "last-updated-ms": 1602638573874, "last-column-id": 3,
  "schema": {"type": "struct", "fields": [
    {"id": 1, "name": "x", "required": true, "type": "long"},
    {"id": 2, "name": "y", "required": true, "type": "long", "doc": "comment"}]},
  "partition-spec": [{"name": "x", "transform": "identity", "source-id": 1},
                     {"name": "y_bucket", "transform": "bucket[2]", "source-id": 2}],
  "properties": {}, "current-snapshot-id": 1925,
  "snapshots": [{"snapshot-id": 1925, "timestamp-ms": 1602638573822,
                 "manifests": ["s3://bucket/old/m.avro"]}]})";

TEST(TableMetadata, OfTheOldestWritersIsRead) {
  const auto table = TableMetadataFromJsonText(kOldest);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->current_schema().fields().size(), 2);
  EXPECT_EQ(table->default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(table->default_spec().fields[1].field_id, 1001);
  EXPECT_EQ(table->last_partition_id, 1001);
  EXPECT_TRUE(table->default_sort_order().is_unsorted());
  EXPECT_EQ(table->last_sequence_number, 0);
  EXPECT_THAT(table->current_snapshot()->manifests, ElementsAre("s3://bucket/old/m.avro"));
  EXPECT_EQ(table->FindRef("main"), table->current_snapshot());
  EXPECT_THAT(TableMetadataFromJsonText(ToJsonText(*table)), HasValue(*table));
}

std::string Gzip(std::string text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(TableMetadata, MayBeGzipped) {
  const std::string packed = Gzip(std::string(kOldest));
  EXPECT_THAT(TableMetadataFromJsonText(packed), HasValue(*TableMetadataFromJsonText(kOldest)));
  for (size_t i = 0; i < packed.size(); ++i) {
    EXPECT_THAT(TableMetadataFromJsonText(BytesView(packed).substr(0, i)),
                IsError(ErrorCode::kInvalidTable))
        << i;
  }
}

TEST(Gunzip, StopsAtWhatIsAllowed) {
  const std::string bomb = Gzip(std::string(4 * MiB, ' '));
  EXPECT_LT(bomb.size(), 8 * KiB);
  EXPECT_THAT(Gunzip(bomb, 4 * MiB), IsOk());
  EXPECT_THAT(Gunzip(bomb, 4 * MiB - 1), IsError(ErrorCode::kInvalidTable));
}

class Broken : public testing::Test {
 protected:
  Broken() : document_(PyicebergVectors("updates").at(5).at("after").as_object()) {}

  void ExpectRefused(ErrorCode code = ErrorCode::kInvalidTable) {
    EXPECT_THAT(TableMetadataFromJson(document_), IsError(code));
  }

  boost::json::object document_;
};

TEST_F(Broken, MetadataOfANewerFormatIsRefused) {
  document_["format-version"] = 4;
  ExpectRefused(ErrorCode::kUnsupportedVersion);
  document_["format-version"] = 0;
  ExpectRefused(ErrorCode::kUnsupportedVersion);
}

TEST_F(Broken, MetadataWithoutWhatItNeedsIsRefused) {
  for (const char* key :
       {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "current-schema-id", "schemas", "default-spec-id", "partition-specs",
        "last-partition-id", "default-sort-order-id", "sort-orders"}) {
    const boost::json::object whole = document_;
    document_.erase(key);
    EXPECT_THAT(TableMetadataFromJson(document_), IsError(ErrorCode::kInvalidTable)) << key;
    document_ = whole;
  }
}

TEST_F(Broken, MetadataWithAValueOfAnotherKindIsRefused) {
  for (const auto& [key, value] : boost::json::object(document_)) {
    const boost::json::object whole = document_;
    document_[key] = value.is_string() ? boost::json::value(1) : boost::json::value("text");
    EXPECT_FALSE(TableMetadataFromJson(document_).ok()) << key;
    document_ = whole;
  }
}

TEST_F(Broken, MetadataWithIdsThatNameNothingIsRefused) {
  for (const char* key :
       {"current-schema-id", "default-spec-id", "default-sort-order-id", "current-snapshot-id"}) {
    const boost::json::object whole = document_;
    document_[key] = 77;
    EXPECT_THAT(TableMetadataFromJson(document_), IsError(ErrorCode::kInvalidTable)) << key;
    document_ = whole;
  }
  document_["refs"].as_object()["b"] = {{"snapshot-id", 77}, {"type", "branch"}};
  ExpectRefused();
}

TEST_F(Broken, MetadataWithTwoOfOneIdIsRefused) {
  for (const char* key : {"schemas", "partition-specs", "sort-orders", "snapshots"}) {
    const boost::json::object whole = document_;
    auto& array = document_[key].as_array();
    array.push_back(boost::json::value(array.front()));
    EXPECT_THAT(TableMetadataFromJson(document_), IsError(ErrorCode::kInvalidTable)) << key;
    document_ = whole;
  }
}

TEST_F(Broken, MetadataWhoseMainBranchIsNotCurrentIsRefused) {
  document_["current-snapshot-id"] = 101;
  ExpectRefused();
}

TEST_F(Broken, MetadataWithASnapshotNewerThanTheLastIsRefused) {
  document_["last-sequence-number"] = 1;
  ExpectRefused();
  document_["last-sequence-number"] = -1;
  ExpectRefused();
}

TEST_F(Broken, MetadataNestedTooDeepIsRefused) {
  boost::json::value type = "int";
  for (int id = 1000; id < 1100; ++id) {
    type = boost::json::object{
        {"type", "list"}, {"element-id", id}, {"element-required", true}, {"element", type}};
  }
  document_["schemas"].as_array()[0].as_object()["fields"].as_array().push_back(
      {{"id", 99}, {"name", "deep"}, {"required", false}, {"type", type}});
  ExpectRefused();
  const std::string brackets(100'000, '[');
  EXPECT_THAT(TableMetadataFromJsonText(brackets), IsError(ErrorCode::kInvalidTable));
}

TEST_F(Broken, AnyByteLessIsAnErrorAndNeverACrash) {
  const std::string text = boost::json::serialize(document_);
  for (size_t i = 0; i < text.size(); i += 7) {
    EXPECT_FALSE(TableMetadataFromJsonText(BytesView(text).substr(0, i)).ok());
  }
}

TEST(TableMetadata, FindsTheSnapshotOfATime) {
  const auto table = TableMetadataFromJson(PyicebergVectors("updates").at(5).at("after"));
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->SnapshotAsOf(1700000000999), IsNull());
  EXPECT_EQ(table->SnapshotAsOf(1700000001000)->snapshot_id, 101);
  EXPECT_EQ(table->SnapshotAsOf(1700000001999)->snapshot_id, 101);
  EXPECT_EQ(table->SnapshotAsOf(INT64_MAX)->snapshot_id, 102);
  EXPECT_THAT(table->FindRef("main"), NotNull());
  EXPECT_THAT(table->FindRef("other"), IsNull());
}

TEST(NewUuid, IsOfVersionFourAndNeverTheSame) {
  const std::string uuid = NewUuid();
  EXPECT_THAT(uuid, testing::MatchesRegex(
                        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(uuid, NewUuid());
}

}  // namespace
}  // namespace weir::iceberg

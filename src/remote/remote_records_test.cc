#include "remote/remote_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/matchers.h"

namespace weir::iceberg {
namespace {

TEST(RemoteRecordsTest, ARecordReadsAsItWasWritten) {
  const RemoteRecord record{.table = TableId{7},
                            .stage = RemoteStage::kDropping,
                            .ident = {.levels = {"a", "b"}, .name = "t"},
                            .owner = "o",
                            .uuid = "u",
                            .location = "s3://lake/t",
                            .metadata_location = "s3://lake/t/metadata/1.metadata.json",
                            .alone = true};
  const auto read = RemoteRecordFromText(ToText(record));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->table, record.table);
  EXPECT_EQ(read->stage, record.stage);
  EXPECT_EQ(read->ident, record.ident);
  EXPECT_EQ(read->owner, record.owner);
  EXPECT_EQ(read->uuid, record.uuid);
  EXPECT_EQ(read->location, record.location);
  EXPECT_EQ(read->metadata_location, record.metadata_location);
  EXPECT_EQ(read->alone, record.alone);
  EXPECT_EQ(RemoteKey(TableId{7}), "lake/remote/00000000000000000007");
}

TEST(RemoteRecordsTest, WhatIsNoRecordIsAnError) {
  for (const char* bad : {"", "{}", "[]", "{\"version\":2}"}) {
    EXPECT_EQ(RemoteRecordFromText(bad).code(), ErrorCode::kStorage) << bad;
  }
}

}  // namespace
}  // namespace weir::iceberg

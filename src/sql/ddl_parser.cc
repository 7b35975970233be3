#include <algorithm>
#include <array>

#include "base/nearest_word.h"
#include "sql/duck_sql.h"
#include "sql/statement_parsers.h"

namespace weir {
namespace {

/// CREATE, DROP and ALTER.
class DdlParser {
 public:
  explicit DdlParser(TokenReader& in) : in_(in) {}

  Result<Statement> Create() {
    if (in_.Keyword("DATABASE") || in_.Keyword("SCHEMA")) return CreateDatabaseStatement();
    if (in_.Keyword("TABLE")) return CreateTableStatement();
    if (in_.Keyword("CATALOG")) {
      in_.SkipAll();
      return NoEffect{"there is one catalog and it exists: CREATE CATALOG did nothing"};
    }
    if (in_.Peek().Is("MATERIALIZED") && (in_.Peek(1).Is("TABLE") || in_.Peek(1).Is("VIEW")))
      return in_.NotYet("CREATE MATERIALIZED TABLE",
                        "create a table with a primary key and fill it with INSERT INTO … SELECT");
    if (in_.Peek().Is("VIEW"))
      return in_.NotYet("CREATE VIEW", "use WITH name AS (SELECT …) in the query");
    if (in_.Peek().Is("TEMPORARY") || in_.Peek().Is("TEMP"))
      return in_.NotYet("CREATE TEMPORARY …", "use WITH name AS (SELECT …) in the query");
    if (in_.Peek().Is("FUNCTION") || in_.Peek().Is("MODEL") || in_.Peek().Is("INDEX"))
      return in_.NotYet(fmt::format("CREATE {}", Upper(in_.Peek().text)),
                        "see SHOW FUNCTIONS for what queries can call");
    return in_.Unexpected("TABLE or DATABASE");
  }

  Result<Statement> CreateDatabaseStatement() {
    CreateDatabase out;
    out.if_not_exists = in_.OptionalIfNotExists();
    ASSIGN_OR_RETURN(out.name, in_.ExpectDatabase());
    if (in_.Keyword("COMMENT")) {
      ASSIGN_OR_RETURN(out.comment, in_.ExpectString("a comment in quotes"));
    }
    if (in_.Keyword("WITH")) {
      ASSIGN_OR_RETURN(out.options, in_.Options());
    }
    return out;
  }

  Result<Statement> CreateTableStatement() {
    CreateTable out;
    out.if_not_exists = in_.OptionalIfNotExists();
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    if (in_.Peek().Is("LIKE"))
      return in_.NotYet("CREATE TABLE … LIKE", "see SHOW CREATE TABLE for the columns to repeat");
    const bool words = in_.Peek().Is("AS") || in_.Peek().Is("COMMENT") || in_.Peek().Is("WITH") ||
                       in_.Peek().Is("DISTRIBUTED") || in_.Peek().Is("PARTITIONED");
    if (!words) RETURN_IF_ERROR(in_.List([&] { return TableElement(out); }));
    if (in_.Keyword("COMMENT")) {
      ASSIGN_OR_RETURN(out.comment, in_.ExpectString("a comment in quotes"));
    }
    // Flink wants DISTRIBUTED before PARTITIONED, people write both.
    while (in_.Peek().Is("DISTRIBUTED") || in_.Peek().Is("PARTITIONED"))
      RETURN_IF_ERROR(Layout(out));
    if (in_.Keyword("WITH")) {
      ASSIGN_OR_RETURN(out.options, in_.Options());
    }
    if (out.columns.empty()) return AsQuery(std::move(out));
    if (in_.Peek().Is("AS"))
      return in_.NotYet("CREATE TABLE … AS with columns", "leave them out, the query gives them");
    return out;
  }

  Result<Statement> AsQuery(CreateTable out) {
    if (!in_.Keyword("AS")) return in_.Unexpected("columns in brackets, or AS SELECT …");
    const Token& first = in_.Peek();
    const bool query = first.IsSymbol("(") || first.Is("SELECT") || first.Is("WITH") ||
                       first.Is("VALUES") || first.Is("FROM") || first.Is("TABLE") ||
                       first.Is("PIVOT") || first.Is("UNPIVOT");
    if (!query) return in_.Unexpected("SELECT …");
    ASSIGN_OR_RETURN(out.query, ToDuckSql(in_.sql().substr(first.begin)));
    in_.SkipAll();
    return out;
  }

  Status Layout(CreateTable& out) {
    const bool distributed = in_.Take().Is("DISTRIBUTED");
    if (!distributed) {
      RETURN_IF_ERROR(in_.Expect("BY"));
      if (!out.partition_keys.empty()) return in_.Unexpected("PARTITIONED BY only once");
      ASSIGN_OR_RETURN(out.partition_keys, in_.NameList("a column name"));
      return {};
    }
    if (out.bucket_count || !out.bucket_keys.empty())
      return in_.Unexpected("DISTRIBUTED only once");
    if (in_.Keyword("BY")) {
      in_.Keyword("HASH");
      ASSIGN_OR_RETURN(out.bucket_keys, in_.NameList("a column name"));
    }
    if (in_.Keyword("INTO")) {
      ASSIGN_OR_RETURN(out.bucket_count, in_.ExpectCount("a number of buckets, at least 1"));
      if (!in_.Keyword("BUCKETS")) RETURN_IF_ERROR(in_.Expect("BUCKET"));
    }
    return {};
  }

  Status TableElement(CreateTable& out) {
    if (in_.Peek().Is("PRIMARY") && in_.Peek(1).Is("KEY")) return PrimaryKey(out);
    if (in_.Peek().Is("CONSTRAINT") && in_.Peek(2).Is("PRIMARY")) {
      in_.Skip(2);
      return PrimaryKey(out);
    }
    if (in_.Peek().Is("WATERMARK") && in_.Peek(1).Is("FOR"))
      return in_.NotYet("WATERMARK",
                        "leave it out: SQL here reads the table's state, not a stream");
    ASSIGN_OR_RETURN(ColumnSpec column, ColumnWithoutKey());
    if (in_.Keywords({"PRIMARY", "KEY"})) {
      if (!out.primary_key.empty()) return in_.Unexpected("only one primary key");
      out.primary_key = {column.name};
      in_.Keywords({"NOT", "ENFORCED"});
    }
    RETURN_IF_ERROR(Comment(column));
    out.columns.push_back(std::move(column));
    return {};
  }

  Status PrimaryKey(CreateTable& out) {
    if (!out.primary_key.empty()) return in_.Unexpected("only one primary key");
    in_.Skip(2);
    ASSIGN_OR_RETURN(out.primary_key, in_.NameList("a column name"));
    if (!in_.Keywords({"NOT", "ENFORCED"})) in_.Keyword("ENFORCED");
    return {};
  }

  Status Comment(ColumnSpec& column) {
    if (!in_.Keyword("COMMENT")) return {};
    ASSIGN_OR_RETURN(column.comment, in_.ExpectString("a comment in quotes"));
    return {};
  }

  Result<ColumnSpec> ColumnWithoutKey() {
    ColumnSpec column;
    ASSIGN_OR_RETURN(column.name, in_.ExpectName("a column name"));
    if (in_.Peek().Is("AS"))
      return in_.NotYet("a computed column", "compute it in the INSERT or the query");
    if (in_.Peek().Is("METADATA"))
      return in_.NotYet("a METADATA column", "see \"table$changelog\" for offsets and timestamps");
    ASSIGN_OR_RETURN(column.type, Type());
    RETURN_IF_ERROR(Comment(column));
    return column;
  }

  /// Whether the next word ends a column's type.
  bool StopsType() const {
    static constexpr std::array kWords = {"COMMENT", "PRIMARY", "FIRST", "LAST", "AFTER"};
    return std::ranges::any_of(kWords, [&](auto word) { return in_.Peek().Is(word); });
  }

  /// The text up to the end of the column, read by DataType::Parse.
  Result<DataType> Type() {
    const Token& first = in_.Peek();
    if (!first.IsName()) return in_.Unexpected("a data type");
    size_t end = first.begin;
    for (int depth = 0; in_.Peek().kind != TokenKind::kEnd; end = in_.Take().end()) {
      if (depth == 0 && (in_.Peek().IsSymbol(",") || in_.Peek().IsSymbol(")") || StopsType()))
        break;
      if (in_.Peek().IsSymbol("(") || in_.Peek().IsSymbol("<")) ++depth;
      if (in_.Peek().IsSymbol(")") || in_.Peek().IsSymbol(">")) --depth;
    }
    auto type = DataType::Parse(in_.sql().substr(first.begin, end - first.begin));
    if (!type.ok()) {
      static const std::vector<std::string> kTypes = {
          "BOOLEAN", "TINYINT",   "SMALLINT",      "INT",    "BIGINT", "FLOAT",   "DOUBLE",
          "CHAR",    "STRING",    "VARCHAR",       "BINARY", "BYTES",  "DECIMAL", "DATE",
          "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ", "ARRAY",  "MAP",    "ROW"};
      return Fail(ErrorCode::kSqlSyntax, "{} is not a data type of Weir at {}{}",
                  in_.sql().substr(first.begin, end - first.begin), PlaceOf(in_.sql(), first.begin),
                  DidYouMean(first.text, kTypes));
    }
    return type;
  }

  Result<Statement> Drop() {
    if (in_.Keyword("DATABASE") || in_.Keyword("SCHEMA")) {
      DropDatabase out;
      out.if_exists = in_.OptionalIfExists();
      ASSIGN_OR_RETURN(out.name, in_.ExpectDatabase());
      out.cascade = in_.Keyword("CASCADE");
      if (!out.cascade) in_.Keyword("RESTRICT");
      return out;
    }
    if (in_.Keyword("TABLE")) {
      DropTable out;
      out.if_exists = in_.OptionalIfExists();
      ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
      return out;
    }
    if (in_.Peek().Is("MATERIALIZED"))
      return in_.NotYet("DROP MATERIALIZED TABLE", "there are no materialized tables yet");
    return in_.Unexpected("TABLE or DATABASE");
  }

  Result<Statement> Alter() {
    if (in_.Peek().Is("MATERIALIZED"))
      return in_.NotYet("ALTER MATERIALIZED TABLE", "there are no materialized tables yet");
    if (in_.Peek().Is("DATABASE")) return in_.NotYet("ALTER DATABASE", "drop and create it");
    RETURN_IF_ERROR(in_.Expect("TABLE"));
    AlterTable out;
    out.if_exists = in_.OptionalIfExists();
    ASSIGN_OR_RETURN(out.name, in_.ExpectObject("a table name"));
    RETURN_IF_ERROR(AlterAction(out));
    return out;
  }

  Status AlterAction(AlterTable& out) {
    if (in_.Keyword("SET")) {
      ASSIGN_OR_RETURN(SqlOptionMap options, in_.Options());
      out.action = SetOptions{std::move(options)};
    } else if (in_.Keyword("RESET")) {
      ResetOptions reset;
      RETURN_IF_ERROR(in_.List([&]() -> Status {
        ASSIGN_OR_RETURN(std::string key, in_.ExpectString("an option in quotes"));
        reset.keys.push_back(std::move(key));
        return {};
      }));
      out.action = std::move(reset);
    } else if (in_.Peek().Is("DROP") && !in_.Peek(1).Is("PARTITION") && !in_.Peek(1).Is("IF")) {
      return in_.NotYet("ALTER TABLE … DROP of anything but a PARTITION",
                        "columns stay; create a new table without it");
    } else if (in_.Keyword("DROP")) {
      const Clause if_exists = in_.OptionalIfExists();
      ASSIGN_OR_RETURN(auto partitions, Partitions());
      out.action = DropPartitions{std::move(partitions), if_exists};
    } else if (in_.Peek().Is("MODIFY") || in_.Peek().Is("RENAME")) {
      return in_.NotYet(fmt::format("ALTER TABLE … {}", Upper(in_.Peek().text)),
                        "columns can be added at the end with ADD");
    } else {
      return AlterAdd(out);
    }
    return {};
  }

  Status AlterAdd(AlterTable& out) {
    if (!in_.Keyword("ADD")) return in_.Unexpected("ADD, DROP, SET or RESET");
    const Clause if_not_exists = in_.OptionalIfNotExists();
    if (in_.Peek().Is("PARTITION") && in_.Peek(1).IsSymbol("(")) {
      ASSIGN_OR_RETURN(auto partitions, Partitions());
      out.action = AddPartitions{std::move(partitions), if_not_exists};
      return {};
    }
    if (if_not_exists == Clause::kPresent) return in_.Unexpected("PARTITION");
    AddColumns add;
    const auto column = [&]() -> Status {
      ASSIGN_OR_RETURN(ColumnSpec spec, ColumnWithoutKey());
      add.columns.push_back(std::move(spec));
      if (in_.Peek().Is("FIRST") || in_.Peek().Is("AFTER"))
        return in_.Unexpected("a new column at the end (LAST)");
      in_.Keyword("LAST");
      return {};
    };
    if (in_.Peek().IsSymbol("(")) {
      RETURN_IF_ERROR(in_.List(column));
    } else {
      in_.Keyword("COLUMN");
      RETURN_IF_ERROR(column());
    }
    out.action = std::move(add);
    return {};
  }

  Result<std::vector<PartitionValues>> Partitions() {
    std::vector<PartitionValues> partitions;
    do {
      RETURN_IF_ERROR(in_.Expect("PARTITION"));
      ASSIGN_OR_RETURN(PartitionValues values, ParsePartitionValues(in_));
      partitions.push_back(std::move(values));
    } while (in_.Symbol(",") || in_.Peek().Is("PARTITION"));
    return partitions;
  }

 private:
  TokenReader& in_;
};

}  // namespace

Result<PartitionValues> ParsePartitionValues(TokenReader& in) {
  PartitionValues values;
  RETURN_IF_ERROR(in.List([&]() -> Status {
    ASSIGN_OR_RETURN(std::string column, in.ExpectName("a partition column"));
    RETURN_IF_ERROR(in.ExpectSymbol("="));
    const Token& token = in.Peek();
    const bool literal = token.kind == TokenKind::kString || token.kind == TokenKind::kNumber ||
                         token.Is("TRUE") || token.Is("FALSE");
    if (!literal) return in.Unexpected("a value such as '2026-01-01'");
    values[std::move(column)] = in.Take().text;
    return {};
  }));
  return values;
}

Result<Statement> ParseCreate(TokenReader& in) { return DdlParser(in).Create(); }
Result<Statement> ParseDrop(TokenReader& in) { return DdlParser(in).Drop(); }
Result<Statement> ParseAlter(TokenReader& in) { return DdlParser(in).Alter(); }

}  // namespace weir

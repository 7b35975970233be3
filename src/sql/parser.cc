#include "sql/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

#include "sql/literal_value.h"
#include "sql/token.h"

namespace weir {
namespace {

/// Recursive descent over tokens; at_ never passes the kEnd token.
class Parser {
 public:
  Parser(std::string_view sql, std::vector<Token> tokens) : sql_(sql), tokens_(std::move(tokens)) {}

  Result<Statement> Run() {
    ASSIGN_OR_RETURN(Statement statement, One());
    if (!std::holds_alternative<Query>(statement) && Peek().kind != TokenKind::kEnd)
      return Unexpected("the end of the statement");
    return statement;
  }

 private:
  // Looking and taking.

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

  bool Keyword(std::string_view keyword) {
    if (!Peek().Is(keyword)) return false;
    Take();
    return true;
  }
  /// All of the words, or none.
  bool Keywords(std::initializer_list<std::string_view> keywords) {
    size_t ahead = 0;
    for (const auto keyword : keywords) {
      if (!Peek(ahead++).Is(keyword)) return false;
    }
    at_ += keywords.size();
    return true;
  }
  bool Symbol(std::string_view symbol) {
    if (!Peek().IsSymbol(symbol)) return false;
    Take();
    return true;
  }

  Failure Unexpected(std::string_view expected) const {
    const Token& token = Peek();
    const std::string found =
        token.kind == TokenKind::kEnd
            ? "the statement ends"
            : fmt::format("found {:.60}", sql_.substr(token.begin, token.bytes));
    return Fail(ErrorCode::kSqlSyntax, "expected {}, but {} at {}", expected, found,
                PlaceOf(sql_, token.begin));
  }
  Status Expect(std::string_view keyword) {
    if (!Keyword(keyword)) return Unexpected(keyword);
    return {};
  }
  Status ExpectSymbol(std::string_view symbol) {
    if (!Symbol(symbol)) return Unexpected(symbol);
    return {};
  }
  Result<std::string> ExpectName(std::string_view what) {
    if (!Peek().IsName()) return Unexpected(what);
    return Take().text;
  }
  Result<std::string> ExpectString(std::string_view what) {
    if (Peek().kind != TokenKind::kString) return Unexpected(what);
    return Take().text;
  }
  Result<SqlName> ExpectObject(std::string_view what) {
    SqlName name{.parts = {}, .at = Peek().begin};
    do {
      ASSIGN_OR_RETURN(std::string part, ExpectName(what));
      name.parts.push_back(std::move(part));
    } while (name.parts.size() < 3 && Symbol("."));
    return name;
  }
  /// A database, perhaps behind a catalog.
  Result<std::string> ExpectDatabase() {
    ASSIGN_OR_RETURN(const SqlName name, ExpectObject("a database name"));
    if (name.parts.size() > 2)
      return Fail(ErrorCode::kSqlSyntax, "a database name has at most two parts: at {}",
                  PlaceOf(sql_, name.at));
    return name.object();
  }

  Clause OptionalIfExists() {
    return Keywords({"IF", "EXISTS"}) ? Clause::kPresent : Clause::kAbsent;
  }
  Clause OptionalIfNotExists() {
    return Keywords({"IF", "NOT", "EXISTS"}) ? Clause::kPresent : Clause::kAbsent;
  }

  /// ( item, item … )
  template <class F>
  Status List(F item) {
    RETURN_IF_ERROR(ExpectSymbol("("));
    do {
      RETURN_IF_ERROR(item());
    } while (Symbol(","));
    return ExpectSymbol(")");
  }
  Result<std::vector<std::string>> NameList(std::string_view what) {
    std::vector<std::string> names;
    RETURN_IF_ERROR(List([&]() -> Status {
      ASSIGN_OR_RETURN(std::string name, ExpectName(what));
      names.push_back(std::move(name));
      return {};
    }));
    return names;
  }
  Result<SqlOptionMap> Options() {
    SqlOptionMap options;
    RETURN_IF_ERROR(List([&]() -> Status {
      const size_t at = Peek().begin;
      ASSIGN_OR_RETURN(std::string key,
                       ExpectString("an option in quotes, such as 'bucket.num' = '4'"));
      RETURN_IF_ERROR(ExpectSymbol("="));
      ASSIGN_OR_RETURN(std::string value, ExpectString("a value in quotes"));
      if (!options.emplace(std::move(key), std::move(value)).second)
        return Fail(ErrorCode::kSqlSyntax, "an option is given twice: at {}", PlaceOf(sql_, at));
      return {};
    }));
    return options;
  }
  Result<int32_t> ExpectCount(std::string_view what) {
    const Token& token = Peek();
    int32_t count = 0;
    const char* end = token.text.data() + token.text.size();
    const auto [stop, error] = std::from_chars(token.text.data(), end, count);
    if (token.kind != TokenKind::kNumber || error != std::errc() || stop != end || count < 1)
      return Unexpected(what);
    Take();
    return count;
  }

  /// The text from the next token up to the first of `stops` outside parentheses, in DuckDB's
  /// words.
  Result<std::string> TextUntil(std::initializer_list<std::string_view> stops) {
    const size_t begin = Peek().begin;
    size_t end = begin;
    for (int depth = 0; Peek().kind != TokenKind::kEnd; end = Take().end()) {
      const bool stop =
          std::ranges::any_of(stops, [&](auto s) { return Peek().Is(s) || Peek().IsSymbol(s); });
      if (depth == 0 && stop) break;
      if (Peek().IsSymbol("(") || Peek().IsSymbol("[") || Peek().IsSymbol("{")) ++depth;
      if (Peek().IsSymbol(")") || Peek().IsSymbol("]") || Peek().IsSymbol("}")) --depth;
      if (depth < 0) return Unexpected("an opening bracket first");
    }
    if (end == begin) return Unexpected("an expression");
    return ToDuckSql(sql_.substr(begin, end - begin));
  }

  // Statements.

  Result<Statement> One() {
    if (Peek().Is("CREATE")) return Create();
    if (Peek().Is("DROP")) return Drop();
    if (Peek().Is("ALTER")) return Alter();
    if (Peek().Is("SHOW")) return ShowStatement();
    if (Peek().Is("DESCRIBE") || Peek().Is("DESC")) return DescribeStatement();
    if (Peek().Is("USE")) return Use();
    if (Peek().Is("SET") || Peek().Is("RESET")) return Setting();
    if (Peek().Is("INSERT") || Peek().Is("UPSERT")) return InsertStatement();
    if (Peek().Is("UPDATE")) return UpdateStatement();
    if (Peek().Is("DELETE")) return DeleteStatement();
    return QueryOrRefusal();
  }

  Result<Statement> QueryOrRefusal() {
    static constexpr std::array kQueries = {"SELECT", "WITH",      "VALUES", "FROM",   "EXPLAIN",
                                            "TABLE",  "SUMMARIZE", "PIVOT",  "UNPIVOT"};
    static constexpr std::array kOurs = {"CREATE", "DROP", "ALTER",  "SHOW",   "DESCRIBE",
                                         "USE",    "SET",  "INSERT", "UPDATE", "DELETE"};
    const Token& first = Peek();
    const bool query =
        first.IsSymbol("(") || std::ranges::any_of(kQueries, [&](auto k) { return first.Is(k); });
    if (query) {
      ASSIGN_OR_RETURN(std::string text, ToDuckSql(sql_));
      return Query{std::move(text)};
    }
    std::vector<std::string> known(kQueries.begin(), kQueries.end());
    known.insert(known.end(), kOurs.begin(), kOurs.end());
    return Fail(ErrorCode::kSqlSyntax, "not a statement of Weir: it begins with {:.60} at {}{}",
                sql_.substr(first.begin, first.bytes), PlaceOf(sql_, first.begin),
                DidYouMean(first.text, known));
  }

  Failure NotYet(std::string_view what, std::string_view instead) const {
    return Fail(ErrorCode::kUnsupportedVersion, "{} is not supported yet; {}", what, instead);
  }

  Result<Statement> Create() {
    Take();
    if (Keyword("DATABASE") || Keyword("SCHEMA")) return CreateDatabaseStatement();
    if (Keyword("TABLE")) return CreateTableStatement();
    if (Keyword("CATALOG")) {
      at_ = tokens_.size() - 1;
      return NoEffect{"there is one catalog and it exists: CREATE CATALOG did nothing"};
    }
    if (Peek().Is("MATERIALIZED") && (Peek(1).Is("TABLE") || Peek(1).Is("VIEW")))
      return NotYet("CREATE MATERIALIZED TABLE",
                    "create a table with a primary key and fill it with INSERT INTO … SELECT");
    if (Peek().Is("VIEW")) return NotYet("CREATE VIEW", "use WITH name AS (SELECT …) in the query");
    if (Peek().Is("TEMPORARY") || Peek().Is("TEMP"))
      return NotYet("CREATE TEMPORARY …", "use WITH name AS (SELECT …) in the query");
    if (Peek().Is("FUNCTION") || Peek().Is("MODEL") || Peek().Is("INDEX"))
      return NotYet(fmt::format("CREATE {}", Upper(Peek().text)),
                    "see SHOW FUNCTIONS for what queries can call");
    return Unexpected("TABLE or DATABASE");
  }

  Result<Statement> CreateDatabaseStatement() {
    CreateDatabase out;
    out.if_not_exists = OptionalIfNotExists();
    ASSIGN_OR_RETURN(out.name, ExpectDatabase());
    if (Keyword("COMMENT")) {
      ASSIGN_OR_RETURN(out.comment, ExpectString("a comment in quotes"));
    }
    if (Keyword("WITH")) {
      ASSIGN_OR_RETURN(out.options, Options());
    }
    return out;
  }

  Result<Statement> CreateTableStatement() {
    CreateTable out;
    out.if_not_exists = OptionalIfNotExists();
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    if (Peek().Is("AS"))
      return NotYet("CREATE TABLE … AS", "create the table, then INSERT INTO it");
    if (Peek().Is("LIKE"))
      return NotYet("CREATE TABLE … LIKE", "see SHOW CREATE TABLE for the columns to repeat");
    RETURN_IF_ERROR(List([&] { return TableElement(out); }));
    if (Keyword("COMMENT")) {
      ASSIGN_OR_RETURN(out.comment, ExpectString("a comment in quotes"));
    }
    // Flink wants DISTRIBUTED before PARTITIONED, people write both.
    while (Peek().Is("DISTRIBUTED") || Peek().Is("PARTITIONED")) RETURN_IF_ERROR(Layout(out));
    if (Keyword("WITH")) {
      ASSIGN_OR_RETURN(out.options, Options());
    }
    if (Peek().Is("AS"))
      return NotYet("CREATE TABLE … AS", "create the table, then INSERT INTO it");
    return out;
  }

  Status Layout(CreateTable& out) {
    const bool distributed = Take().Is("DISTRIBUTED");
    if (!distributed) {
      RETURN_IF_ERROR(Expect("BY"));
      if (!out.partition_keys.empty()) return Unexpected("PARTITIONED BY only once");
      ASSIGN_OR_RETURN(out.partition_keys, NameList("a column name"));
      return {};
    }
    if (out.bucket_count || !out.bucket_keys.empty()) return Unexpected("DISTRIBUTED only once");
    if (Keyword("BY")) {
      Keyword("HASH");
      ASSIGN_OR_RETURN(out.bucket_keys, NameList("a column name"));
    }
    if (Keyword("INTO")) {
      ASSIGN_OR_RETURN(out.bucket_count, ExpectCount("a number of buckets, at least 1"));
      if (!Keyword("BUCKETS")) RETURN_IF_ERROR(Expect("BUCKET"));
    }
    return {};
  }

  Status TableElement(CreateTable& out) {
    if (Peek().Is("PRIMARY") && Peek(1).Is("KEY")) return PrimaryKey(out);
    if (Peek().Is("CONSTRAINT") && Peek(2).Is("PRIMARY")) {
      at_ += 2;
      return PrimaryKey(out);
    }
    if (Peek().Is("WATERMARK") && Peek(1).Is("FOR"))
      return NotYet("WATERMARK", "leave it out: SQL here reads the table's state, not a stream");
    ASSIGN_OR_RETURN(ColumnSpec column, ColumnWithoutKey());
    if (Keywords({"PRIMARY", "KEY"})) {
      if (!out.primary_key.empty()) return Unexpected("only one primary key");
      out.primary_key = {column.name};
      Keywords({"NOT", "ENFORCED"});
    }
    RETURN_IF_ERROR(Comment(column));
    out.columns.push_back(std::move(column));
    return {};
  }

  Status PrimaryKey(CreateTable& out) {
    if (!out.primary_key.empty()) return Unexpected("only one primary key");
    at_ += 2;
    ASSIGN_OR_RETURN(out.primary_key, NameList("a column name"));
    if (!Keywords({"NOT", "ENFORCED"})) Keyword("ENFORCED");
    return {};
  }

  Status Comment(ColumnSpec& column) {
    if (!Keyword("COMMENT")) return {};
    ASSIGN_OR_RETURN(column.comment, ExpectString("a comment in quotes"));
    return {};
  }

  Result<ColumnSpec> ColumnWithoutKey() {
    ColumnSpec column;
    ASSIGN_OR_RETURN(column.name, ExpectName("a column name"));
    if (Peek().Is("AS"))
      return NotYet("a computed column", "compute it in the INSERT or the query");
    if (Peek().Is("METADATA"))
      return NotYet("a METADATA column", "see \"table$changelog\" for offsets and timestamps");
    ASSIGN_OR_RETURN(column.type, Type());
    RETURN_IF_ERROR(Comment(column));
    return column;
  }

  /// Whether the next word ends a column's type.
  bool StopsType() const {
    static constexpr std::array kWords = {"COMMENT", "PRIMARY", "FIRST", "LAST", "AFTER"};
    return std::ranges::any_of(kWords, [&](auto word) { return Peek().Is(word); });
  }

  /// The text up to the end of the column, read by DataType::Parse.
  Result<DataType> Type() {
    const Token& first = Peek();
    if (!first.IsName()) return Unexpected("a data type");
    size_t end = first.begin;
    for (int depth = 0; Peek().kind != TokenKind::kEnd; end = Take().end()) {
      if (depth == 0 && (Peek().IsSymbol(",") || Peek().IsSymbol(")") || StopsType())) break;
      if (Peek().IsSymbol("(") || Peek().IsSymbol("<")) ++depth;
      if (Peek().IsSymbol(")") || Peek().IsSymbol(">")) --depth;
    }
    auto type = DataType::Parse(sql_.substr(first.begin, end - first.begin));
    if (!type.ok()) {
      static const std::vector<std::string> kTypes = {
          "BOOLEAN", "TINYINT",   "SMALLINT",      "INT",    "BIGINT", "FLOAT",   "DOUBLE",
          "CHAR",    "STRING",    "VARCHAR",       "BINARY", "BYTES",  "DECIMAL", "DATE",
          "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ", "ARRAY",  "MAP",    "ROW"};
      return Fail(ErrorCode::kSqlSyntax, "{} is not a data type of Weir at {}{}",
                  sql_.substr(first.begin, end - first.begin), PlaceOf(sql_, first.begin),
                  DidYouMean(first.text, kTypes));
    }
    return type;
  }

  Result<Statement> Drop() {
    Take();
    if (Keyword("DATABASE") || Keyword("SCHEMA")) {
      DropDatabase out;
      out.if_exists = OptionalIfExists();
      ASSIGN_OR_RETURN(out.name, ExpectDatabase());
      out.cascade = Keyword("CASCADE");
      if (!out.cascade) Keyword("RESTRICT");
      return out;
    }
    if (Keyword("TABLE")) {
      DropTable out;
      out.if_exists = OptionalIfExists();
      ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
      return out;
    }
    if (Peek().Is("MATERIALIZED"))
      return NotYet("DROP MATERIALIZED TABLE", "there are no materialized tables yet");
    return Unexpected("TABLE or DATABASE");
  }

  Result<Statement> Alter() {
    Take();
    if (Peek().Is("MATERIALIZED"))
      return NotYet("ALTER MATERIALIZED TABLE", "there are no materialized tables yet");
    if (Peek().Is("DATABASE")) return NotYet("ALTER DATABASE", "drop and create it");
    RETURN_IF_ERROR(Expect("TABLE"));
    AlterTable out;
    out.if_exists = OptionalIfExists();
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    RETURN_IF_ERROR(AlterAction(out));
    return out;
  }

  Status AlterAction(AlterTable& out) {
    if (Keyword("SET")) {
      ASSIGN_OR_RETURN(SqlOptionMap options, Options());
      out.action = SetOptions{std::move(options)};
    } else if (Keyword("RESET")) {
      ResetOptions reset;
      RETURN_IF_ERROR(List([&]() -> Status {
        ASSIGN_OR_RETURN(std::string key, ExpectString("an option in quotes"));
        reset.keys.push_back(std::move(key));
        return {};
      }));
      out.action = std::move(reset);
    } else if (Peek().Is("DROP") && !Peek(1).Is("PARTITION") && !Peek(1).Is("IF")) {
      return NotYet("ALTER TABLE … DROP of anything but a PARTITION",
                    "columns stay; create a new table without it");
    } else if (Keyword("DROP")) {
      const Clause if_exists = OptionalIfExists();
      ASSIGN_OR_RETURN(auto partitions, Partitions());
      out.action = DropPartitions{std::move(partitions), if_exists};
    } else if (Peek().Is("MODIFY") || Peek().Is("RENAME")) {
      return NotYet(fmt::format("ALTER TABLE … {}", Upper(Peek().text)),
                    "columns can be added at the end with ADD");
    } else {
      return AlterAdd(out);
    }
    return {};
  }

  Status AlterAdd(AlterTable& out) {
    if (!Keyword("ADD")) return Unexpected("ADD, DROP, SET or RESET");
    const Clause if_not_exists = OptionalIfNotExists();
    if (Peek().Is("PARTITION") && Peek(1).IsSymbol("(")) {
      ASSIGN_OR_RETURN(auto partitions, Partitions());
      out.action = AddPartitions{std::move(partitions), if_not_exists};
      return {};
    }
    if (if_not_exists == Clause::kPresent) return Unexpected("PARTITION");
    AddColumns add;
    const auto column = [&]() -> Status {
      ASSIGN_OR_RETURN(ColumnSpec spec, ColumnWithoutKey());
      add.columns.push_back(std::move(spec));
      if (Peek().Is("FIRST") || Peek().Is("AFTER"))
        return Unexpected("a new column at the end (LAST)");
      Keyword("LAST");
      return {};
    };
    if (Peek().IsSymbol("(")) {
      RETURN_IF_ERROR(List(column));
    } else {
      Keyword("COLUMN");
      RETURN_IF_ERROR(column());
    }
    out.action = std::move(add);
    return {};
  }

  Result<PartitionValues> OnePartition() {
    PartitionValues values;
    RETURN_IF_ERROR(List([&]() -> Status {
      ASSIGN_OR_RETURN(std::string column, ExpectName("a partition column"));
      RETURN_IF_ERROR(ExpectSymbol("="));
      const Token& token = Peek();
      const bool literal = token.kind == TokenKind::kString || token.kind == TokenKind::kNumber ||
                           token.Is("TRUE") || token.Is("FALSE");
      if (!literal) return Unexpected("a value such as '2026-01-01'");
      values[std::move(column)] = Take().text;
      return {};
    }));
    return values;
  }
  Result<std::vector<PartitionValues>> Partitions() {
    std::vector<PartitionValues> partitions;
    do {
      RETURN_IF_ERROR(Expect("PARTITION"));
      ASSIGN_OR_RETURN(PartitionValues values, OnePartition());
      partitions.push_back(std::move(values));
    } while (Symbol(",") || Peek().Is("PARTITION"));
    return partitions;
  }

  Result<Statement> ShowStatement() {
    Take();
    Show out;
    if (Keyword("DATABASES") || Keyword("SCHEMAS")) {
      out.what = Show::What::kDatabases;
    } else if (Keyword("CATALOGS")) {
      out.what = Show::What::kCatalogs;
    } else if (Keyword("TABLES")) {
      out.what = Show::What::kTables;
      if (Keyword("FROM") || Keyword("IN")) {
        ASSIGN_OR_RETURN(const std::string database, ExpectDatabase());
        out.name.parts = {database};
      }
    } else if (Keywords({"CREATE", "TABLE"})) {
      out.what = Show::What::kCreateTable;
      ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    } else if (Keyword("PARTITIONS")) {
      out.what = Show::What::kPartitions;
      if (!Keyword("FROM")) Keyword("IN");
      ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    } else if (Keyword("COLUMNS")) {
      out.what = Show::What::kColumns;
      if (!Keyword("FROM")) RETURN_IF_ERROR(Expect("IN"));
      ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    } else if (Keywords({"CURRENT", "DATABASE"}) || Keywords({"CURRENT", "CATALOG"})) {
      out.what = Show::What::kCurrent;
    } else if (Keyword("FUNCTIONS")) {
      out.what = Show::What::kFunctions;
    } else {
      static const std::vector<std::string> kWhat = {"DATABASES", "TABLES",    "PARTITIONS",
                                                     "COLUMNS",   "FUNCTIONS", "CATALOGS"};
      return Unexpected(
          "DATABASES, TABLES, CREATE TABLE, PARTITIONS, COLUMNS or FUNCTIONS behind SHOW" +
          DidYouMean(Peek().text, kWhat));
    }
    if (Keyword("LIKE")) {
      ASSIGN_OR_RETURN(out.like, ExpectString("a pattern in quotes"));
    }
    return out;
  }

  Result<Statement> DescribeStatement() {
    Take();
    if (Peek().Is("SELECT") || Peek().Is("WITH") || Peek().Is("FROM")) {
      ASSIGN_OR_RETURN(std::string text, ToDuckSql(sql_));
      return Query{std::move(text)};
    }
    Keyword("TABLE");
    Describe out;
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    return out;
  }

  Result<Statement> Use() {
    Take();
    if (Keyword("CATALOG")) {
      RETURN_IF_ERROR(ExpectName("a catalog name"));
      return NoEffect{"there is one catalog: USE CATALOG did nothing"};
    }
    if (Peek().Is("MODULES")) return Unexpected("a database name");
    UseDatabase out;
    ASSIGN_OR_RETURN(out.name, ExpectDatabase());
    return out;
  }

  Result<Statement> Setting() {
    at_ = tokens_.size() - 1;
    return NoEffect{"settings of Flink have no meaning here: nothing was set"};
  }

  Result<Statement> InsertStatement() {
    Take();
    if (Peek().Is("OVERWRITE"))
      return NotYet("INSERT OVERWRITE",
                    "tables are streams: delete rows of a primary-key table, or drop a partition");
    RETURN_IF_ERROR(Expect("INTO"));
    Keyword("TABLE");
    Insert out;
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    if (Peek().Is("PARTITION") && Peek(1).IsSymbol("(")) {
      Take();
      ASSIGN_OR_RETURN(out.partition, OnePartition());
    }
    const bool query_in_brackets =
        Peek(1).Is("SELECT") || Peek(1).Is("WITH") || Peek(1).Is("VALUES") || Peek(1).Is("FROM");
    if (Peek().IsSymbol("(") && !query_in_brackets) {
      ASSIGN_OR_RETURN(out.columns, NameList("a column name"));
    }
    if (Peek().kind == TokenKind::kEnd) return Unexpected("VALUES (…) or SELECT …");
    static const std::vector<std::string> kStarts = {"VALUES", "SELECT", "WITH", "FROM", "TABLE"};
    const bool query =
        Peek().IsSymbol("(") || std::ranges::any_of(kStarts, [&](auto& s) { return Peek().Is(s); });
    if (!query) return Unexpected("VALUES (…) or SELECT …" + DidYouMean(Peek().text, kStarts));
    ASSIGN_OR_RETURN(out.query, ToDuckSql(sql_.substr(Peek().begin)));
    at_ = tokens_.size() - 1;
    return out;
  }

  /// [AS] alias, when the next word is not `next`.
  std::string OptionalAlias(std::string_view next) {
    if (Keyword("AS") || (Peek().IsName() && !Peek().Is(next) && !Peek().Is("WHERE"))) {
      if (Peek().IsName()) return Take().text;
    }
    return "";
  }

  Result<Statement> UpdateStatement() {
    Take();
    Update out;
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    out.alias = OptionalAlias("SET");
    RETURN_IF_ERROR(Expect("SET"));
    do {
      ASSIGN_OR_RETURN(SqlName column, ExpectObject("a column name"));
      RETURN_IF_ERROR(ExpectSymbol("="));
      ASSIGN_OR_RETURN(std::string expression, TextUntil({",", "WHERE", "FROM"}));
      out.assignments.emplace_back(column.object(), std::move(expression));
    } while (Symbol(","));
    if (Peek().Is("FROM"))
      return NotYet("UPDATE … FROM", "use INSERT INTO … SELECT key, value FROM … JOIN …");
    ASSIGN_OR_RETURN(out.where, OptionalWhere());
    return out;
  }

  Result<Statement> DeleteStatement() {
    Take();
    RETURN_IF_ERROR(Expect("FROM"));
    Delete out;
    ASSIGN_OR_RETURN(out.name, ExpectObject("a table name"));
    out.alias = OptionalAlias("WHERE");
    if (Peek().Is("USING")) return NotYet("DELETE … USING", "use WHERE key IN (SELECT …)");
    ASSIGN_OR_RETURN(out.where, OptionalWhere());
    return out;
  }

  Result<std::string> OptionalWhere() {
    if (!Keyword("WHERE")) return std::string();
    return TextUntil({});
  }

  std::string_view sql_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

/// FOR SYSTEM_TIME AS OF a.b: how many tokens from `first` on, 0 when it is not there.
size_t SystemTimeClause(const std::vector<Token>& tokens, size_t first) {
  static constexpr std::array kWords = {"FOR", "SYSTEM_TIME", "AS", "OF"};
  if (first + kWords.size() >= tokens.size()) return 0;
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (!tokens[first + i].Is(kWords[i])) return 0;
  }
  size_t next = first + kWords.size();
  while (tokens[next].IsName() && tokens[next + 1].IsSymbol(".")) next += 2;
  if (tokens[next + 1].IsSymbol("(") && tokens[next + 2].IsSymbol(")")) next += 2;  // PROCTIME()
  return next + 1 - first;
}

struct Edit {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
};

/// For "db.t FOR SYSTEM_TIME AS OF TIMESTAMP '…'", whose FOR is tokens[first]: what to write
/// instead; nothing when no literal follows.
Result<std::optional<Edit>> AsOfEdit(std::string_view sql, const std::vector<Token>& tokens,
                                     size_t first) {
  if (SystemTimeClause(tokens, first) == 0) return std::optional<Edit>();
  size_t at = first + 4;
  if (tokens[at].Is("TIMESTAMP") || tokens[at].Is("TIMESTAMPTZ")) ++at;
  const Token& literal = tokens[at];
  if (literal.kind != TokenKind::kString) return std::optional<Edit>();
  const auto micros = MicrosOf(literal.text);
  if (!micros)
    return Fail(ErrorCode::kSqlSyntax, "not a timestamp such as '2026-01-02 03:04:05': at {}",
                PlaceOf(sql, literal.begin));
  if (first == 0 || !tokens[first - 1].IsName())
    return Fail(ErrorCode::kSqlSyntax, "expected a table before FOR SYSTEM_TIME: at {}",
                PlaceOf(sql, tokens[first].begin));
  const Token& table = tokens[first - 1];
  const Token& next = tokens[at + 1];
  static constexpr std::array kNoAlias = {"WHERE", "ON",    "USING", "JOIN",  "LEFT",
                                          "RIGHT", "FULL",  "INNER", "CROSS", "GROUP",
                                          "ORDER", "LIMIT", "UNION", "HAVING"};
  const bool alias =
      next.IsName() && std::ranges::none_of(kNoAlias, [&](auto word) { return next.Is(word); });
  const int64_t ms = *micros / 1000 - (*micros % 1000 < 0 ? 1 : 0);
  std::string text = QuoteIdentifier(fmt::format("{}{}{}", table.text, kAsOfSuffix, ms));
  if (!alias) text += " AS " + QuoteIdentifier(table.text);
  return Edit{table.begin, literal.end(), std::move(text)};
}

}  // namespace

Result<std::vector<ScriptPart>> SplitScript(std::string_view script) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(script));
  std::vector<ScriptPart> parts;
  const Token* first = nullptr;
  size_t end = 0;
  for (const Token& token : tokens) {
    if (token.IsSymbol(";") || token.kind == TokenKind::kEnd) {
      if (first != nullptr)
        parts.push_back({script.substr(first->begin, end - first->begin), first->begin});
      first = nullptr;
    } else {
      if (first == nullptr) first = &token;
      end = token.end();
    }
  }
  return parts;
}

bool EndsInsideStatement(std::string_view script) {
  const auto tokens = Tokenize(script);
  if (!tokens.ok()) return true;
  return tokens->size() > 1 && !(*tokens)[tokens->size() - 2].IsSymbol(";");
}

Result<Statement> ParseStatement(std::string_view sql) {
  ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(sql));
  if (tokens.size() == 1) return Fail(ErrorCode::kSqlSyntax, "the statement is empty");
  return Parser(sql, std::move(tokens)).Run();
}

Result<std::string> ToDuckSql(std::string_view sql) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(sql));
  std::string out(sql);
  std::vector<Edit> edits;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kQuoted && sql[token.begin] == '`') {
      if (token.text.size() + 2 != token.bytes || token.text.find('"') != std::string::npos)
        return Fail(ErrorCode::kSqlSyntax, "a name cannot contain quotes: at {}",
                    PlaceOf(sql, token.begin));
      out[token.begin] = '"';
      out[token.end() - 1] = '"';
    }
    ASSIGN_OR_RETURN(auto edit, AsOfEdit(sql, tokens, i));
    if (edit) {
      edits.push_back(*std::move(edit));
    } else if (const size_t count = SystemTimeClause(tokens, i); count != 0) {
      // The present state is what a look-up join sees, so the plain join means the same.
      for (size_t at = token.begin; at < tokens[i + count - 1].end(); ++at)
        out[at] = out[at] == '\n' ? '\n' : ' ';
      i += count - 1;
    }
  }
  for (const Edit& edit : std::views::reverse(edits))
    out.replace(edit.begin, edit.end - edit.begin, edit.text);
  return out;
}

}  // namespace weir

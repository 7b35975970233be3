#include "sql/names_in_query.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "sql/table_reference.h"
#include "sql/token.h"

namespace weir {
namespace {

/// a.b.c, and whether .* follows.
struct Chain {
  std::vector<const Token*> parts;
  bool star = false;

  std::string Dotted(size_t count) const {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ".") + parts[i]->text;
    return out;
  }
  std::string Dotted() const { return Dotted(parts.size()); }
};

std::vector<Chain> ChainsIn(const std::vector<Token>& tokens) {
  std::vector<Chain> chains;
  for (size_t i = 0; tokens[i].kind != TokenKind::kEnd; ++i) {
    if (!tokens[i].IsName()) continue;
    Chain chain{.parts = {&tokens[i]}};
    while (tokens[i + 1].IsSymbol(".") && tokens[i + 2].IsName()) {
      i += 2;
      chain.parts.push_back(&tokens[i]);
    }
    chain.star = tokens[i + 1].IsSymbol(".") && tokens[i + 2].IsSymbol("*");
    chains.push_back(std::move(chain));
  }
  return chains;
}

/// Whether FROM or JOIN stands before `name`, and not the FROM of IS DISTINCT FROM or EXTRACT(… FROM …).
bool IsBehindFrom(const std::vector<Token>& tokens, const Token& name) {
  const auto at = static_cast<size_t>(&name - tokens.data());
  if (at == 0) return false;
  if (tokens[at - 1].Is("JOIN")) return true;
  if (at < 2 || !tokens[at - 1].Is("FROM") || tokens[at - 2].Is("DISTINCT")) return false;
  int closed = 0;
  for (size_t i = at - 1; i-- > 0;) {
    closed += tokens[i].IsSymbol(")") - tokens[i].IsSymbol("(");
    if (closed < 0)
      return i == 0 || std::ranges::none_of(std::array{"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"},
                                            [&](auto word) { return tokens[i - 1].Is(word); });
  }
  return true;
}

/// Schemas that DuckDB has itself.
bool IsOfDuckDb(const Token& schema) {
  return schema.Is("INFORMATION_SCHEMA") || schema.Is("PG_CATALOG");
}

/// A table as columns name it: DuckDB ignores case there.
using Side = std::pair<TableKind, std::string>;

class Reader {
 public:
  Reader(std::string_view sql, const std::string& database,
         const std::function<bool(const std::string&)>& exists)
      : sql_(sql), database_(database), exists_(exists) {}

  void Read(std::map<std::string, std::string, std::less<>>& written,
            std::map<std::string, std::string, std::less<>>& missing) {
    const auto tokens = Tokenize(sql_);
    if (!tokens.ok()) return;
    const std::vector<Chain> chains = ChainsIn(*tokens);
    std::vector<const Chain*> others;
    for (const Chain& chain : chains) {
      if (chain.parts.size() == 1) {
        plain_.insert(chain.parts[0]->text);
        sides_.insert(SideOf(chain.Dotted()));
      } else if (chain.parts.size() > 1 && !chain.star && exists_(chain.Dotted())) {
        mentions_[chain.parts.back()->text].push_back(&chain);
        sides_.insert(SideOf(chain.Dotted()));
      } else {
        others.push_back(&chain);
      }
    }
    for (const auto& [name, all] : mentions_) NameTable(name, all, written);
    for (const Chain* chain : others) {
      if (NameColumn(*chain)) continue;
      const Token& last = *chain->parts.back();
      if (!plain_.contains(last.text)) {
        missing.emplace(last.text, chain->Dotted());
      } else if (IsBehindFrom(*tokens, *chain->parts[0]) && !IsOfDuckDb(*chain->parts[0])) {
        // Another table has the last part to itself.
        changes_[last.begin] = {last.bytes, QuoteIdentifier(chain->Dotted())};
        missing.emplace(chain->Dotted(), chain->Dotted());
      }
    }
  }

  /// The text with what was decided; from the back, so that places hold.
  std::string Changed() const {
    std::string out(sql_);
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change)
      out.replace(change->first, change->second.bytes, change->second.text);
    return out;
  }

 private:
  struct Change {
    size_t bytes = 0;
    std::string text;
  };

  Side SideOf(const std::string& dotted) const {
    const TableReference reference = ParseTableReference(dotted, database_);
    return {reference.kind, Upper(reference.path.ToString())};
  }

  /// One table of a name keeps it; of several each gets its own.
  void NameTable(const std::string& name, const std::vector<const Chain*>& all,
                 std::map<std::string, std::string, std::less<>>& written) {
    const TablePath first = ParseTableReference(all[0]->Dotted(), database_).path;
    const bool same = std::ranges::all_of(all, [&](const Chain* one) {
      return ParseTableReference(one->Dotted(), database_).path == first;
    });
    const bool shadows = plain_.contains(name) && first.database != database_ && exists_(name);
    if (same && !shadows) {
      written[name] = all[0]->Dotted();
      return;
    }
    for (const Chain* one : all) {
      const std::string own = QuoteIdentifier(one->Dotted());
      changes_[one->parts.back()->begin] = {one->parts.back()->bytes, own};
      own_names_[SideOf(one->Dotted())] = own;
    }
  }

  /// db.t.c and db.t.* of a table that the query reads. Returns whether `chain` is one.
  bool NameColumn(const Chain& chain) {
    const size_t most = chain.parts.size() - (chain.star ? 0 : 1);
    for (size_t count = 2; count <= most; ++count) {
      const Side side = SideOf(chain.Dotted(count));
      if (!sides_.contains(side)) continue;
      const Token& table = *chain.parts[count - 1];
      const auto own = own_names_.find(side);
      const size_t begin = chain.parts[0]->begin;
      changes_[begin] = {table.end() - begin,
                         own == own_names_.end()
                             ? std::string(sql_.substr(table.begin, table.bytes))
                             : own->second};
      return true;
    }
    return false;
  }

  const std::string_view sql_;
  const std::string& database_;
  const std::function<bool(const std::string&)>& exists_;
  std::map<std::string, std::vector<const Chain*>> mentions_;  // with a database; by last part
  std::set<std::string> plain_;                                // names without one
  std::set<Side> sides_;                                       // all that may be a table
  std::map<Side, std::string> own_names_;
  std::map<size_t, Change> changes_;  // by place
};

}  // namespace

NamesInQuery::NamesInQuery(std::string_view sql, const std::string& database,
                           const std::function<bool(const std::string&)>& exists) {
  Reader reader(sql, database, exists);
  reader.Read(written_, missing_);
  sql_ = reader.Changed();
}

const std::string& NamesInQuery::Written(const std::string& last_part) const {
  const auto found = written_.find(last_part);
  return found == written_.end() ? last_part : found->second;
}

const std::string* NamesInQuery::Missing(const std::string& last_part) const {
  const auto found = missing_.find(last_part);
  return found == missing_.end() ? nullptr : &found->second;
}

}  // namespace weir

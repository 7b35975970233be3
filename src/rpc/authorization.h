// Who asks, for what, and whether he may. One call decides: Authorizer::Authorize. With no users
// configured everything is allowed; access lists plug in here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir {

struct Principal {
  std::string type = "User";
  std::string name = "ANONYMOUS";

  friend bool operator==(const Principal&, const Principal&) = default;
};

/// The numbers are the protocol's (PbAclInfo.operation_type).
enum class Operation : int8_t {
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDrop = 6,
  kAlter = 7,
  kDescribe = 8
};

/// What an operation is done to. The numbers are the protocol's (PbAclInfo.resource_type).
enum class ResourceType : int8_t { kCluster = 2, kDatabase = 3, kTable = 4 };

/// name: empty for the cluster, "db" for a database, "db.table" for a table.
struct Resource {
  ResourceType type = ResourceType::kCluster;
  std::string name;
};

/// What a row of the API table asks of the caller before its handler runs.
enum class Scope : int8_t {
  kHandshake,  // nothing: who asks is not known yet
  kCluster,
  kDatabase,  // the database the request names
  kTable,     // the table the request names, by path or id
  kEach,  // the request names several things: the handler authorizes each, or leaves out what is
          // not visible
};

struct Needs {
  /// No default: an API without a decision about access does not compile.
  constexpr Needs(Scope s, Operation o) : scope(s), operation(o) {}
  Scope scope;
  Operation operation;
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  /// Errors  kAuthorization  `principal` may not do that
  /// Thread  any
  virtual Status Authorize(const Principal& principal, Operation operation,
                           const Resource& resource) const = 0;
  /// Whether Authorize says yes to everybody, so that names need not be looked up.
  virtual bool allows_everything() const = 0;
};

/// Every principal that got in may do everything.
class AllowEverything : public Authorizer {
 public:
  Status Authorize(const Principal&, Operation, const Resource&) const override { return {}; }
  bool allows_everything() const override { return true; }
};

}  // namespace weir

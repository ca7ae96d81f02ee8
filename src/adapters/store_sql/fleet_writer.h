#pragma once
// Writes nodes, allocations and records of one FleetChange. Throws as Database does. Threads: one at a time.

#include "adapters/store_sql/database.h"
#include "domain/inventory/fleet_draft.h"

namespace reeve {

class FleetWriter {
 public:
  explicit FleetWriter(Database& database);

  // Within the caller's transaction.
  void write(const FleetChange& change);

 private:
  void forget_parts(const Node& node);
  void write_node(const Node& node);
  void write_device(const Device& device);
  void write_instance(const Device& device, const Instance& instance);
  void write_allocation(const Allocation& allocation);
  void write_idempotency(const IdempotencyRecord& record);
  void write_audit(const AuditRecord& record);

  Statement forget_instances_;
  Statement forget_devices_;
  Statement put_node_;
  Statement put_device_;
  Statement put_instance_;
  Statement put_allocation_;
  Statement put_idempotency_;
  Statement forget_idempotency_;
  Statement put_audit_;
};

}  // namespace reeve

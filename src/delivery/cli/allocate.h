#pragma once
// `reeve allocate` and `reeve release`.

#include <optional>
#include <string>
#include <vector>

#include "delivery/cli/session.h"

namespace reeve::cli {

// What was given on the command line; empty or absent is not sent. Names are those of POST /api/v1/allocations.
struct AllocateRequest {
  std::string file{};  // YAML or JSON with the same fields; flags win
  std::string namespace_name{};
  std::string pod{};
  std::string container{};
  std::string workload_type{};
  std::string priority{};
  std::string model{};
  std::string architecture{};
  std::string mig_profile{};
  std::string node{};
  std::string device{};
  std::string user{};
  std::string team{};
  std::string project{};
  std::string until{};                // RFC 3339
  std::string duration{};             // "90m", "8h", "2d": until now plus that
  std::vector<std::string> labels{};  // "key=value"
  std::optional<std::int64_t> memory_gb{};
  std::optional<double> max_cost_per_hour_usd{};
  bool use_mig = false;
  bool dry_run = false;
  std::string idempotency_key{};  // empty: a new one
};

Status allocate(const Session& session, const AllocateRequest& request);

// Goes through all ids, whatever becomes of one; the first failure decides how it ends.
Status release(const Session& session, const std::vector<std::string>& ids);

// "90s", "15m", "8h", "2d", "1w".
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace reeve::cli

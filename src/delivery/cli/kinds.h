#pragma once
// The kinds of things that `get` lists: where they are in the API, by what they are filtered, and their columns.
// A new kind, filter or column is an entry in kinds.cc or cluster_kinds.cc and no code elsewhere.

#include <functional>
#include <string>
#include <vector>

#include "delivery/cli/api.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {

struct Field {
  std::string title{};
  std::function<std::string(const Json& item, Timestamp now)> cell{};
  bool right = false;
  bool wide = false;  // with -o wide only
};

struct Filter {
  std::string flags{};      // "--node", "-n,--namespace"
  std::string parameter{};  // "node": the query parameter
  std::string help{};
  bool is_switch = false;         // given: true
  std::vector<std::string> of{};  // the values that exist; empty: any text
};

struct Kind {
  std::string name{};                  // "nodes"
  std::string singular{};              // "node", as in -o name: "node/gpu-node-01"
  std::vector<std::string> aliases{};  // "node", "no"
  std::string path{};                  // "/api/v1/nodes"
  std::string help{};
  std::string id_field{};  // empty: the things have no names, and cannot be got one by one
  bool paged = true;       // takes limit and cursor
  std::vector<Filter> filters{};
  std::vector<Field> fields{};
  bool namespaced = false;  // the name is "namespace/name"
  bool one_by_one = true;   // the API has a path for each thing; else it is looked for in the list
};

const std::vector<Kind>& kinds();
const Kind* find_kind(std::string_view name_or_alias);

// "n1", "ml/vllm-0"; empty: it has none.
std::string name_of(const Kind& kind, const Json& item);

// Where the named thing is in the API.
std::string path_of(const Kind& kind, const std::string& name);

std::vector<Column> columns_of(const Kind& kind, bool wide);
Row row_of(const Kind& kind, const Json& item, bool wide, Timestamp now);

}  // namespace reeve::cli

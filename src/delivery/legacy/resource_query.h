#pragma once
// What a client may ask of the lists of pods and nodes beyond what the old system had: filters, order and pages. Without any
// of these parameters everything comes, as before.

#include <optional>
#include <string>
#include <vector>

#include "delivery/legacy/cluster_summary.h"
#include "net/http/message.h"

namespace reeve::legacy {

// `page` counts from 0, as the old framework's own pages did.
struct Page {
  std::size_t number = 0;
  std::size_t size = 100;
};

inline constexpr int page_size_max = 10'000;

// One term of `label`: "key", "!key", "key=value", "key!=value".
struct LabelTerm {
  std::string key{};
  std::optional<std::string> value{};
  bool negated = false;

  bool matches(const cluster::Labels& labels) const;
};

// `sort`: "field" or "field,desc". Unknown values come last, whichever the direction; equals keep the order of names.
struct Order {
  std::string field{};  // empty: by namespace and name
  bool descending = false;
};

// namespace, nodeName, phase, modelType, label, q (a part of the name, any case).
struct PodQuery {
  std::string namespace_name{};
  std::string node{};
  std::optional<cluster::PodPhase> phase{};
  std::string model_type{};
  std::vector<LabelTerm> labels{};
  std::string part{};  // lower case
  Order order{};
  std::optional<Page> page{};

  // Absent: a parameter has a value of no use (400).
  static std::optional<PodQuery> read(const http::Request& request);

  bool everything() const;  // neither filtered nor ordered nor paged
  bool matches(const PodFacts& pod) const;
  void sort(PodList& pods) const;
};

// status (Ready, NotReady, Unknown), role (master, worker), label, q.
struct NodeQuery {
  std::string status{};
  std::string role{};
  std::vector<LabelTerm> labels{};
  std::string part{};  // lower case
  Order order{};
  std::optional<Page> page{};

  static std::optional<NodeQuery> read(const http::Request& request);

  bool everything() const;
  bool matches(const NodeFacts& node) const;
  void sort(std::vector<const NodeFacts*>& nodes) const;
};

// Leaves only the page, when one was asked for, and tells in X-Total-Count and Link how many there are and where the others are.
template <class Item>
void cut_to_page(std::vector<Item>& items, const std::optional<Page>& page, const http::Request& request, http::Headers& headers);

// The headers alone.
void add_page_headers(const http::Request& request, const Page& page, std::size_t total, http::Headers& headers);

template <class Item>
void cut_to_page(std::vector<Item>& items, const std::optional<Page>& page, const http::Request& request, http::Headers& headers) {
  if (!page) return;
  add_page_headers(request, *page, items.size(), headers);
  const std::size_t begin = std::min(items.size(), page->number * page->size);
  const std::size_t end = std::min(items.size(), begin + page->size);
  items = std::vector<Item>(items.begin() + static_cast<std::ptrdiff_t>(begin), items.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace reeve::legacy

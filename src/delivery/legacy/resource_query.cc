#include "delivery/legacy/resource_query.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "delivery/legacy/answer.h"
#include "domain/cluster/label.h"

namespace reeve::legacy {
namespace {

constexpr int page_number_max = 1'000'000;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

bool has_part(std::string_view name, const std::string& part) { return part.empty() || lower_case(name).find(part) != std::string::npos; }

bool all_match(const std::vector<LabelTerm>& terms, const cluster::Labels& labels) {
  return std::ranges::all_of(terms, [&](const LabelTerm& term) { return term.matches(labels); });
}

// The one of `words` that `text` is, whatever its case; "" for "", absent for none of them.
template <std::size_t N>
std::optional<std::string> one_of(const std::array<std::string_view, N>& words, std::string_view text) {
  if (text.empty()) return std::string();
  for (const std::string_view word : words)
    if (lower_case(word) == lower_case(text)) return std::string(word);
  return std::nullopt;
}

std::optional<LabelTerm> read_term(std::string_view text) {
  LabelTerm term;
  if (text.starts_with('!')) {
    term.negated = true;
    term.key = text.substr(1);
    return term.key.empty() || !cluster::can_be_label(term.key) ? std::nullopt : std::optional(std::move(term));
  }
  const std::size_t sign = text.find('=');
  std::string_view key = text.substr(0, sign);
  if (sign != std::string_view::npos) {
    std::string_view value = text.substr(sign + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    term.value = std::string(value);
    if (key.ends_with('!')) {
      term.negated = true;
      key.remove_suffix(1);
    }
  }
  term.key = key;
  const bool sound = !term.key.empty() && cluster::can_be_label(term.key) && cluster::can_be_label(term.value.value_or(""));
  return sound ? std::optional(std::move(term)) : std::nullopt;
}

// Terms parted by commas; the parameter may repeat. All must match.
std::optional<std::vector<LabelTerm>> read_labels(const http::Request& request) {
  std::vector<LabelTerm> terms;
  for (const auto& [name, value] : request.query) {
    if (name != "label" || value.empty()) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      auto term = read_term(rest.substr(0, comma));
      if (!term) return std::nullopt;
      terms.push_back(*std::move(term));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return terms;
}

template <std::size_t N>
std::optional<Order> read_order(const http::Request& request, const std::array<std::string_view, N>& fields) {
  const std::string text(request.parameter("sort").value_or(""));
  const std::size_t comma = std::min(text.find(','), text.size());
  auto field = one_of(fields, std::string_view(text).substr(0, comma));
  if (!field || (field->empty() && !text.empty())) return std::nullopt;
  const std::string direction = lower_case(std::string_view(text).substr(std::min(comma + 1, text.size())));
  if (comma != text.size() && direction != "asc" && direction != "desc") return std::nullopt;
  return Order{*std::move(field), direction == "desc"};
}

// False: a value of no use.
bool read_page(const http::Request& request, std::optional<Page>& page) {
  const bool asked = text_parameter(request, "page") || text_parameter(request, "size");
  const auto number = whole_parameter(request, "page", 0);
  const auto size = whole_parameter(request, "size", static_cast<int>(Page().size));
  if (!number || *number < 0 || *number > page_number_max || !size || *size < 1 || *size > page_size_max) return false;
  if (asked) page = Page{static_cast<std::size_t>(*number), static_cast<std::size_t>(*size)};
  return true;
}

// What is compared when a list is put in order; absent values come last.
struct SortKey {
  std::optional<double> number{};
  std::optional<std::string_view> text{};
};

template <class Item, class KeyOf>
void sort_by(std::vector<Item>& items, const Order& order, KeyOf key_of) {
  if (order.field.empty()) return;
  std::vector<std::pair<SortKey, Item>> keyed;
  keyed.reserve(items.size());
  for (const Item& item : items) keyed.emplace_back(key_of(*item), item);
  const auto before = [&](const auto& a, const auto& b) {
    const auto compare = [&](const auto& left, const auto& right) {
      if (!left || !right) return left.has_value() && !right;
      return order.descending ? *left > *right : *left < *right;
    };
    return a.first.text || b.first.text ? compare(a.first.text, b.first.text) : compare(a.first.number, b.first.number);
  };
  std::ranges::stable_sort(keyed, before);
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = keyed[i].second;
}

constexpr std::array<std::string_view, 11> pod_fields{"name",           "namespace",   "nodeName", "phase",           "creationTime",
                                                      "cpuUsage",       "memoryUsage", "gpuUsage", "cpuUsagePercent", "memoryUsagePercent",
                                                      "gpuUsagePercent"};
constexpr std::array<std::string_view, 8> node_fields{
    "name",         "status", "cpuUsagePercent", "memoryUsagePercent", "gpuUsagePercent", "cpuAllocationPercent", "gpuAllocationPercent",
    "totalPodCount"};
constexpr std::array<std::string_view, 3> model_types{"vllm", "sglang", "unknown"};
constexpr std::array<std::string_view, 3> node_states{"Ready", "NotReady", "Unknown"};
constexpr std::array<std::string_view, 2> node_roles{"master", "worker"};

std::optional<double> number(std::optional<cluster::Quantity> amount) { return amount ? std::optional(amount->value()) : std::nullopt; }

SortKey sort_key(const PodFacts& facts, std::string_view field) {
  const cluster::Pod& pod = *facts.pod;
  if (field == "name") return {.text = pod.meta.name};
  if (field == "namespace") return {.text = pod.meta.namespace_name};
  if (field == "phase") return {.text = to_text(pod.phase)};
  if (field == "nodeName") return {.text = pod.node.empty() ? std::nullopt : std::optional<std::string_view>(pod.node.text)};
  if (field == "creationTime" && pod.meta.created_at)
    return {.number = static_cast<double>(pod.meta.created_at->time_since_epoch().count())};
  if (field == "cpuUsage") return {.number = number(usage_of(facts, PodResource::cpu))};
  if (field == "memoryUsage") return {.number = number(usage_of(facts, PodResource::memory))};
  if (field == "gpuUsage") return {.number = number(usage_of(facts, PodResource::gpu))};
  if (field == "cpuUsagePercent") return {.number = facts.cpu_percent()};
  if (field == "memoryUsagePercent") return {.number = facts.memory_percent()};
  if (field == "gpuUsagePercent") return {.number = facts.gpu.percent};
  return {};
}

SortKey sort_key(const NodeFacts& facts, std::string_view field) {
  if (field == "name") return {.text = facts.node->meta.name};
  if (field == "status") return {.text = facts.status()};
  if (field == "cpuUsagePercent") return {.number = facts.cpu_percent()};
  if (field == "memoryUsagePercent") return {.number = facts.memory_percent()};
  if (field == "gpuUsagePercent") return {.number = facts.gpu.percent};
  if (field == "cpuAllocationPercent") return {.number = percent_of(facts.cpu_allocated, facts.cpu_allocatable)};
  if (field == "gpuAllocationPercent") return {.number = percent_of(facts.gpu_allocated, facts.gpu_allocatable)};
  if (field == "totalPodCount" && facts.pods) return {.number = *facts.pods};
  return {};
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string link_to(const http::Request& request, const Page& page, std::size_t number, std::string_view relation) {
  std::string link = fmt::format("<{}?page={}&size={}", request.path, number, page.size);
  for (const auto& [name, value] : request.query)
    if (name != "page" && name != "size") link += "&" + encoded(name) + "=" + encoded(value);
  return link + fmt::format(">; rel=\"{}\"", relation);
}

}  // namespace

bool LabelTerm::matches(const cluster::Labels& labels) const {
  const std::string* found = cluster::find(labels, key);
  return negated != (found != nullptr && (!value || *value == *found));
}

std::optional<PodQuery> PodQuery::read(const http::Request& request) {
  PodQuery query;
  query.namespace_name = text_parameter(request, "namespace").value_or("");
  query.node = text_parameter(request, "nodeName").value_or("");
  query.part = lower_case(request.parameter("q").value_or(""));
  if (const auto phase = text_parameter(request, "phase")) {
    constexpr std::array<std::string_view, 5> phases{"Pending", "Running", "Succeeded", "Failed", "Unknown"};
    const auto known = one_of(phases, *phase);
    if (!known) return std::nullopt;
    query.phase = from_text<cluster::PodPhase>(*known);
  }
  auto model = one_of(model_types, request.parameter("modelType").value_or(""));
  auto labels = read_labels(request);
  auto order = read_order(request, pod_fields);
  if (!model || !labels || !order || !read_page(request, query.page)) return std::nullopt;
  query.model_type = *std::move(model);
  query.labels = *std::move(labels);
  query.order = *std::move(order);
  return query;
}

bool PodQuery::everything() const {
  return namespace_name.empty() && node.empty() && !phase && model_type.empty() && labels.empty() && part.empty() && order.field.empty() &&
         !page;
}

bool PodQuery::matches(const PodFacts& facts) const {
  const cluster::Pod& pod = *facts.pod;
  if (!namespace_name.empty() && pod.meta.namespace_name != namespace_name) return false;
  if (!node.empty() && pod.node.text != node) return false;
  if (phase && pod.phase != *phase) return false;
  if (!model_type.empty() && facts.model.type != model_type) return false;
  return has_part(pod.meta.name, part) && all_match(labels, pod.meta.labels);
}

void PodQuery::sort(PodList& pods) const {
  sort_by(pods, order, [&](const PodFacts& pod) { return sort_key(pod, order.field); });
}

std::optional<NodeQuery> NodeQuery::read(const http::Request& request) {
  NodeQuery query;
  query.part = lower_case(request.parameter("q").value_or(""));
  auto status = one_of(node_states, request.parameter("status").value_or(""));
  auto role = one_of(node_roles, request.parameter("role").value_or(""));
  auto labels = read_labels(request);
  auto order = read_order(request, node_fields);
  if (!status || !role || !labels || !order || !read_page(request, query.page)) return std::nullopt;
  query.status = *std::move(status);
  query.role = *std::move(role);
  query.labels = *std::move(labels);
  query.order = *std::move(order);
  return query;
}

bool NodeQuery::everything() const {
  return status.empty() && role.empty() && labels.empty() && part.empty() && order.field.empty() && !page;
}

bool NodeQuery::matches(const NodeFacts& facts) const {
  if (!status.empty() && facts.status() != status) return false;
  if (!role.empty() && facts.role() != role) return false;
  return has_part(facts.node->meta.name, part) && all_match(labels, facts.node->meta.labels);
}

void NodeQuery::sort(std::vector<const NodeFacts*>& nodes) const {
  sort_by(nodes, order, [&](const NodeFacts& node) { return sort_key(node, order.field); });
}

void add_page_headers(const http::Request& request, const Page& page, std::size_t total, http::Headers& headers) {
  const std::size_t last = total == 0 ? 0 : (total - 1) / page.size;
  std::string links = link_to(request, page, 0, "first");
  if (page.number > 0) links += ", " + link_to(request, page, std::min(page.number - 1, last), "prev");
  if (page.number < last) links += ", " + link_to(request, page, page.number + 1, "next");
  links += ", " + link_to(request, page, last, "last");
  headers.emplace("X-Total-Count", std::to_string(total));
  headers.emplace("Link", std::move(links));
  headers.emplace("Access-Control-Expose-Headers", "X-Total-Count, Link");
}

}  // namespace reeve::legacy

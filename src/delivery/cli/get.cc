#include "delivery/cli/get.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "delivery/cli/cluster_status.h"
#include "delivery/cli/json_access.h"

namespace reeve::cli {
namespace {

// "ml/vllm-0" from a whole name, or from a name and -n ml.
Result<std::string> whole_name(const Kind& kind, const std::string& name, const Parameters& parameters) {
  if (!kind.namespaced || name.find('/') != std::string::npos) return name;
  const auto given = std::ranges::find(parameters, "namespace", &Parameters::value_type::first);
  if (given == parameters.end())
    return Error{Errc::invalid_argument,
                 fmt::format("cannot get {} '{}': give it as NAMESPACE/NAME, or add -n NAMESPACE", kind.singular, name)};
  return given->second + "/" + name;
}

Result<Json> fetch_one(const Api& api, const Kind& kind, const std::string& name, const Json& all) {
  if (kind.one_by_one) return api.get(path_of(kind, name));
  for (const Json& item : items_of(all))
    if (name_of(kind, item) == name) return item;
  return Error{Errc::not_found, fmt::format("cannot find {} '{}'", kind.singular, name)};
}

Result<Json> fetch_named(const Api& api, const Kind& kind, const GetRequest& request) {
  const auto& names = request.names;
  if (kind.id_field.empty())
    return Error{Errc::invalid_argument,
                 fmt::format("cannot get '{}' by name: {} have no names; use its filters", names.front(), kind.name)};
  auto all = kind.one_by_one ? Result<Json>(Json()) : api.list(kind.path, request.parameters, std::nullopt);
  if (!all) return all;
  boost::json::array items;
  for (const std::string& given : names) {
    const auto name = whole_name(kind, given, request.parameters);
    if (!name) return name.error();
    auto item = fetch_one(api, kind, *name, *all);
    if (!item) return item.error();
    if (names.size() == 1) return item;
    items.push_back(std::move(*item));
  }
  const std::size_t total = items.size();
  return Json(boost::json::object{{"items", std::move(items)}, {"next_cursor", nullptr}, {"total", total}});
}

Result<Json> fetch(const Api& api, const Kind& kind, const GetRequest& request) {
  if (!request.names.empty()) return fetch_named(api, kind, request);
  Parameters parameters = request.parameters;
  if (!request.sort.empty()) parameters.emplace_back("sort", request.sort);
  if (kind.paged) return api.list(kind.path, std::move(parameters), request.limit);
  if (request.limit && kind.name != "targets" && kind.name != "jobs") parameters.emplace_back("limit", fmt::to_string(*request.limit));
  return api.get(kind.path, parameters);
}

void keep_matching(Json& document, const std::vector<LabelCondition>& conditions) {
  if (conditions.empty() || !document.is_object() || member(document, "items") == nullptr) return;
  auto& object = document.get_object();
  boost::json::array kept;
  for (const Json& item : items_of(document))
    if (matches(conditions, item)) kept.push_back(item);
  object["total"] = kept.size();
  object["items"] = std::move(kept);
}

std::vector<const Json*> items_in(const Json& document) {
  std::vector<const Json*> items;
  if (document.is_object() && member(document, "items") == nullptr) return {&document};
  for (const Json& item : items_of(document)) items.push_back(&item);
  return items;
}

void print_names(const Session& session, const Kind& kind, const Json& document) {
  for (const Json* item : items_in(document)) {
    const std::string name = name_of(kind, *item);
    if (!name.empty()) session.console.out << kind.singular << '/' << name << '\n';
  }
}

// Prints the rows that are new or look different from the last time; all of them the first time. Ages alone
// are no change.
class Printer {
 public:
  Printer(const Session& session, const Kind& kind, std::vector<LabelCondition> conditions)
      : session_(session), kind_(kind), conditions_(std::move(conditions)) {}

  Status print(Json document) {
    keep_matching(document, conditions_);
    const Output output = session_.output();
    if (output == Output::table || output == Output::wide)
      print_rows(document, output == Output::wide);
    else if (first_ || document != last_)
      output == Output::name ? print_names(session_, kind_, document) : print_document(session_, document);
    session_.console.out.flush();
    last_ = std::move(document);
    first_ = false;
    return Done{};
  }

 private:
  void print_rows(const Json& document, bool wide) {
    const auto columns = columns_of(kind_, wide);
    std::vector<Row> rows;
    const Timestamp now = session_.console.now();
    for (const Json* item : items_in(document)) {
      // At one fixed time, so that only what the item says makes a difference.
      std::string face;
      for (const std::string& cell : row_of(kind_, *item, wide, Timestamp{})) face += cell + '\t';
      Row row = row_of(kind_, *item, wide, now);
      const std::string name = name_of(kind_, *item);
      std::string& known = faces_[name.empty() ? face : name];
      if (known == face) continue;
      known = std::move(face);
      rows.push_back(std::move(row));
    }
    if (first_) {
      if (rows.empty()) tell_that_nothing_was_found();
      widths_ = column_widths(columns, rows, !session_.globals.no_headers);
      if (!rows.empty() && !session_.globals.no_headers) session_.console.out << header_line(columns, widths_);
    }
    for (const Row& row : rows) session_.console.out << table_line(columns, widths_, row);
  }

  void tell_that_nothing_was_found() {
    const std::string gaps = kind_.path.starts_with("/api/v1/cluster/") ? cluster_gaps(session_) : "";
    session_.console.err << "No " << kind_.name << " found" << (gaps.empty() ? "" : ": ") << gaps << ".\n";
  }

  const Session& session_;
  const Kind& kind_;
  std::vector<LabelCondition> conditions_;
  std::map<std::string, std::string> faces_{};
  std::vector<std::size_t> widths_{};
  Json last_{};
  bool first_ = true;
};

Status watch(const Session& session, const Api& api, const Kind& kind, const GetRequest& request, Printer& printer) {
  std::string told;
  while (session.console.wait(Milliseconds(static_cast<std::int64_t>(request.interval_seconds * 1000)))) {
    auto document = fetch(api, kind, request);
    if (document) {
      told.clear();
      if (auto printed = printer.print(std::move(*document)); !printed) return printed;
      continue;
    }
    const Errc code = document.error().code;
    if (code != Errc::unavailable && code != Errc::timed_out) return document.error();
    if (told != document.error().message) fail(session.console, document.error());  // once, not every two seconds
    told = document.error().message;
  }
  return Done{};
}

}  // namespace

Result<std::vector<LabelCondition>> parse_selector(const std::string& text) {
  std::vector<LabelCondition> conditions;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    at = end + 1;
    const std::size_t sign = part.find('=');
    LabelCondition condition;
    condition.key = part.substr(0, sign);
    if (sign != std::string::npos) {
      condition.equal = sign == 0 || part[sign - 1] != '!';
      if (!condition.equal) condition.key.pop_back();
      condition.value = part.substr(part.compare(sign, 2, "==") == 0 ? sign + 2 : sign + 1);
    }
    if (condition.key.empty())
      return Error{Errc::invalid_argument, fmt::format("cannot read label selector '{}': write KEY=VALUE, KEY!=VALUE or KEY", text)};
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

bool matches(const std::vector<LabelCondition>& conditions, const Json& item) {
  const Json* labels = member(item, "labels");
  return std::ranges::all_of(conditions, [labels](const LabelCondition& condition) {
    const Json* label = labels == nullptr ? nullptr : member(*labels, condition.key);
    if (!condition.value) return label != nullptr;
    return (label != nullptr && plain_text(*label) == *condition.value) == condition.equal;
  });
}

Status get(const Session& session, const Kind& kind, const GetRequest& request) {
  auto conditions = parse_selector(request.selector);
  if (!conditions) return conditions.error();
  const Api api = session.api();
  auto document = fetch(api, kind, request);
  if (!document) return document.error();
  Printer printer(session, kind, std::move(*conditions));
  if (auto printed = printer.print(std::move(*document)); !printed) return printed;
  return request.watch ? watch(session, api, kind, request, printer) : Status(Done{});
}

}  // namespace reeve::cli

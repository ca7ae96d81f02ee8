#include "adapters/kube/api_client.h"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include "adapters/kube/api_error.h"
#include "adapters/kube/json_fields.h"
#include "codec/json_parse.h"
#include "net/http/target.h"

namespace reeve::kube {
namespace {

constexpr Milliseconds no_retry{-1};
constexpr std::size_t json_depth_max = 64;
constexpr std::string_view json_type = "application/json";

Error failed(const std::string& deed, const Error& why) { return {why.code, fmt::format("cannot {}: {}", deed, why.message)}; }

// Only the collection is named in what creates an object.
ApiObject collection_of(const ApiObject& object) { return {.resource = object.resource, .namespace_name = object.namespace_name}; }

}  // namespace

ApiClient::ApiClient(std::shared_ptr<Credentials> credentials, ApiClientOptions options)
    : credentials_(std::move(credentials)), options_(std::move(options)) {}

void ApiClient::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (client_) client_->cancel();
  woken_.notify_all();
}

bool ApiClient::pause(Milliseconds wait) {
  std::unique_lock lock(mutex_);
  return !woken_.wait_for(lock, wait, [this] { return cancelled_; });
}

Status ApiClient::connect(const Call& call) {
  if (client_) return Done{};
  auto made = credentials_->connect({.connect_timeout = options_.connect_timeout, .response_timeout = options_.answer_timeout});
  if (!made) return failed(api_deed(call.verb, call.object), made.error());
  const std::lock_guard lock(mutex_);
  client_ = std::move(made).value();
  if (cancelled_) client_->cancel();
  return Done{};
}

// no_retry: the answer is final.
Milliseconds ApiClient::wait_before_retry(int http_status, const http::Headers& headers, std::string_view body, int retries) const {
  if ((http_status != 429 && http_status != 503) || retries >= options_.retries_max) return no_retry;
  const auto wait = retry_after(headers, body);
  return wait && *wait <= options_.retry_after_max ? *wait : no_retry;
}

Result<std::string> ApiClient::exchange(const Call& call) {
  const std::string deed = api_deed(call.verb, call.object);
  if (call.body.size() > options_.request_bytes_max)
    return Error{Errc::invalid_argument,
                 fmt::format("cannot {}: the request has {} bytes and may have {}", deed, call.body.size(), options_.request_bytes_max)};
  if (const auto connected = connect(call); !connected) return connected.error();
  const std::string target = credentials_->path(api_path(call.object)) + call.query;
  bool renewed = false;
  for (int retries = 0;;) {
    http::Headers headers = credentials_->headers();
    headers.emplace("Accept", "application/json");
    if (!call.content_type.empty()) headers.emplace("Content-Type", call.content_type);
    const auto head = client_->send(std::string(call.method), target, headers, call.body);
    if (!head) return failed(deed, head.error());
    auto answer = client_->read_all(options_.answer_timeout, options_.answer_bytes_max);
    if (!answer) return failed(deed, answer.error());
    if (head->status >= 200 && head->status < 300) return answer;
    if (head->status == 401 && !renewed && credentials_->renew()) {
      renewed = true;
      continue;
    }
    const Milliseconds wait = wait_before_retry(head->status, head->headers, *answer, retries);
    if (wait == no_retry) return api_error(call.verb, call.object, head->status, *answer);
    if (!pause(wait)) return Error{Errc::unavailable, fmt::format("cannot {}: the call was cancelled", deed)};
    ++retries;
  }
}

Result<boost::json::value> ApiClient::answer_of(const Call& call) {
  const auto text = exchange(call);
  if (!text) return text.error();
  auto value = parse_json(*text, {.depth_max = json_depth_max, .bytes_max = options_.answer_bytes_max});
  if (value && value->is_object()) return value;
  return Error{Errc::unavailable, fmt::format("cannot {}: the answer of {} is no object of Kubernetes", api_deed(call.verb, call.object),
                                              credentials_->access().server)};
}

Result<boost::json::value> ApiClient::get(const ApiObject& object) { return answer_of({.method = "GET", .verb = "get", .object = object}); }

Result<ListPage> ApiClient::list(const ApiObject& objects, const ListOptions& options) {
  std::string query = fmt::format("?limit={}", options.limit);
  for (const auto& [name, value] : {std::pair{"labelSelector", &options.label_selector},
                                    std::pair{"fieldSelector", &options.field_selector}, std::pair{"continue", &options.continue_token}})
    if (!value->empty()) query += fmt::format("&{}={}", name, http::percent_encode(*value));
  auto answer = answer_of({.method = "GET", .verb = "list", .object = objects, .query = std::move(query)});
  if (!answer) return answer.error();
  boost::json::object& list = answer->get_object();
  const JsonFields metadata = JsonFields(list).object("metadata");
  ListPage page{.continue_token = std::string(metadata.text("continue")),
                .resource_version = std::string(metadata.text("resourceVersion"))};
  boost::json::value* items = list.if_contains("items");
  page.items = items != nullptr && items->is_array() ? std::move(*items) : boost::json::value(boost::json::array());
  return page;
}

Result<boost::json::value> ApiClient::write(std::string_view method, std::string_view verb, const ApiObject& object, std::string_view query,
                                            std::string_view content_type, const boost::json::value& content) {
  return answer_of({.method = method,
                    .verb = verb,
                    .object = object,
                    .query = fmt::format("?fieldManager={}{}", http::percent_encode(options_.field_manager), query),
                    .content_type = content_type,
                    .body = boost::json::serialize(content)});
}

Result<boost::json::value> ApiClient::create(const ApiObject& objects, const boost::json::value& content) {
  return write("POST", "create", collection_of(objects), "", json_type, content);
}

Result<boost::json::value> ApiClient::update(const ApiObject& object, const boost::json::value& content) {
  return write("PUT", "update", object, "", json_type, content);
}

Result<boost::json::value> ApiClient::apply(const ApiObject& object, const boost::json::value& content, bool force) {
  return write("PATCH", "patch", object, force ? "&force=true" : "", "application/apply-patch+yaml", content);
}

Result<boost::json::value> ApiClient::patch(const ApiObject& object, const boost::json::value& change) {
  return write("PATCH", "patch", object, "", "application/merge-patch+json", change);
}

Status ApiClient::remove(const ApiObject& object, const Preconditions& preconditions) {
  boost::json::object conditions;
  if (!preconditions.uid.empty()) conditions["uid"] = preconditions.uid;
  if (!preconditions.resource_version.empty()) conditions["resourceVersion"] = preconditions.resource_version;
  boost::json::object options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!conditions.empty()) options["preconditions"] = std::move(conditions);
  const auto answer = exchange({.method = "DELETE",
                                .verb = "delete",
                                .object = object,
                                .content_type = json_type,
                                .body = boost::json::serialize(boost::json::value(std::move(options)))});
  if (!answer) return answer.error();
  return Done{};
}

}  // namespace reeve::kube

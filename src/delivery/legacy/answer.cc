#include "delivery/legacy/answer.h"

#include "base/parse.h"

namespace reeve::legacy {
namespace {

constexpr std::string_view preflight_lifetime_seconds = "3600";

std::string_view reason_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 415: return "Unsupported Media Type";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void allow_origin(http::Headers& headers) {
  headers.emplace("Vary", "Origin");
  headers.emplace("Access-Control-Allow-Origin", "*");
}

class CorsResponder final : public http::Responder {
 public:
  explicit CorsResponder(std::shared_ptr<http::Responder> inner) : inner_(std::move(inner)) {}

  void respond(http::Response response) override {
    allow_origin(response.headers);
    inner_->respond(std::move(response));
  }
  std::shared_ptr<http::Stream> start_stream(http::Response head) override {
    allow_origin(head.headers);
    return inner_->start_stream(std::move(head));
  }

 private:
  std::shared_ptr<http::Responder> inner_;
};

bool accepts_json(const http::Request& request) {
  const auto accept = request.header("Accept");
  if (!accept || trimmed(*accept).empty()) return true;
  for (const std::string_view range : {"*/*", "application/*", "application/json"})
    if (accept->find(range) != std::string_view::npos) return true;
  return false;
}

}  // namespace

void text_field(JsonWriter& json, std::string_view name, const std::string& text) {
  json.key(name);
  if (text.empty())
    json.value(nullptr);
  else
    json.value(text);
}

const std::string& or_unknown(const std::string& text) {
  static const std::string unknown = "Unknown";
  return text.empty() ? unknown : text;
}

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

http::Response empty_response(int status) { return {.status = status}; }

http::Response framework_error(const LegacyApi& api, int status, std::string_view path) {
  return http::json_response(status, print_json([&](JsonWriter& json) {
                               json.begin_object().field("timestamp", api.options.zone.format_in_error(api.clock.now()));
                               json.field("status", status).field("error", reason_of(status)).field("path", path).end_object();
                             }));
}

std::optional<int> whole_parameter(const http::Request& request, std::string_view name, int standard) {
  std::string_view text = trimmed(request.parameter(name).value_or(""));
  if (text.empty()) return standard;
  if (text.front() == '+' && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  return parse_number<int>(text);
}

std::optional<std::string> text_parameter(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (!text || text->empty()) return std::nullopt;
  return std::string(*text);
}

http::Handler for_old_clients(http::Handler handler) {
  return [handler = std::move(handler)](http::Request request, std::shared_ptr<http::Responder> responder) {
    if (request.header("Origin")) responder = std::make_shared<CorsResponder>(std::move(responder));
    if (!accepts_json(request)) return responder->respond(empty_response(406));
    handler(std::move(request), std::move(responder));
  };
}

http::Handler preflight(std::string methods) {
  return http::immediate([methods = std::move(methods)](const http::Request& request) {
    http::Response response;
    const auto wanted = request.header("Access-Control-Request-Method");
    if (!request.header("Origin") || !wanted) {
      response.headers.emplace("Allow", methods + ",OPTIONS");
      return response;
    }
    if (("," + methods + ",").find("," + std::string(*wanted) + ",") == std::string::npos) return empty_response(403);
    allow_origin(response.headers);
    response.headers.emplace("Access-Control-Allow-Methods", methods);
    if (const auto headers = request.header("Access-Control-Request-Headers"))
      response.headers.emplace("Access-Control-Allow-Headers", std::string(*headers));
    response.headers.emplace("Access-Control-Max-Age", std::string(preflight_lifetime_seconds));
    return response;
  });
}

http::Handler on_pool(RunSlow run_slow, std::function<http::Response(const http::Request&)> answer) {
  return [run_slow = std::move(run_slow), answer = std::move(answer)](http::Request request, std::shared_ptr<http::Responder> responder) {
    const bool taken = run_slow([answer, request = std::move(request), responder] { responder->respond(answer(request)); });
    if (!taken) responder->respond(empty_response(503));
  };
}

}  // namespace reeve::legacy

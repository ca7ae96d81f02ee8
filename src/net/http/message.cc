#include "net/http/message.h"

#include <algorithm>

namespace reeve::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool NoCase::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  const auto at = headers.find(std::string(name));
  if (at == headers.end()) return std::nullopt;
  return at->second;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto at = std::ranges::find(query, name, [](const auto& pair) -> std::string_view { return pair.first; });
  if (at == query.end()) return std::nullopt;
  return at->second;
}

Response text_response(int status, std::string content_type, std::string body) {
  Response response{.status = status};
  response.headers.emplace("Content-Type", std::move(content_type));
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

Response json_response(int status, std::string body) { return text_response(status, "application/json", std::move(body)); }

Handler immediate(std::function<Response(const Request&)> answer) {
  return [answer = std::move(answer)](const Request& request, const std::shared_ptr<Responder>& responder) {
    responder->respond(answer(request));
  };
}

}  // namespace reeve::http

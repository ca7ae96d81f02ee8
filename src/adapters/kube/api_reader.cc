#include "adapters/kube/api_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kube/json_arena.h"
#include "adapters/kube/object_decoder.h"
#include "base/parse.h"

namespace reeve::kube {
namespace {

constexpr std::size_t refusal_bytes_max = 64 << 10;
constexpr Milliseconds refusal_idle{10'000};
constexpr int retry_after_max_seconds = 60;

}  // namespace

ApiFailure::Kind failure_kind(int code, bool version_too_large) {
  if (version_too_large) return ApiFailure::Kind::ahead;
  if (code == 403) return ApiFailure::Kind::forbidden;
  if (code == 404) return ApiFailure::Kind::missing;
  if (code == 410) return ApiFailure::Kind::expired;
  return ApiFailure::Kind::unreachable;
}

std::optional<ApiFailure> ApiReader::connect() {
  if (client_) return std::nullopt;
  auto made = access_.connect();
  if (!made) return ApiFailure{ApiFailure::Kind::unreachable, made.error().message};
  const std::lock_guard lock(mutex_);
  client_ = *std::move(made);
  if (cancelled_) client_->cancel();
  return std::nullopt;
}

// A connection that failed is made anew, with what the credentials say then.
ApiFailure ApiReader::failed(const Error& error) {
  close();
  return {ApiFailure::Kind::unreachable, error.message};
}

void ApiReader::close() {
  std::unique_ptr<http::StreamClient> gone;
  const std::lock_guard lock(mutex_);
  gone = std::move(client_);
}

void ApiReader::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (client_) client_->cancel();
}

Result<http::ResponseHead> ApiReader::send(const std::string& target) {
  auto headers = access_.authorize();
  if (!headers) return headers.error();
  if (!headers->contains("Accept")) headers->emplace("Accept", "application/json");
  return client_->send("GET", access_.base_path + target, *headers, "");
}

std::optional<ApiFailure> ApiReader::open(const std::string& target) {
  if (auto failure = connect()) return failure;
  auto head = send(target);
  if (head && head->status == 401 && access_.renew && access_.renew()) {
    if (const auto rest = client_->read_all(refusal_idle, refusal_bytes_max); !rest) return failed(rest.error());
    head = send(target);
  }
  if (!head) return failed(head.error());
  if (head->status != 200) return refused(*head);
  return std::nullopt;
}

ApiFailure ApiReader::refused(const http::ResponseHead& head) {
  std::optional<ApiStatus> status;
  const auto body = client_->read_all(refusal_idle, refusal_bytes_max);
  JsonArena arena;
  if (!body) {
    close();
  } else if (const auto document = arena.parse(*body); document && (*document)->is_object()) {
    status = decode_status((*document)->get_object());
  }
  int seconds = status ? status->retry_after_seconds.value_or(0) : 0;
  if (const auto at = head.headers.find("Retry-After"); at != head.headers.end())
    seconds = std::max(seconds, parse_number<int>(at->second).value_or(0));
  ApiFailure failure;
  failure.kind = failure_kind(head.status, status && status->version_too_large);
  failure.retry_after = std::chrono::seconds(std::clamp(seconds, 0, retry_after_max_seconds));
  failure.why = fmt::format("the API server answers {}", head.status);
  if (status && !status->message.empty()) failure.why += ": " + status->message;
  return failure;
}

std::optional<ApiFailure> ApiReader::body(Milliseconds idle, const std::function<Status(std::string_view)>& take) {
  for (;;) {
    const auto piece = client_->read_some(idle);
    if (!piece) return failed(piece.error());
    if (piece->empty()) return std::nullopt;
    if (const auto taken = take(*piece); !taken) {
      close();
      return ApiFailure{ApiFailure::Kind::broken, taken.error().message};
    }
  }
}

}  // namespace reeve::kube

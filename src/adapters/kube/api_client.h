#pragma once
// Single requests to the API server: reads, pages of lists, and everything that changes an object. Who watches opens a
// connection of its own (credentials.h).

#include <boost/json/value.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/kube/api_path.h"
#include "adapters/kube/credentials.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http/stream_client.h"

namespace reeve::kube {

struct ApiClientOptions {
  Milliseconds connect_timeout{10'000};
  Milliseconds answer_timeout{30'000};      // to its head, and between two pieces of its body
  std::size_t request_bytes_max = 3 << 20;  // the API server takes no more
  std::size_t answer_bytes_max = 64 << 20;
  Milliseconds retry_after_max{10'000};  // a server that asks for a longer wait is given up at once
  int retries_max = 3;                   // of 429 and 503 with such a wait
  std::string field_manager = "reeve";   // whom the changes are put down to
};

struct ListOptions {
  std::string label_selector{};
  std::string field_selector{};
  std::size_t limit = 500;
  std::string continue_token{};  // of the page before
};

struct ListPage {
  boost::json::value items{};    // an array
  std::string continue_token{};  // empty: this was the last
  std::string resource_version{};
};

// The object changes only when it still is the one that was looked at. Empty: whatever it is.
struct Preconditions {
  std::string uid{};
  std::string resource_version{};
};

// Threads: one at a time uses it; cancel() may be called from any.
// Failures: unauthorized (401, 403: the message names the verb to grant), not_found, conflict (exists already, changed
// meanwhile, expired page), invalid_argument (the server finds fault, too large), exhausted (429), timed_out, unavailable.
// After timed_out and unavailable a change may have been made or not. No message holds a token.
class ApiClient {
 public:
  explicit ApiClient(std::shared_ptr<Credentials> credentials, ApiClientOptions options = {});

  Result<boost::json::value> get(const ApiObject& object);
  Result<ListPage> list(const ApiObject& objects, const ListOptions& options);

  // `content` has kind, apiVersion and metadata; `objects` says where. All answer the object as it is then.
  Result<boost::json::value> create(const ApiObject& objects, const boost::json::value& content);
  // Replaces it; a metadata.resourceVersion in `content` is a precondition.
  Result<boost::json::value> update(const ApiObject& object, const boost::json::value& content);
  // Server-side apply; conflict when another manager owns a field, unless `force`.
  Result<boost::json::value> apply(const ApiObject& object, const boost::json::value& content, bool force = false);
  // JSON merge patch (RFC 7386); with subresource "status" of the status only.
  Result<boost::json::value> patch(const ApiObject& object, const boost::json::value& change);

  // Not found when it was not there.
  Status remove(const ApiObject& object, const Preconditions& preconditions = {});

  // The call in progress and all later ones fail with `unavailable`.
  void cancel();

 private:
  struct Call {
    std::string_view method{};
    std::string_view verb{};  // RBAC's
    const ApiObject& object;
    std::string query{};  // begins with '?'
    std::string_view content_type{};
    std::string body{};
  };

  Result<std::string> exchange(const Call& call);
  Result<boost::json::value> answer_of(const Call& call);
  Result<boost::json::value> write(std::string_view method, std::string_view verb, const ApiObject& object, std::string_view query,
                                   std::string_view content_type, const boost::json::value& content);
  Status connect(const Call& call);
  bool pause(Milliseconds wait);  // false: cancelled
  Milliseconds wait_before_retry(int http_status, const http::Headers& headers, std::string_view body, int retries) const;

  const std::shared_ptr<Credentials> credentials_;
  const ApiClientOptions options_;
  std::mutex mutex_{};  // guards the making of client_ and cancelled_
  std::condition_variable woken_{};
  std::unique_ptr<http::StreamClient> client_{};
  bool cancelled_ = false;
};

}  // namespace reeve::kube

#pragma once
// HTTP requests and responses as plain values. Knows no GPU and no socket.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve::http {

// Text compared without regard to ASCII case.
struct NoCase {
  bool operator()(std::string_view a, std::string_view b) const;
};
using Headers = std::multimap<std::string, std::string, NoCase>;

// Decoded query parameters, in the order of the URL; a name may repeat.
using Query = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method{};  // "GET"
  std::string path{};    // decoded, without the query: "/api/v1/devices"
  Query query{};
  Headers headers{};
  std::string body{};
  std::map<std::string, std::string> path_parameters{};  // set by the router: "{id}" -> "id"
  std::string client_address{};                          // "10.0.0.7"

  // First value of the name; absent when it is not there.
  std::optional<std::string_view> header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers{};
  // Shared, so that one prepared answer goes to many clients without a copy. Null: no body.
  std::shared_ptr<const std::string> body{};
};

Response text_response(int status, std::string content_type, std::string body);
Response json_response(int status, std::string body);  // application/json

// The other end of one response that never ends (server-sent events). Threads: any. After the client has
// gone, or when it reads too slowly, is_open() is false and send() does nothing.
class Stream {
 public:
  virtual ~Stream() = default;
  // Shared, so that one event goes to many clients without a copy.
  virtual void send(std::shared_ptr<const std::string> chunk) = 0;
  void send(std::string chunk) { send(std::make_shared<const std::string>(std::move(chunk))); }
  virtual void close() = 0;
  virtual bool is_open() const = 0;
};

// How a handler answers, once, from any thread, now or later. Dropping it unanswered answers 500.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(Response response) = 0;
  // Sends status and headers, then keeps the connection for the stream.
  virtual std::shared_ptr<Stream> start_stream(Response head) = 0;
};

// A handler must not block: what waits, answers later through the responder.
using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;

// A handler that answers at once.
Handler immediate(std::function<Response(const Request&)> answer);

}  // namespace reeve::http

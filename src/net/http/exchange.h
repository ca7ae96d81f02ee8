#pragma once
// The responder of one request, and the answers that the server gives by itself. Private to net/http.

#include <memory>
#include <string>
#include <string_view>

#include "net/http/message.h"

namespace reeve::http {

class Connection;

// Answers on the connection's own thread, from whichever thread it is called.
std::shared_ptr<Responder> make_responder(std::shared_ptr<Connection> connection);

// "Not Found"; "Unknown" for a status without a name.
std::string reason_of(int status);

// What the server refuses before any handler sees it, as problem details (RFC 9457).
Response server_problem(int status, std::string_view code, std::string_view detail);

}  // namespace reeve::http

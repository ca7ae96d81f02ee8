#pragma once
// Which handler answers which request. Paths are written whole, so that `grep /api/v1/devices` finds the
// code, the test and the document.

#include <string>
#include <vector>

#include "net/http/message.h"

namespace reeve::http {

struct Route {
  std::string method;
  std::string path;  // "/api/v1/devices/{id}"; a last segment "{rest...}" takes what is left of the path
  Handler handle;
};

// Immutable after construction; safe to call from any thread. A literal segment wins over a parameter.
// HEAD is answered by GET. A known path with another method: `method_not_allowed` with an Allow header is
// called; an unknown path: `not_found`.
class Router {
 public:
  Router(std::vector<Route> routes, Handler not_found, Handler method_not_allowed);

  void handle(Request request, std::shared_ptr<Responder> responder) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  Handler not_found_;
  Handler method_not_allowed_;
};

}  // namespace reeve::http

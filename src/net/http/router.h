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

// Immutable after construction; safe to call from any thread. A literal segment wins over a parameter; a
// parameter is never empty. HEAD is answered by GET. An unknown path: `not_found` is called; a known path
// with another method: `method_not_allowed`, with the methods that there are ("GET, PATCH") in
// path_parameters["allow"], for its Allow header.
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

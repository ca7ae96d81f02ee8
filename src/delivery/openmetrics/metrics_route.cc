#include "delivery/openmetrics/metrics_route.h"

#include "delivery/openmetrics/fleet_metrics.h"
#include "delivery/openmetrics/serving_metrics.h"
#include "net/http/gzip.h"

namespace reeve::openmetrics {
namespace {

constexpr std::size_t compress_from_bytes = 1024;

http::Response answer(const MetricsSource& source, const http::Request& request) {
  const Format format = format_for(request.header("Accept").value_or(""));
  ExpositionText text(format);
  write_fleet(text, *source.keeper.snapshot(), source.clock.now(), source.stale_after);
  if (source.serving != nullptr) write_serving(text, *source.serving->servers(), source.clock.now(), source.stale_after);
  source.self.write(text, source.collect, source.version);
  http::Response response = http::text_response(200, std::string(content_type_of(format)), std::move(text).finish());
  http::compress_for(request, response, compress_from_bytes);
  return response;
}

}  // namespace

http::Route metrics_route(MetricsSource source) {
  const auto kept = std::make_shared<const MetricsSource>(std::move(source));
  return {"GET", "/metrics", [kept](http::Request request, std::shared_ptr<http::Responder> responder) {
            const bool accepted =
                kept->run_blocking([kept, request = std::move(request), responder] { responder->respond(answer(*kept, request)); });
            if (!accepted) responder->respond(http::text_response(503, "text/plain; charset=utf-8", "too much work waits\n"));
          }};
}

}  // namespace reeve::openmetrics

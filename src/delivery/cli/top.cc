#include "delivery/cli/top.h"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "base/parse.h"

namespace reeve::cli {
namespace {

constexpr std::size_t width_without_terminal = 160;  // wide enough for every column; a pipe has no width

std::size_t width_wanted(const Console& console) {
  const auto columns = console.environment("COLUMNS");
  return columns ? parse_number<std::size_t>(*columns).value_or(width_without_terminal) : width_without_terminal;
}

}  // namespace

Result<TopData> fetch_top(const Session& session, const Parameters& parameters) {
  const Api api = session.api();
  TopData data;
  data.server = api.server();
  auto overview = api.get("/api/v1/overview");
  if (!overview) return overview.error();
  auto devices = api.list("/api/v1/devices", parameters, std::nullopt);
  if (!devices) return devices.error();
  auto allocations = api.list("/api/v1/allocations", {{"status", "ALLOCATED"}}, std::nullopt);
  if (!allocations) return allocations.error();
  data.overview = std::move(*overview);
  data.devices = std::move(*devices);
  data.allocations = std::move(*allocations);
  data.at = session.console.now();
  return data;
}

Status top(const Session& session, const TopRequest& request) {
  TopView view;
  view.colour = session.colour();
  view.filter = request.filter;
  view.slices = request.slices;
  view.sort = from_text<TopSort>(request.sort).value_or(TopSort::name);
  auto data = fetch_top(session, request.parameters);
  if (!data) return data.error();
  const Output output = session.output();
  if (output == Output::json || output == Output::yaml) {
    print_document(session, boost::json::object{{"overview", data->overview}, {"devices", data->devices}});
    return Done{};
  }
  if (!request.once && session.console.out_is_terminal) return top_live(session, request, std::move(view), std::move(*data));
  view.width = width_wanted(session.console);
  view.height = 0;
  session.console.out << top_screen(*data, view) << std::flush;
  return Done{};
}

}  // namespace reeve::cli

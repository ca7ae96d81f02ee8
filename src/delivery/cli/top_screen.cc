#include "delivery/cli/top_screen.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "delivery/cli/json_access.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {
namespace {

// From these loads on a bar is yellow, then red; temperatures likewise. Those of nvitop, which people know.
constexpr double load_medium = 10, load_high = 75;
constexpr double celsius_medium = 60, celsius_high = 80;
constexpr std::size_t header_lines = 4;  // two of the fleet, one of the columns, one of the keys
constexpr std::size_t bar_width = 10;

constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view inverse = "\x1b[7m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view red = "\x1b[31m";

std::string_view colour_of(std::optional<double> value, double medium, double high) {
  return !value ? faint : *value >= high ? red : *value >= medium ? yellow : green;
}

std::optional<double> value_of(const Json& item, std::string_view metric) {
  const Json* values = member(item, "values");
  return values == nullptr ? std::nullopt : number_at(*values, metric);
}

std::optional<double> utilization(const Json& device) { return value_of(device, "gpu_utilization_percent"); }
std::optional<double> memory_share(const Json& device) {
  const auto used = value_of(device, "memory_used_mib");
  const auto total = number_at(device, "memory_mib");
  return used && total && *total > 0 ? std::optional(100 * *used / *total) : std::nullopt;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

using Holders = std::unordered_map<std::string, std::string>;  // allocation -> "namespace/pod"

Holders holders_of(const TopData& data) {
  Holders holders;
  for (const Json& item : items_of(data.allocations))
    holders.emplace(text_at(item, "id"), text_at(item, "namespace") + "/" + text_at(item, "pod"));
  return holders;
}

// What the filter looks into and the last column shows.
std::string holder_text(const Json& item, const Holders& holders) {
  const std::string id = text_at(item, "allocation");
  const auto found = holders.find(id);
  return found == holders.end() ? id : found->second;
}

std::string state_text(const Json& device) {
  if (flag_at(device, "lost").value_or(false)) return "LOST";
  if (flag_at(device, "stale").value_or(false)) return "STALE";
  const std::string state = text_at(device, "state");
  if (state == "ACTIVE" && flag_at(device, "mig_enabled").value_or(false)) {
    const auto& slices = array_at(device, "instances");
    const auto free = std::ranges::count_if(slices, [](const Json& slice) { return flag_at(slice, "free").value_or(false); });
    return fmt::format("{}/{} free", free, slices.size());
  }
  return state == "ACTIVE" ? (flag_at(device, "free").value_or(false) ? "free" : "held") : state;
}

std::string_view colour_of_state(std::string_view state) {
  if (state == "free") return green;
  return state == "held" || state.ends_with(" free") ? std::string_view() : red;
}

std::string model_text(const Json& device) {
  std::string model = text_at(device, "model");
  return model.empty() ? text_at(device, "product_name") : model;
}

// Cells with colours, cut off at the width of the screen.
class Line {
 public:
  Line(std::size_t width, bool colour) : left_(width), colour_(colour) {}

  // `width` 0: as long as the text.
  Line& add(std::string_view text, std::size_t width = 0, std::string_view colour = {}, bool right = false) {
    const std::size_t room = std::min(width == 0 ? display_width(text) : width, left_);
    std::string cell = cut_to_width(text, room);
    const std::string blanks(room - std::min(room, display_width(cell)), ' ');
    cell = right ? blanks + cell : cell + blanks;
    left_ -= room;
    if (colour_ && !colour.empty() && room > 0)
      text_.append(colour).append(cell).append(plain);
    else
      text_ += cell;
    return *this;
  }
  std::string text(std::string_view colour_all = {}) {
    if (colour_ && !colour_all.empty()) return std::string(colour_all) + text_ + std::string(left_, ' ') + std::string(plain) + "\n";
    if (!colour_) text_.erase(text_.find_last_not_of(' ') + 1);
    return text_ + "\n";
  }

 private:
  std::size_t left_;
  bool colour_;
  std::string text_{};
};

std::string fleet_lines(const TopData& data, const TopView& view) {
  const Json& fleet = data.overview;
  const auto count = [&fleet](const char* name) { return count_text(number_at(fleet, name)); };
  Line first(view.width, view.colour);
  first.add("Reeve", 0, bold).add(fmt::format("  {}  {}", data.server, to_rfc3339(data.at).substr(11, 8) + "Z"));
  first.add(fmt::format("  nodes {}", count("nodes")));
  if (number_at(fleet, "nodes_stale").value_or(0) > 0) first.add(fmt::format(" ({} stale)", count("nodes_stale")), 0, yellow);
  first.add(fmt::format("  GPUs {}: {} free, {} held", count("devices"), count("devices_free"), count("devices_allocated")));
  if (number_at(fleet, "devices_failed").value_or(0) > 0) first.add(fmt::format(", {} failed", count("devices_failed")), 0, red);
  if (number_at(fleet, "instances").value_or(0) > 0)
    first.add(fmt::format("  slices {}: {} free", count("instances"), count("instances_free")));
  if (!data.error.empty()) first = Line(view.width, view.colour), first.add(data.error, 0, red);

  const auto util = number_at(fleet, "utilization_percent");
  const auto used = number_at(fleet, "memory_used_mib");
  const auto total = number_at(fleet, "memory_total_mib");
  const auto share = used && total && *total > 0 ? std::optional(100 * *used / *total) : std::nullopt;
  Line second(view.width, view.colour);
  second.add("util ")
      .add(bar(util.value_or(0) / 100, bar_width * 2), 0, colour_of(util, load_medium, load_high))
      .add(" " + percent_text(util), 6);
  second.add("memory ").add(bar(share.value_or(0) / 100, bar_width * 2), 0, colour_of(share, load_medium, load_high));
  second.add(" " + share_text(used, total)).add("  power " + watts_text(number_at(fleet, "power_watts")));
  if (const auto cost = number_at(fleet, "hourly_cost_usd")) second.add(fmt::format("  {}/h", usd_text(cost)));
  return first.text() + second.text();
}

struct Widths {
  std::size_t name = 4;
  std::size_t model = 5;
  bool bars = true;
};

// Bars go first when the screen is narrow.
Widths widths_of(const std::vector<const Json*>& rows, const TopView& view) {
  Widths widths;
  for (const Json* row : rows) {
    widths.name = std::max(widths.name, display_width(text_at(*row, "id")) + (view.slices ? 7 : 0));
    widths.model = std::max(widths.model, display_width(model_text(*row)));
  }
  widths.name = std::min<std::size_t>(widths.name, std::max<std::size_t>(12, view.width / 3));
  widths.model = std::min<std::size_t>(widths.model, 18);
  widths.bars = view.width >= widths.name + widths.model + 2 * bar_width + 52;
  return widths;
}

std::string column_line(const Widths& widths, const TopView& view) {
  const auto mark = [&view](TopSort sort, const char* title) { return view.sort == sort ? std::string(title) + "*" : std::string(title); };
  Line line(view.width, view.colour);
  line.add(mark(TopSort::name, "NAME"), widths.name).add(" ").add("MODEL", widths.model).add(" ");
  line.add(mark(TopSort::utilization, "UTIL"), 5, {}, true).add(" ").add("", widths.bars ? bar_width + 1 : 0);
  line.add(mark(TopSort::memory, "MEMORY"), 14, {}, true).add(" ").add("", widths.bars ? bar_width + 1 : 0);
  line.add(mark(TopSort::temperature, "TEMP"), 5, {}, true).add(" ").add(mark(TopSort::power, "POWER"), 6, {}, true);
  line.add(" ").add("STATE", 11).add(" HOLDER");
  return line.text(inverse);
}

std::string device_line(const Json& device, const Holders& holders, const Widths& widths, const TopView& view) {
  const auto util = utilization(device);
  const auto share = memory_share(device);
  const auto celsius = value_of(device, "gpu_temperature_celsius");
  const std::string state = state_text(device);
  Line line(view.width, view.colour);
  line.add(text_at(device, "id"), widths.name).add(" ").add(or_dash(model_text(device)), widths.model).add(" ");
  line.add(percent_text(util), 5, colour_of(util, load_medium, load_high), true).add(" ");
  if (widths.bars) line.add(bar(util.value_or(0) / 100, bar_width), bar_width, colour_of(util, load_medium, load_high)).add(" ");
  line.add(share_text(value_of(device, "memory_used_mib"), number_at(device, "memory_mib")), 14, {}, true).add(" ");
  if (widths.bars) line.add(bar(share.value_or(0) / 100, bar_width), bar_width, colour_of(share, load_medium, load_high)).add(" ");
  line.add(celsius_text(celsius), 5, colour_of(celsius, celsius_medium, celsius_high), true).add(" ");
  line.add(watts_text(value_of(device, "power_watts")), 6, {}, true).add(" ");
  line.add(state, 11, colour_of_state(state)).add(" ").add(holder_text(device, holders));
  return line.text();
}

std::string slice_line(const Json& slice, const Holders& holders, const Widths& widths, const TopView& view) {
  const std::string id = text_at(slice, "id");
  const std::size_t tail = id.rfind("-MIG-");
  const auto busy = value_of(slice, "graphics_engine_active_ratio");
  const auto util = busy ? std::optional(*busy * 100) : value_of(slice, "gpu_utilization_percent");
  Line line(view.width, view.colour);
  line.add("  └ " + (tail == std::string::npos ? id : id.substr(tail + 1)), widths.name)
      .add(" ")
      .add(text_at(slice, "profile"), widths.model);
  line.add(" ").add(percent_text(util), 5, colour_of(util, load_medium, load_high), true).add(" ");
  if (widths.bars) line.add(bar(util.value_or(0) / 100, bar_width), bar_width, colour_of(util, load_medium, load_high)).add(" ");
  line.add(share_text(value_of(slice, "memory_used_mib"), number_at(slice, "memory_mib")), 14, {}, true).add(" ");
  if (widths.bars) line.add("", bar_width + 1);
  line.add("", 13).add(flag_at(slice, "free").value_or(false) ? "free" : "held", 11).add(" ").add(holder_text(slice, holders));
  return line.text();
}

std::size_t room_for_rows(const TopView& view, std::size_t lines) {
  if (view.height == 0) return lines;
  return view.height > header_lines ? view.height - header_lines : 0;
}

std::string key_line(const TopView& view, std::size_t shown, std::size_t all) {
  Line line(view.width, view.colour);
  if (view.typing) return line.add("filter: " + view.filter + "_").text();
  line.add(fmt::format("q quit  s sort: {}  f filter{}  m slices  arrows scroll", to_text(view.sort),
                       view.filter.empty() ? std::string() : ": " + view.filter));
  return line.add(fmt::format("  {} of {}", shown, all)).text();
}

bool passes(const Json& device, const std::string& filter, const Holders& holders) {
  if (filter.empty()) return true;
  const std::string where = lower(text_at(device, "id") + ' ' + model_text(device) + ' ' + text_at(device, "model_name") + ' ' +
                                  state_text(device) + ' ' + text_at(device, "allocation") + ' ' + holder_text(device, holders));
  if (where.find(filter) != std::string::npos) return true;
  return std::ranges::any_of(array_at(device, "instances"), [&](const Json& slice) {
    return lower(text_at(slice, "id") + ' ' + holder_text(slice, holders)).find(filter) != std::string::npos;
  });
}

std::optional<double> sort_value(const Json& device, TopSort sort) {
  switch (sort) {
    case TopSort::name: break;
    case TopSort::utilization: return utilization(device);
    case TopSort::memory: return memory_share(device);
    case TopSort::temperature: return value_of(device, "gpu_temperature_celsius");
    case TopSort::power: return value_of(device, "power_watts");
  }
  return std::nullopt;
}

}  // namespace

std::string bar(double ratio, std::size_t width) {
  static constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto filled = static_cast<std::size_t>(std::lround(std::clamp(ratio, 0.0, 1.0) * static_cast<double>(width) * 8));
  std::string text;
  for (std::size_t i = 0; i < filled / 8; ++i) text += "█";
  text += eighths[filled % 8];
  text.append(width - (filled + 7) / 8, ' ');
  return text;
}

std::vector<const Json*> top_rows(const TopData& data, const TopView& view) {
  const Holders holders = holders_of(data);
  const std::string filter = lower(view.filter);
  std::vector<const Json*> rows;
  for (const Json& device : items_of(data.devices))
    if (passes(device, filter, holders)) rows.push_back(&device);
  if (view.sort != TopSort::name)  // the server's order is by name
    std::ranges::stable_sort(rows, [&view](const Json* a, const Json* b) {
      return sort_value(*a, view.sort).value_or(-1) > sort_value(*b, view.sort).value_or(-1);
    });
  return rows;
}

std::size_t scroll_max(const TopData& data, const TopView& view) {
  std::size_t lines = 0;
  for (const Json* device : top_rows(data, view)) lines += 1 + (view.slices ? array_at(*device, "instances").size() : 0);
  const std::size_t room = room_for_rows(view, lines);
  return lines > room ? lines - room : 0;
}

std::string top_screen(const TopData& data, const TopView& view) {
  const Holders holders = holders_of(data);
  const auto rows = top_rows(data, view);
  const Widths widths = widths_of(rows, view);
  std::vector<std::string> lines;
  for (const Json* device : rows) {
    lines.push_back(device_line(*device, holders, widths, view));
    if (view.slices)
      for (const Json& slice : array_at(*device, "instances")) lines.push_back(slice_line(slice, holders, widths, view));
  }
  const std::size_t room = room_for_rows(view, lines.size());
  const std::size_t first = std::min(view.scroll, lines.size() > room ? lines.size() - room : 0);
  std::string screen = fleet_lines(data, view) + column_line(widths, view);
  for (std::size_t i = first; i < lines.size() && i < first + room; ++i) screen += lines[i];
  if (view.height == 0) return screen;
  for (std::size_t i = lines.size(); i < room; ++i) screen += '\n';
  return screen + key_line(view, rows.size(), items_of(data.devices).size());
}

}  // namespace reeve::cli

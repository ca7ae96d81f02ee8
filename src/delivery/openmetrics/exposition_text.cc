#include "delivery/openmetrics/exposition_text.h"

#include <cmath>

#include <fmt/format.h>

namespace reeve::openmetrics {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

void append_number(std::string& out, double value) {
  if (std::isinf(value))
    out += value > 0 ? "+Inf" : "-Inf";
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

}  // namespace

Format format_for(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? Format::openmetrics : Format::prometheus;
}

std::string_view content_type_of(Format format) {
  switch (format) {
    case Format::prometheus: return "text/plain; version=0.0.4; charset=utf-8";
    case Format::openmetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return {};
}

void ExpositionText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  std::string_view title = name;
  // OpenMetrics names a counter's family without the suffix of its sample.
  if (format_ == Format::openmetrics && type == "counter" && title.ends_with("_total")) title.remove_suffix(6);
  out_ += fmt::format("# HELP {} ", title);
  append_escaped(out_, help, format_ == Format::openmetrics);
  out_ += fmt::format("\n# TYPE {} {}\n", title, type);
}

void ExpositionText::sample(std::string_view suffix, const Labels& labels, double value) {
  if (std::isnan(value)) return;
  out_ += name_;
  out_ += suffix;
  char before = '{';
  for (const auto& [label, text] : labels) {
    out_ += before;
    out_ += label;
    out_ += "=\"";
    append_escaped(out_, text, true);
    out_ += '"';
    before = ',';
  }
  out_ += labels.empty() ? " " : "} ";
  append_number(out_, value);
  out_ += '\n';
}

std::string ExpositionText::finish() && {
  if (format_ == Format::openmetrics) out_ += "# EOF\n";
  return std::move(out_);
}

}  // namespace reeve::openmetrics

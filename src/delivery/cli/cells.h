#pragma once
// Cells of tables, by the name of the JSON field that they show.

#include <functional>
#include <string>

#include "delivery/cli/api.h"
#include "delivery/cli/text_table.h"

namespace reeve::cli {

using Cell = std::function<std::string(const Json& item, Timestamp now)>;
using Measure = std::string (*)(std::optional<double>);

Cell text(const char* name);
Cell count(const char* name);
Cell age(const char* name);
Cell yes_no(const char* name);
Cell usd(const char* name);
Cell measured(const char* name, Measure measure);
// The same of a field of an object in the item: "gpus", "held".
Cell inner_count(const char* object, const char* name);
Cell inner_measured(const char* object, const char* name, Measure measure);
// Of the item's "values".
std::optional<double> value_at(const Json& item, std::string_view metric);
Cell value(const char* metric, Measure measure);
Cell list(const char* name);  // the entries of an array, commas between
std::string joined(const Json& item, const char* name);
std::string labels(const Json& item, Timestamp);  // "app=vllm,tier=prod"

std::string cores_text(std::optional<double> cores);            // "1500m", as kubectl top shows
std::string bytes_text(std::optional<double> bytes);            // "512MiB"
std::string per_second_text(std::optional<double> per_second);  // "120.5"
std::string ratio_text(std::optional<double> ratio);            // "25%"
std::string seconds_text(std::optional<double> seconds);        // "85ms", "1.20s"

}  // namespace reeve::cli

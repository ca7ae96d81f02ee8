#pragma once
// Whole documents as text for people and programs: JSON and YAML out, JSON or YAML in.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace reeve::cli {

std::string to_json_text(const boost::json::value& document);  // two blanks a level, ends in a line feed
std::string to_yaml_text(const boost::json::value& document);  // block style; text is quoted where YAML would read it otherwise

// One document of YAML, which includes JSON. Untagged scalars become null, booleans and numbers by YAML's core
// schema, so that `memory_gb: 40` is a number. Invalid argument with line and column.
Result<boost::json::value> parse_yaml(const std::string& text);

}  // namespace reeve::cli

#include "delivery/cli/document_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/parse.h"
#include "codec/json_writer.h"

namespace reeve::cli {
namespace {

using boost::json::value;

constexpr int yaml_depth_max = 32;  // no request of ours is deeper

void write_json(JsonWriter& writer, const value& document) {
  switch (document.kind()) {
    case boost::json::kind::null: writer.value(nullptr); break;
    case boost::json::kind::bool_: writer.value(document.get_bool()); break;
    case boost::json::kind::int64: writer.value(document.get_int64()); break;
    case boost::json::kind::uint64: writer.value(document.get_uint64()); break;
    case boost::json::kind::double_: writer.value(document.get_double()); break;
    case boost::json::kind::string: writer.value(std::string_view(document.get_string())); break;
    case boost::json::kind::array:
      writer.begin_array();
      for (const value& item : document.get_array()) write_json(writer, item);
      writer.end_array();
      break;
    case boost::json::kind::object:
      writer.begin_object();
      for (const auto& [name, entry] : document.get_object()) {
        writer.key(name);
        write_json(writer, entry);
      }
      writer.end_object();
      break;
  }
}

std::string scalar_json(const value& scalar) {
  std::string text;
  JsonWriter writer(text);
  write_json(writer, scalar);
  return text;
}

bool looks_like_a_number(std::string_view text) {
  return text.find_first_not_of("0123456789+-.eExXoabcdefABCDEF_:") == std::string_view::npos &&
         text.find_first_of("0123456789.") != std::string_view::npos && (text.front() < 'A' || text.front() == '.');
}

// Would a YAML reader take the bare text for something else, or fail on it?
bool needs_quotes(std::string_view text) {
  static constexpr std::array<std::string_view, 12> words{"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", ".nan", ".inf"};
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (std::ranges::find(words, lower) != words.end() || looks_like_a_number(text)) return true;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=<").find(text.front()) != std::string_view::npos) return true;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return true;
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string yaml_scalar(const value& scalar) {
  if (!scalar.is_string()) return scalar_json(scalar);
  const std::string_view text = scalar.get_string();
  return needs_quotes(text) ? scalar_json(scalar) : std::string(text);
}

bool is_block(const value& document) {
  return (document.is_array() && !document.get_array().empty()) || (document.is_object() && !document.get_object().empty());
}

void write_yaml(std::string& out, const value& document, std::size_t indent);

void write_yaml_entry(std::string& out, std::string_view key, const value& entry, std::size_t indent) {
  out += yaml_scalar(value(key)) + ':';
  if (!is_block(entry)) {
    out += ' ' + yaml_scalar(entry) + '\n';
    return;
  }
  out += '\n';
  write_yaml(out, entry, entry.is_array() ? indent : indent + 2);
}

// Each line starts at `indent`, save the first of an item, which stands behind its dash.
void write_yaml(std::string& out, const value& document, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (document.is_object()) {
    for (const auto& [key, entry] : document.get_object()) {
      out += margin;
      write_yaml_entry(out, key, entry, indent);
    }
    return;
  }
  for (const value& item : document.get_array()) {
    if (!is_block(item)) {
      out += margin + "- " + yaml_scalar(item) + '\n';
      continue;
    }
    std::string block;
    write_yaml(block, item, indent + 2);
    out += margin + "- " + block.substr(indent + 2);
  }
}

value plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const auto whole = parse_number<std::int64_t>(text)) return *whole;
  if (text.find_first_not_of("0123456789+-.eE") == std::string::npos)
    if (const auto number = parse_number<double>(text)) return *number;
  return boost::json::string(text);
}

Error yaml_error(const YAML::Mark& mark, const std::string& why) {
  return Error{Errc::invalid_argument, fmt::format("cannot read YAML: {} in line {}, column {}", why, mark.line + 1, mark.column + 1)};
}

Result<value> from_yaml(const YAML::Node& node, int depth) {
  if (depth > yaml_depth_max) return yaml_error(node.Mark(), fmt::format("more than {} levels", yaml_depth_max));
  if (node.IsScalar()) return node.Tag() == "!" ? value(boost::json::string(node.Scalar())) : plain_scalar(node.Scalar());
  if (node.IsSequence()) {
    boost::json::array items;
    for (const YAML::Node& item : node) {
      auto read = from_yaml(item, depth + 1);
      if (!read) return read.error();
      items.push_back(std::move(*read));
    }
    return value(std::move(items));
  }
  if (!node.IsMap()) return value(nullptr);
  boost::json::object entries;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return yaml_error(entry.first.Mark(), "a key that is no text");
    auto read = from_yaml(entry.second, depth + 1);
    if (!read) return read.error();
    if (!entries.emplace(entry.first.Scalar(), std::move(*read)).second)
      return yaml_error(entry.first.Mark(), fmt::format("'{}' a second time", entry.first.Scalar()));
  }
  return value(std::move(entries));
}

}  // namespace

std::string to_json_text(const value& document) {
  std::string text;
  JsonWriter writer(text, JsonStyle::pretty);
  write_json(writer, document);
  return text + '\n';
}

std::string to_yaml_text(const value& document) {
  if (!is_block(document)) return yaml_scalar(document) + '\n';
  std::string text;
  write_yaml(text, document, 0);
  return text;
}

Result<value> parse_yaml(const std::string& text) {
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() != 1)
      return Error{Errc::invalid_argument, fmt::format("cannot read YAML: {} documents where one is wanted", documents.size())};
    return from_yaml(documents.front(), 0);
  } catch (const YAML::Exception& error) {
    return yaml_error(error.mark, error.msg);
  }
}

}  // namespace reeve::cli

#pragma once
// Reading of documents that another version of the server may have written: what is missing, null or of another
// type is absent, and nothing throws.

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace reeve::cli {

// nullptr when `document` is no object, has no such member, or it is null.
const boost::json::value* member(const boost::json::value& document, std::string_view name);

std::string text_at(const boost::json::value& document, std::string_view name);  // empty when absent
std::optional<double> number_at(const boost::json::value& document, std::string_view name);
std::optional<bool> flag_at(const boost::json::value& document, std::string_view name);
std::optional<Timestamp> time_at(const boost::json::value& document, std::string_view name);

// The "items" of a list; the array itself; else empty.
const boost::json::array& items_of(const boost::json::value& document);
const boost::json::array& array_at(const boost::json::value& document, std::string_view name);

// A scalar as a person writes it: text without quotes, 3 for 3.0, true. Empty for null, arrays and objects.
std::string plain_text(const boost::json::value& scalar);

}  // namespace reeve::cli

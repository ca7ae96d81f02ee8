#pragma once
// What all commands share: the flags that every one has, and how they end.

#include <string>
#include <string_view>

#include "base/enum_text.h"
#include "delivery/cli/api.h"
#include "delivery/cli/console.h"

namespace reeve::cli {

enum class Output { table, wide, json, yaml, name };

constexpr std::string_view to_text(Output output) {
  switch (output) {
    case Output::table: return "table";
    case Output::wide: return "wide";
    case Output::json: return "json";
    case Output::yaml: return "yaml";
    case Output::name: return "name";
  }
  return {};
}

// Scripts rely on these numbers; docs/cli.md lists them.
enum ExitCode : int {
  exit_ok = 0,
  exit_failure = 1,      // the server failed, or the file cannot be read
  exit_usage = 2,        // a flag, a name or a value is wrong; the server says 400
  exit_not_found = 3,    // the named thing does not exist
  exit_refused = 4,      // somebody else holds it, nothing fits, no quota
  exit_unreachable = 5,  // no server answers there
};

inline constexpr const char* common_options = "Options of every client command";  // the group of the flags in Globals
inline constexpr std::string_view default_server = "http://127.0.0.1:8080";

struct Globals {
  std::string server{};   // empty: REEVE_SERVER, else default_server
  std::string ca_file{};  // empty: REEVE_CA_FILE, else what the system trusts
  std::string output = "table";
  bool no_headers = false;
  bool no_color = false;
  double timeout_seconds = 10;
};

struct Session {
  const Console& console;
  Globals globals{};

  Output output() const { return from_text<Output>(globals.output).value_or(Output::table); }
  bool colour() const;  // for a terminal, unless --no-color or NO_COLOR says no
  Api api() const;
};

int exit_code_of(const Error& error);

// Prints the error on the error stream: "reeve: cannot ...: ...".
int fail(const Console& console, const Error& error);
int finish(const Console& console, const Status& status);

// A document in the form that -o json or -o yaml asks for.
void print_document(const Session& session, const Json& document);

}  // namespace reeve::cli

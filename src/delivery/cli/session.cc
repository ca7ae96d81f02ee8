#include "delivery/cli/session.h"

#include <cmath>

#include <fmt/format.h>

#include "delivery/cli/document_text.h"

namespace reeve::cli {

bool Session::colour() const { return console.out_is_terminal && !globals.no_color && !console.environment("NO_COLOR"); }

Api Session::api() const {
  std::string server = globals.server;
  if (server.empty()) server = console.environment("REEVE_SERVER").value_or(std::string(default_server));
  std::string ca_file = globals.ca_file;
  if (ca_file.empty()) ca_file = console.environment("REEVE_CA_FILE").value_or("");
  return Api(console, std::move(server), std::move(ca_file), Milliseconds(std::llround(globals.timeout_seconds * 1000)));
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument: return exit_usage;
    case Errc::not_found: return exit_not_found;
    case Errc::conflict:
    case Errc::exhausted: return exit_refused;
    case Errc::timed_out:
    case Errc::unavailable: return exit_unreachable;
    case Errc::unsupported:
    case Errc::unauthorized:
    case Errc::internal: break;
  }
  return exit_failure;
}

int fail(const Console& console, const Error& error) {
  console.err << console.program << ": " << error.message;
  if (!error.field.empty() && error.message.find(error.field) == std::string::npos) console.err << " (" << error.field << ")";
  console.err << '\n';
  return exit_code_of(error);
}

int finish(const Console& console, const Status& status) { return status ? static_cast<int>(exit_ok) : fail(console, status.error()); }

void print_document(const Session& session, const Json& document) {
  session.console.out << (session.output() == Output::yaml ? to_yaml_text(document) : to_json_text(document)) << std::flush;
}

}  // namespace reeve::cli

#include "apps/mig/command.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "adapters/catalogue_csv/catalogue_csv.h"
#include "apps/mig/geometry_choice.h"
#include "apps/mig/packing_report.h"
#include "apps/mig/wanted_slices.h"

namespace reeve {
namespace {

struct PackFlags {
  std::string gpu{};
  std::string wanted{};
  std::string output = "table";
};

Result<std::string> text_of(const std::string& path) {
  if (path == "-") return std::string{std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Errc::not_found, fmt::format("cannot read '{}': it cannot be opened", path)};
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<std::string> pack(const PackFlags& flags) {
  const auto catalogue = load_catalogue();
  if (!catalogue) return catalogue.error();
  const auto geometry = choose_geometry(*catalogue, flags.gpu);
  if (!geometry) return geometry.error();
  const auto text = text_of(flags.wanted);
  if (!text) return text.error();
  const auto wanted = parse_wanted_slices(*text, **geometry);
  if (!wanted) return Error{wanted.error().code, fmt::format("cannot read '{}': {}", flags.wanted, wanted.error().message)};
  const auto packing = mig::pack(**geometry, *wanted);
  if (!packing) return packing.error();
  return flags.output == "json" ? packing_as_json(**geometry, *packing) : packing_as_table(**geometry, *packing);
}

}  // namespace

void add_mig_command(CLI::App& app, int& exit_code) {
  CLI::App* mig = app.add_subcommand("mig", "Plan how GPUs are cut into MIG slices");
  mig->require_subcommand(1);
  auto flags = std::make_shared<PackFlags>();
  CLI::App* command = mig->add_subcommand("pack", "The fewest GPUs of one kind that hold a list of slices, and how they are cut");
  command->add_option("--gpu", flags->gpu, "The kind of GPU: A100-80GB, H100-80GB, A30-24GB, or a model id of the catalogue")->required();
  command->add_option("--wanted", flags->wanted, "File with one profile name a line; - reads them from the standard input")->required();
  command->add_option("-o,--output", flags->output, "table or json (table)")->check(CLI::IsMember({"table", "json"}));
  command->callback([flags, &exit_code] {
    if (const auto text = pack(*flags)) {
      std::fputs(text->c_str(), stdout);
    } else {
      fmt::print(stderr, "reeve: {}\n", text.error().message);
      exit_code = 1;
    }
  });
}

}  // namespace reeve
